"""Row 8: 10,000 watchers on live generations."""
import time

import contenders as who
import figures
import load
import sampling
from rounds import Rounds
from stage import stage

TITLE = "10,000 watchers on live generations, durable"
WATCHERS, GENERATIONS = 10_000, 1_000


def run(tools):
    options = tools.options
    result = figures.Result(8, TITLE)
    rounds = Rounds(result)
    # They start over some seconds and so end over as many; between lies a time in which all watch and nothing changes.
    delay, rate = options.few((18, 200), (9, 500))
    rounds.run(options.rounds, ["easel"], lambda name: _measure(delay, rate))
    rounds.show("watchers", "changes", "p50_ms", "p99_ms", "max_ms", "missed", "errors", "quiet_s", "cores_quiet", "above_mb")
    result.goal("watchers that did not get every change, to the end", rounds.values("easel", "missed"), 0)
    result.goal("from record to watcher, p99", rounds.values("easel", "p99_ms"), 250, unit=" ms")
    result.goal("cores while nothing changes", rounds.values("easel", "cores_quiet"), 0.2)
    result.notes.append(f"{GENERATIONS:,} generations, {rate} of them change in a second, each with "
                        f"{WATCHERS // GENERATIONS} watchers; while nothing changes each is still told so every 10 s.")
    return [result]


def _measure(delay, rate):
    with stage(who.DURABLE, delay=f"{delay}s") as (_, program, up):
        idle = sampling.usage(program.pid)
        with sampling.Sampler(program.pid) as sampler:
            began = time.time()
            report = load.run("watchers", target=program.addresses["grpc"], generations=GENERATIONS, watchers=WATCHERS,
                              rate=rate, **who.SYNC)
        # The first second after all have opened their streams still has to do with that.
        quiet = report["open_at"] + 1 - began, report["first_change_at"] - began
        latency = report["latency_ms"]
        return {"watchers": report["watchers"], "changes": report["changes"], "p50_ms": latency["p50"],
                "p99_ms": latency["p99"], "max_ms": latency["max"], "errors": sum(report["errors"].values()),
                "missed": report["missed"] + report["went_back"] + report["watchers"] - report["ended"],
                "quiet_s": quiet[1] - quiet[0], "cores_quiet": sampler.cores(*quiet),
                "above_mb": (sampler.peak_rss() - idle.rss) / sampling.MIB}
