"""Turns measurements into the table, the verdicts and the two files of the report."""
import json
import os
import platform

import servers

DURABLE, ALONE, SUSTAINED = "modhost durable", "endpoint alone", "modhost sustained, no-op plugin"
FLASK, BARE, NGINX = "Flask + gunicorn sync, 2 workers", "Flask bare HMAC, gthread 2x8", "nginx return 200"
CLUSTER = "Node http, cluster of 2"
PYTHON = (FLASK, BARE, "FastAPI + uvicorn, 2 workers")
COLUMNS = ("server", "connections", "requests/s", "of nginx", "p50 ms", "p99 ms", "peak RSS MB", "CPU us/request", "errors")


def table(rows):
    """Markdown lines; rows are {(name, connections): result}."""
    ceiling = rows.get((NGINX, 64), {}).get("rps", 0)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for (name, connections), row in rows.items():
        share = f"{row['rps'] / ceiling:.3f}" if ceiling else "-"
        lines.append(f"| {name} | {connections} | {row['rps']:,.0f} | {share} | {row['p50_ms']:.2f} | {row['p99_ms']:.2f} | "
                     f"{row['rss_mb']:.1f} | {row['cpu_us']:.1f} | {row['errors']} |")
    return lines


def claims(rows, facts):
    """[(what, measured, wanted, whether it holds)]: what issue and docs promise. None: not measured in this run."""
    def ratio(name, connections, other):
        ours, theirs = rows.get((name, connections)), rows.get((other, 64))
        return ours["rps"] / theirs["rps"] if ours and theirs else None

    ours = [row["errors"] for key, row in rows.items() if key[0] in (DURABLE, ALONE, SUSTAINED)]
    durable, full = rows.get((DURABLE, 64), {}), rows.get((DURABLE, 256), {})
    fastest = max((name for name in PYTHON if (name, 64) in rows), key=lambda name: rows[name, 64]["rps"], default=None)
    wanted = [
        ("durable, 64 connections, over Flask + gunicorn", ratio(DURABLE, 64, FLASK), ">=", 9.0),
        (f"durable over the fastest Python row ({fastest})", ratio(DURABLE, 64, fastest), ">=", 4.5),
        ("durable over Node's cluster of 2", ratio(DURABLE, 64, CLUSTER), ">", 1.0),
        ("durable over nginx return 200", ratio(DURABLE, 64, NGINX), ">=", 0.17),
        ("durable p99 at 64 connections, ms", durable.get("p99_ms"), "<", 12.0),
        ("peak memory at 256 connections, MB", full.get("rss_mb"), "<", 40.0),
        ("accept to on_event at low load, median ms", facts.get("accept_to_on_event_ms"), "<", 1.0),
        ("endpoint alone over nginx return 200", ratio(ALONE, 64, NGINX), ">=", 0.45),
        ("durable over the endpoint alone", ratio(DURABLE, 64, ALONE), ">=", 0.28),
        ("group commit over one commit an event, flush 1 ms longer", facts.get("group_commit_ratio"), ">=", 10.0),
        ("opening a backlog of 1,000,000 events, s", facts.get("backlog_open_s"), "<", 10.0),
        ("a claim out of it, median ms", facts.get("backlog_claim_p50_ms"), "<", 1.0),
        ("memory that 20,000 claims out of it add, MB", facts.get("backlog_growth_mb"), "<", 16.0),
        ("a quiet module's wait beside a flood, p99 over alone", facts.get("quiet_wait_ratio"), "<=", 2.0),
        ("sustained with a no-op plugin over Flask + gunicorn", ratio(SUSTAINED, 64, FLASK), ">=", 3.0),
        ("chats in flight at once, each waiting for its model", facts.get("chats_in_flight"), ">=", 9_900),
        ("of 10,000 chats, with the answer made for them", facts.get("chats_right"), ">=", 10_000),
        ("memory of the host with all of them, MB", facts.get("chats_memory_mb"), "<", 400.0),
        ("events accepted meanwhile, p99 ms", facts.get("chats_accept_p99_ms"), "<", 50.0),
        ("chats in flight over Flask's, 2 workers x 4 threads", facts.get("chats_in_flight_ratio"), ">=", 100.0),
        ("answers other than accepted, and failures", sum(ours) if ours else None, "<=", 0),
        ("accepted ids that the journal does not hold", facts.get("ids_missing"), "<=", 0),
        ("accepted events that have not ended", facts.get("events_not_ended"), "<=", 0),
    ]
    holds = {">=": lambda a, b: a >= b, ">": lambda a, b: a > b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b}
    return [(what, value, f"{sign} {limit:g}", None if value is None else holds[sign](value, limit))
            for what, value, sign, limit in wanted]


def verdict_lines(checked):
    words = {True: "PASS", False: "FAIL", None: "not measured"}
    return [f"{words[holds]:12} {what}: {'-' if value is None else f'{value:.3g}'} (must be {limit})"
            for what, value, limit, holds in checked]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}"


def write(rows, facts, settings):
    """Prints the report and leaves it as build/bench/report.md and .json; True when every measured promise holds."""
    checked = claims(rows, facts)
    verdicts = verdict_lines(checked)
    lines = ["# modhost bench", "", f"{machine()}. {settings}", "",
             "2 KiB signed events, a new id in each; generator and server share the machine, so the ratios count.", ""]
    lines += table(rows) + [""] + [f"    {line}" for line in verdicts] + [""]
    lines += [f"{key.replace('_', ' ')}: {value}  " for key, value in facts.items()]
    os.makedirs(servers.SCRATCH, exist_ok=True)
    with open(os.path.join(servers.SCRATCH, "report.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    with open(os.path.join(servers.SCRATCH, "report.json"), "w", encoding="utf-8") as file:
        json.dump({"machine": machine(), "settings": settings, "facts": facts,
                   "rows": [{"server": name, "connections": count, **row} for (name, count), row in rows.items()],
                   "claims": [{"what": what, "value": value, "must_be": limit, "holds": holds}
                              for what, value, limit, holds in checked]}, file, indent=1)
    print("\n".join(lines))
    return all(holds is not False for *_, holds in checked)
