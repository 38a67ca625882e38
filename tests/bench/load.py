"""Runs the load generator against a server and says what one measurement is."""
import json
import os
import re
import secrets
import subprocess

import servers

LOAD = os.path.join(servers.RELEASE, "bench", "bench_load")


def drive(server, connections, seconds, expected_rps, accepted=None, rate=0, module=servers.MODULE):
    """One measurement; expected_rps bounds how many requests are signed beforehand."""
    command = [LOAD, "--port", str(server.port), "--secret", servers.SECRET, "--module", module,
               "--token", secrets.token_hex(5), "--connections", str(connections), "--seconds", str(seconds),
               "--requests-max", str(int(expected_rps * seconds) + 1000)]
    command += ["--rate", str(rate)] if rate else []
    command += ["--accepted", accepted] if accepted else []
    before = server.cpu_seconds()
    run = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    if run.returncode:
        raise RuntimeError(f"the load generator failed: {run.stderr}")
    result = json.loads(run.stdout)
    answered = sum(result["answers"].values())
    result["cpu_us"] = 1e6 * (server.cpu_seconds() - before) / max(answered, 1)
    result["rss_mb"] = server.peak_rss_mb()
    result["errors"] = result["failures"] + sum(
        count for answer, count in result["answers"].items() if answer not in ("200", "200 accepted"))
    return result


def wrk(server, seconds):
    """Requests a second by wrk with one unsigned body: shows that our generator is not what limits the fastest row."""
    run = subprocess.run(["wrk", "-t", "1", "-c", "64", "-d", f"{int(seconds)}s", "-s",
                          os.path.join(servers.PEERS, "wrk_post.lua"), f"http://127.0.0.1:{server.port}/webhook"],
                         capture_output=True, text=True, timeout=seconds + 30, check=False)
    found = re.search(r"Requests/sec:\s+([\d.]+)", run.stdout)
    return float(found.group(1)) if found else None


def median(results):
    """The run in the middle by throughput, its own percentiles with it; errors and memory of the worst."""
    middle = dict(sorted(results, key=lambda result: result["rps"])[len(results) // 2])
    middle["errors"] = sum(result["errors"] for result in results)
    middle["rss_mb"] = max(result["rss_mb"] for result in results)
    middle["runs"] = [round(result["rps"]) for result in results]
    return middle
