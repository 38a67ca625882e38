"""The same ids on 64 connections at once, two hosts on one journal, and a journal of the schema before this one."""
import collections
import http.client
import json
import random
import subprocess
import threading
import unittest

import deliveries
from harness import BINARY, HostTest, chosen, signature_headers

CONNECTIONS = 64
IDS = 40


class Storm(HostTest):
    def setUp(self):
        super().setUp()
        self.run_ = deliveries.Deliveries(self.folder)
        self.addCleanup(self.run_.close)
        self.run_.host.binary = BINARY

    def test_duplicates_on_many_connections(self):
        run = self.run_
        run.start()
        events = [run.event("say", ("Idem", "Once")[number % 2]) for number in range(IDS)]
        answers, lock, start = collections.defaultdict(collections.Counter), threading.Lock(), threading.Barrier(CONNECTIONS)

        def client(seed):
            mine = list(events)
            random.Random(seed).shuffle(mine)
            if seed % 2:  # half of them all at the same id, the others anywhere
                mine = list(events)
            connection = http.client.HTTPConnection(run.host.webhook.hostname, run.host.webhook.port, timeout=30)
            connection.connect()
            start.wait()
            for event in mine:
                connection.request("POST", run.host.webhook.path, event.body, signature_headers(event.body))
                answer = connection.getresponse()
                said = json.loads(answer.read()).get("status")
                with lock:
                    answers[event.posted.id][answer.status, said] += 1
            connection.close()

        clients = [threading.Thread(target=client, args=(seed,)) for seed in range(CONNECTIONS)]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
        run.accepted |= answers.keys()
        for event in events:
            self.assertEqual({(200, "accepted"): 1, (200, "duplicate"): CONNECTIONS - 1}, dict(answers[event.posted.id]))
        forged = events[0].posted
        status, answer = run.host.post(chosen(forged.id, module="Idem", text="fail", chat=forged.chat))
        self.assertEqual((200, "duplicate"), (status, answer["status"]), "another body under a known id is not run")
        run.settle()
        self.assertEqual([], run.judge())

    def test_a_second_host_on_one_journal_is_refused(self):
        run = self.run_
        run.start()
        run.send([run.event("sleep:300 say"), run.event("sleep:300 say", "Once")])
        second = subprocess.run([BINARY, "run", "--config", str(run.folder / "modules.yaml")], capture_output=True, text=True,
                                timeout=60, env=run.host.env, check=False)
        self.assertEqual(1, second.returncode)
        self.assertIn(f"is in use by process {run.host.process.pid}", second.stdout + second.stderr)
        run.send([run.event("say")])
        run.settle()
        self.assertEqual([], run.judge())
        self.assertEqual(3, len(run.accepted))

    def test_the_previous_schema_with_live_events(self):
        run = self.run_
        frozen = deliveries.old_journal(run)
        run.kills = 1  # the host that left it
        run.start()
        run.send([run.event(*script) for script in deliveries.SCRIPTS])
        for event in list(run.events.values())[:3]:
            self.assertEqual("duplicate", run.host.post(event.body)[1]["status"], f"{frozen}: {event.posted.id}")
        run.settle()
        self.assertEqual([], run.judge())
        states = {name: run.number(f"SELECT reason FROM event WHERE id='{name}'") for name in list(run.events)[:6]}
        self.assertEqual(["ok", "ok", "ok", "interrupted", "permanent", "ok"], list(states.values()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
