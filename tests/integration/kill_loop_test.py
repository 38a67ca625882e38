"""kill -9 in a loop under open-loop load: no accepted event without an end, none of a `once` module run twice, an ending in
each chat. 20 s in `./dev test`; `./dev soak` takes two minutes (MODHOST_LOOP_SECONDS=120)."""
import os
import random
import time
import unittest

import deliveries
from harness import HostTest

SECONDS = float(os.environ.get("MODHOST_LOOP_SECONDS", "20"))
SEED = int(os.environ.get("MODHOST_SEED", "1"))
RATE = 60  # events a second, whatever is answered


class KillLoop(HostTest):
    def test_every_accepted_event_ends_once(self):
        run = deliveries.Deliveries(self.folder, retry="[" + ", ".join(["20ms"] * 20) + "]")
        self.addCleanup(run.close)
        chance = random.Random(SEED)
        run.stand_in.behave = lambda *_: time.sleep(0.01)  # a platform takes its time: kills find events in the middle
        run.start()
        unsettled = 0
        end = time.monotonic() + SECONDS
        with deliveries.OpenLoop(run, RATE, deliveries.SCRIPTS, SEED) as load:
            while time.monotonic() < end:
                time.sleep(chance.uniform(0.1, 1.0))  # the moment of the kill is the test's input
                run.kill()
                unsettled += run.number(deliveries.LIVE) > 0
                run.start()
        print(f"seed {SEED}: {len(run.accepted)} events accepted, {run.kills} kills, {unsettled} of them with live events, "
              f"{load.late} posts were late")
        run.settle(120)
        self.assertEqual([], run.judge())
        self.assertGreater(len(run.accepted), 5 * run.kills, "a load that nearly stops proves nothing")
        self.assertGreater(unsettled, run.kills / 2, "kills must find events that have not ended")


if __name__ == "__main__":
    unittest.main(verbosity=2)
