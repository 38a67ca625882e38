"""A plugin that ends the host: the event is blamed, the others are not, and the host comes back."""
import http.client
import json
import signal
import unittest

from harness import FAULTS, HostTest, chosen, wait_until


class Poison(HostTest):
    def crash(self, host, body):
        try:
            host.post(body)
        except (http.client.HTTPException, OSError):
            pass  # the crash came before the answer left; the event was kept before that
        host.process.wait(30)
        self.assertEqual(-signal.SIGSEGV, host.process.returncode)

    def test_a_second_crash_ends_the_event_and_no_other(self):
        host = self.host(modules="{DemoApp: {plugin: crashes_in_event, order: none}}", plugins_dir=FAULTS)
        host.start()
        self.crash(host, chosen("evt_crash"))
        host.start("--paused")
        event = host.event("evt_crash")
        self.assertEqual(("ready", 1), (event["state"], event["attempts"]))
        self.assertIn("fatal signal in plugin code", host.log_text())
        for i in range(5):
            self.assertEqual(200, host.post(chosen(f"evt_{i}", chat=f"chat_{i}"))[0])
        host.stop()
        host.start()
        host.process.wait(30)
        self.assertEqual(-signal.SIGSEGV, host.process.returncode)
        host.start()
        event = host.event("evt_crash")
        self.assertEqual(("dead", "poison"), (event["state"], event["reason"]))
        for i in range(5):
            wait_until(lambda: host.event(f"evt_{i}")["state"] == "completed", what=f"the end of evt_{i}")
            self.assertNotIn("signal", json.dumps(host.admin_get(f"/api/events/{host.event(f'evt_{i}')['seq']}")),
                             "nobody blames it")
        ended = wait_until(lambda: self.stand_in.recorded("PATCH", "/messages/msg_a_evt_crash"), what="its ending")
        self.assertIn("went wrong", ended[-1]["body"]["text"])
        self.assertEqual(0, host.metric("ledger_discrepancy"))

    def test_a_module_that_ends_the_host_again_and_again_is_held_and_the_others_are_not(self):
        host = self.host(modules="{DemoApp: {plugin: crashes_in_event, order: none}, Other: noop}", plugins_dir=FAULTS)
        for i in range(3):
            host.start()
            self.crash(host, chosen(f"evt_crash{i}", chat=f"chat_{i}"))
        host.start()
        self.assertIn("module held", host.log_text())
        self.assertIn('modhost_module_held{module="DemoApp"} 1', host.admin_get("/metrics")[1])
        self.assertEqual([True, False], [one["held"] for one in json.loads(host.admin_get("/api/modules")[1])["modules"]])
        self.assertEqual(200, host.post(chosen("evt_waits", chat="chat_w"))[0])
        self.assertEqual(200, host.post(chosen("evt_other", module="Other"))[0])
        wait_until(lambda: host.event("evt_other")["state"] == "completed", what="the other module")
        self.assertEqual("ready", host.event("evt_waits")["state"])


if __name__ == "__main__":
    unittest.main()
