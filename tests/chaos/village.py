"""Several easeld on one PostgreSQL, which all answer for all generations; and what happens to them."""
import json
import signal
import time

from house import SETTINGS, House
from postgres import Postgres
from postgres import Wire as DatabaseWire
from processes import BIN, Process, clean_environment, until
from weather import Weather

LEASE = 3  # seconds


class Replica:
    """One of them: a process that is started again and again behind wires that stay."""

    def __init__(self, number, callers, database):
        self.number, self.callers, self.database = number, callers, database
        self.name = f"easeld-{number}"
        self.process = None


class Village(House):
    """A house of several, each with a wire from the callers and a wire to the database."""

    def __init__(self, count, directory, disk, wires, book, seed, rejects_duplicates=False, retention=0):
        self.postgres = Postgres(directory / "postgres")
        self.replicas = [Replica(n, wires.add(f"callers of {n}", share=0.3, most=400_000),
                                 DatabaseWire(self.postgres.socket)) for n in range(1, count + 1)]
        super().__init__(directory, disk, wires, book, seed, rejects_duplicates, retention)
        # Of all together: with two, one replica gives all its work to the others.
        self.limit = self.chance.choice((2, 4, 32))
        self.address = "ipv4:" + ",".join(replica.callers.address for replica in self.replicas)

    def _settings(self, replica):
        return SETTINGS | self._whims() | {
            "EASEL_DATA_DIR": self.disk.path / "data", "EASEL_STORE": replica.database.url, "EASEL_LEASE": f"{LEASE}s",
            "EASEL_UPSTREAM_CONCURRENCY_START": self.limit, "EASEL_UPSTREAM_CONCURRENCY_MAX": self.limit,
            "EASEL_REJECTS_DUPLICATES": str(self.rejects_duplicates).lower(),
            "EASEL_RETENTION": f"{self.retention}s" if self.retention else None,
            "ZAI_BASE_URL": f"http://{self.wires.upstream.address}/api/paas/v4"}

    def begin(self, replica):  # pylint: disable=arguments-differ
        replica.process = Process(self.directory, replica.name, [BIN / "easeld"],
                                  clean_environment(self.directory, **self._settings(replica)))
        self.counts["starts"] += 1

    def serve(self, *replicas):  # pylint: disable=arguments-differ
        """Starts these, or all, at once."""
        started = replicas or self.replicas
        for replica in started:
            self.begin(replica)
        for replica in started:
            process = replica.process
            until(lambda: not process.running() or process.ready_file.exists(), f"{replica.name} is ready or has ended")
            if process.running():
                self.wires.connect(replica.callers, json.loads(process.ready_file.read_text())["grpc"])
            else:
                self.book.trouble(f"{replica.name} did not start: {process.log()[-2000:]}")

    def check(self):
        for replica in self.replicas:
            if not replica.process.running():
                self.book.trouble(f"{replica.name} ended by itself with {replica.process.popen.returncode}:\n"
                                  f"{replica.process.log()[-2000:]}")
                self.serve(replica)

    def _ended(self, replica, what, expected):
        try:
            code = replica.process.wait()
        except AssertionError as error:
            self.book.trouble(f"after {what}: {error}")
            code = expected[0]
        self.wires.connect(replica.callers, None)
        self.counts[what] += 1
        self.easeld = replica.process
        self._look_at_end(code, expected, what)

    def kill(self, what, *replicas):  # pylint: disable=arguments-differ
        for replica in replicas or self.replicas:
            replica.process.signal(signal.SIGKILL)
            self._ended(replica, what, (-signal.SIGKILL,))

    def terminate(self, what, *replicas):  # pylint: disable=arguments-differ
        ending = replicas or self.replicas
        for replica in ending:
            replica.process.signal(signal.SIGTERM)
        for replica in ending:
            self._ended(replica, what, (0,))

    def log_of(self, name):
        found = []
        for replica in self.replicas:
            self.easeld = replica.process
            found += [f"{replica.name}: {line}" for line in super().log_of(name)]
        return found

    def processes(self):
        return [replica.process for replica in self.replicas] + [self.sandbox, self.postgres]

    def calm(self):
        for replica in self.replicas:
            replica.database.mend()


class VillageWeather(Weather):
    EVENTS = {"kill": 22, "kill_two": 6, "kill_all": 4, "terminate": 14, "roll": 4, "freeze": 16, "freeze_shortly": 5, "cut_off": 14,
              "hang": 8, "cut_off_all": 4, "restart_database": 7, "crash_database": 6, "storm": 18, "cut_upstream": 8,
              "cut_callers": 6}

    def choices(self):
        """The replicas, those that it happens to first."""
        return self.chance.sample(self.house.replicas, len(self.house.replicas)), self.chance.random()

    def kill(self, some, _):
        self.house.kill("kill -9", some[0])
        self.house.serve(some[0])

    def kill_two(self, some, pause):
        self.house.kill("kill -9 of two", *some[:2])
        time.sleep(LEASE * pause)
        self.house.serve(*some[:2])

    def kill_all(self, some, pause):
        self.house.kill("kill -9 of all", *some)
        time.sleep(pause)
        self.house.serve()

    def terminate(self, some, pause):
        self.house.terminate("SIGTERM", some[0])
        time.sleep(pause)
        self.house.serve(some[0])

    def roll(self, some, _):
        """As a rolling update does."""
        for replica in some:
            self.house.terminate("SIGTERM in a rolling update", replica)
            self.house.serve(replica)

    def freeze(self, some, longer):
        """For longer than its lease, so that the others take over what it has."""
        self._freeze(some[0], LEASE * (1.2 + longer), "frozen past its lease")

    def freeze_shortly(self, some, share):
        self._freeze(some[0], LEASE * share, "frozen")

    def _freeze(self, replica, seconds, what):
        replica.process.signal(signal.SIGSTOP)
        time.sleep(seconds)
        replica.process.signal(signal.SIGCONT)
        self.house.counts[what] += 1

    def cut_off(self, some, longer):
        self._without_database(some[:1], "cut", LEASE * 2 * longer, "cut off from the database")

    def hang(self, some, longer):
        self._without_database(some[:1], "hang", LEASE * 2 * longer, "a database that does not answer one of them")

    def cut_off_all(self, some, longer):
        self._without_database(some, "cut", LEASE * 1.5 * longer, "all cut off from the database")

    def _without_database(self, replicas, how, seconds, what):
        for replica in replicas:
            getattr(replica.database, how)()
        time.sleep(seconds)
        for replica in replicas:
            replica.database.mend()
        self.house.counts[what] += 1

    def restart_database(self, _, longer):
        self._restart(signal.SIGINT, longer, "database restarted")

    def crash_database(self, _, longer):
        self._restart(signal.SIGQUIT, longer, "database crashed")

    def _restart(self, how, longer, what):
        self.house.postgres.stop(how)
        time.sleep(LEASE * longer)
        self.house.postgres.start()
        self.house.counts[what] += 1

    def cut_callers(self, some, _):
        self.wires.break_all(some[0].callers)
