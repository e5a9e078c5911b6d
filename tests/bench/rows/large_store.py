"""Row 9: a store of 1,000,000 ended generations against one of 1,000."""
import os
import shutil
import sqlite3
import subprocess

import contenders as who
import figures
import load
import programs
import settings
from rounds import Rounds

SMALL = 1_000
CALLERS = 10  # so that a page of 50 is full in the small store too
CALLER = "caller-7"
CASES = {"get": {"calls": 2000}, "list": {"calls": 500, "page_size": 50}, "watch": {"calls": 1000}, "start": {"calls": 300}}


def run(tools):
    options = tools.options
    large = options.few(1_000_000, 100_000)
    result = figures.Result(9, f"A store of {large:,} ended generations against one of {SMALL:,}")
    stores = {f"{count:,}": _fill(count) for count in (SMALL, large)}
    try:
        rounds = Rounds(result)
        rounds.run(options.rounds, list(stores), lambda name: _measure(stores[name], name == f"{SMALL:,}"))
    finally:
        for store in stores.values():
            shutil.rmtree(store, ignore_errors=True)
    rounds.show("startup_ms", *(f"{case}_p50_ms" for case in CASES), *(f"{case}_p99_ms" for case in CASES), "rss_mb")
    small, big = stores
    for case in CASES:
        result.goal(f"{case}: p50 ratio", rounds.ratio(big, small, f"{case}_p50_ms"), 1.3, unit=" x")
    result.goal("start-up ratio", rounds.ratio(big, small, "startup_ms"), 2, unit=" x")
    return [result]


def _fill(count):
    store = settings.SCRATCH / f"store-{count}"
    shutil.rmtree(store, ignore_errors=True)
    subprocess.run([str(settings.BIN / "bench_fill"), "--data-dir", str(store), "--generations", str(count), "--callers",
                    str(CALLERS)], env=programs.environment(), check=True, timeout=900)
    os.sync()  # a gigabyte that is still being written would be in the way of what is measured
    return store


def _names(store, into):
    """100 of one caller, from all over the store."""
    connection = sqlite3.connect(f"file:{store}/generations.db?mode=ro", uri=True)
    try:
        names = [row[0] for row in connection.execute(
            "SELECT name FROM generations WHERE caller = ? ORDER BY create_time", (CALLER,))]
    finally:
        connection.close()
    into.write_text("".join(name + "\n" for name in names[::max(1, len(names) // 100)][:100]))


def _measure(store, copied):
    """What is started stays in the store: a copy keeps the small one small."""
    directory = store
    if copied:
        directory = store.with_name(store.name + "-copy")
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(store, directory)
    names = directory.with_name("names")
    _names(directory, names)
    with who.upstream() as up, who.easel(up, durable=True, EASEL_DATA_DIR=directory) as program:
        sample = {"startup_ms": 1000 * program.started, "foreign_cores": 0}
        common = {"target": program.addresses["grpc"], "in_flight": 1, "channels": 1, "caller": CALLER}
        for case, flags in CASES.items():
            if case in ("get", "watch"):
                flags = {**flags, "names": names}
            if case == "start":
                flags = {**flags, **who.SYNC}
            load.run(case, **{**common, **flags, "calls": flags["calls"] // 10})
            report = load.measured(program, up, case, **common, **flags)
            if report["errors"]:
                raise RuntimeError(f"{case}: {report['what']}")
            sample["foreign_cores"] = max(sample["foreign_cores"], report["foreign_cores"])
            sample |= {f"{case}_p50_ms": report["p50_ms"], f"{case}_p99_ms": report["p99_ms"]}
        sample["rss_mb"] = who.resident(program)
    return sample
