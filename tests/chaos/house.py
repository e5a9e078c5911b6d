"""The programs under test: one easeld, killed and started again on its data directory, and the sandbox that it calls."""
import collections
import json
import random
import re
import signal
import time
import urllib.request

from processes import BIN, PATIENCE, Process, clean_environment, sanitizer_report, until
from service import Sandbox, http_get

KEYS = ("chaos-key-one-0123456789abcdef", "chaos-key-two-0123456789abcdef")
GRACE = 2  # seconds
SETTINGS = {"EASEL_GRPC_LISTEN": "127.0.0.1:0", "EASEL_HTTP_LISTEN": "127.0.0.1:0", "EASEL_POLL_FIRST": "30ms",
            "EASEL_POLL_INTERVAL": "60ms", "EASEL_UPSTREAM_TIMEOUT": "6s", "EASEL_SUBMIT_TIMEOUT": "40s",
            "EASEL_RENDER_TIMEOUT": "60s", "EASEL_GRACE_PERIOD": f"{GRACE}s", "EASEL_QUEUE_MAX": "30",
            "EASEL_IMAGE_HOSTS": "127.0.0.1"}


class LocalZai(Sandbox):
    """The sandbox with a ledger that outlives it."""
    key = KEYS[0]

    def __init__(self, directory, *more):
        super().__init__(directory, scale="0.02",
                         arguments=["--key", KEYS[1], "--state-dir", directory / "ledger", *more])

    def faults(self, faults):
        request = urllib.request.Request(self.origin + "/sandbox/faults", json.dumps(faults).encode(), method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as reply:
            reply.read()

    def clear(self):
        request = urllib.request.Request(self.origin + "/sandbox/faults", method="DELETE")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=PATIENCE) as reply:
            reply.read()

    def ready(self):
        return http_get(self.origin + "/sandbox").status == 200


