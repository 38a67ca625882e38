"""Endings through a platform in trouble: refused, cut off, slowed down, and the host killed meanwhile. None is lost, each is
the same however often it is sent, and steps close."""
import threading
import time
import unittest

import deliveries
from harness import CUT, HostTest, wait_until

TROUBLES = {  # what the platform answers to an ending, try after try; then it takes it
    "500 and 503": [(500, {}), (503, {})],
    "429": [(429, {}), (429, {})],
    "cut off after it was done": [(200, {}, CUT)] * 2,
    "cut off, not done": [(503, {}, CUT)] * 3,
    "a redirect": [(302, {})],
    "more failures than one call repeats": [(500, {})] * 4,
}
SLOW = "an answer that the kill cuts off"


class EndingsFaults(HostTest):
    def setUp(self):
        super().setUp()
        self.run_ = deliveries.Deliveries(self.folder)
        self.addCleanup(self.run_.close)
        self.lock, self.plans, self.hold = threading.Lock(), {}, threading.Event()
        self.addCleanup(self.hold.set)
        self.run_.stand_in.behave = self.behave

    def behave(self, method, path, _):
        if method != "PATCH":
            return None
        with self.lock:
            plan = self.plans.get(path.rsplit("/", 1)[1], [])
            trouble = plan.pop(0) if plan else None
        if trouble == SLOW:
            self.hold.wait(20)
            return None
        return trouble

    def plan(self, event, troubles):
        self.plans[event.posted.message] = list(troubles)

    def bodies(self, event):
        return [call["body"] for call in self.run_.stand_in.recorded("PATCH", "/messages/" + event.posted.message)]

    def test_each_trouble_passes(self):
        run = self.run_
        run.start()
        events = {}
        for name, troubles in TROUBLES.items():
            for script, ends in (("say", "completed"), ("open fail", "dead")):
                event = run.event(script, "Idem", ends)
                self.plan(event, troubles)
                events[name, ends] = event, 1 + len(troubles)
        run.send([event for event, _ in events.values()])
        run.settle()
        self.assertEqual([], run.judge())
        for name, (event, tries) in events.items():
            self.assertEqual(tries, len(self.bodies(event)), name)

    def test_a_kill_while_the_platform_refuses(self):
        run = self.run_
        run.start()
        events = [run.event("say"), run.event("open fail", "Idem", "dead"), run.event("open fail", "Once", "dead")]
        for event in events:
            self.plan(event, [(500, {})] * 5)
        run.send(events)
        for number in range(1, 4):
            wait_until(lambda: all(len(self.bodies(event)) >= number for event in events), what="a try of each")
            run.kill()
            self.assertEqual(3, run.number("SELECT count(DISTINCT seq) FROM outbox"), "what was refused is still owed")
            run.start()
        run.settle()
        self.assertEqual([], run.judge())

    def test_a_kill_while_the_platform_thinks(self):
        run = self.run_
        run.start()
        event = run.event("open fail", "Idem", "dead")
        self.plan(event, [SLOW])
        run.send([event])
        wait_until(lambda: self.bodies(event), what="the first try")
        run.kill()
        self.hold.set()
        run.start()
        run.settle()
        self.assertEqual([], run.judge())
        self.assertEqual(2, len(self.bodies(event)))

    def test_an_outbox_that_can_not_be_read(self):
        run = self.run_
        run.start("journal.outbox_read_fails@1=break")
        events = [run.event("say"), run.event("open fail", "Once", "dead")]
        run.send(events)
        wait_until(lambda: run.number(deliveries.LIVE) == 0 and len(run.accepted) == 2, what="the end of both events")
        wait_until(lambda: "can not read the outbox" in run.host.log_text(), what="the fault")
        run.kill()
        self.assertEqual([], self.bodies(events[0]) + self.bodies(events[1]))
        run.start()
        run.settle()
        self.assertEqual([], run.judge())

    def test_a_disk_that_takes_nothing_any_more(self):
        run = self.run_
        run.start("store.commit_fails@6=break")
        events = [run.event("say sleep:300", module) for module in ("Idem", "Once") for _ in range(6)]
        for event in events:  # one after the other, or they share a commit
            run.offer(event)
        self.assertLess(len(run.accepted), len(events), "what is not on the disk is answered 503")
        self.assertGreater(run.number("SELECT count(*) FROM event"), 0)
        run.kill()
        self.assertEqual(set(), run.accepted - {row for (row,) in run.rows("SELECT id FROM event")})
        run.start()
        run.settle()
        self.assertEqual([], run.judge())

    def test_a_stop_does_not_wait_for_a_platform_that_is_away(self):
        run = self.run_
        run.start()
        event = run.event("say")
        self.plan(event, [(500, {})] * 50)
        run.send([event])
        wait_until(lambda: self.bodies(event), what="the first try")
        began = time.monotonic()
        self.assertEqual(0, run.host.stop())
        self.assertLess(time.monotonic() - began, 10)
        self.plan(event, [])
        run.start()
        run.settle()
        self.assertEqual([], run.judge())


if __name__ == "__main__":
    unittest.main(verbosity=2)
