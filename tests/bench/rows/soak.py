"""Row 11: a long load at half the limit with cancels and faults: nothing may grow."""
import statistics

import contenders as who
import figures
import load
import sampling
from rounds import Rounds
from stage import stage

IN_FLIGHT = 64
SHARE = 0.025  # of cancels, and of faults: 5 % together


def run(tools):
    minutes = tools.options.soak_minutes
    result = figures.Result(11, f"{figures.number(minutes)} minutes at half the limit, 5 % cancels and faults, durable")
    rate = tools.easel_rate or tools.generate(who.DURABLE, IN_FLIGHT, seconds=tools.options.seconds)["rate"]
    rounds = Rounds(result)
    rounds.run(1, ["easel"], lambda name: _measure(rate / 2, 60 * minutes))
    rounds.show("rate", "calls", "p50_ms", "p99_ms", "errors", "cores", "rss_first_mb", "rss_last_mb", "threads_first",
                "threads_last", "descriptors_first", "descriptors_last")
    result.goal("RSS slope after warm-up", rounds.values("easel", "slope"), 0.1, unit=" MB/min")
    result.goal("threads: growth", rounds.values("easel", "threads_growth"), 0.05, unit=" of them")
    result.goal("descriptors: growth", rounds.values("easel", "descriptors_growth"), 0.05, unit=" of them")
    result.notes.append(f"Half of {figures.number(rate)} req/s, which is what it takes at {IN_FLIGHT} in flight. Images go after a "
                        "minute, so that what is kept stops growing; records stay. The first third is the warm-up.")
    return [result]


def _measure(rate, seconds):
    retention = f"{max(5, int(min(60, seconds / 10)))}s"
    with stage(who.Contender("easel", lambda up: who.easel(up, durable=True, EASEL_RETENTION=retention,
                                                          EASEL_LOG_LEVEL="error")),
               delay="50ms", fault_share=SHARE) as (_, program, up):
        with sampling.Sampler(program.pid, interval=max(0.25, seconds / 1000)) as sampler:
            sample = load.measured(program, up, "generate", target=program.addresses["grpc"], rate=rate, in_flight=4096,
                                   seconds=seconds, cancel_share=SHARE, **who.SYNC)
    settled = [(at, usage) for at, usage in sampler.samples if seconds / 3 <= at <= seconds]
    fifth = max(1, len(settled) // 5)
    sample.pop("what", None)  # the errors are those that were asked for
    for name, key in (("rss", "rss"), ("threads", "threads"), ("descriptors", "descriptors")):
        scale = sampling.MIB if key == "rss" else 1
        first, last = (statistics.median(getattr(usage, key) / scale for _, usage in part)
                       for part in (settled[:fifth], settled[-fifth:]))
        unit = "_mb" if key == "rss" else ""
        sample |= {f"{name}_first{unit}": first, f"{name}_last{unit}": last, f"{name}_growth": (last - first) / first}
    slope = statistics.linear_regression([at / 60 for at, _ in settled], [usage.rss / sampling.MIB for _, usage in settled])
    return {**sample, "slope": slope.slope, "cores": sampler.cores(seconds / 3, seconds)}
