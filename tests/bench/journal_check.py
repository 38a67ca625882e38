"""What the journal of a stopped host says about the ids that the client saw accepted; reads it and changes nothing."""
import glob
import os
import sqlite3


def open_read_only(state_dir):
    files = sorted(path for pattern in ("*.db", "*.sqlite", "*.sqlite3") for path in glob.glob(os.path.join(state_dir, pattern)))
    if not files:
        raise RuntimeError(f"no journal in {state_dir}")
    connection = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True)
    connection.execute("PRAGMA query_only = ON")
    return connection


def missing_ids(state_dir, accepted_file):
    """(accepted ids, those of them that the journal does not hold), compared one by one."""
    with open(accepted_file, encoding="ascii") as file:
        accepted = file.read().split()
    connection = open_read_only(state_dir)
    held = {row[0] for row in connection.execute("SELECT id FROM event")}
    connection.close()
    return accepted, [event for event in accepted if event not in held]


def live_events(state_dir, terminal_from=3):
    """Events that have not reached a terminal state (journal::State: 3 and above are terminal)."""
    connection = open_read_only(state_dir)
    count = connection.execute("SELECT count(*) FROM event WHERE state < ?", (terminal_from,)).fetchone()[0]
    connection.close()
    return count
