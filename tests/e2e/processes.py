"""Processes of a test: each is started, waited for by its ready file, stopped, and searched for a sanitizer's report."""
import json
import os
import pathlib
import re
import signal
import subprocess
import time

BIN = pathlib.Path(os.environ.get("EASEL_BIN", "build/dev/bin"))
PATIENCE = 60  # seconds; nothing takes as long, and a machine under load may

SANITIZER = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer|Sanitizer: ")


def sanitizer_report(log):
    """What was reported, and of the stacks the lines in our own code."""
    found = SANITIZER.search(log)
    if not found:
        return ""
    first, *rest = log[found.start():].splitlines()
    return "\n".join([first] + [line for line in rest if not line.strip().startswith("#") or "/service/" in line][:60])


def until(condition, what, patience=PATIENCE):
    """The one way of waiting for something that does not announce itself: asks until it is so."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"gave up waiting: {what}"
        time.sleep(0.005)


def clean_environment(home, **settings):
    """Nothing of the caller's settings, keys and proxies reaches the programs under test."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")
            if name in os.environ}
    return {**kept, "HOME": str(home), **{name: str(value) for name, value in settings.items() if value is not None}}


class Process:
    """A program that serves until it is told to stop. Its standard error is kept in `directory`."""

    def __init__(self, directory, name, arguments, environment):
        self.ready_file = directory / f"{name}.ready.json"
        self.log_file = directory / f"{name}.stderr"
        self.ready_file.unlink(missing_ok=True)
        with open(self.log_file, "ab") as log:
            self.began = log.tell()
            self.popen = subprocess.Popen([*map(str, arguments), "--ready-file", str(self.ready_file)], env=environment,
                                          cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.pid = self.popen.pid

    def log(self):
        """What this process (not an earlier one of the same name) wrote."""
        return self.log_file.read_bytes()[self.began:].decode(errors="replace")

    def wait_ready(self):
        def ready():
            code = self.popen.poll()
            assert code is None, f"it ended with {code} before it was ready:\n{self.log()}"
            return self.ready_file.exists()

        until(ready, "the ready file")
        return json.loads(self.ready_file.read_text())

    def running(self):
        return self.popen.poll() is None

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self):
        try:
            return self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"it does not stop:\n{self.log()[-4000:]}") from None

    def kill(self):
        self.popen.kill()
        self.popen.wait()

    def stop(self):
        """SIGTERM must end it well; whoever is gone already was ended by its test."""
        if self.running():
            self.signal(signal.SIGTERM)
            assert self.wait() == 0, f"exit code {self.popen.returncode}:\n{self.log()[-4000:]}"
        self.check_sanitizers()

    def check_sanitizers(self):
        report = sanitizer_report(self.log())
        assert not report, f"a sanitizer reported:\n{report}"


def run(arguments, environment, cwd=None, stdin=None, patience=PATIENCE):
    """A program that ends by itself: its exit code, standard output and standard error."""
    done = subprocess.run([str(argument) for argument in arguments], env=environment, cwd=cwd, input=stdin,
                          stdin=None if stdin else subprocess.DEVNULL, capture_output=True, timeout=patience, check=False)
    errors = done.stderr.decode(errors="replace")
    assert not sanitizer_report(errors), sanitizer_report(errors)
    return done.returncode, done.stdout, errors
