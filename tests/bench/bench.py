"""./dev bench: modhost beside other servers, in one run on one machine, with the promises it has to keep.

usage: bench.py [--quick] [--rounds N] [--seconds S] [--only WORD]. The accept burst (running paused) carries the ratios;
the rows take turns, round after round, and the run in the middle counts. Report: build/bench/report.md and report.json.
Exit code 1 when a measured promise does not hold.
"""
import argparse
import os
import re
import shutil
import signal
import sys
import time

import backlog
import concurrency
import journal_check
import load
import report
import servers

EXPECTED_RPS = {"nginx return 200": 200_000, "endpoint alone": 150_000, "modhost durable": 80_000}


def say(text):
    print(f"  {text}", flush=True)


def measure(server, connections, seconds, **options):
    expected = EXPECTED_RPS.get(server.name, 40_000)
    load.drive(server, connections, min(1.0, seconds / 3), expected)  # warm up: connections, caches, the interpreter
    result = load.drive(server, connections, seconds, expected, **options)
    say(f"{server.name}, {connections} connections: {result['rps']:,.0f}/s, p99 {result['p99_ms']:.2f} ms, "
        f"{result['errors']} errors")
    return result


def burst(connections, seconds, facts):
    """The accept burst into a fresh journal; afterwards every accepted id is looked up in it."""
    accepted = os.path.join(servers.SCRATCH, "accepted.txt")
    host = servers.Modhost(report.DURABLE)
    with host:
        result = measure(host, connections, seconds, accepted=accepted)
    ids, missing = journal_check.missing_ids(os.path.join(host.home, "state"), accepted)
    facts["ids_compared"] = facts.get("ids_compared", 0) + len(ids)
    facts["ids_missing"] = facts.get("ids_missing", 0) + len(missing)
    if missing:
        say(f"NOT IN THE JOURNAL: {missing[:5]} ...")
    shutil.rmtree(host.home, ignore_errors=True)
    return result


def one_round(plan, rows, facts):
    for connections in (64, 256, 16, 1):
        if plan.wants(report.DURABLE):
            rows.setdefault((report.DURABLE, connections), []).append(burst(connections, plan.burst_seconds, facts))
    others = servers.peers() + [servers.endpoint_alone()]
    for server in filter(lambda server: plan.wants(server.name), others):
        with server:
            rows.setdefault((server.name, 64), []).append(measure(server, 64, plan.seconds))
            if server.name == report.NGINX:
                facts["nginx_by_wrk_rps"] = load.wrk(server, plan.seconds)


def ended_events(host):
    """How many events have ended, as the host's own ledger has it."""
    return sum(float(value) for value in re.findall(r"^modhost_ledger_ended(?:{[^}]*})? (\S+)$", host.metrics(), re.M))


def sustained(plan, rows, facts):
    """Accepting and running at once: the rate counts only what has also ended when the host is stopped."""
    host = servers.Modhost(report.SUSTAINED, paused=False)
    accepted = os.path.join(servers.SCRATCH, "accepted.txt")
    with host:
        started = time.monotonic()
        result = load.drive(host, 64, plan.sustained_seconds, 40_000, accepted=accepted)
        total = sum(count for answer, count in result["answers"].items() if answer == "200 accepted")
        end = time.monotonic() + 120
        while ended_events(host) < total and time.monotonic() < end:
            time.sleep(0.05)
        seconds = time.monotonic() - started
    result["accept_rps"], result["rps"] = result["rps"], total / seconds
    rows[report.SUSTAINED, 64] = [result]
    ids, missing = journal_check.missing_ids(os.path.join(host.home, "state"), accepted)
    facts["ids_compared"] = facts.get("ids_compared", 0) + len(ids)
    facts["ids_missing"] = facts.get("ids_missing", 0) + len(missing)
    facts["events_not_ended"] = journal_check.live_events(os.path.join(host.home, "state"))
    say(f"{report.SUSTAINED}: accepted {result['accept_rps']:,.0f}/s, ended {result['rps']:,.0f}/s")
    shutil.rmtree(host.home, ignore_errors=True)


