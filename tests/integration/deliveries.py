"""What the tests that kill the host share: events with scripts, a client that sends again as the platform does, hosts
that are killed and started again on one folder, and the judgement of delivery_check.py at the end."""
import dataclasses
import http.client
import itertools
import json
import os
import pathlib
import random
import re
import sqlite3
import sys
import threading
import time

from harness import FAULTS, Host, StandIn, chosen, signature_headers, wait_until

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(SOURCE / "tests" / "bench"))
import delivery_check  # noqa: E402

FAULTY_BINARY = os.environ.get("MODHOST_FAULTY", "build/release/tests/modhost-faults")
LIVE = "SELECT count(*) FROM event WHERE state < 3"


def fault_points():
    """{name: True when it is of the kind that makes a step fail}, from the source."""
    found = {}
    for file in sorted((SOURCE / "host").glob("**/*.cpp")):
        for call, name in re.findall(r'\b(fault_point|fails_at)\("([^"]+)"\)', file.read_text(encoding="utf-8")):
            assert name not in found, f"{name} is twice in the source"
            found[name] = call == "fails_at"
    return found


@dataclasses.dataclass(frozen=True)
class Event:
    posted: delivery_check.Posted
    body: bytes


class Deliveries:
    """One folder with its hosts, one platform, and all that was sent."""

    def __init__(self, folder, retry="[20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms, 20ms]", more_modules="", extra=""):
        self.folder = pathlib.Path(folder)
        self.stand_in = StandIn()
        runs = self.folder / "runs.txt"
        common = f"plugin: scripted, threads: 8, retry: {retry}, config: {{runs: '{runs}'}}"
        modules = f"{{Idem: {{{common}}}, Once: {{{common}, side_effects: once}}{more_modules.format(runs=runs)}}}"
        self.host = Host(folder, self.stand_in.base, modules=modules, plugins_dir=FAULTS, binary=FAULTY_BINARY, extra=extra)
        self.events, self.accepted, self.lock = {}, set(), threading.Lock()
        self.kills, self.numbers = 0, itertools.count(1)

    def close(self):
        if self.host.process and self.host.process.poll() is None:
            self.host.kill()
        self.stand_in.close()

    # --- hosts --------------------------------------------------------------------------------------------------------
    def start(self, fault=None):
        """Starts a host; False when the armed fault has killed it before it was serving."""
        self.host.env.pop("MODHOST_FAULT_POINT", None)
        if fault:
            self.host.env["MODHOST_FAULT_POINT"] = fault
        try:
            self.host.start()
        except AssertionError:
            if not fault or self.host.process.returncode != -9:
                raise
        return not self.has_died()

    def has_died(self):
        """True when a fault has killed the host; any other end is a failure of the test."""
        code = self.host.process.poll()
        assert code in (None, -9), f"the host ended with {code}:\n{self.host.log_text()[-3000:]}"
        return code == -9

    def is_over(self):
        """The host has died or stopped."""
        code = self.host.process.poll()
        assert code in (None, 0, -9), f"the host ended with {code}:\n{self.host.log_text()[-3000:]}"
        return code is not None

    def kill(self):
        if not self.is_over():
            self.host.kill()
        self.kills += 1

    # --- events -------------------------------------------------------------------------------------------------------
    def event(self, script, module="Idem", ends="completed"):
        name = f"evt_{next(self.numbers):06d}"
        words = script.split()
        posted = delivery_check.Posted(name, "chat_" + name, "msg_a_" + name, is_once=module == "Once", says="say" in words,
                                       ends=ends, is_turn="turn" in words)
        made = Event(posted, chosen(name, module=module, text=script, chat=posted.chat))
        with self.lock:
            self.events[name] = made
        return made

    def offer(self, event):
        """One delivery by the platform; True when it was answered 200."""
        try:
            status, answer = self.host.post(event.body, signature_headers(event.body), timeout=10)
        except (OSError, http.client.HTTPException, ValueError):
            return False  # killed before it could answer: nobody saw it accepted
        if status == 200 and answer["status"] in ("accepted", "duplicate"):
            with self.lock:
                self.accepted.add(event.posted.id)
        return status == 200

    def send(self, events, again=3):
        """All at once, each up to `again` times, while a host runs."""
        def deliver(event):
            for _ in range(again):
                if self.offer(event) or self.host.process.poll() is not None:
                    return
        threads = [threading.Thread(target=deliver, args=(event,)) for event in events]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    # --- the end ------------------------------------------------------------------------------------------------------
    def rows(self, sql):
        with sqlite3.connect(f"file:{self.folder}/state/journal.db?mode=ro", uri=True) as journal:
            return journal.execute(sql).fetchall()

    def number(self, sql):
        return self.rows(sql)[0][0]

    def is_settled(self):
        return self.number(LIVE) == 0 and self.number("SELECT count(*) FROM outbox") == 0

    def settle(self, seconds=60):
        """The platform sends again what it saw no answer to; then everything has to end, and add up."""
        left = [event for name, event in self.events.items() if name not in self.accepted]
        for first in range(0, len(left), 16):
            self.send(left[first:first + 16])
        wait_until(self.is_settled, seconds, "the end of every event and of its ending")
        assert self.host.metric("ledger_discrepancy") == 0, "modhost_ledger_discrepancy is not 0"
        code = self.host.stop()
        assert code == 0, f"the host stopped with {code}"

    def cut_steps(self):
        said = "log steps were being opened when the host stopped"
        return sum(json.loads(line)["steps"] for line in self.host.log_text().splitlines() if said in line)

    def evidence(self):
        return delivery_check.Evidence(str(self.folder / "state"), {name: one.posted for name, one in self.events.items()},
                                       set(self.accepted), delivery_check.read_runs(self.folder / "runs.txt"),
                                       self.stand_in.recorded(), self.kills, self.cut_steps())

    def judge(self):
        return delivery_check.broken_promises(self.evidence())


