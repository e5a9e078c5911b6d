"""Counts what easeld makes the disk keep for each image, by strace."""
import dataclasses
import re
import signal

import contenders
import load

CALLS = "fdatasync,fsync,sync_file_range,syncfs,msync,sync"
# 4711 fdatasync(12</data/generations.db-wal>) = 0 <0.000321>; or begun and resumed, where threads overlap
BEGUN = re.compile(r"^(\d+)\s+(\w+)\((?:\d+<([^>]*)>)?")
TIMED = re.compile(r"<(\d+\.\d+)>$")
RESUMED = re.compile(r"^(\d+)\s+<\.\.\. \w+ resumed")


@dataclasses.dataclass
class Counts:
    """Of one image."""
    commits: int
    image_syncs: int
    milliseconds: float


def parse(text):
    """Of one image. A checkpoint syncs the log before it syncs the database, which is no commit."""
    log = database = other = 0
    seconds = 0.0
    for line in text.splitlines():
        timed = TIMED.search(line)
        seconds += float(timed[1]) if timed else 0
        begun = BEGUN.match(line)
        if RESUMED.match(line) or not begun:
            continue
        path = begun[3] or ""
        if path.endswith("-wal"):
            log += 1
        elif path.endswith((".db", "-shm", "-journal")):
            database += 1
        else:
            other += 1
    return Counts(log - database, other, 1000 * seconds)


def count(order, images):
    """One by one, after some that are not counted; what a store does now and then on its own falls on few of them."""
    with contenders.upstream() as up:
        trace = up.directory / "trace"
        prefix = ["strace", "-f", "-y", "-T", "-o", trace, "-e", f"trace={CALLS}"]
        program = contenders.easel(up, durable=True, prefix=prefix, EASEL_POLL_FIRST="30ms", EASEL_POLL_INTERVAL="30ms")
        try:
            flags = {**order, "target": program.addresses["grpc"], "in_flight": 1, "channels": 1}
            load.run("generate", calls=10, **flags)
            return [_count_one(trace, flags) for _ in range(images)]
        finally:
            # strace ends when what it follows has ended.
            program.signal(signal.SIGTERM, besides=(program.pid,))
            program.stop()


def _count_one(trace, flags):
    before = trace.stat().st_size
    report = load.run("generate", calls=1, **flags)
    if report["errors"]:
        raise RuntimeError(f"errors while counting: {report['errors']}")
    return parse(trace.read_bytes()[before:].decode())
