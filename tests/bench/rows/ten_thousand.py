"""Row 4: 10,000 generations in flight while the upstream takes 20 s."""
import contenders as who
import figures
import load
import sampling
from rounds import Rounds
from stage import stage

TITLE = "10,000 in flight, the upstream takes 20 s, durable"
SYNC, ASYNC = "easel, sync", "easel, async"
# By the design, every 2 to 5 s: the longest.
POLL_INTERVAL = 5


def run(tools):
    options = tools.options
    result = figures.Result(4, TITLE)
    rounds = Rounds(result)
    delay, in_flight = options.few((20, 10_000), (2, 1_000))
    if options.quick:
        result.notes.append(f"quick: {in_flight} in flight, {delay} s, and no poll interval of its own to be held to")
    field = {SYNC: (who.DURABLE, who.SYNC), ASYNC: (who.DURABLE, who.ASYNC), who.BRIDGE.name: (who.BRIDGE, who.SYNC)}
    rounds.run(options.rounds, list(field), lambda name: _measure(*field[name], delay, in_flight))
    rounds.show("calls", "errors", "p50_ms", "p99_ms", "max_ms", "kb_each", "idle_mb", "cores_waiting", "cores")
    for name in (SYNC, ASYNC):
        result.goal(f"{name}: errors", rounds.values(name, "errors"), 0)
    for name, most in ((SYNC, 0.5), (ASYNC, POLL_INTERVAL + 0.5), (who.BRIDGE.name, None)):
        result.goal(f"{name}: added p99", rounds.values(name, "added_p99_s"), most, unit=" s")
    for name, most in ((SYNC, 48), (ASYNC, 48), (who.BRIDGE.name, None)):
        result.goal(f"{name}: RSS above idle for each in flight", rounds.values(name, "kb_each"), most, unit=" KB")
    for name in (SYNC, ASYNC):
        result.goal(f"{name}: cores while they wait and more arrive", rounds.values(name, "cores_waiting"), 0.5)
    return [result]


def _measure(contender, order, delay, in_flight):
    """They arrive evenly, so many that after `delay` all are in flight, and go on arriving for a moment."""
    rate = in_flight / delay
    with stage(contender, delay=f"{delay}s") as (_, program, up):
        idle = sampling.usage(program.pid)
        with sampling.Sampler(program.pid) as sampler:
            figures_ = load.measured(program, up, "generate", target=program.addresses["grpc"], rate=rate,
                                     in_flight=4 * in_flight, calls=int(1.05 * in_flight), **order)
        took = sampler.samples[-1][0]
    return {**figures_, "idle_mb": idle.rss / sampling.MIB, "added_p99_s": figures_["p99_ms"] / 1000 - delay,
            "kb_each": (sampler.peak_rss() - idle.rss) / 1024 / in_flight,
            "cores_waiting": sampler.cores(delay / 4, delay), "cores": sampler.cores(0, took)}
