"""What an operator does to a running host, with the commands alone: find, understand, replay, cancel, purge, back up."""
import json
import os
import pathlib
import re
import stat
import subprocess
import threading
import unittest

from harness import BINARY, HostTest, chosen, wait_until

MODULE = "KnowledgeAssistant"
QUESTION = "How long is the notice period?"


class Operators(HostTest):
    def setUp(self):
        super().setUp()
        self.go_on = threading.Event()
        self.go_on.set()
        self.addCleanup(self.go_on.set)
        self.refuses = True
        self.stand_in.behave = self.behave

    def behave(self, method, path, _):
        if method == "POST" and path.endswith("/message-log"):
            return 201, {"id": "message_log_1", "object": "message-log"}
        if path.endswith("/search/search"):
            self.go_on.wait(30)
            return 400, {"object": "error", "message": "this search is not possible"}
        if method == "POST" and path.endswith("/messages") and self.refuses:
            return 400, {"object": "error", "message": "no such chat"}
        if method == "GET" and "/messages/" in path:
            return 200, {"id": "msg_a", "userAbortedAt": None}
        return None

    def start(self, more=""):
        host = self.host(modules=f"{{DemoApp: demo_app, {MODULE}: {{plugin: knowledge_assistant, retry: []}}}}", extra=more)
        return host.start()

    def run_command(self, host, *arguments, answer="", code=0):
        where = [] if arguments[0] == "restore" else ["--admin", f"http://127.0.0.1:{host.admin.port}"]
        done = subprocess.run([BINARY, *arguments, *where, "--state-dir", str(host.folder / "state")], input=answer,
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(code, done.returncode, f"{arguments}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def ask(self, host, *arguments, code=0):
        return json.loads(self.run_command(host, *arguments, "--json", code=code))

    def balanced(self, host):
        self.assertEqual(0, host.metric("ledger_discrepancy"))

    def ended(self, host, event_id, state):
        return wait_until(lambda: (e := host.event(event_id)) and e["state"] == state and e, what=f"{event_id} {state}")

    def patches(self, event_id):
        return [call["body"] for call in self.stand_in.recorded("PATCH", "/messages/msg_a_" + event_id)]

    def test_a_dead_event_is_found_shown_replayed_and_completes(self):
        host = self.start()
        self.assertEqual(200, host.post(chosen("evt_1"))[0])
        self.ended(host, "evt_1", "dead")
        # As somebody does who has read only --help: every step is printed by the one before.
        steps = subprocess.run([BINARY, "events", "--help"], capture_output=True, text=True, timeout=60).stdout
        self.assertIn("modhost events list --state dead", steps)
        listed = self.run_command(host, "events", "list", "--state", "dead")
        self.assertRegex(listed, r"(?m)^1 .* dead +DemoApp ")
        self.assertIn("modhost events show SEQ", listed)
        shown = self.run_command(host, "events", "show", "1")
        self.assertIn("dead (permanent)", shown)
        self.assertIn("attempt 1", shown)
        replay = re.search(r"run it again +modhost (replay 1)\b", shown)
        self.assertTrue(replay, shown)
        self.assertIn("nothing was changed", self.run_command(host, *replay.group(1).split(), answer="n\n", code=1))
        self.assertEqual("dead", host.event("evt_1")["state"])
        self.assertIn("no such chat", shown)
        self.refuses = False
        self.assertIn("1 event replayed", self.run_command(host, *replay.group(1).split(), answer="y\n"))
        event = self.ended(host, "evt_1", "completed")
        self.assertEqual(1, event["generation"])
        self.balanced(host)
        self.assertIn("replayed", self.run_command(host, "events", "show", "evt_1"))
        self.assertEqual("duplicate", host.post(chosen("evt_1"))[1]["status"])

    def test_many_are_replayed_by_filter_after_a_plan(self):
        host = self.start()
        for number in range(3):
            host.post(chosen(f"evt_{number}"))
        for number in range(3):
            self.ended(host, f"evt_{number}", "dead")
        self.run_command(host, "replay", code=2)
        self.run_command(host, "replay", "--module", "DemoApp", "--json", code=2)
        self.assertEqual({"events": 3, "refused": 0}, self.ask(host, "replay", "--module", "DemoApp", "--plan"))
        self.assertIn("no event matches", self.run_command(host, "replay", "--module", MODULE, "--yes", code=1))
        self.refuses = False
        plan = self.run_command(host, "replay", "--reason", "permanent", "--since", "1h", answer="y\n")
        self.assertIn("3 events replayed", plan)
        for number in range(3):
            self.ended(host, f"evt_{number}", "completed")
        self.run_command(host, "replay", "1", "--yes", code=1)
        self.run_command(host, "replay", "1", "--completed", "--yes")
        wait_until(lambda: host.event("evt_0")["generation"] == 2 and host.event("evt_0")["state"] == "completed")
        self.balanced(host)

    def test_pause_survives_a_restart_and_resume_runs_what_waited(self):
        host = self.start()
        self.refuses = False
        self.run_command(host, "modules", "pause", "DemoApp")
        self.assertEqual("accepted", host.post(chosen("evt_1"))[1]["status"])
        host.stop()
        host.start()
        modules = {one["module"]: one for one in self.ask(host, "modules", "list")["modules"]}
        self.assertTrue(modules["DemoApp"]["paused"])
        self.assertEqual(1, modules["DemoApp"]["events"]["ready"])
        self.assertIn('modhost_module_paused{module="DemoApp"} 1', host.admin_get("/metrics")[1])
        self.assertEqual("ready", host.event("evt_1")["state"])
        self.assertIn("paused", self.run_command(host, "modules", "list"))
        self.run_command(host, "modules", "resume", "DemoApp")
        self.ended(host, "evt_1", "completed")
        self.run_command(host, "modules", "pause", "Nobody", code=1)
        self.balanced(host)

    def test_drain_waits_for_what_runs(self):
        self.go_on.clear()
        host = self.start()
        host.post(chosen("evt_1", module=MODULE, text=QUESTION))
        wait_until(lambda: self.stand_in.recorded("POST", "/search/search"), what="the search")
        self.assertIn("1 event still running", self.run_command(host, "modules", "drain", MODULE, "--wait", "250ms", code=3))
        self.go_on.set()
        self.assertEqual(0, self.ask(host, "modules", "drain", MODULE)["running"])

    def test_cancel_ends_what_waits_and_what_runs(self):
        host = self.start()
        self.run_command(host, "modules", "pause", "DemoApp")
        host.post(chosen("evt_1"))
        self.assertIn("event 1: cancelled", self.run_command(host, "cancel", "evt_1"))
        self.assertEqual("stopped_by_operator", host.event("evt_1")["reason"])
        wait_until(lambda: self.patches("evt_1"), what="the bubble's end")
        self.assertIn("completedAt", self.patches("evt_1")[-1])
        self.run_command(host, "cancel", "evt_1", code=1)
        self.balanced(host)

        self.go_on.clear()
        host.post(chosen("evt_2", module=MODULE, text=QUESTION))
        wait_until(lambda: self.stand_in.recorded("POST", "/search/search"), what="the search")
        self.assertEqual({"events": {"2": "cancelled"}}, self.ask(host, "cancel", "2"))
        self.assertEqual("stopped_by_operator", host.event("evt_2")["reason"])
        wait_until(lambda: self.patches("evt_2"), what="the bubble's end")
        self.balanced(host)

    def test_purge_forgets_a_user(self):
        host = self.start()
        host.post(chosen("evt_1", module=MODULE, text="a question with a TAINT in it"))
        self.ended(host, "evt_1", "dead")
        wait_until(lambda: self.patches("evt_1"), what="the bubble's end")

        def files():
            return b"".join(file.read_bytes() for file in (host.folder / "state").glob("journal.db*"))

        self.assertIn(b"TAINT", files())
        self.run_command(host, "purge", "--user", "284719305518067713", code=2)
        self.assertIn("1 event purged", self.run_command(host, "purge", "--user", "284719305518067713", "--because",
                                                         "request 4711", answer="y\n"))
        self.assertNotIn(b"TAINT", files())
        event = host.event("evt_1")
        self.assertEqual(("purged", "", ""), (event["reason"], event["user_id"], event["chat_id"]))
        self.run_command(host, "replay", "evt_1", "--yes", code=1)
        self.balanced(host)

    def test_a_backup_is_restored_while_the_host_is_stopped(self):
        host = self.start()
        host.post(chosen("evt_1", module=MODULE, text=QUESTION))
        self.ended(host, "evt_1", "dead")
        file = pathlib.Path(self.folder) / "backup.db"
        self.assertIn("modhost restore", self.run_command(host, "backup", str(file)))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(file).st_mode))
        self.run_command(host, "backup", str(file), code=1)
        self.refuses = False
        host.post(chosen("evt_2"))
        self.ended(host, "evt_2", "completed")
        self.assertIn("in use by", self.run_command(host, "restore", str(file), "--yes", code=1))
        host.stop()
        self.assertIn("restored", self.run_command(host, "restore", str(file), answer="y\n"))
        host.start()
        self.assertEqual("dead", host.event("evt_1")["state"])
        self.assertIsNone(host.event("evt_2"))
        self.balanced(host)
        actions = [entry["action"] for entry in self.ask(host, "audit")["audit"]]
        self.assertEqual(["restore"], actions, "the line of the backup came after it")

    def test_the_audit_names_who_did_what(self):
        host = self.start()
        host.post(chosen("evt_1", module=MODULE, text=QUESTION))
        self.ended(host, "evt_1", "dead")
        out = pathlib.Path(self.folder) / "all.jsonl"
        self.run_command(host, "events", "export", "--bodies", "--out", str(out))
        self.assertEqual(QUESTION, json.loads(json.loads(out.read_text())["body"])["payload"]["userMessage"]["text"])
        self.assertEqual(0o600, stat.S_IMODE(os.stat(out).st_mode))
        self.assertNotIn(QUESTION, self.run_command(host, "events", "export"))
        self.run_command(host, "replay", "1", "--yes")
        entries = self.ask(host, "audit")["audit"]
        self.assertEqual(["replay", "export with bodies"], [entry["action"] for entry in entries])
        self.assertIn("(modhost replay) from 127.0.0.1", entries[0]["actor"])
        self.assertIn("seq=1", self.run_command(host, "audit"))

    def test_tail_follows(self):
        host = self.start()
        tail = subprocess.Popen([BINARY, "events", "tail", "--count", "2", "--json", "--admin",
                                 f"http://127.0.0.1:{host.admin.port}", "--state-dir", str(host.folder / "state")],
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(tail.stdout.close)
        self.addCleanup(tail.kill)

        def posted():  # until one came after it began to look
            host.post(chosen(f"evt_{posted.count}"))
            posted.count += 1
            return tail.poll() is not None

        posted.count = 0
        wait_until(posted, 30, "the tail's end")
        lines = [json.loads(line) for line in tail.stdout.read().splitlines()]
        self.assertEqual(2, len(lines))
        self.assertTrue(lines[0]["id"].startswith("evt_"))

    def test_tail_since_begins_with_the_past(self):
        host = self.start()
        for i in range(2):
            host.post(chosen(f"evt_{i}"))
        lines = self.run_command(host, "events", "tail", "--since", "1h", "--count", "2", "--json").splitlines()
        self.assertEqual(["evt_0", "evt_1"], [json.loads(line)["id"] for line in lines])

    def test_without_a_host_it_says_what_to_do(self):
        host = self.start()
        host.stop()
        self.assertIn("is `modhost run` or `modhost dev` up?", self.run_command(host, "events", "list", code=4))
        (host.folder / "state" / "admin.token").unlink()
        self.assertIn("has the host been started?", self.run_command(host, "events", "list", code=1))


if __name__ == "__main__":
    unittest.main()
