"""Load with random kill -9 and restarts: every id a client saw accepted ends, with its message on the stand-in."""
import http.client
import json
import os
import random
import sqlite3
import threading
import time
import unittest

from harness import Host, HostTest, chosen, wait_until

KILLS = int(os.environ.get("MODHOST_KILLS", "20"))


class Crash(HostTest):
    def test_every_accepted_event_has_its_message(self):
        # A slow platform: at every kill some events are in the middle of their attempt.
        self.stand_in.behave = lambda *_: time.sleep(0.02)
        # More attempts than kills: an event that happens to run at each of them still ends well.
        retry = ", ".join(["50ms"] * KILLS)
        host = self.host(modules=f"{{DemoApp: {{plugin: demo_app, threads: 8, retry: [{retry}]}}}}")
        host.start()
        accepted, lock, stop, number = set(), threading.Lock(), threading.Event(), iter(range(10**9))

        def client():
            while not stop.is_set():
                event_id = f"evt_{next(number):06d}"
                try:
                    status, answer = host.post(chosen(event_id, text="token " + event_id, chat="chat_" + event_id), timeout=5)
                except (OSError, http.client.HTTPException, ValueError):
                    continue  # killed before it could answer: nobody saw this id accepted
                if status == 200 and answer["status"] == "accepted":
                    with lock:
                        accepted.add(event_id)

        clients = [threading.Thread(target=client) for _ in range(4)]
        for thread in clients:
            thread.start()
        random.seed(20260101)
        unsettled_seen = 0
        for _ in range(KILLS):
            before = len(accepted)
            wait_until(lambda: len(accepted) > before + 5, what="new events")
            time.sleep(random.uniform(0, 0.1))  # the moment of the kill is the test's input
            host.kill()
            unsettled_seen += self.unsettled() > 0
            host.start()
        stop.set()
        for thread in clients:
            thread.join()
        self.assertEqual(unsettled_seen, KILLS, "every kill must find an event that has not ended, or it proves nothing")
        self.assertGreater(len(accepted), KILLS * 5)

        def ended():
            return self.stand_in_texts() >= {f"Hello from the Assistant Demo! 🚀 echo token {event_id}" for event_id in accepted}

        wait_until(ended, 60, "a message for every accepted event")
        wait_until(lambda: self.unsettled() == 0, 60, "every event ended")
        states = self.states()
        for event_id in accepted:
            self.assertEqual(states.get(event_id), "completed", event_id)
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        host.stop()

    def stand_in_texts(self):
        return {call["body"]["text"] for call in self.stand_in.recorded("POST", "/messages")}

    def journal(self):
        return sqlite3.connect(f"file:{self.folder}/state/journal.db?mode=ro", uri=True)

    def unsettled(self):
        with self.journal() as db:
            return db.execute("SELECT count(*) FROM event WHERE state < 3").fetchone()[0]

    def states(self):
        names = ["ready", "running", "waiting", "completed", "cancelled", "expired", "dead"]
        with self.journal() as db:
            return {event_id: names[state] for event_id, state in db.execute("SELECT id, state FROM event")}


if __name__ == "__main__":
    unittest.main(verbosity=2)
