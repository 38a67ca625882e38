"""Judges a run from its three witnesses: the journal, what plugin code wrote down, and the calls the platform got.

broken_promises() names each broken promise in a line; an empty list means that every accepted event ended once, with its
ending, and that nothing ran more often than it may. checkers_test.py shows by planted faults that each line can appear.
"""
import collections
import contextlib
import dataclasses
import json

import journal_check

STATES = ("ready", "running", "waiting", "completed", "cancelled", "expired", "dead")
LIVE = STATES[:3]


@dataclasses.dataclass(frozen=True)
class Posted:
    """An event that a client posted, whatever it was answered."""
    id: str
    chat: str
    message: str            # the assistant message that has to get an ending
    is_once: bool = False
    says: bool = True       # its module creates a message with the text "token <id>"
    ends: str = "completed" # unless a kill interrupts a run of a `once` module
    is_turn: bool = False   # its module completes the turn itself, with the text "turn of <id>"


@dataclasses.dataclass(frozen=True)
class Evidence:
    state_dir: str
    posted: dict            # id -> Posted
    accepted: set           # ids that were answered 200
    runs: list              # (id, attempt, prior run) in the order in which they began
    calls: list             # {"method", "path", "body", "status", "reply"} in order
    kills: int = 0          # of the host
    cut_steps: int = 0      # log steps whose opening a kill cut off, as the next host says: nobody knows their ids
    has_pruned: bool = False  # the journal may have dropped what is old


def read_runs(path):
    """What the plugin `scripted` wrote; a missing file is no run."""
    try:
        with open(path, encoding="ascii") as file:
            return [(event, int(attempt), prior == "1") for event, attempt, prior in map(str.split, file)]
    except FileNotFoundError:
        return []


def broken_promises(evidence):
    with contextlib.closing(journal_check.open_read_only(evidence.state_dir)) as journal:
        rows = collections.defaultdict(list)
        for seq, event, state, reason in journal.execute("SELECT seq, id, state, reason FROM event ORDER BY seq"):
            rows[event].append((seq, STATES[state], reason))
        attempts = collections.defaultdict(list)
        for seq, outcome in journal.execute("SELECT seq, outcome FROM attempt ORDER BY seq, run"):
            attempts[seq].append(outcome)
        ledger = journal.execute("SELECT accepted, ended FROM ledger").fetchone()
        owed = journal.execute("SELECT count(*) FROM outbox").fetchone()[0]
    problems = [*of_ledger(evidence, rows, ledger), *of_events(evidence, rows, attempts),
                *of_runs(evidence, rows, attempts), *of_endings(evidence, rows), *of_messages(evidence, rows),
                *of_steps(evidence)]
    if owed:
        problems.append(f"{owed} endings are still in the outbox")
    return problems


def of_ledger(evidence, rows, ledger):
    states = [state for found in rows.values() for _, state, _ in found]
    ended = sum(state not in LIVE for state in states)
    if evidence.has_pruned:
        pruned = ledger[0] - len(states)
        ended, states = ended + pruned, states + [None] * pruned
    if ledger != (len(states), ended):
        yield f"the ledger says {ledger[0]} accepted, {ledger[1]} ended; the journal holds {len(states)}, {ended} of them ended"
    for event in sorted(evidence.accepted - rows.keys()):
        yield f"{event}: answered 200, and the journal does not know it"
    for event, found in rows.items():
        if event not in evidence.posted:
            yield f"{event}: nobody posted it"
        if len(found) > 1:
            yield f"{event}: accepted {len(found)} times"


def of_events(evidence, rows, attempts):
    for event, posted in evidence.posted.items():
        for seq, state, reason in rows.get(event, ()):
            outcomes = attempts[seq]
            may_be = {posted.ends} | ({"dead"} if posted.is_once and reason == "interrupted" else set())
            if state in LIVE:
                yield f"{event}: has not ended, it is {state} ({reason})"
            elif state not in may_be:
                yield f"{event}: {state} ({reason}), not {posted.ends}"
            elif state in ("completed", "dead") and outcomes[-1:] != [reason]:
                yield f"{event}: ended as {reason}, its attempts as {outcomes}"
            if outcomes.count("ok") + outcomes.count("permanent") > 1:
                yield f"{event}: ended more than once, its attempts as {outcomes}"


