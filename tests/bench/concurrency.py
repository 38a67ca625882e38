"""Many chats at once: every event waits for a model that takes seconds, on one host, beside Flask on the same scenario.

The stand-in for the platform (bench_chats) runs apart. All events are sent as fast as they are accepted; while the chats
wait, a second module's events go on at a steady rate, and their answers' p99 counts.
"""
import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time

import load
import servers

CHATS, DELAY_S = 10_000, 5.0
PEER_WORKERS, PEER_THREADS = 2, 4
API_KEY = "ukey_bench"
MEANWHILE_RATE = 200  # events a second of another module


class StandIn:
    """bench_chats with its chats: api_base, the file of their events, and a verdict about the chats when asked."""

    def __init__(self, count):
        self.bodies = os.path.join(servers.SCRATCH, f"chats-{count}.jsonl")
        self.command = [os.path.join(servers.RELEASE, "bench", "bench_chats"), "--count", str(count), "--delay-ms",
                        str(int(1000 * DELAY_S)), "--module", "Repeats", "--api-key", API_KEY, "--secret", servers.SECRET,
                        "--bodies", self.bodies]

    def __enter__(self):
        os.makedirs(servers.SCRATCH, exist_ok=True)
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True)
        self.api_base = json.loads(self.process.stdout.readline())["api_base"]
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        os.unlink(self.bodies)

    def verdict(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def wait_until_ended(self, seconds):
        end = time.monotonic() + seconds
        while (verdict := self.verdict())["open"] and time.monotonic() < end:
            time.sleep(0.2)
        return verdict


class ManyChats(servers.Modhost):
    """`modhost run` with one module for the chats and one beside it."""

    def __init__(self, stand_in):
        super().__init__("modhost many chats", paused=False)
        self.stand_in = stand_in

    def prepare(self):
        super().prepare()
        shutil.copy(os.path.join(servers.RELEASE, "tests", "plugins", "repeats.so"), os.path.join(self.home, "plugins"))
        path = os.path.join(self.home, "modules.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("http://127.0.0.1:9/public/chat", self.stand_in.api_base)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + f"  Repeats: {{plugin: repeats, order: none, in_flight: {2 * CHATS}}}\n")

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) / 1024

    def in_flight(self):
        found = re.search(r'^modhost_events{module="Repeats",state="running"} (\S+)$', self.metrics(), re.M)
        return int(float(found.group(1))) if found else 0


def send(server, bodies, connections):
    """Every event of the file once; the generator's result."""
    with open(bodies, encoding="utf-8") as file:
        count = sum(1 for _ in file)
    run = subprocess.run([load.LOAD, "--port", str(server.port), "--secret", servers.SECRET, "--bodies", bodies,
                          "--connections", str(min(connections, count)), "--seconds", "60"],
                         capture_output=True, text=True, timeout=200, check=False)
    if run.returncode:
        raise RuntimeError(f"the load generator failed: {run.stderr}")
    return json.loads(run.stdout)


def many_chats(say):
    """The host's half: {"chats_in_flight", "memory_mb", "bytes_per_chat", "accept_p99_ms", ...}."""
    with StandIn(CHATS) as stand_in, ManyChats(stand_in) as host:
        idle_mb = host.rss_mb()
        meanwhile = queue.SimpleQueue()
        other = threading.Thread(target=lambda: meanwhile.put(
            load.drive(host, 4, 3 + DELAY_S, MEANWHILE_RATE + 50, rate=MEANWHILE_RATE)))
        other.start()
        started = time.monotonic()
        sent = send(host, stand_in.bodies, 16)
        peak_in_flight = 0
        while time.monotonic() - started < DELAY_S + 3:
            peak_in_flight = max(peak_in_flight, host.in_flight())
            time.sleep(0.2)
        other.join()
        verdict = stand_in.wait_until_ended(60)
        seconds = time.monotonic() - started
        peak_mb = host.peak_rss_mb()
    shutil.rmtree(host.home, ignore_errors=True)
    accepted = sent["answers"].get("200 accepted", 0)
    result = meanwhile.get()
    say(f"modhost: {accepted:,} chats accepted, {peak_in_flight:,} in flight at once, all ended after {seconds:.1f} s, "
        f"{verdict}, {peak_mb:.0f} MB, meanwhile p99 {result['p99_ms']:.1f} ms")
    return {"chats_asked": CHATS, "chats_in_flight": peak_in_flight, "chats_right": verdict["right"],
            "chats_seconds": round(seconds, 1), "chats_memory_mb": round(peak_mb, 1),
            "chats_bytes_each": round(1e6 * (peak_mb - idle_mb) * 1.048576 / CHATS),
            "chats_accept_p99_ms": result["p99_ms"], "chats_accept_errors": result["errors"]}


def flask_chats(say):
    """The same scenario as far as the peer's threads go: three rounds of all its threads."""
    at_once = PEER_WORKERS * PEER_THREADS
    command = servers.gunicorn("-k", "gthread", "-w", str(PEER_WORKERS), "--threads", str(PEER_THREADS), "--timeout", "120",
                               "flask_chat:app")
    with StandIn(3 * at_once) as stand_in:
        flask = servers.Server("Flask many chats", command, {"API_BASE": stand_in.api_base, "API_KEY": API_KEY})
        with flask:
            started = time.monotonic()
            send(flask, stand_in.bodies, 3 * at_once)
            verdict = stand_in.wait_until_ended(60)
            seconds = time.monotonic() - started
            peak_mb = flask.peak_rss_mb()
    say(f"Flask, {PEER_WORKERS} workers x {PEER_THREADS} threads: {verdict['right']} chats in {seconds:.1f} s, "
        f"{peak_mb:.0f} MB")
    # A thread holds one chat, so all threads together are the most it can hold.
    return {"flask_chats_in_flight": at_once, "flask_chats_right": verdict["right"], "flask_seconds": round(seconds, 1),
            "flask_mb_per_chat": round(peak_mb / at_once, 2)}


def run(say):
    """All figures of the concurrency run, by name."""
    facts = {**many_chats(say), **flask_chats(say)}
    facts["chats_in_flight_ratio"] = round(facts["chats_in_flight"] / facts["flask_chats_in_flight"])
    facts["memory_per_chat_ratio"] = round(
        facts["flask_mb_per_chat"] / (facts["chats_memory_mb"] / max(facts["chats_in_flight"], 1)))
    return facts


if __name__ == "__main__":
    print(json.dumps(run(lambda text: print(f"  {text}", file=sys.stderr, flush=True)), indent=1))