def disk_probe(facts, writes=200):
    """What one flush to the disk of the journal costs right now: the figure that the durable rows stand on."""
    os.makedirs(servers.SCRATCH, exist_ok=True)
    path, times = os.path.join(servers.SCRATCH, "probe"), []
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    for _ in range(writes):
        os.write(file, bytes(4096))
        started = time.perf_counter()
        os.fdatasync(file)
        times.append(1000 * (time.perf_counter() - started))
    os.close(file)
    os.unlink(path)
    times.sort()
    facts["fdatasync_p50_ms"], facts["fdatasync_p99_ms"] = round(times[writes // 2], 3), round(times[writes * 99 // 100], 3)
    say(f"one flush of 4 KiB: p50 {facts['fdatasync_p50_ms']} ms, p99 {facts['fdatasync_p99_ms']} ms")


def histogram_median(text, name):
    """The median of a Prometheus histogram, linear within its bucket; None without observations."""
    buckets = {}
    for bound, count in re.findall(rf'^{name}_bucket{{(?:[^}}]*,)?le="([^"]+)"[^}}]*}} (\S+)$', text, re.M):
        buckets[float(bound)] = buckets.get(float(bound), 0) + float(count)
    half = max(buckets.values(), default=0) / 2
    below = low = 0.0
    for bound, count in sorted(buckets.items()):
        if half and count >= half:
            return low + (bound - low) * (half - below) / (count - below)
        below, low = count, bound
    return None


def low_load(plan, facts):
    """From the accepted bytes to on_event at 50 events a second, by the host's own histogram."""
    host = servers.Modhost("modhost low load", paused=False)
    with host:
        load.drive(host, 4, plan.seconds, 60, rate=50)
        time.sleep(0.5)
        median = histogram_median(host.metrics(), "modhost_accept_to_on_event_seconds")
    facts["accept_to_on_event_ms"] = None if median is None else round(1000 * median, 3)
    say(f"accept to on_event, median: {facts['accept_to_on_event_ms']} ms")
    shutil.rmtree(host.home, ignore_errors=True)


class Plan:
    def __init__(self, words):
        parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__,
                                         formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true", help="one short round")
        parser.add_argument("--rounds", type=int, default=3)
        parser.add_argument("--seconds", type=float, default=5, help="of a peer's run")
        parser.add_argument("--only", action="append", default=[], metavar="WORD", help="rows whose name holds WORD")
        chosen = parser.parse_args(words)
        self.only = [word.lower() for word in chosen.only]
        self.rounds = 1 if chosen.quick else chosen.rounds
        self.seconds = 2 if chosen.quick else chosen.seconds
        self.burst_seconds = 3 if chosen.quick else 10
        self.sustained_seconds = 5 if chosen.quick else 30

    def wants(self, name):
        return not self.only or any(word in name.lower() for word in self.only)

    def __str__(self):
        return (f"Rounds: {self.rounds}; accept burst {self.burst_seconds} s with running paused and the backlog limits at "
                f"{servers.Modhost.LIMITS}; peers {self.seconds} s; sustained {self.sustained_seconds} s.")


def main(words):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that every server is stopped on the way out
    plan = Plan(words)
    rows, facts = {}, {}
    print(plan, flush=True)
    try:
        disk_probe(facts)
        for number in range(plan.rounds):
            print(f"round {number + 1} of {plan.rounds}", flush=True)
            one_round(plan, rows, facts)
        if plan.wants(report.SUSTAINED):
            sustained(plan, rows, facts)
        if plan.wants("low load"):
            low_load(plan, facts)
        if plan.wants("backlog"):
            facts.update(backlog.run(say))
        if plan.wants("many chats"):
            facts.update(concurrency.run(say))
    except KeyboardInterrupt:
        print("interrupted; the servers are stopped", flush=True)
        return 130
    return 0 if report.write({key: load.median(runs) for key, runs in rows.items()}, facts, str(plan)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
