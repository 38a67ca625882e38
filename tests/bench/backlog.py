"""What the journal promises beside its rate: group commit on a slow disk, a long backlog, and room for the quiet module.

The quiet module's wait is read from the journal: from accepted to the beginning of its first attempt.
"""
import json
import os
import re
import shutil
import subprocess
import threading

import journal_check
import load
import servers

BACKLOG = 1_000_000
QUIET, QUIET_RATE, FLOOD_FACTOR = "Quiet", 20, 100


def bench(name):
    return os.path.join(servers.RELEASE, "bench", name)


def journal_rate(events, in_flight, flush_delay_us):
    folder = os.path.join(servers.SCRATCH, "journal-rate")
    environment = {**os.environ, "LD_PRELOAD": bench("bench_slow_flush.so"), "MODHOST_FLUSH_DELAY_US": str(flush_delay_us)}
    run = subprocess.run([bench("bench_journal"), str(events), str(in_flight), "2048", folder], env=environment,
                         capture_output=True, text=True, timeout=300, check=True)
    return float(re.search(r"([\d.]+) events/s", run.stdout).group(1))


def group_commit(say):
    """Appends a second on a disk whose flush takes 1 ms longer: 64 in flight over one commit for each event."""
    together, alone = journal_rate(40_000, 64, 1000), journal_rate(1_500, 1, 1000)
    say(f"a flush 1 ms longer: {together:,.0f}/s with 64 in flight, {alone:,.0f}/s with one event a commit")
    return {"group_commit_ratio": round(together / alone, 1)}


def long_backlog(say, events=BACKLOG):
    folder = os.path.join(servers.SCRATCH, "backlog")
    run = subprocess.run([bench("bench_backlog"), str(events), "20000", folder], capture_output=True, text=True,
                         timeout=900, check=True)
    result = json.loads(run.stdout)
    say(f"{events:,} waiting events: open {result['open_s']} s, claim {result['claim_p50_ms']} ms median, "
        f"{result['rss_open_mb']} MB, {result['rss_end_mb']} MB after {result['claims']:,} claims")
    return {"backlog_open_s": result["open_s"], "backlog_claim_p50_ms": result["claim_p50_ms"],
            "backlog_growth_mb": round(result["rss_end_mb"] - result["rss_open_mb"], 1)}


class TwoModules(servers.Modhost):
    """The no-op plugin under two names."""

    def prepare(self):
        super().prepare()
        with open(os.path.join(self.home, "modules.yaml"), "a", encoding="utf-8") as file:
            file.write(f"  {QUIET}: {{plugin: noop, order: none, complete_turn: false}}\n")


def quiet_p99_ms(flooded, seconds):
    host = TwoModules("modhost flooded" if flooded else "modhost quiet", paused=False)
    with host:
        flood = threading.Thread(target=lambda: load.drive(host, 16, seconds + 2, QUIET_RATE * FLOOD_FACTOR + 100,
                                                           rate=QUIET_RATE * FLOOD_FACTOR))
        if flooded:
            flood.start()
        load.drive(host, 2, seconds, QUIET_RATE + 10, rate=QUIET_RATE, module=QUIET)
        if flooded:
            flood.join()
    connection = journal_check.open_read_only(os.path.join(host.home, "state"))
    waits = sorted(row[0] for row in connection.execute(
        "SELECT a.started_at - e.received_at FROM event e JOIN attempt a ON a.seq = e.seq AND a.run = 1 WHERE e.module = ?",
        (QUIET,)))
    connection.close()
    shutil.rmtree(host.home, ignore_errors=True)
    return waits[len(waits) * 99 // 100]


def fairness(say, seconds=10):
    """The wait of a quiet module's events, alone and beside a flood of a hundred times as many; whole milliseconds."""
    alone, flooded = quiet_p99_ms(False, seconds), quiet_p99_ms(True, seconds)
    say(f"a quiet module's wait, p99: {alone} ms alone, {flooded} ms beside a flood of {FLOOD_FACTOR} times its rate")
    # Below the journal's resolution of a millisecond nothing can be told apart.
    return {"quiet_wait_ms": alone, "quiet_wait_flooded_ms": flooded, "quiet_wait_ratio": round(flooded / max(alone, 1), 2)}


def run(say):
    return {**group_commit(say), **long_backlog(say), **fairness(say)}
