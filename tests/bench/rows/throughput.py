"""Rows 1 and 2: 64 in flight against an upstream that answers at once, in memory and durable."""
import contenders as who
import figures
from ceilings import GENERATOR, UPSTREAM
from rounds import Rounds

TITLES = {1: "`GenerateImage`, URL delivery, 64 in flight, in memory", 2: "The same, durable"}


def run(tools):
    """Both rows come from the same rounds, as they share all but Easel's store."""
    options = tools.options
    gateways, missing = who.gateways_of(options)
    field = [who.BRIDGE, who.MEMORY, who.DURABLE, who.NODE, who.PYTHON, who.NGINX, who.CURL, *gateways]
    by_name = {one.name: one for one in field}
    result = figures.Result(1, TITLES[1])
    rounds = Rounds(result)
    rounds.run(options.rounds, list(by_name), lambda name: tools.generate(by_name[name], 64))
    rounds.show("rate", "p50_ms", "p99_ms", "cpu_us", "upstream_cpu_us", "load_cpu_us", "errors")
    for name, contender in by_name.items():
        rounds.flag(name, tools.ceilings.get(UPSTREAM if contender.http or contender in gateways else GENERATOR))
    result.notes += [f"{name} could not be installed, so it was not measured" for name in missing]
    bridge, memory, durable = who.BRIDGE.name, who.MEMORY.name, who.DURABLE.name
    result.goal("in memory / bare bridge, req/s", rounds.ratio(memory, bridge), 0.85, at_least=True, unit=" x")
    second = figures.Result(2, TITLES[2], notes=["The figures are in row 1's table: both rows come from the same rounds."],
                            rounds=result.rounds)
    second.goal("durable / bare bridge, req/s", rounds.ratio(durable, bridge), 0.6, at_least=True, unit=" x")
    second.goal("durable / Node wrapper", rounds.ratio(durable, who.NODE.name), 2, at_least=True, unit=" x")
    for gateway in gateways:
        second.goal(f"durable / {gateway.name}", rounds.ratio(durable, gateway.name), 10, at_least=True, unit=" x")
    second.goal("durable / Python wrapper", rounds.ratio(durable, who.PYTHON.name), unit=" x")
    second.goal("durable / nginx, which keeps nothing and fetches no image", rounds.ratio(durable, who.NGINX.name), unit=" x")
    spread = rounds.spread(durable, "rate")
    tools.easel_rate = spread.median if spread else None
    return [result, second]
