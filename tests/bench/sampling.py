"""What a process and its children take, read from /proc."""
import dataclasses
import os
import pathlib
import threading
import time

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1024 * 1024


@dataclasses.dataclass
class Usage:
    """`cpu` in seconds since the start, `rss` and `peak` in bytes, `cpu` of children that have ended included."""
    cpu: float = 0
    rss: int = 0
    peak: int = 0
    threads: int = 0
    descriptors: int = 0


def family(pid):
    """The process and all its descendants that live."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/children"):
            try:
                todo += [int(word) for word in task.read_text().split()]
            except OSError:
                pass
    return found


def usage(pid):
    total = Usage()
    for one in family(pid):
        try:
            _add(total, one)
        except OSError:
            pass  # it has just ended
    return total


def _add(total, pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    total.cpu += sum(map(int, fields[11:15])) / _TICKS
    total.threads += int(fields[17])
    total.rss += int(fields[21]) * _PAGE
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            total.peak += int(line.split()[1]) * 1024
    total.descriptors += len(os.listdir(f"/proc/{pid}/fd"))


def busy():
    """CPU seconds that the whole machine has worked."""
    fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / _TICKS


class Sampler:
    """Reads a process every `interval` seconds while the block runs: `samples` are (seconds since its begin, Usage)."""

    def __init__(self, pid, interval=0.25):
        self.pid, self.interval = pid, interval
        self.samples = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def _read(self):
        began = time.monotonic()
        while True:
            self.samples.append((time.monotonic() - began, usage(self.pid)))
            if self._over.wait(self.interval):
                break

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def peak_rss(self):
        return max(sample.rss for _, sample in self.samples)

    def cores(self, begin, end):
        """CPU seconds taken for each second between two times."""
        inside = [(at, sample) for at, sample in self.samples if begin <= at <= end]
        if len(inside) < 2:
            raise RuntimeError(f"no two samples between {begin} s and {end} s")
        (first, before), (last, after) = inside[0], inside[-1]
        return (after.cpu - before.cpu) / (last - first)
