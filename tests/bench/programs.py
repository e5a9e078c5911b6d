"""Programs that serve: each is started on a free port, waited for by its ready file or its first answer, and ended."""
import contextlib
import itertools
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import sampling
import settings

PATIENCE = 60  # seconds
_numbers = itertools.count(1)


def until(condition, what, patience=PATIENCE):
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"gave up waiting for {what}")
        time.sleep(0.002)


def environment(**more):
    """Nothing of the user's settings, keys and proxies reaches a contender."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(settings.SCRATCH), **{name: str(value) for name, value in more.items()}}


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def free_port():
    """For programs that cannot take port 0 themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    """Whether something speaks HTTP there, whatever it says."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def remove_if_large(directory, most):
    """More than so many bytes. ext4 is slow to make files where many were removed in the last minutes, and what is measured next
    would pay for that: what is small stays until all is over."""
    if sum(path.lstat().st_blocks * 512 for path in directory.rglob("*")) > most:
        shutil.rmtree(directory, ignore_errors=True)


class Program:
    """In a directory of its own, which goes when it is stopped if it is large. `prefix` is put before the command (strace and its like)."""

    def __init__(self, name, command, env=None, ready_file=True, prefix=()):
        self.name, self.number = name, next(_numbers)
        self.directory = settings.SCRATCH / f"{self.number}-{name.replace(' ', '-')}"
        self.directory.mkdir(parents=True)
        self.ready_file = self.directory / "ready.json"
        self.log_file = self.directory / "log"
        arguments = [*prefix, *command, *(["--ready-file", self.ready_file] if ready_file else [])]
        self.began = time.monotonic()
        with open(self.log_file, "ab") as log:
            self.popen = subprocess.Popen([str(word) for word in arguments], env=environment(**(env or {})),
                                          cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.popen.pid
        self.addresses = {}
        try:
            if ready_file:
                self.wait_for(self.ready_file.exists, "its ready file")
                self.addresses = json.loads(self.ready_file.read_text())
        except BaseException:
            self.stop()
            raise
        self.started = time.monotonic() - self.began  # seconds until it was ready

    def wait_for(self, condition, what, patience=PATIENCE):
        def met():
            if self.popen.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.popen.returncode} before {what}: {self.log()[-600:]}")
            return condition()
        return until(met, f"{what} of {self.name}", patience)

    def log(self):
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def signal(self, number, besides=()):
        """To it and all its children, but not to `besides`."""
        for pid in sampling.family(self.pid):
            if pid not in besides:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.popen.wait()
        remove_if_large(self.directory, 1 << 30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
