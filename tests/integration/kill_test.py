"""Seeded schedules of kills: a chain of hosts on one folder, each killed at a random fault point or at a random moment,
then a last one under which everything has to end. In `./dev test` some hundred kills, thousands under `./dev soak`.

    MODHOST_SEED=17 python3 tests/integration/kill_test.py                                   # one chain again
    MODHOST_FIRST_SEED=1000 MODHOST_KILL_SECONDS=600 python3 tests/integration/kill_test.py  # others, for ten minutes
"""
import concurrent.futures
import itertools
import os
import random
import shutil
import tempfile
import time
import unittest

import deliveries
from harness import wait_until

CHAINS = 20
ONE_SEED = os.environ.get("MODHOST_SEED")
FIRST_SEED = int(ONE_SEED or os.environ.get("MODHOST_FIRST_SEED", "1"))
SECONDS = float(os.environ.get("MODHOST_KILL_SECONDS", "0"))  # not 0: chains until so much time has passed
KILLS = 10
AT_ONCE = 6
POINTS = sorted(name for name, fails in deliveries.fault_points().items() if not fails)
FAILS = sorted(name for name, fails in deliveries.fault_points().items() if fails)


class Chain:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.folder = tempfile.mkdtemp(prefix="modhost-kills-")
        # More attempts than kills: an event that runs at each of them still ends well.
        self.run = deliveries.Deliveries(self.folder, retry="[" + ", ".join(["20ms"] * 20) + "]")
        self.run.stand_in.behave = self.behave

    # The platform has its troubles, too. Answers to what modules call stay good, so that the script says how an event ends.
    def behave(self, method, path, body):
        if method == "PATCH" and "/messages/" in path and not body.get("text", "").startswith("turn"):
            if time.monotonic() < self.troubled_until:
                return self.random.choice(((503, {}), (429, {}), (500, {}), (302, {}), (200, {}, "cut")))
        return None

    troubled_until = 0.0

    def fault(self):
        """What the next host dies of, as an environment variable and a number of seconds: the earlier counts."""
        chance = self.random.random()
        if chance < 0.75:
            return f"{self.random.choice(POINTS)}@{self.random.choice((1, 1, 2, 3, 5, 8, 13))}=kill", 0.6
        if chance < 0.85:
            return f"{self.random.choice(FAILS)}@{self.random.randint(1, 8)}=fail", self.random.uniform(0.05, 0.4)
        return None, self.random.uniform(0, 0.3)

    def one_host(self):
        run = self.run
        fault, seconds = self.fault()
        end = time.monotonic() + seconds
        if not run.start(fault):
            run.kill()
            return
        self.troubled_until = time.monotonic() + self.random.choice((0, 0, 0.2))
        unanswered = [event for name, event in run.events.items() if name not in run.accepted]
        run.send(unanswered[:6] + [run.event(*self.random.choice(deliveries.SCRIPTS)) for _ in range(6)], again=1)
        if fault and fault.startswith(("app.", "store.stop")):
            run.host.process.terminate()
            end += 5
        try:
            wait_until(run.is_over, max(0.001, end - time.monotonic()))
        except AssertionError:
            pass  # killed from outside then
        run.kill()

    def drive(self):
        for _ in range(KILLS):
            self.one_host()
        self.run.start()
        self.run.settle(60)
        return self.run.judge()

    def close(self):
        self.run.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def problems_of(seed):
    chain = Chain(seed)
    try:
        return [f"seed {seed}: {problem}" for problem in chain.drive()]
    except Exception as error:
        return [f"seed {seed}: {type(error).__name__}: {error}"]
    finally:
        chain.close()


def seeds():
    if ONE_SEED:
        return [FIRST_SEED]
    if not SECONDS:
        return range(FIRST_SEED, FIRST_SEED + CHAINS)
    end = time.monotonic() + SECONDS
    return itertools.takewhile(lambda _: time.monotonic() < end, itertools.count(FIRST_SEED))


class Kills(unittest.TestCase):
    def test_chains_of_kills(self):
        problems, chains = [], 0
        left = iter(seeds())
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            while batch := list(itertools.islice(left, AT_ONCE * 2)):
                for found in pool.map(problems_of, batch):
                    problems += found
                    chains += 1
        print(f"{chains} chains of {KILLS} kills from seed {FIRST_SEED}")
        self.assertEqual([], problems, "again: MODHOST_SEED=<seed> python3 tests/integration/kill_test.py")


if __name__ == "__main__":
    unittest.main(verbosity=2)