class OpenLoop:
    """Posts at a fixed rate, whatever is answered: a slow host does not slow its load down."""

    def __init__(self, deliveries, rate, scripts, seed, workers=16):
        self.deliveries, self.rate, self.scripts = deliveries, rate, scripts
        self.random, self.slots, self.lock = random.Random(seed), itertools.count(), threading.Lock()
        self.stopping, self.again, self.late = threading.Event(), [], 0
        self.threads = [threading.Thread(target=self.work) for _ in range(workers)]

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def next_event(self):
        with self.lock:
            # Every fourth place goes to what saw no answer, as long as there is some: the platform sends it again.
            if self.again and self.random.random() < 0.25:
                return self.again.pop(0)
            script, module, ends = self.random.choice(self.scripts)
        return self.deliveries.event(script, module, ends)

    def work(self):
        while not self.stopping.is_set():
            due = self.began + next(self.slots) / self.rate
            if self.stopping.wait(max(0.0, due - time.monotonic())):
                return
            self.late += time.monotonic() - due > 0.5
            event = self.next_event()
            if not self.deliveries.offer(event):
                with self.lock:
                    self.again.append(event)


SCRIPTS = (("say", "Idem", "completed"), ("say step key", "Idem", "completed"), ("say sleep:30 open", "Idem", "completed"),
           ("checkpoint retry:2 say", "Idem", "completed"), ("snooze say", "Idem", "completed"), ("turn say", "Idem", "completed"),
           ("open fail", "Idem", "dead"), ("say", "Once", "completed"), ("sleep:30 say open", "Once", "completed"),
           ("step fail", "Once", "dead"))


def old_journal(deliveries):
    """A state folder as the host before this one left it when it was killed: the schema before the newest, live events."""
    state = deliveries.folder / "state"
    state.mkdir(mode=0o700)
    frozen = sorted((SOURCE / "tests" / "unit" / "journal").glob("journal_v*.sql"), key=lambda file: int(file.stem[9:]))[-2]
    with sqlite3.connect(state / "journal.db") as journal:
        journal.executescript(frozen.read_text(encoding="utf-8"))
        for table in ("event", "event_key", "body", "attempt", "checkpoint", "outbox", "kv", "kv_usage"):
            journal.execute(f"DELETE FROM {table}")
        journal.execute("UPDATE meta SET value='0' WHERE key='clean_stop'")
        now = int(1000 * time.time())
        for seq, (script, module, state, ends) in enumerate((
                ("say", "Idem", 0, "completed"), ("say open", "Idem", 1, "completed"), ("say", "Idem", 2, "completed"),
                ("say", "Once", 1, "completed"), ("fail", "Idem", 6, "dead"), ("say", "Once", 0, "completed")), 1):
            event = deliveries.event(script, module, ends)
            deliveries.accepted.add(event.posted.id)
            add_old(journal, seq, event, module, state, now)
        journal.execute("UPDATE ledger SET accepted=6, ended=1, keyed_upto=0, live_bytes=(SELECT sum(body_bytes) FROM event "
                        "WHERE state<3)")
        ended = deliveries.events["evt_000005"].posted
        journal.execute("INSERT INTO outbox (seq, ending, tries, not_before) VALUES (5, ?, 0, 0)",
                        (json.dumps({"completedAt": "2026-01-01T00:00:00.000Z", "text": "Sorry."}),))
        journal.execute("INSERT INTO outbox (seq, ending, tries, not_before, is_prepared) VALUES (3, ?, 0, 0, 1)",
                        (json.dumps({"step": "old_step"}),))
        assert ended.ends == "dead"
    deliveries.stand_in.calls.append({"method": "POST", "path": "/public/chat/message-log", "body": {}, "headers": {},
                                      "status": 200, "reply": {"id": "old_step"}})
    return frozen.stem


def add_old(journal, seq, event, module, state, now):
    posted, body = event.posted, event.body
    row = {"seq": seq, "app": "app_test", "id": posted.id, "name": "unique.chat.external-module.chosen", "reference": module,
           "module": module, "user_id": "user_1", "company_id": "company_1", "chat_id": posted.chat, "assistant_id": "assistant_1",
           "assistant_message_id": posted.message, "user_message_id": "msg_u", "created_at_s": now // 1000,
           "key_id": "app_test/1", "traceparent": "", "received_at": now, "updated_at": now, "body_sha256": b"",
           "body_bytes": len(body), "state": state, "reason": "permanent" if state == 6 else "", "not_before": now}
    journal.execute(f"INSERT INTO event ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values()))
    journal.execute("INSERT INTO body VALUES (?, ?)", (seq, body))
    if state == 6:
        journal.execute("INSERT INTO attempt VALUES (?, 1, 0, 1, 1, ?, ?, 'permanent', '')", (seq, now, now))
