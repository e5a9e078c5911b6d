"""Row 3: one in flight: what Easel adds to the bare bridge, and how often it waits for the disk."""
import contenders as who
import figures
import syncs
from rounds import Rounds

TITLE = "One at a time: added over the bare bridge"


def run(tools):
    options = tools.options
    result = figures.Result(3, TITLE)
    rounds = Rounds(result)
    field = {one.name: one for one in (who.BRIDGE, who.MEMORY, who.DURABLE)}
    rounds.run(options.rounds, list(field), lambda name: tools.generate(field[name], 1, options.few(3.5, 1), channels=1))
    rounds.show("rate", "p50_ms", "p99_ms", "cpu_us", "errors")
    bridge, memory, durable = who.BRIDGE.name, who.MEMORY.name, who.DURABLE.name
    result.goal("in memory, added p50", rounds.added(memory, bridge, "p50_ms"), 0.15, unit=" ms")
    result.goal("in memory, added p99", rounds.added(memory, bridge, "p99_ms"), 0.5, unit=" ms")
    result.goal("durable, added p50 over in memory: the disk's time", rounds.added(durable, memory, "p50_ms"), unit=" ms")
    result.goal("durable, added p99 over in memory: the disk's time", rounds.added(durable, memory, "p99_ms"), unit=" ms")
    for way, order, calls in (("sync", who.SYNC, options.few(40, 12)), ("async", who.ASYNC, options.few(40, 12))):
        _count_syncs(result, way, order, calls)
    return [result]


def _count_syncs(result, way, order, calls):
    try:
        counts = syncs.count(order, calls)
    except Exception as error:  # pylint: disable=broad-except
        result.errors.append(f"counting syncs, {way}: {error}")
        return
    what = f"durable, {way}: "
    result.goal(what + "synchronous commits of records for each image", [one.commits for one in counts], 3)
    result.goal(what + "syncs of image files and directories for each image",
                [one.image_syncs for one in counts])
    result.goal(what + "time in all these syncs for each image (under strace)",
                [one.milliseconds for one in counts], unit=" ms")
