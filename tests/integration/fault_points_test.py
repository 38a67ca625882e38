"""Every named fault point of the source is reached, and a kill at each leaves nothing lost, doubled or without its end.

Each starts on the previous schema with live events, so that recovery and migration are on the way. One point again:
    MODHOST_POINT=journal.settled python3 tests/integration/fault_points_test.py
"""
import concurrent.futures
import http.client
import os
import shutil
import tempfile
import threading
import unittest

import deliveries
from harness import BINARY, HostTest, wait_until

POINTS = {name: fails for name, fails in deliveries.fault_points().items()
          if os.environ.get("MODHOST_POINT", name) == name}
# A second time with events of a `once` module only, so that the kill meets one of them.
ON_RUN = ("dispatch.", "plugin.", "journal.claimed", "journal.mark", "journal.settl", "store.batch")
AT_ONCE = 8  # a host that starts waits for its disk as much as it computes
# Reached by what the script of deliveries.SCRIPTS does not do.
NEEDS_STOP_BUTTON = {"journal.withdrawing"}
NEEDS_REFUSAL = {"journal.outbox_later"}
NEEDS_OPERATOR = {"journal.operator"}


class Scenario:
    """One host that is killed at one point, and one that goes on."""

    def __init__(self, name, fails, only_once):
        self.name, self.fails, self.only_once = name, fails, only_once
        self.folder = tempfile.mkdtemp(prefix="modhost-point-")
        late = ", Late: {{plugin: scripted, retry: [5m], config: {{runs: '{runs}'}}}}"
        self.run = deliveries.Deliveries(self.folder, more_modules=late)
        self.refused, self.lock = set(), threading.Lock()
        self.run.stand_in.behave = self.behave
        self.trace = self.run.folder / "trace.txt"
        self.run.host.env["MODHOST_FAULT_TRACE"] = str(self.trace)

    def behave(self, method, path, body):
        if method == "GET" and "/messages/" in path:
            return 200, {"id": path.rsplit("/", 1)[1], "userAbortedAt": "2026-01-01T00:00:00.000Z"}
        if self.name in NEEDS_REFUSAL and method == "PATCH" and "/messages/" in path and not body.get("text", "").startswith("turn"):
            with self.lock:
                if path not in self.refused:
                    self.refused.add(path)
                    return 302, {}  # neither done nor final, and not tried again within the call
        return None

    def workload(self):
        if self.only_once:
            return [self.run.event(*script) for script in deliveries.SCRIPTS if script[1] == "Once"]
        events = [self.run.event(*script) for script in deliveries.SCRIPTS]
        if self.name in NEEDS_STOP_BUTTON:
            events.append(self.run.event("retry:2 say", "Late", "cancelled"))
        return events

    def drive(self):
        """What is wrong, as lines."""
        run = self.run
        if not self.only_once:
            deliveries.old_journal(run)
        serves = run.start(f"{self.name}@1={'fail' if self.fails else 'kill'}")
        if serves:
            run.send(self.workload())
            if self.name in NEEDS_OPERATOR:
                self.pause_a_module()
            if self.name.startswith(("app.", "store.stop")):
                run.host.process.terminate()
            self.wait_for_death(20)
        if self.fails:
            if self.name not in self.trace.read_text(encoding="ascii").split():
                return ["not reached"]
        elif not run.has_died():
            return ["not reached"]
        else:
            run.kill()
            run.start()
        if not serves:
            run.send(self.workload())
        run.settle(30)
        return run.judge()

    def pause_a_module(self):
        host = self.run.host
        connection = http.client.HTTPConnection(host.admin.hostname, host.admin.port, timeout=15)
        token = (host.folder / "state" / "admin.token").read_text()
        try:
            connection.request("POST", "/api/modules/Late/pause", "{}", {"Authorization": "Bearer " + token})
            connection.getresponse()
        except (http.client.HTTPException, OSError):
            pass  # it died of it
        finally:
            connection.close()

    def wait_for_death(self, seconds):
        try:
            wait_until(lambda: self.run.has_died() or self.fails and self.run.is_settled(), seconds)
        except AssertionError:
            pass  # the caller looks

    def close(self):
        self.run.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def problems_at(case):
    name, only_once = case
    scenario = Scenario(name, POINTS[name], only_once)
    try:
        return [f"{name}: {problem}" for problem in scenario.drive()]
    except Exception as error:  # a point in a thread of its own: its name belongs to the failure
        return [f"{name}: {type(error).__name__}: {error}"]
    finally:
        scenario.close()


class FaultPoints(unittest.TestCase):
    def test_each_is_reached_and_survived(self):
        cases = [(name, False) for name in POINTS]
        cases += [(name, True) for name, fails in POINTS.items() if name.startswith(ON_RUN) and not fails]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            problems = [problem for found in pool.map(problems_at, cases) for problem in found]
        self.assertEqual([], problems)
        self.assertGreater(len(POINTS), 40 if "MODHOST_POINT" not in os.environ else 0, "the list of the source")


class Product(HostTest):
    def test_the_product_can_not_be_armed(self):
        host = self.host(env={"MODHOST_FAULT_POINT": "journal.recovered@1=kill"}).start()
        self.assertEqual(0, host.stop())
        with open(BINARY, "rb") as file:
            self.assertNotIn(b"MODHOST_FAULT", file.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