def of_runs(evidence, rows, attempts):
    runs = collections.defaultdict(list)
    for event, attempt, has_prior in evidence.runs:
        runs[event].append((attempt, has_prior))
    for event in runs.keys() - rows.keys():
        yield f"{event}: ran, and the journal does not know it"
    for event, found in rows.items():
        posted, began = evidence.posted.get(event), runs[event]
        if posted is None:
            continue
        ended = len(attempts[found[0][0]])
        if posted.is_once and len(began) > 1:
            yield f"{event}: of a `once` module, ran {len(began)} times"
        if len(began) > ended + evidence.kills:
            yield f"{event}: ran {len(began)} times for {ended} attempts and {evidence.kills} kills"
        if found[0][1] == "completed" and not began:
            yield f"{event}: completed without a run"
        if not all(has_prior for _, has_prior in began[1:]):
            yield f"{event}: ran again and was not told: {began}"
        numbers = [attempt for attempt, _ in began]
        if numbers != sorted(numbers):
            yield f"{event}: its attempts are numbered {numbers}"


def answered(evidence, method, part):
    return [call for call in evidence.calls
            if call["method"] == method and part in call["path"] and 200 <= call["status"] < 300]


def of_endings(evidence, rows):
    """One ending a chat: the host may send it again, but always the same."""
    by_message = collections.defaultdict(list)
    for call in answered(evidence, "PATCH", "/messages/"):
        if call["body"].get("completedAt"):
            by_message[call["path"].rsplit("/", 1)[1]].append(call["body"])
    for event, posted in evidence.posted.items():
        if event not in rows:
            continue
        bodies = by_message[posted.message]
        own = [body for body in bodies if body.get("text") == "turn of " + event]
        of_host = {json.dumps(body, sort_keys=True) for body in bodies if body not in own}
        state = rows[event][0][1]
        if not bodies and state not in LIVE:
            yield f"{event}: {state}, and its chat has no ending"
        if len(of_host) > 1:
            yield f"{event}: its chat has {len(of_host)} different endings"
        if own and not posted.is_turn:
            yield f"{event}: its chat's turn was completed by another event"
        if any(body.get("chatId") != posted.chat for body in bodies):
            yield f"{event}: its ending went to another chat"
        apologies = sum("text" in json.loads(body) for body in of_host)
        if apologies and state == "completed" or state == "dead" and of_host and not apologies:
            yield f"{event}: {state}, and the user was told otherwise"


def of_messages(evidence, rows):
    """Each chat gets the token of its own event."""
    said = collections.Counter()
    events = {posted.chat: event for event, posted in evidence.posted.items()}
    for call in answered(evidence, "POST", "/messages"):
        event, text = events.get(call["body"]["chatId"]), call["body"]["text"]
        if text == f"token {event}":
            said[event] += 1
        else:
            yield f"{event}: its chat got '{text}'"
    for event, posted in evidence.posted.items():
        if posted.says and not said[event] and any(state == "completed" for _, state, _ in rows.get(event, ())):
            yield f"{event}: completed, and its chat got no message"


def of_steps(evidence):
    """A step whose id the host has heard ends with its event at the latest."""
    opened = {call["reply"]["id"] for call in answered(evidence, "POST", "/message-log")}
    ended = {call["path"].rsplit("/", 1)[1] for call in answered(evidence, "PATCH", "/message-log/")
             if call["body"].get("status") in ("COMPLETED", "FAILED")}
    if len(opened - ended) > evidence.cut_steps:
        yield f"{len(opened - ended)} log steps stay open, {evidence.cut_steps} were cut off"
    for step in sorted(ended - opened):
        yield f"the step {step} was ended and never opened"
