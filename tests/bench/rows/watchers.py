"""Row 8: 10,000 watchers on live generations."""
import time

import contenders as who
import figures
import load
import sampling
from rounds import Rounds
from stage import stage

TITLE = "10,000 watchers on live generations, durable"
EACH = 10  # watchers of a generation


def run(tools):
    options = tools.options
    result = figures.Result(8, TITLE)
    rounds = Rounds(result)
    # They start over some seconds and so end over as many; between lies a time in which all watch and nothing changes.
    watchers, delay, rate = options.few((10_000, 15, 250), (2_000, 6, 250))
    if options.quick:
        result.notes.append(f"quick: {watchers:,} watchers")
    rounds.run(options.rounds, ["easel"], lambda name: _measure(watchers, delay, rate))
    rounds.show("watchers", "changes", "p50_ms", "p99_ms", "max_ms", "skipped", "went_back", "without_end", "errors", "quiet_s",
                "cores_quiet", "above_mb")
    result.goal("changes that a watcher did not see", rounds.values("easel", "skipped"), 0)
    result.goal("watchers that saw a state go back, or no end", rounds.values("easel", "wrong"), 0)
    result.goal("from record to watcher, p99", rounds.values("easel", "p99_ms"), 250, unit=" ms")
    result.goal("cores while nothing changes", rounds.values("easel", "cores_quiet"), 0.2)
    result.notes.append(f"{watchers // EACH:,} generations with {EACH} watchers each, of which {rate} change in a second; while "
                        "nothing changes every watcher is still told so every 10 s.")
    return [result]


def _measure(watchers, delay, rate):
    with stage(who.DURABLE, delay=f"{delay}s") as (_, program, up):
        idle = sampling.usage(program.pid)
        with sampling.Sampler(program.pid) as sampler:
            began = time.time()
            report = load.run("watchers", target=program.addresses["grpc"], generations=watchers // EACH, watchers=watchers,
                              rate=rate, **who.SYNC)
        if not report["open_at"] or report["first_change_at"] < report["open_at"] + 1:
            raise RuntimeError(f"the first generations ended, {delay} s after their start, before all watched them")
        # The first second after all have opened their streams still has to do with that.
        quiet = report["open_at"] + 1 - began, report["first_change_at"] - began
        latency, without_end = report["latency_ms"], report["watchers"] - report["ended"]
        return {"watchers": report["watchers"], "changes": report["changes"], "p50_ms": latency["p50"],
                "p99_ms": latency["p99"], "max_ms": latency["max"], "errors": sum(report["errors"].values()),
                "skipped": report["missed"], "went_back": report["went_back"], "without_end": without_end,
                "wrong": report["went_back"] + without_end, "quiet_s": quiet[1] - quiet[0],
                "cores_quiet": sampler.cores(*quiet), "above_mb": (sampler.peak_rss() - idle.rss) / sampling.MIB}
