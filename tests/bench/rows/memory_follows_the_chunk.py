"""Row 6: 256 images of 4 MB at a time, streamed from the upstream to the caller."""
import contenders as who
import figures
import load
import sampling
from rounds import Rounds
from stage import stage

TITLE = "256 images of 4 MB at a time, streamed from upstream to caller, durable"
BYTES = 4_000_000
AT_A_TIME = 256


def run(tools):
    options = tools.options
    result = figures.Result(6, TITLE)
    rounds = Rounds(result)
    rounds.run(options.rounds, ["easel"], lambda name: _measure(AT_A_TIME * options.few(2, 1)))
    rounds.show("calls", "mb_s", "p50_ms", "p99_ms", "idle_mb", "above_mb", "errors")
    result.goal("RSS above idle", rounds.values("easel", "above_mb"), 128, unit=" MB")
    result.goal("errors", rounds.values("easel", "errors"), 0)
    return [result]


def _measure(calls):
    with stage(who.DURABLE, image_bytes=BYTES) as (_, program, up):
        idle = sampling.usage(program.pid)
        sample = load.measured(program, up, "stream", target=program.addresses["grpc"], in_flight=AT_A_TIME, calls=calls,
                               max_receive_bytes=1 << 30, **who.SYNC)
        peak = sampling.usage(program.pid).peak  # the kernel's own mark, which misses nothing
    return {**sample, "idle_mb": idle.rss / sampling.MIB, "above_mb": (peak - idle.rss) / sampling.MIB}
