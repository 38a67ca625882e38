"""The bench's own judges, with planted faults: a lost id, an event that never ended, a promise that is broken."""
import os
import sqlite3
import tempfile
import unittest

import bench
import journal_check
import load
import report


def row(rps, **values):
    return {"rps": rps, "p50_ms": 1.0, "p99_ms": 2.0, "rss_mb": 20.0, "cpu_us": 10.0, "errors": 0, **values}


GOOD = {(report.DURABLE, 64): row(20_000), (report.DURABLE, 256): row(20_000), (report.FLASK, 64): row(2_000),
        (report.BARE, 64): row(4_000), (report.CLUSTER, 64): row(18_000), (report.NGINX, 64): row(100_000),
        (report.ALONE, 64): row(60_000), (report.SUSTAINED, 64): row(8_000)}
FACTS = {"accept_to_on_event_ms": 0.4, "ids_missing": 0, "events_not_ended": 0, "chats_in_flight": 10_000,
         "chats_right": 10_000, "chats_memory_mb": 300.0, "chats_accept_p99_ms": 20.0, "chats_in_flight_ratio": 1250}
BROKEN = {"accept_to_on_event_ms": 1.0, "ids_missing": 1, "events_not_ended": 1, "chats_in_flight": 9_899,
          "chats_right": 9_999, "chats_memory_mb": 400.0, "chats_accept_p99_ms": 50.0, "chats_in_flight_ratio": 99}


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
                   "alone": {(report.ALONE, 64): row(44_000)}, "sustained": {(report.SUSTAINED, 64): row(5_900)},
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


class Histogram(unittest.TestCase):
    TEXT = ('modhost_x_seconds_bucket{module="a",le="0.001"} 0\nmodhost_x_seconds_bucket{module="a",le="0.002"} 10\n'
            'modhost_x_seconds_bucket{module="a",le="+Inf"} 10\n')

    def test_median(self):
        self.assertAlmostEqual(0.0015, bench.histogram_median(self.TEXT, "modhost_x_seconds"))
        self.assertIsNone(bench.histogram_median("", "modhost_x_seconds"))


if __name__ == "__main__":
    unittest.main()