class House:
    def __init__(self, directory, disk, wires, book, seed, rejects_duplicates=False, retention=0):
        self.directory, self.disk, self.wires, self.book = directory, disk, wires, book
        self.rejects_duplicates, self.retention = rejects_duplicates, retention
        self.chance = random.Random(f"{seed}/house")
        self.counts = collections.Counter()
        self.sandbox = self.easeld = None
        self.address = ""  # easeld's own, without a wire
        self.start_sandbox()

    # The sandbox.

    def start_sandbox(self):
        self.sandbox = LocalZai(self.directory, *(["--reject-duplicates"] if self.rejects_duplicates else []))
        self.wires.connect(self.wires.upstream, self.sandbox.origin.removeprefix("http://"))

    def restart_sandbox(self, kindly):
        self.wires.connect(self.wires.upstream, None)
        if kindly:
            self.sandbox.stop()
        else:
            self.sandbox.kill()
        self.counts["sandbox restarts"] += 1
        self.start_sandbox()

    # easeld.

    def _whims(self):
        """What an operator may change from one start to the next."""
        keys = KEYS[::self.chance.choice((1, 1, 1, -1))]
        return {"EASEL_IO_THREADS": self.chance.choice((1, 2, 4)), "ZAI_API_KEY": ",".join(keys),
                "EASEL_GLM_IMAGE_MODE": self.chance.choices(("async", "sync"), (9, 1))[0]}

    def _process(self, name):
        settings = SETTINGS | self._whims() | {"EASEL_DATA_DIR": self.disk.path / "data",
                               "EASEL_REJECTS_DUPLICATES": str(self.rejects_duplicates).lower(),
                               "EASEL_RETENTION": f"{self.retention}s" if self.retention else None,
                               "ZAI_BASE_URL": f"http://{self.wires.upstream.address}/api/paas/v4"}
        return Process(self.directory, name, [BIN / "easeld"], clean_environment(self.directory, **settings))

    def begin(self):
        """Starts it, and does not wait until it serves."""
        self.easeld = self._process("easeld")
        self.counts["starts"] += 1

    def refuse_a_second(self):
        """Another one on the same data directory must not come to run."""
        second = self._process("second")
        until(lambda: not second.running() or second.ready_file.exists(), "a second easeld has ended or is ready")
        if second.running():
            self.book.trouble("a second easeld serves from the same data directory")
            second.kill()
        elif second.popen.returncode != 1 or "in use by" not in second.log():
            self.book.trouble(f"a second easeld ended with {second.popen.returncode}:\n{second.log()[-2000:]}")
        self.counts["second easeld refused"] += 1

    def serve(self):
        """Starts it and waits until it serves; a full disk may keep it from that."""
        while True:
            self.begin()
            until(lambda: not self.easeld.running() or self.easeld.ready_file.exists(), "easeld is ready or has ended")
            if self.easeld.running():
                break
            self._did_not_start()
        addresses = json.loads(self.easeld.ready_file.read_text())
        self.address = addresses["grpc"]
        self.wires.connect(self.wires.callers, self.address)

    def _did_not_start(self):
        code, words = self.easeld.popen.returncode, self.easeld.log()
        report = sanitizer_report(words)
        if report or code != 1 or not self.disk.full:
            self.book.trouble(f"easeld did not start: exit code {code}\n{report or words[-2000:]}")
        else:
            self.counts["starts refused by the full disk"] += 1
        self.disk.empty()
        if self.counts["starts"] > 20 and len(self.book.troubles) > 10:
            raise AssertionError("easeld does not start any more")

    def check(self):
        """Whether it runs, as it should; if not, that is a trouble, and it is started again."""
        if self.easeld.running():
            return True
        words = self.easeld.log()
        self.book.trouble(f"easeld ended by itself with {self.easeld.popen.returncode}:\n"
                          f"{sanitizer_report(words) or words[-2000:]}")
        self.wires.connect(self.wires.callers, None)
        self.serve()
        return False

    def kill(self, what):
        self.wires.connect(self.wires.callers, None)
        self.easeld.signal(signal.SIGKILL)
        code = self.easeld.wait()
        self.counts[what] += 1
        self._look_at_end(code, (-signal.SIGKILL,), what)

    def terminate(self, what, second=None):
        """SIGTERM; after `second` seconds another one. It must end by itself, within the grace period and its last steps."""
        began = time.monotonic()
        self.easeld.signal(signal.SIGTERM)
        if second is not None:
            time.sleep(second)
            self.easeld.signal(signal.SIGTERM)
        code = self._await_end(what)
        self.wires.connect(self.wires.callers, None)
        self.counts[what] += 1
        self.counts["slowest end after SIGTERM, ms"] = max(self.counts["slowest end after SIGTERM, ms"],
                                                           int(1000 * (time.monotonic() - began)))
        self._look_at_end(code, (0,), what)

    def _await_end(self, what):
        try:
            return self.easeld.wait()
        except AssertionError as error:  # it was killed at last
            self.book.trouble(f"after {what}: {error}")
            return 0

    def terminate_and_kill(self, after):
        self.easeld.signal(signal.SIGTERM)
        time.sleep(after)
        self.wires.connect(self.wires.callers, None)
        self.easeld.popen.kill()
        code = self.easeld.wait()
        self.counts["SIGTERM, then kill -9"] += 1
        self._look_at_end(code, (0, -signal.SIGKILL), "SIGTERM, then kill -9")

    def _look_at_end(self, code, expected, what):
        words = self.easeld.log()
        report = sanitizer_report(words)
        if code not in expected or report:
            self.book.trouble(f"after {what}: exit code {code}, not {expected}\n{report or words[-2000:]}")
        for name in ("some work did not stop in time",):
            self.counts[name] += words.count(name)

    def processes(self):
        return [self.easeld, self.sandbox]

    def calm(self):
        """Nothing of its own is in the way any more."""

    def log_of(self, name):
        """What easeld's log says of a generation."""
        text = self.easeld.log_file.read_text(errors="replace")
        return [line for line in text.splitlines() if re.search(re.escape(name) + r"\b", line)]

    def kills(self):
        return sum(count for what, count in self.counts.items() if "kill" in what or what.startswith("SIGTERM"))
