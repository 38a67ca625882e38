"""A stop: deliveries are taken until the last moment, what runs may end, nobody waits for ever, and the exit code says how it went."""
import fcntl
import os
import pty
import signal
import sqlite3
import subprocess
import termios
import threading
import time
import unittest

from harness import BINARY, FAULTS, HostTest, chosen, wait_until

LIMIT = 28  # a supervisor kills after 30 s


class Shutdown(HostTest):
    def held_host(self, drain, **options):
        """One event runs, for its platform answers only when `release` is set."""
        self.started, self.release = threading.Event(), threading.Event()
        self.addCleanup(self.release.set)

        def behave(method, path, _):
            if method == "POST" and path.endswith("/messages"):
                self.started.set()
                self.release.wait(60)
            return None

        self.stand_in.behave = behave
        host = self.host(**options)
        self.set_drain(host, drain)
        host.start()
        host.post(chosen("evt_held"))
        self.assertTrue(self.started.wait(20))
        return host

    def set_drain(self, host, drain):
        path = host.folder / "modules.yaml"
        path.write_text(path.read_text().replace("limits: {drain_delay: 0s}", "limits: {" + drain + "}"))

    def begin_stop(self, host):
        host.process.send_signal(signal.SIGTERM)
        wait_until(lambda: "stopping: still accepting" in host.log_text(), what="the stop")

    def test_deliveries_of_the_whole_drain_are_kept(self):
        host = self.held_host("drain_delay: 1s, drain_grace: 20s", modules="{DemoApp: {plugin: demo_app, in_flight: 1}}")
        stop, accepted, refused, cut_off = threading.Event(), [], [], []

        def deliver(client):
            for number in range(10**9):
                if stop.wait(0.01):  # the pace: what comes in meanwhile runs after the restart
                    return
                event_id = f"evt_{client}_{number}"
                try:
                    status, answer = host.post(chosen(event_id, chat="chat_" + event_id))
                except OSError:
                    cut_off.append(time.monotonic())  # the listener has closed: nothing was answered, nothing is promised
                    return
                (accepted if status == 200 and answer["status"] == "accepted" else refused).append(event_id)

        clients = [threading.Thread(target=deliver, args=(client,)) for client in range(3)]
        for client in clients:
            client.start()
        wait_until(lambda: len(accepted) > 20, what="deliveries before the stop")
        self.begin_stop(host)
        during = len(accepted)
        # Beyond the delay: claims have stopped, the held event keeps the drain going.
        wait_until(lambda: host.admin_get("/readyz")[0] == 503, what="not ready")
        wait_until(lambda: len(accepted) > during + 50, what="deliveries during the drain")
        self.release.set()
        self.assertEqual(host.process.wait(LIMIT), 0)
        ended = time.monotonic()
        stop.set()
        for client in clients:
            client.join()
        self.assertGreater(min(cut_off), ended - 2, "closing the listener is the last it does")
        self.assertEqual(refused, [], "a drain answers no 503")
        path = host.folder / "modules.yaml"
        path.write_text(path.read_text().replace("in_flight: 1", "threads: 8"))
        host.start()
        wait_until(lambda: host.metric('events{module="DemoApp",state="ready"}') == 0
                   and host.metric('events{module="DemoApp",state="running"}') == 0, 60, "every event's end")
        with sqlite3.connect(f"file:{self.folder}/state/journal.db?mode=ro", uri=True) as journal:
            completed = {row[0] for row in journal.execute("SELECT id FROM event WHERE state=3")}
        self.assertLessEqual(set(accepted), completed)
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        self.assertEqual(host.stop(), 0)

    def test_a_second_signal_hurries(self):
        host = self.held_host("drain_delay: 3s, drain_grace: 20s")
        begin = time.monotonic()
        self.begin_stop(host)
        host.process.send_signal(signal.SIGTERM)  # ends the delay and the grace
        self.assertEqual(host.process.wait(LIMIT), 0)
        self.assertLess(time.monotonic() - begin, 10)
        self.release.set()
        host.start()
        wait_until(lambda: host.event("evt_held")["state"] == "completed", what="the event, after the restart")

    def test_a_second_signal_in_the_grace_hurries_too(self):
        host = self.held_host("drain_delay: 0s, drain_grace: 20s")
        begin = time.monotonic()
        self.begin_stop(host)
        wait_until(lambda: host.admin_get("/readyz")[0] == 503, what="not ready")
        host.process.send_signal(signal.SIGINT)
        self.assertEqual(host.process.wait(LIMIT), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_a_reload_during_the_drain_is_none(self):
        host = self.held_host("drain_delay: 1s, drain_grace: 20s")
        self.begin_stop(host)
        path = host.folder / "modules.yaml"
        path.write_text(path.read_text().replace("DemoApp: demo_app", "DemoApp: demo_app, EchoC: echo_c"))
        for _ in range(3):
            host.process.send_signal(signal.SIGHUP)
        self.assertEqual(host.post(chosen("evt_1", module="EchoC"))[1]["status"], "ignored")
        self.release.set()
        self.assertEqual(host.process.wait(LIMIT), 0, "and no second stop signal either")
        self.assertNotIn("configuration reloaded", host.log_text())

    def test_a_hangup_does_not_stop(self):
        host = self.host().start()
        host.process.send_signal(signal.SIGHUP)
        wait_until(lambda: host.metric('reload_total{result="unchanged"}') == 1, what="the reload")
        host.post(chosen("evt_1"))
        wait_until(lambda: host.event("evt_1")["state"] == "completed", what="it goes on")
        self.assertEqual(host.stop(), 0)

    def test_a_terminal_that_closes_stops(self):
        host = self.host().start()
        host.kill()
        ports = host.folder / "ports.json"
        ports.unlink()
        ours, theirs = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        with open(host.folder / "log.txt", "ab") as log:
            host.process = subprocess.Popen([BINARY, "run", "--config", str(host.folder / "modules.yaml"), "--ports-file", str(ports)],
                                            stdin=theirs, stdout=log, stderr=log, env=host.env, preexec_fn=take_terminal)
        os.close(theirs)
        wait_until(ports.exists, what="the start")
        os.close(ours)
        self.assertEqual(host.process.wait(LIMIT), 0)
        self.assertIn("stopped", host.log_text())

    def abandon(self, fault, drain, code, config="{}"):
        host = self.host(modules=f"{{Bad: {{plugin: {fault}, retry: [1s], config: {config}}}}}", plugins_dir=FAULTS)
        self.set_drain(host, drain)
        host.start()
        host.post(chosen("evt_1", module="Bad"))
        wait_until(lambda: host.event("evt_1")["state"] == "running", what="its run")
        begin = time.monotonic()
        host.process.send_signal(signal.SIGTERM)
        self.assertEqual(host.process.wait(LIMIT + 2), code)
        self.assertLess(time.monotonic() - begin, LIMIT)
        host.start("--paused")
        event = host.event("evt_1")
        self.assertIn(event["state"], ("ready", "waiting"), "found again")
        self.assertEqual(event["attempts"], 1, "what had to be given up has used its attempt")
        self.assertEqual(host.metric("ledger_discrepancy"), 0)
        host.kill()

    def test_a_thread_that_never_comes_back_is_exit_3_within_the_defaults(self):
        self.abandon("hangs_in_event", "drain_delay: 3s, drain_grace: 20s", 3)

    def test_an_event_that_is_never_completed(self):
        self.abandon("never_complete", "drain_delay: 0s, drain_grace: 1s", 0)

    def test_a_cancel_that_is_ignored(self):
        self.abandon("cancel_ignored", "drain_delay: 0s, drain_grace: 1s", 3, "{hold_ms: 60000}")

    def test_what_can_not_start_is_exit_1(self):
        code, said = self.run_failing("listen: 127.0.0.1:0\nunknown_key: 1\n")
        self.assertEqual(code, 1, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
