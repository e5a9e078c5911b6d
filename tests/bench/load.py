"""Runs the load generator once, and says what it cost besides."""
import json
import subprocess
import time

import programs
import sampling
import settings

SPARE = 180  # seconds that a run may take beyond its own time
MOST_ERRORS = 0.1  # of the calls: with more of them nothing is measured but refusals


def command(case, **flags):
    """in_flight=64 becomes --in-flight 64; True a flag alone, None nothing, a list one flag for each."""
    words = [settings.BIN / "bench_load", case]
    for name, value in flags.items():
        for one in value if isinstance(value, list) else [value]:
            if one is not None and one is not False:
                words += [f"--{name.replace('_', '-')}"] + ([] if one is True else [str(one)])
    return [str(word) for word in words]


def run(case, patience=SPARE, **flags):
    """What bench_load printed."""
    words = command(case, **flags)
    patience += (flags.get("seconds") or 0) + (flags.get("warm_up") or 0)
    done = subprocess.run(words, env=programs.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=patience, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"bench_load {case} ended with {done.returncode}: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout)


def sample(report, warm_up=0):
    """The figures of a run: rates in calls and MB a second, times in ms."""
    latency = report["latency_ms"]
    # A call that failed is no work done, and those of the warm-up are among the errors.
    failed = sum(report["errors"].values()) / (report["seconds"] + warm_up) if report["seconds"] else 0
    return {"rate": max(0, report["rate"] - failed), "mb_s": report["bytes"] / 1e6 / report["seconds"] if report["seconds"] else 0,
            "p50_ms": latency["p50"], "p99_ms": latency["p99"], "p999_ms": latency["p999"], "max_ms": latency["max"],
            "calls": report["calls"], "errors": sum(report["errors"].values())}


def measured(contender, upstream, case, **flags):
    """A run with what the programs took for each call, and how much of the machine somebody else took meanwhile."""
    pids = [program.pid for program in (contender, upstream) if program is not None]
    before, busy, began = [sampling.usage(pid).cpu for pid in pids], sampling.busy(), time.monotonic()
    report = run(case, **flags)
    after = [sampling.usage(pid).cpu for pid in pids]
    elapsed = time.monotonic() - began
    used = [last - first for first, last in zip(before, after)]
    figures = sample(report, flags.get("warm_up") or 0)
    if figures["errors"]:
        figures["what"] = report["errors"]
    if figures["calls"] == 0 and not figures["errors"]:
        raise RuntimeError(f"bench_load {case}: no call that began in the measured time ended in it, so slow is it here")
    if figures["errors"] > MOST_ERRORS * figures["calls"]:
        raise RuntimeError(f"bench_load {case}: {figures['errors']} of {figures['calls']} calls failed: "
                           f"{json.dumps(report['errors'])} {report['first_error'][:300]}")
    # The generator counts its own seconds without the warm-up; what the others took is shared out evenly.
    part = report["seconds"] / (report["seconds"] + (flags.get("warm_up") or 0))
    figures["cpu_us"] = 1e6 * part * used[0] / figures["calls"] if contender else None
    figures["load_cpu_us"] = 1e6 * report["cpu_seconds"] / figures["calls"]
    if upstream is not None:
        figures["upstream_cpu_us"] = 1e6 * part * used[-1] / figures["calls"]
    figures["foreign_cores"] = max(0.0, (sampling.busy() - busy - sum(used) - report["cpu_seconds"] / part) / elapsed)
    return figures
