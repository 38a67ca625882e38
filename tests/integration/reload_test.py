"""Another configuration comes into force while the host runs, or is refused and says so; nothing is lost on the way."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import unittest

from harness import BINARY, FAULTS, PLUGINS, SECRET, HostTest, chosen, signature_headers, wait_until


class Reload(HostTest):
    def reloads(self, host):
        """How many of each result there were."""
        return {result: host.metric(f'reload_total{{result="{result}"}}') for result in ("applied", "rejected", "unchanged")}

    def reload(self, host, result, before, after):
        """An edit and SIGHUP; waits for what comes of it, also when the file watch is faster than the signal."""
        count = self.reloads(host)[result]
        self.edit(host, before, after)
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(host)[result] > count, what="reload " + result)

    def edit(self, host, before, after):
        """As editors do it: a new file is renamed over the old one."""
        path = host.folder / "modules.yaml"
        text = path.read_text()
        self.assertIn(before, text)
        draft = path.with_suffix(".new")
        draft.write_text(text.replace(before, after))
        draft.rename(path)

    def state_of(self, host, event_id):
        event = host.event(event_id)
        return event and event["state"]

    def texts(self):
        return [call["body"].get("text") for call in self.stand_in.recorded("POST", "/messages")]

    def test_a_new_module_answers_and_a_removed_one_is_ignored(self):
        host = self.host(modules="{DemoApp: demo_app}").start()
        self.assertEqual(host.post(chosen("evt_0", module="EchoC"))[1]["status"], "ignored")
        self.reload(host, "applied", "{DemoApp: demo_app}", "{EchoC: echo_c}")
        self.assertEqual(host.post(chosen("evt_1", module="EchoC", text="zwei"))[1]["status"], "accepted")
        wait_until(lambda: self.state_of(host, "evt_1") == "completed", what="the new module's answer")
        self.assertIn("echo_c: zwei", self.texts())
        self.assertEqual(host.post(chosen("evt_2"))[1]["status"], "ignored")
        modules = {module["module"] for module in json.loads(host.admin_get("/api/modules")[1])["modules"]}
        self.assertEqual(modules, {"EchoC"})
        self.assertEqual(host.metric('module_running{module="DemoApp"}'), 0)
        self.assertEqual(host.metric('module_running{module="EchoC"}'), 1)
        self.assertEqual(host.stop(), 0)

    def test_a_broken_file_leaves_the_old_configuration_in_force(self):
        host = self.host().start()
        self.reload(host, "rejected", "modules: {DemoApp: demo_app}", "modules: {DemoApp: demo_app}\nmodulez: {}")
        line = len((host.folder / "modules.yaml").read_text().split("modulez")[0].splitlines()) + 1
        self.assertIn(f"modules.yaml:{line}:1", host.log_text())
        self.assertIn("the configuration before stays in force", host.log_text())
        self.assertIn("modulez", host.log_text())
        self.assertEqual(host.admin_get("/readyz")[0], 200)
        host.post(chosen("evt_1"))
        wait_until(lambda: self.state_of(host, "evt_1") == "completed", what="the old configuration's answer")
        self.edit(host, "\nmodulez: {}", "")
        before = self.reloads(host)["unchanged"]
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.reloads(host)["unchanged"] > before, what="nothing to do")

    def test_a_module_that_does_not_start_rejects_all_of_it(self):
        plugins = pathlib.Path(self.folder) / "plugins"
        plugins.mkdir()
        for source in (os.path.join(PLUGINS, "demo_app.so"), os.path.join(FAULTS, "create_fails.so")):
            shutil.copy(source, plugins)
        host = self.host(plugins_dir=plugins).start()
        self.reload(host, "rejected", "{DemoApp: demo_app}", "{DemoApp: {plugin: demo_app, threads: 2}, Bad: create_fails}")
        self.assertIn("module Bad", host.log_text())
        self.assertEqual(host.post(chosen("evt_0", module="Bad"))[1]["status"], "ignored")
        host.post(chosen("evt_1"))
        wait_until(lambda: self.state_of(host, "evt_1") == "completed", what="the instance before")
        self.assertEqual(host.stop(), 0)

    def test_a_secret_changes_under_a_stream_and_no_delivery_is_refused(self):
        for name, value in (("old", SECRET), ("new", "usig_next")):
            path = pathlib.Path(self.folder) / f"{name}.secret"
            path.write_text(value + "\n")
            path.chmod(0o600)
        host = self.host(extra="")
        one, both, last = "[{file: old.secret}]", "[{file: new.secret}, {file: old.secret}]", "[{file: new.secret}]"
        self.edit(host, "endpoint_secrets: ['${TEST_SECRET}']", "secrets: " + one)
        host.start()
        stop, current, answers, numbers = threading.Event(), [SECRET], [], iter(range(10**9))

        def deliver():
            while not stop.is_set():
                body = chosen(f"evt_{next(numbers)}")
                answers.append(host.post(body, signature_headers(body, secret=current[0]))[0])

        clients = [threading.Thread(target=deliver) for _ in range(2)]
        for client in clients:
            client.start()

        def more():
            count = len(answers) + 20
            wait_until(lambda: len(answers) >= count, what="deliveries")

        more()
        self.reload(host, "applied", one, both)
        more()
        current[0] = "usig_next"
        more()
        self.reload(host, "applied", both, last)
        more()
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(set(answers), {200})
        body = chosen("evt_old")
        self.assertEqual(host.post(body, signature_headers(body))[0], 401, "the old secret is gone")
        for secret in (SECRET, "usig_next"):
            self.assertNotIn(secret, host.log_text())

    def test_the_text_of_a_failure_and_what_runs_meanwhile(self):
        started, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def behave(method, path, _):
            if method == "POST" and path.endswith("/messages"):
                started.set()
                release.wait(20)
                return 400, {"error": {"message": "no"}}
            return None

        self.stand_in.behave = behave
        host = self.host(modules="{DemoApp: {plugin: demo_app, retry: [], on_failure: 'Before.'}}").start()
        host.post(chosen("evt_1", chat="chat_1"))
        self.assertTrue(started.wait(20))
        self.reload(host, "applied", "on_failure: 'Before.'", "on_failure: 'After.', config: {new: true}")
        self.assertEqual(self.state_of(host, "evt_1"), "running", "it goes on in the instance it began in")
        release.set()
        patch = wait_until(lambda: self.stand_in.recorded("PATCH", "msg_a_evt_1"), what="its end")[0]
        self.assertEqual(patch["body"]["text"], "Before.")
        wait_until(lambda: "instance of an earlier configuration has stopped" in host.log_text(), what="the old one's stop")
        host.post(chosen("evt_2", chat="chat_2"))
        patch = wait_until(lambda: self.stand_in.recorded("PATCH", "msg_a_evt_2"), what="the next end")[0]
        self.assertEqual(patch["body"]["text"], "After.")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        self.assertEqual(host.stop(), 0)

    def test_a_removed_module_finishes_what_runs(self):
        started, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def behave(method, path, _):
            if method == "POST" and path.endswith("/messages"):
                started.set()
                release.wait(20)
            return None

        self.stand_in.behave = behave
        host = self.host(modules="{DemoApp: demo_app, EchoC: echo_c}").start()
        host.post(chosen("evt_1"))
        self.assertTrue(started.wait(20))
        self.reload(host, "applied", "{DemoApp: demo_app, EchoC: echo_c}", "{EchoC: echo_c}")
        modules = {m["module"]: m for m in json.loads(host.admin_get("/api/modules")[1])["modules"]}
        self.assertEqual(modules["DemoApp"]["finishing"], 1)
        release.set()
        wait_until(lambda: self.state_of(host, "evt_1") == "completed", what="its end")
        self.assertEqual(host.stop(), 0)

    def test_the_files_are_watched(self):
        secret = pathlib.Path(self.folder) / "app.secret"
        secret.write_text(SECRET)
        secret.chmod(0o600)
        (pathlib.Path(self.folder) / ".env").write_text("FAILURE=Before.\n")
        (pathlib.Path(self.folder) / ".env").chmod(0o600)
        host = self.host(modules="{DemoApp: {plugin: demo_app, on_failure: '${FAILURE}'}}")
        self.edit(host, "endpoint_secrets: ['${TEST_SECRET}']", "secrets: [{file: app.secret}]")
        host.start()
        applied = self.reloads(host)["applied"]

        def applied_again():
            nonlocal applied
            before, applied = applied, wait_until(lambda: (n := self.reloads(host)["applied"]) > applied and n, what="a reload")
            return applied - before

        self.edit(host, "on_failure:", "complete_turn: false, on_failure:")
        self.assertEqual(applied_again(), 1, "renamed over")
        (pathlib.Path(self.folder) / ".env").write_text("FAILURE=After.\n")
        self.assertEqual(applied_again(), 1, "written in place")
        secret.write_text("usig_next")
        self.assertEqual(applied_again(), 1, "a secret")
        body = chosen("evt_1")
        self.assertEqual(host.post(body, signature_headers(body, secret="usig_next"))[0], 200)
        self.assertEqual(host.post(body)[0], 401)
        self.assertIn("a changed file", host.log_text())
        # A file that says the same is not read again: the next change is the next reload.
        text = (host.folder / "modules.yaml").read_text()
        (host.folder / "modules.yaml").write_text(text)
        secret.write_text(SECRET)
        self.assertEqual(applied_again(), 1)
        self.assertEqual(self.reloads(host)["unchanged"], 0)
        self.assertEqual(self.reloads(host)["rejected"], 0)

    def test_dev_reloads_what_is_saved(self):
        folder = pathlib.Path(self.folder)
        (folder / "modules.yaml").write_text(f"listen: 127.0.0.1:0\nadmin: 127.0.0.1:0\nplugins_dir: {os.path.abspath(PLUGINS)}\n"
                                             "modules: {DemoApp: demo_app}\n")
        with open(folder / "log.txt", "ab") as log:
            dev = subprocess.Popen([BINARY, "dev", "--page-port", "0", "--config", str(folder / "modules.yaml"), "--ports-file",
                                    str(folder / "ports.json")], stdout=log, stderr=log)
        self.addCleanup(lambda: dev.poll() is None and (dev.kill(), dev.wait()))

        def said():
            return (folder / "log.txt").read_text()

        wait_until((folder / "ports.json").exists, what="the start")
        text = (folder / "modules.yaml").read_text()
        (folder / "modules.yaml").write_text(text.replace("demo_app", "demo_app.so"))
        wait_until(lambda: "stays in force" in said() and "modules.yaml:4" in said(), what="the mistake")
        (folder / "modules.yaml").write_text(text.replace("}", ", EchoC: echo_c}"))
        wait_until(lambda: "module EchoC: added" in said(), what="the reload")
        self.assertNotIn("after a restart only", said())
        dev.send_signal(signal.SIGTERM)
        self.assertEqual(dev.wait(30), 0)

    def test_what_only_a_restart_changes_is_said_and_the_rest_applies(self):
        plugins = pathlib.Path(self.folder) / "plugins"
        plugins.mkdir()
        shutil.copy(os.path.join(PLUGINS, "demo_app.so"), plugins)
        host = self.host(plugins_dir=plugins, modules="{DemoApp: demo_app}").start()
        draft = plugins / "demo_app.new"
        shutil.copy(os.path.join(PLUGINS, "echo_c.so"), draft)
        draft.rename(plugins / "demo_app.so")
        self.reload(host, "applied", "limits: {drain_delay: 0s}", "limits: {drain_delay: 0s, http_threads: 3}\nlog: {level: debug}")
        said = host.log_text()
        self.assertIn("takes effect after a restart only: limits.http_threads", said)
        self.assertIn("takes effect after a restart only: plugin demo_app", said)
        self.assertIn("log.level", said)
        host.post(chosen("evt_1"))
        wait_until(lambda: self.state_of(host, "evt_1") == "completed", what="the plugin that runs")
        self.assertIn("Hello from the Assistant Demo", self.texts()[0])

    def test_a_module_marked_once_is_not_run_again_after_a_kill(self):
        started, release = threading.Event(), threading.Event()
        self.addCleanup(release.set)

        def behave(method, path, _):
            if method == "POST" and path.endswith("/messages"):
                started.set()
                release.wait(20)
            return None

        self.stand_in.behave = behave
        host = self.host(modules="{DemoApp: demo_app}").start()
        self.reload(host, "applied", "{DemoApp: demo_app}", "{DemoApp: {plugin: demo_app, side_effects: once}}")
        host.post(chosen("evt_1"))
        self.assertTrue(started.wait(20))
        host.kill()
        host.start()
        self.assertEqual(host.event("evt_1")["state"], "dead")
        self.assertEqual(host.event("evt_1")["reason"], "interrupted")
        self.assertEqual(len(self.stand_in.recorded("POST", "/messages")), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
