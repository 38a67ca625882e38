"""kill -9 in a loop under open-loop load: no accepted event without an end, none of a `once` module run twice, an ending in
each chat. 20 s in `./dev test`; `./dev soak` takes two minutes (MODHOST_LOOP_SECONDS=120)."""
import os
import random
import re
import signal
import time
import unittest

import deliveries
from harness import HostTest, wait_until

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

    def test_reloads_under_load_cost_nothing(self):
        """Instances are replaced again and again while they run events: nothing is lost, doubled or refused."""
        run = deliveries.Deliveries(self.folder, retry="[" + ", ".join(["20ms"] * 20) + "]")
        self.addCleanup(run.close)
        run.stand_in.behave = lambda *_: time.sleep(0.01)
        run.start()
        file = run.host.folder / "modules.yaml"
        texts = [file.read_text(), file.read_text().replace("threads: 8", "threads: 7")]
        self.assertNotEqual(*texts)
        applied = 0
        with deliveries.OpenLoop(run, RATE, deliveries.SCRIPTS, SEED):
            for turn in range(1, 41):
                draft = file.with_suffix(".new")
                draft.write_text(texts[turn % 2])
                draft.rename(file)
                run.host.process.send_signal(signal.SIGHUP)
                wait_until(lambda: self.applied(run.host) > applied, 20, "the reload")
                applied = self.applied(run.host)
        run.settle(60)
        self.assertEqual([], run.judge())
        self.assertEqual(0, run.kills)
        self.assertGreaterEqual(applied, 40)

    @staticmethod
    def applied(host):
        found = re.search(r'^modhost_reload_total{result="applied"} (\d+)', host.admin_get("/metrics")[1], re.M)
        return int(found.group(1)) if found else 0


if __name__ == "__main__":
    unittest.main(verbosity=2)
