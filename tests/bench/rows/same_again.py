"""Row 7: the same request_id again and again."""
import contenders as who
import figures
import load
from rounds import Rounds
from stage import stage

TITLE = "The same `request_id` again, 64 in flight"
RAW = who.Contender("raw unary gRPC", lambda up: who.raw())


def run(tools):
    options = tools.options
    result = figures.Result(7, TITLE)
    rounds = Rounds(result)
    field = {one.name: one for one in (RAW, who.DURABLE, who.MEMORY)}
    rounds.run(options.rounds, list(field), lambda name: _measure(field[name], options))
    rounds.show("rate", "p50_ms", "p99_ms", "cpu_us", "load_cpu_us", "errors")
    result.goal("durable / raw unary gRPC, req/s", rounds.ratio(who.DURABLE.name, RAW.name), 0.8, at_least=True, unit=" x")
    result.goal("in memory / raw unary gRPC, req/s", rounds.ratio(who.MEMORY.name, RAW.name), 0.8, at_least=True, unit=" x")
    result.notes.append("Raw gRPC is the load generator's own ceiling here.")
    return [result]


def _measure(contender, options):
    with stage(contender) as (_, program, up):
        flags = {**who.SYNC, "in_flight": 64, "target": program.addresses["grpc"]}
        return load.measured(program, up, "same", seconds=options.few(3, 0.8), warm_up=options.warm_up, **flags)
