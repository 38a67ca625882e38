"""The bench's own judges, with planted faults: a lost id, an event that never ended, a promise that is broken."""
import contextlib
import dataclasses
import os
import sqlite3
import tempfile
import unittest

import bench
import delivery_check
import journal_check
import load
import report


def row(rps, **values):
    return {"rps": rps, "p50_ms": 1.0, "p99_ms": 2.0, "rss_mb": 20.0, "cpu_us": 10.0, "errors": 0, **values}


GOOD = {(report.DURABLE, 64): row(20_000), (report.DURABLE, 256): row(20_000), (report.FLASK, 64): row(2_000),
        (report.BARE, 64): row(4_000), (report.CLUSTER, 64): row(18_000), (report.NGINX, 64): row(100_000),
        (report.ALONE, 64): row(60_000), (report.SUSTAINED, 64): row(8_000)}
FACTS = {"accept_to_on_event_ms": 0.4, "ids_missing": 0, "events_not_ended": 0, "chats_in_flight": 10_000,
         "chats_right": 10_000, "chats_memory_mb": 300.0, "chats_accept_p99_ms": 20.0, "chats_in_flight_ratio": 1250,
         "group_commit_ratio": 20.0, "backlog_open_s": 0.5, "backlog_claim_p50_ms": 0.01, "backlog_growth_mb": 2.0,
         "quiet_wait_ratio": 1.0}
BROKEN = {"accept_to_on_event_ms": 1.0, "ids_missing": 1, "events_not_ended": 1, "chats_in_flight": 9_899,
          "chats_right": 9_999, "chats_memory_mb": 400.0, "chats_accept_p99_ms": 50.0, "chats_in_flight_ratio": 99,
          "group_commit_ratio": 9.9, "backlog_open_s": 10.0, "backlog_claim_p50_ms": 1.0, "backlog_growth_mb": 16.0,
          "quiet_wait_ratio": 2.1}


class Claims(unittest.TestCase):
    def broken(self, rows, facts):
        return [what for what, _, _, holds in report.claims(rows, facts) if not holds]

    def test_all_hold(self):
        self.assertEqual([], self.broken(GOOD, FACTS))

    def test_each_breaks(self):
        planted = {"over Flask": {(report.FLASK, 64): row(2_500)}, "fastest Python": {(report.BARE, 64): row(5_000)},
                   "Node's cluster": {(report.CLUSTER, 64): row(20_000)}, "durable over nginx": {(report.NGINX, 64): row(120_000)},
                   "p99": {(report.DURABLE, 64): row(20_000, p99_ms=12.0)},
                   "peak memory": {(report.DURABLE, 256): row(20_000, rss_mb=40.0)},
                   "endpoint alone over": {(report.ALONE, 64): row(44_000)},
                   "over the endpoint alone": {(report.ALONE, 64): row(72_000)}, "sustained": {(report.SUSTAINED, 64): row(5_900)},
                   "other than accepted": {(report.DURABLE, 64): row(20_000, errors=1)}}
        for name, change in planted.items():
            with self.subTest(name):
                self.assertTrue(any(name in what for what in self.broken({**GOOD, **change}, FACTS)))
        self.assertEqual(set(FACTS), set(BROKEN))
        for name, value in BROKEN.items():
            with self.subTest(name):
                self.assertEqual(1, len(self.broken(GOOD, {**FACTS, name: value})))

    def test_what_was_not_measured_is_said(self):
        self.assertTrue(all(holds is None for *_, holds in report.claims({}, {})))

    def test_the_median_run_keeps_the_worst_errors_and_memory(self):
        middle = load.median([row(3), row(1, errors=2), row(2, rss_mb=50.0)])
        self.assertEqual((2, 2, 50.0), (middle["rps"], middle["errors"], middle["rss_mb"]))


