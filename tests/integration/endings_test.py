"""Every chat gets an ending: bubbles are closed and log steps fail with their event, whatever ended it."""
import threading
import time
import unittest

from harness import HostTest, chosen, wait_until

MODULE = "KnowledgeAssistant"
QUESTION = "How long is the notice period?"


class Endings(HostTest):
    def setUp(self):
        super().setUp()
        self.searching, self.go_on, self.aborted_at, self.steps = threading.Event(), threading.Event(), None, 0
        self.search_status = 400
        self.addCleanup(self.go_on.set)
        self.stand_in.behave = self.behave

    def behave(self, method, path, _):
        if method == "POST" and path.endswith("/message-log"):
            self.steps += 1
            return 201, {"id": f"message_log_{self.steps}", "object": "message-log"}
        if path.endswith("/search/search"):
            self.searching.set()
            self.go_on.wait(30)
            return self.search_status, {"object": "error", "message": "this search is not possible"}
        if method == "GET" and "/messages/" in path:
            return 200, {"id": "msg_a_evt_1", "userAbortedAt": self.aborted_at}
        return None

    def start(self, more="", retry="[]"):
        host = self.host(modules=f"{{{MODULE}: {{plugin: knowledge_assistant, retry: {retry}, on_failure: 'Sorry.'{more}}}}}")
        host.start()
        self.assertEqual(200, host.post(chosen("evt_1", module=MODULE, text=QUESTION))[0])
        self.assertTrue(self.searching.wait(20), "the module searches")
        return host

    def patches(self, part):
        return [call["body"] for call in self.stand_in.recorded("PATCH", part)]

    def failed_steps(self):
        return [call["path"].rsplit("/", 1)[1] for call in self.stand_in.recorded("PATCH", "/message-log/")
                if call["body"].get("status") == "FAILED"]

    def test_a_failed_search_closes_step_and_bubble(self):
        host = self.start()
        self.go_on.set()
        wait_until(lambda: self.failed_steps(), what="the step's end")
        ended = wait_until(lambda: self.patches("/messages/msg_a_evt_1"), what="the bubble's end")
        self.assertEqual("Sorry.", ended[-1]["text"])
        self.assertIn("completedAt", ended[-1])
        self.assertEqual("dead", wait_until(lambda: host.event("evt_1")["state"] == "dead" and "dead"))

    def test_the_stop_button_stops_within_three_seconds(self):
        host = self.start()
        pressed = time.monotonic()
        self.aborted_at = "2026-01-01T00:00:00.000Z"
        wait_until(lambda: host.event("evt_1")["state"] == "cancelled", 10, "the event's end")
        self.assertLess(time.monotonic() - pressed, 3)
        self.assertEqual("stopped_by_user", host.event("evt_1")["reason"])
        ended = wait_until(lambda: self.patches("/messages/msg_a_evt_1"), what="the bubble's end")
        self.assertIn("completedAt", ended[-1])
        self.assertNotIn("text", ended[-1], "what the user has seen stays")
        wait_until(lambda: self.failed_steps() == ["message_log_1"], what="the step's end")

    def test_the_stop_button_ends_the_wait_for_another_attempt(self):
        self.search_status = 429
        self.go_on.set()
        host = self.start(retry="[5m]")
        wait_until(lambda: host.event("evt_1")["state"] == "waiting", what="the end of the first attempt")
        host.stop()
        host.start()
        pressed = time.monotonic()
        self.aborted_at = "2026-01-01T00:00:00.000Z"
        wait_until(lambda: host.event("evt_1")["state"] == "cancelled", 10, "the event's end")
        self.assertLess(time.monotonic() - pressed, 3)
        self.assertEqual("stopped_by_user", host.event("evt_1")["reason"])
        ended = wait_until(lambda: self.patches("/messages/msg_a_evt_1"), what="the bubble's end")
        self.assertIn("completedAt", ended[-1])
        self.assertEqual(1, len(self.stand_in.recorded("POST", "/search/search")))

    def test_a_killed_host_closes_them_after_its_restart(self):
        host = self.start(", side_effects: once")
        # Written by the journal behind the step's id, and answered once it is: a step that is known.
        self.assertEqual(200, host.post(b"not an event")[0])
        host.kill()
        self.assertEqual([], self.failed_steps())
        self.go_on.set()
        host.start()
        wait_until(lambda: self.failed_steps() == ["message_log_1"], what="the step's end")
        ended = wait_until(lambda: self.patches("/messages/msg_a_evt_1"), what="the bubble's end")
        self.assertEqual("Sorry.", ended[-1]["text"])
        self.assertEqual("interrupted", host.event("evt_1")["reason"])
        self.assertEqual(1, self.steps, "it is not run again")


if __name__ == "__main__":
    unittest.main()
