"""Row 5: images of 1.5 MB, 64 at a time, against raw gRPC that moves the same bytes the same way."""
import contenders as who
import figures
import load
from rounds import Rounds
from stage import stage

TITLE = "Image bytes: 1.5 MB, 64 at a time"
BYTES = 1_500_000
WAYS = {"inline": {"case": "inline", "repeat": True}, "streamed": {"case": "stream", "repeat": True},
        "`ReadImage`": {"case": "read", "make": 16}}
COMMON = {"in_flight": 64, "max_receive_bytes": 1 << 30}


def run(tools):
    options = tools.options
    result = figures.Result(5, TITLE)
    rounds = Rounds(result)
    seconds = options.few(2, 0.7)
    names = {f"{way}, {kind}": (way, kind) for way in WAYS for kind in ("raw gRPC", "easel")}
    names |= {f"inline, fresh, {kind}": ("fresh", kind) for kind in (who.BRIDGE.name, "easel")}

    def measure(name):
        way, kind = names[name]
        if way == "fresh":
            contender = who.BRIDGE if kind == who.BRIDGE.name else who.DURABLE
            return _measure(contender, {"case": "inline"}, seconds, options.warm_up)
        return _measure(_RAW if kind == "raw gRPC" else who.DURABLE, WAYS[way], seconds, options.warm_up)

    rounds.run(options.rounds, list(names), measure)
    rounds.show("rate", "mb_s", "p50_ms", "p99_ms", "cpu_us", "load_cpu_us", "errors")
    for way in WAYS:
        result.goal(f"{way}: kept image / raw gRPC, bytes/s", rounds.ratio(f"{way}, easel", f"{way}, raw gRPC", "mb_s"), 0.85,
                    at_least=True, unit=" x")
    result.goal("inline: fresh image, durable / bare bridge, which keeps nothing",
                rounds.ratio("inline, fresh, easel", f"inline, fresh, {who.BRIDGE.name}", "mb_s"), unit=" x")
    result.notes.append("Raw gRPC is the load generator's own ceiling here.")
    return [result]


_RAW = who.Contender("raw gRPC", lambda up: who.raw(bytes=BYTES))


def _measure(contender, way, seconds, warm_up):
    with stage(contender, image_bytes=BYTES) as (_, program, up):
        flags = {**who.SYNC, **COMMON, **way, "target": program.addresses["grpc"]}
        case = flags.pop("case")
        return load.measured(program, up, case, seconds=seconds, warm_up=warm_up, **flags)