class Journal(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        connection = sqlite3.connect(os.path.join(self.folder.name, "journal.db"))
        connection.execute("CREATE TABLE event (id TEXT, state INTEGER)")
        connection.executemany("INSERT INTO event VALUES (?, ?)", [("evt_1", 3), ("evt_2", 6), ("evt_3", 1)])
        connection.commit()
        connection.close()
        self.accepted = os.path.join(self.folder.name, "accepted.txt")

    def missing(self, text):
        with open(self.accepted, "w", encoding="ascii") as file:
            file.write(text)
        return journal_check.missing_ids(self.folder.name, self.accepted)[1]

    def test_a_lost_id_is_named(self):
        self.assertEqual(["evt_4"], self.missing("evt_1\nevt_4\nevt_3\n"))
        self.assertEqual([], self.missing("evt_1\nevt_2\n"))

    def test_a_running_event_is_counted(self):
        self.assertEqual(1, journal_check.live_events(self.folder.name))


def call(method, path, http=200, reply=None, **body):
    return {"method": method, "path": "/public/chat" + path, "body": body, "status": http, "reply": reply}


class Delivery(unittest.TestCase):
    """A run in which all promises hold, and each fault planted into one of its witnesses."""
    TABLES = """CREATE TABLE event (seq INTEGER PRIMARY KEY, id TEXT, state INTEGER, reason TEXT);
                CREATE TABLE attempt (seq INTEGER, run INTEGER, outcome TEXT);
                CREATE TABLE outbox (id INTEGER PRIMARY KEY, seq INTEGER);
                CREATE TABLE ledger (accepted INTEGER, ended INTEGER);
                INSERT INTO event VALUES (1, 'good', 3, 'ok'), (2, 'bad', 6, 'permanent'), (3, 'single', 6, 'interrupted'),
                                         (4, 'turn', 3, 'ok');
                INSERT INTO attempt VALUES (1, 1, 'retry'), (1, 2, 'ok'), (2, 1, 'permanent'), (3, 1, 'interrupted'),
                                           (4, 1, 'ok');
                INSERT INTO ledger VALUES (4, 4);"""
    POSTED = [delivery_check.Posted("good", "c1", "m1"), delivery_check.Posted("bad", "c2", "m2", ends="dead"),
              delivery_check.Posted("single", "c3", "m3", is_once=True), delivery_check.Posted("turn", "c4", "m4", is_turn=True),
              delivery_check.Posted("unanswered", "c5", "m5")]
    RUNS = [("good", 1, False), ("bad", 1, False), ("single", 1, False), ("good", 2, True), ("turn", 1, False)]
    CALLS = [call("POST", "/messages", chatId="c1", text="token good"), call("POST", "/messages", chatId="c4", text="token turn"),
             call("POST", "/message-log", reply={"id": "s1"}), call("PATCH", "/message-log/s1", status="FAILED"),
             call("PATCH", "/messages/m1", chatId="c1", completedAt="t1"),
             call("PATCH", "/messages/m1", chatId="c1", completedAt="t1"),
             call("PATCH", "/messages/m2", 503, chatId="c2", completedAt="t2", text="Sorry"),
             call("PATCH", "/messages/m2", chatId="c2", completedAt="t2", text="Sorry"),
             call("PATCH", "/messages/m3", chatId="c3", completedAt="t3", text="Sorry"),
             call("PATCH", "/messages/m4", chatId="c4", completedAt="t4", text="turn of turn")]

    def judge(self, sql="", **changes):
        with tempfile.TemporaryDirectory() as folder:
            with contextlib.closing(sqlite3.connect(os.path.join(folder, "journal.db"))) as journal:
                journal.executescript(self.TABLES + sql)
            evidence = delivery_check.Evidence(folder, {posted.id: posted for posted in self.POSTED},
                                               {"good", "bad", "single", "turn"}, self.RUNS, self.CALLS)
            return delivery_check.broken_promises(dataclasses.replace(evidence, **changes))

    def test_all_hold(self):
        self.assertEqual([], self.judge())

    def test_faults_of_the_journal(self):
        move = "UPDATE ledger SET accepted={}, ended={};"
        planted = {
            "DELETE FROM event WHERE seq=1;" + move.format(3, 3): "good: answered 200, and the journal does not know it",
            "INSERT INTO event VALUES (5, 'good', 3, 'ok');" + move.format(5, 5): "good: accepted 2 times",
            "INSERT INTO event VALUES (5, 'forged', 3, 'ok');" + move.format(5, 5): "forged: nobody posted it",
            "UPDATE event SET state=2, reason='retry' WHERE seq=1;" + move.format(4, 3): "good: has not ended, it is waiting",
            "UPDATE event SET state=6, reason='exhausted' WHERE seq=1": "good: dead (exhausted), not completed",
            "DELETE FROM attempt WHERE seq=2": "bad: ended as permanent, its attempts as []",
            "UPDATE attempt SET outcome='ok' WHERE seq=1": "good: ended more than once",
            "INSERT INTO outbox VALUES (1, 1)": "1 endings are still in the outbox",
            move.format(5, 4): "the ledger says 5 accepted, 4 ended",
            move.format(4, 3): "the ledger says 4 accepted, 3 ended"}
        for sql, problem in planted.items():
            with self.subTest(problem):
                self.assertIn(problem, "\n".join(self.judge(sql)))

    def test_faults_of_running(self):
        planted = {(("single", 1, True),): "single: of a `once` module, ran 2 times",
                   (("bad", 1, True),): "bad: ran 2 times for 1 attempts and 0 kills",
                   (("stranger", 1, False),): "stranger: ran, and the journal does not know it",
                   (("good", 3, False),): "good: ran again and was not told",
                   (("good", 1, True),): "good: its attempts are numbered [1, 2, 1]"}
        for more, problem in planted.items():
            with self.subTest(problem):
                self.assertIn(problem, "\n".join(self.judge(runs=self.RUNS + list(more))))
        self.assertIn("good: completed without a run", self.judge(runs=[run for run in self.RUNS if run[0] != "good"]))
        self.assertEqual([], self.judge(runs=self.RUNS + [("bad", 1, True)], kills=1), "a kill explains it")

    def test_faults_of_endings_and_messages(self):
        def without(path):
            return [one for one in self.CALLS if not one["path"].endswith(path)]
        planted = {
            "bad: dead, and its chat has no ending": without("/m2"),
            "good: its chat has 2 different endings": self.CALLS + [call("PATCH", "/messages/m1", chatId="c1", completedAt="t9")],
            "good: its chat's turn was completed by another event":
                self.CALLS + [call("PATCH", "/messages/m1", chatId="c1", completedAt="t9", text="turn of good")],
            "bad: its ending went to another chat": self.CALLS + [call("PATCH", "/messages/m2", chatId="c9", completedAt="t2", text="Sorry")],
            "good: completed, and the user was told otherwise":
                without("/m1") + [call("PATCH", "/messages/m1", chatId="c1", completedAt="t1", text="Sorry")],
            "bad: dead, and the user was told otherwise": without("/m2") + [call("PATCH", "/messages/m2", chatId="c2", completedAt="t2")],
            "good: its chat got 'token turn'": self.CALLS + [call("POST", "/messages", chatId="c1", text="token turn")],
            "good: completed, and its chat got no message": self.CALLS[1:],
            "the step s7 was ended and never opened": self.CALLS + [call("PATCH", "/message-log/s7", status="FAILED")]}
        planted["1 log steps stay open, 0 were cut off"] = without("/message-log/s1")
        for problem, calls in planted.items():
            with self.subTest(problem):
                self.assertIn(problem, self.judge(calls=calls))
        refused = [dict(one, status=503) if one["path"].endswith("/m2") else one for one in self.CALLS]
        self.assertIn("bad: dead, and its chat has no ending", self.judge(calls=refused))


class Histogram(unittest.TestCase):
    TEXT = ('modhost_x_seconds_bucket{module="a",le="0.001"} 0\nmodhost_x_seconds_bucket{module="a",le="0.002"} 10\n'
            'modhost_x_seconds_bucket{module="a",le="+Inf"} 10\n')

    def test_median(self):
        self.assertAlmostEqual(0.0015, bench.histogram_median(self.TEXT, "modhost_x_seconds"))
        self.assertIsNone(bench.histogram_median("", "modhost_x_seconds"))


if __name__ == "__main__":
    unittest.main()
