"""Bad set-ups fail well: one line each that says what is wrong, where, and how to mend it."""
import os
import pathlib
import socket
import subprocess
import unittest

from harness import BINARY, HostTest, chosen, wait_until

GOOD_APP = "app: {id: app_test, api_key: '${TEST_KEY}', api_base: 'http://127.0.0.1:1/public/chat', endpoint_secrets: ['${TEST_SECRET}']}\n"
ADDRESSES = "listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\n"


class BadSetups(HostTest):
    def assert_fails(self, yaml, *parts, env=None):
        code, said = self.run_failing(yaml, env)
        self.assertEqual(code, 1, said)
        for part in parts:
            self.assertIn(part, said)
        for secret in ("usig_integration", "ukey_integration"):
            self.assertNotIn(secret, said)

    def test_port_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.assert_fails(f"listen: 127.0.0.1:{port}\nadmin: 127.0.0.1:0\n{GOOD_APP}modules: {{}}\n", str(port), "taken")
            self.assert_fails(f"listen: 127.0.0.1:0\nadmin: 127.0.0.1:{port}\n{GOOD_APP}modules: {{}}\n", "admin", str(port), "taken")

    def test_no_secret_dummy_secret_empty_secret(self):
        app = "app: {id: app_test, api_key: '${TEST_KEY}', api_base: 'http://127.0.0.1:1/public/chat'%s}\n"
        self.assert_fails(ADDRESSES + app % "" + "modules: {}\n", "secret")
        self.assert_fails(ADDRESSES + app % ", endpoint_secrets: ['${S}']" + "modules: {}\n", "dummy_secret", env={"S": "dummy_secret"})
        self.assert_fails(ADDRESSES + app % ", endpoint_secrets: ['${S}']" + "modules: {}\n", "empty", env={"S": ""})
        self.assert_fails(ADDRESSES + app % ", endpoint_secrets: ['${UNSET_NAME}']" + "modules: {}\n", "UNSET_NAME")

    def test_unreadable_yaml(self):
        self.assert_fails("listen: [\n", "modules.yaml:")
        self.assert_fails(ADDRESSES + GOOD_APP + "modulez: {}\n", "modules.yaml:4:1", "modulez", "modules")
        code, said = self.run_failing("", arguments=("check",))
        self.assertEqual(code, 1, said)

    def test_missing_file_says_how_to_begin(self):
        done = subprocess.run([BINARY, "run", "--config", self.folder + "/none.yaml"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("none.yaml", done.stderr)

    def test_state_folder_that_can_not_be_made(self):
        self.assert_fails(ADDRESSES + GOOD_APP + "state_dir: /dev/null/state\nmodules: {}\n", "state_dir", "/dev/null/state")

    def test_state_folder_that_others_may_write_to(self):
        os.makedirs(self.folder + "/open")
        os.chmod(self.folder + "/open", 0o770)
        self.assert_fails(ADDRESSES + GOOD_APP + "state_dir: open\nmodules: {}\n", "state_dir", "can be written by its group", "chmod g-w")

    def test_second_host_on_the_same_state(self):
        host = self.host().start()
        done = subprocess.run([BINARY, "run", "--config", self.folder + "/modules.yaml"], capture_output=True, text=True,
                              timeout=30, env=host.env)
        self.assertEqual(done.returncode, 1)
        self.assertIn(str(host.process.pid), done.stderr)
        self.assertEqual(host.post(chosen("evt_1"))[0], 200, "the first one goes on")

    def test_missing_plugin_names_what_there_is_and_the_rest_runs(self):
        host = self.host(modules="{DemoApp: demo_app, Typo: demo_ap}").start()
        self.assertIn("demo_ap.so", host.log_text())
        self.assertIn("demo_app", host.log_text())
        self.assertEqual(host.post(chosen("evt_1", module="Typo"))[1]["status"], "accepted")
        host.post(chosen("evt_2"))
        wait_until(lambda: host.event("evt_2")["state"] == "completed", what="the good one")
        self.assertEqual(host.event("evt_1")["state"], "ready", "it waits for its plugin")

    def test_disk_full_while_running_is_503_and_recovers(self):
        host = self.host(modules="{DemoApp: demo_app}").start()
        self.assertEqual(host.post(chosen("evt_before"))[0], 200)
        wait_until(lambda: host.event("evt_before")["state"] == "completed", what="completed")
        host.limit_file_size(1)
        refused = 0
        for number in range(20):
            status, _ = host.post(chosen(f"evt_full_{number}"))
            refused += status == 503
        self.assertEqual(refused, 20, "nothing is accepted that can not be kept")
        self.assertEqual(host.admin_get("/readyz")[0], 503)
        host.limit_file_size(-1)

        def accepted():
            return host.post(chosen("evt_after"))[1].get("status") in ("accepted", "duplicate")

        wait_until(accepted, what="the recovery")
        wait_until(lambda: host.event("evt_after")["state"] == "completed", what="completed")
        for number in range(20):
            self.assertIsNone(host.event(f"evt_full_{number}"), "nothing half-written")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        self.assertEqual(host.stop(), 0)

    def test_platform_unreachable_is_said(self):
        host = self.host(api_base="http://127.0.0.1:1/public/chat",
                         modules="{DemoApp: {plugin: demo_app, retry: [50ms]}}").start()
        host.post(chosen("evt_1"))
        wait_until(lambda: host.event("evt_1")["state"] == "dead", what="the end")
        self.assertIn("127.0.0.1", host.log_text())
        self.assertEqual(host.event("evt_1")["reason"], "exhausted")


class Files(HostTest):
    def test_the_state_is_private(self):
        host = self.host().start()
        host.post(chosen("evt_1"))
        state = pathlib.Path(self.folder) / "state"
        self.assertEqual(state.stat().st_mode & 0o777, 0o700)
        for file in state.iterdir():
            self.assertEqual(file.stat().st_mode & 0o077, 0, file)


if __name__ == "__main__":
    unittest.main(verbosity=2)
