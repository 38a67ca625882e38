"""The main job: a signed event reaches a dropped-in plugin and the chat gets its answer."""
import os
import pathlib
import shutil
import socket
import threading
import unittest

from harness import FAULTS, PLUGINS, HostTest, chosen, signature_headers, wait_until


class Path(HostTest):
    def test_the_chat_gets_the_answer_and_its_turn_is_completed(self):
        host = self.host().start()
        status, answer = host.post(chosen("evt_1", text="make me a demo please"))
        self.assertEqual((status, answer), (200, {"status": "accepted", "id": "evt_1"}))
        patch = wait_until(lambda: self.stand_in.recorded("PATCH", "/messages/msg_a_evt_1"), what="the turn's end")[0]
        post = self.stand_in.recorded("POST", "/messages")[0]
        self.assertEqual(post["path"], "/public/chat/messages")
        self.assertEqual(post["body"]["text"], "Hello from the Assistant Demo! 🚀 echo make me a demo please")
        self.assertEqual(post["body"]["role"], "ASSISTANT")
        self.assertEqual(post["body"]["chatId"], "chat_1")
        self.assertEqual(post["body"]["assistantId"], "assistant_1")
        self.assertEqual(patch["body"]["chatId"], "chat_1")
        self.assertTrue(patch["body"]["completedAt"].endswith("Z"))
        self.assertNotIn("text", patch["body"])
        for call in (post, patch):
            headers = {name.lower(): value for name, value in call["headers"].items()}
            self.assertEqual(headers["authorization"], "Bearer ukey_integration")
            self.assertEqual(headers["x-app-id"], "app_test")
            self.assertEqual(headers["x-user-id"], "284719305518067713")
            self.assertEqual(headers["x-company-id"], "251906337744912385")
            self.assertEqual(headers["x-api-version"], "2023-12-06")
        wait_until(lambda: host.event("evt_1")["state"] == "completed", what="completed")
        self.assertEqual(host.stop(), 0)

    def test_a_duplicate_runs_once_and_strangers_are_ignored(self):
        host = self.host().start()
        self.assertEqual(host.post(chosen("evt_1"))[1]["status"], "accepted")
        self.assertEqual(host.post(chosen("evt_1"))[1]["status"], "duplicate")
        self.assertEqual(host.post(chosen("evt_2", module="SomebodyElse"))[1]["status"], "ignored")
        self.assertEqual(host.post(b"not an event")[1]["status"], "dead_lettered")
        wait_until(lambda: self.stand_in.recorded("PATCH"), what="the turn's end")
        self.assertEqual(host.stop(), 0)
        self.assertEqual(len(self.stand_in.recorded("POST", "/messages")), 1)

    def test_a_duplicate_is_known_after_a_restart(self):
        host = self.host().start()
        host.post(chosen("evt_1"))
        wait_until(lambda: self.stand_in.recorded("PATCH"), what="the turn's end")
        host.stop()
        host.start()
        self.assertEqual(host.post(chosen("evt_1"))[1]["status"], "duplicate")
        host.stop()

    def test_a_bad_signature_is_401_and_a_wrong_clock_is_named(self):
        host = self.host().start()
        body = chosen("evt_1")
        self.assertEqual(host.post(body, signature_headers(body, secret="usig_wrong"))[0], 401)
        self.assertEqual(host.post(body, signature_headers(body, age=412))[0], 401)
        wait_until(lambda: "timestamps are 412 s old: check this machine's clock" in host.log_text(), what="the diagnosis")
        host.stop()

    def test_a_second_library_answers_after_a_restart_beside_the_first(self):
        plugins = pathlib.Path(self.folder) / "plugins"
        plugins.mkdir()
        shutil.copy(os.path.join(PLUGINS, "demo_app.so"), plugins)
        host = self.host(plugins_dir=plugins).start()
        self.assertEqual(host.post(chosen("evt_1", module="EchoC"))[1]["status"], "ignored")
        host.stop()
        shutil.copy(os.path.join(PLUGINS, "echo_c.so"), plugins)
        host.write_config(self.stand_in.base, "{DemoApp: demo_app, EchoC: echo_c}")
        host.start()
        host.post(chosen("evt_2", module="EchoC", text="zwei"))
        host.post(chosen("evt_3", module="DemoApp", text="drei"))
        wait_until(lambda: len(self.stand_in.recorded("PATCH")) == 2, what="both turns' ends")
        texts = sorted(call["body"]["text"] for call in self.stand_in.recorded("POST", "/messages"))
        self.assertEqual(texts, ["Hello from the Assistant Demo! 🚀 echo drei", "echo_c: zwei"])
        host.stop()

    def test_one_broken_module_touches_no_other(self):
        plugins = pathlib.Path(self.folder) / "plugins"
        plugins.mkdir()
        shutil.copy(os.path.join(PLUGINS, "demo_app.so"), plugins)
        for fault in ("throws_in_event", "hangs_in_event", "late_complete", "throws_in_init", "fails_event"):
            shutil.copy(os.path.join(FAULTS, fault + ".so"), plugins)
        modules = ("{DemoApp: demo_app, Throws: {plugin: throws_in_event, retry: []}, "
                   "Hangs: {plugin: hangs_in_event, attempt_deadline: 1s, retry: []}, "
                   "Late: {plugin: late_complete, attempt_deadline: 1s, retry: []}, "
                   "Init: throws_in_init, Fails: fails_event}")
        host = self.host(modules=modules, plugins_dir=plugins).start()
        for module in ("Throws", "Hangs", "Late", "Init", "Fails"):
            self.assertEqual(host.post(chosen("evt_" + module, module=module))[1]["status"], "accepted")
        host.post(chosen("evt_good"))
        wait_until(lambda: host.event("evt_good")["state"] == "completed", what="the good one")
        for module in ("Throws", "Hangs", "Fails"):
            ended = wait_until(lambda: (e := host.event("evt_" + module))["state"] == "dead" and e, what=module)
            patch = wait_until(lambda: self.stand_in.recorded("PATCH", "msg_a_evt_" + module), what="its apology")[0]
            self.assertIn("something went wrong", patch["body"]["text"], ended)
        self.assertEqual(host.event("evt_Init")["state"], "ready")
        self.assertIn("throws_in_init", host.log_text())
        host.post(chosen("evt_good_2"))
        wait_until(lambda: host.event("evt_good_2")["state"] == "completed", what="another good one")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)

    def test_a_platform_that_is_down_is_tried_again(self):
        state = {"down": True}
        self.stand_in.behave = lambda *_: (503, {"error": {"message": "maintenance"}}) if state["down"] else None
        host = self.host(modules="{DemoApp: {plugin: demo_app, retry: [100ms, 100ms, 1s]}}").start()
        host.post(chosen("evt_1"))
        wait_until(lambda: self.stand_in.recorded("POST", "/messages"), what="a first try")
        state["down"] = False
        wait_until(lambda: host.event("evt_1")["state"] == "completed", what="completed")
        host.stop()

    def test_an_ending_survives_a_restart(self):
        self.stand_in.behave = lambda method, *_: (503, {}) if method == "PATCH" else None
        host = self.host().start()
        host.post(chosen("evt_1"))
        wait_until(lambda: self.stand_in.recorded("PATCH"), what="a first try")
        host.kill()
        self.stand_in.behave = None
        before = len(self.stand_in.recorded("PATCH"))
        host.start()
        wait_until(lambda: len(self.stand_in.recorded("PATCH")) > before, what="the turn's end")
        host.stop()

    def test_a_stop_answers_what_is_in_flight_and_finishes_what_runs(self):
        release = threading.Event()
        self.stand_in.behave = lambda method, *_: release.wait(10) and None
        host = self.host().start()
        host.post(chosen("evt_1"))
        wait_until(lambda: self.stand_in.recorded("POST", "/messages"), what="the module's call")
        body = chosen("evt_2")
        late = socket.create_connection((host.webhook.hostname, host.webhook.port), timeout=10)
        head = "".join(f"{name}: {value}\r\n" for name, value in signature_headers(body).items())
        late.sendall(f"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body[:50])
        host.process.terminate()
        wait_until(lambda: "stopping" in host.log_text(), what="the stop")
        late.sendall(body[50:])
        self.assertIn(b'"status":"accepted"', late.recv(65536))
        late.close()
        release.set()
        self.assertEqual(host.process.wait(30), 0)
        self.assertEqual(len(self.stand_in.recorded("POST", "/messages")), 1)
        host.start()
        wait_until(lambda: host.event("evt_2")["state"] == "completed", what="the late one, after the restart")
        host.stop()


if __name__ == "__main__":
    unittest.main(verbosity=2)
