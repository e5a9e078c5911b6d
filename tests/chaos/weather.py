"""What happens to the service, and when: a schedule that comes from the seed alone."""
import contextlib
import random
import signal
import sqlite3
import time

import faults


class Weather:
    """Events one after another, on one thread. `pause`: seconds between two, on average."""

    # How often each comes, beside the others; there is a method of each name.
    EVENTS = {}

    def __init__(self, house, wires, seed, pause):
        self.house, self.wires, self.pause = house, wires, pause
        self.chance = random.Random(f"{seed}/weather")
        self.storms = {}

    def next(self):
        """Waits for its time, and lets one event happen. Returns its name."""
        time.sleep(self.chance.uniform(0.3, 1.7) * self.pause)
        name = self.chance.choices(list(self.EVENTS), list(self.EVENTS.values()))[0]
        # The choices are made whether they are used or not, so that the schedule hangs on nothing but the seed.
        choices = self.choices()
        self.house.check()
        getattr(self, name)(*choices)
        return name

    def choices(self):
        """What every event gets."""
        raise NotImplementedError

    def storm(self, *_):
        names, words = faults.storm(self.chance)
        self.house.sandbox.faults(words)
        for name in names:
            self.storms[name] = self.storms.get(name, 0) + 1

    def cut_upstream(self, *_):
        self.wires.break_all(self.wires.upstream)


class HouseWeather(Weather):
    """Of one easeld and its disk."""

    EVENTS = {"kill": 26, "kill_while_it_starts": 12, "kill_in_a_row": 6, "terminate": 12, "terminate_and_kill": 9,
              "terminate_twice": 6, "storm": 22, "cut_upstream": 12, "cut_callers": 8, "no_upstream": 6, "restart_sandbox": 5,
              "fill_disk": 9, "kill_on_a_full_disk": 5, "freeze": 4, "lock_records": 5, "second_easeld": 3}

    def __init__(self, house, wires, disk, seed, pause):
        super().__init__(house, wires, seed, pause)
        self.disk = disk

    def choices(self):
        return self.chance.random(), self.chance.random(), self.chance.random()

    def kill(self, *_):
        self.house.kill("kill -9")
        self.house.serve()

    def kill_while_it_starts(self, when, again, _):
        self.house.kill("kill -9")
        for share in (when, again)[:1 + (again < 0.4)]:
            self.house.begin()
            time.sleep(0.4 * share)
            if self.house.easeld.running():
                self.house.kill("kill -9 while it starts")
        self.house.serve()

    def kill_in_a_row(self, first, second, third):
        """Each right after it serves: in the middle of its recovery."""
        for moment in (first, second, third):
            self.house.kill("kill -9 right after its start")
            self.house.serve()
            time.sleep(0.5 * moment ** 2)
        self.kill()

    def terminate(self, *_):
        self.house.terminate("SIGTERM")
        self.house.serve()

    def terminate_and_kill(self, after, *_):
        self.house.terminate_and_kill(after * 1.5)
        self.house.serve()

    def terminate_twice(self, second, *_):
        self.house.terminate("SIGTERM twice", second)
        self.house.serve()

    def cut_callers(self, *_):
        self.wires.break_all(self.wires.callers)

    def no_upstream(self, seconds, *_):
        target, self.wires.upstream.target = self.wires.upstream.target, None
        self.wires.break_all(self.wires.upstream)
        self.house.counts["upstream away"] += 1
        time.sleep(0.2 + 2.5 * seconds)
        self.wires.upstream.target = target

    def restart_sandbox(self, kindly, *_):
        self.house.restart_sandbox(kindly < 0.5)

    def fill_disk(self, room, seconds, how):
        if self._fill(room):
            time.sleep(0.3 + 2.5 * seconds)
            if how < 0.3:  # it ends in an orderly way while nothing can be written
                self.house.terminate("SIGTERM on a full disk")
                self.disk.empty()
                self.house.serve()
            self.disk.empty()

    def kill_on_a_full_disk(self, room, seconds, _):
        if self._fill(room):
            time.sleep(1.5 * seconds)
            self.house.kill("kill -9 on a full disk")
            self.house.serve()  # with the disk still full, if it starts on it
            time.sleep(seconds)
            self.disk.empty()

    def freeze(self, seconds, *_):
        """As a host does that has no time for it."""
        self.house.easeld.signal(signal.SIGSTOP)
        time.sleep(3 * seconds)
        self.house.easeld.signal(signal.SIGCONT)
        self.house.counts["frozen"] += 1

    def lock_records(self, seconds, how, _):
        """Somebody looks into the records with a tool of theirs, and holds them."""
        records = sqlite3.connect(self.disk.path / "data" / "generations.db", timeout=2, isolation_level=None)
        with contextlib.closing(records), contextlib.suppress(sqlite3.OperationalError):
            records.execute("BEGIN IMMEDIATE")
            self.house.counts["records locked"] += 1
            if how < 0.2:
                self.house.kill("kill -9 with the records locked")
                self.house.begin()
            time.sleep(0.2 + 7 * seconds ** 2)
            records.execute("ROLLBACK")
        if how < 0.2:
            self.house.kill("kill -9")
            self.house.serve()

    def second_easeld(self, *_):
        self.house.refuse_a_second()

    def _fill(self, room):
        if self.disk.why_not:
            return False
        if self.disk.fill(int(room ** 2 * 800_000)):
            self.house.counts["disk full"] += 1
        return self.disk.full
