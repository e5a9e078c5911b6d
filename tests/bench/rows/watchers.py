"""Row 8: 10,000 watchers on live generations."""
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
    # Long enough that all watch, and that afterwards nothing changes for a while.
    delay = options.few(16, 9)
    rounds.run(options.rounds, ["easel"], lambda name: _measure(delay))
    rounds.show("watchers", "changes", "p50_ms", "p99_ms", "max_ms", "missed", "errors", "cores_quiet", "rss_mb")
    result.goal("changes that did not arrive", rounds.values("easel", "missed"), 0)
    result.goal("from record to watcher, p99", rounds.values("easel", "p99_ms"), 250, unit=" ms")
    result.goal("cores while nothing changes", rounds.values("easel", "cores_quiet"), 0.2)
    result.notes.append("Every watcher is told that it is alive every 10 s, while nothing changes too.")
    return [result]


def _measure(delay):
    with stage(who.DURABLE, delay=f"{delay}s") as (_, program, up):
        with sampling.Sampler(program.pid) as sampler:
            report = load.run("watchers", target=program.addresses["grpc"], generations=GENERATIONS, watchers=WATCHERS,
                              **who.SYNC)
        latency = report["latency_ms"]
        return {"watchers": WATCHERS, "changes": report["calls"], "missed": report["missed"], "p50_ms": latency["p50"],
                "p99_ms": latency["p99"], "max_ms": latency["max"], "errors": sum(report["errors"].values()),
                "cores_quiet": sampler.cores(delay / 2, delay - 0.5), "rss_mb": sampler.peak_rss() / sampling.MIB}
