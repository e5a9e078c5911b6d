"""How fast the tools are themselves: a result near these may be theirs and not the contender's."""
import contenders
import figures
import load
from rounds import Rounds

TITLE = "The tools' own ceilings, with nothing in between"
GENERATOR = "load generator against raw gRPC"
UPSTREAM = "upstream, POST and image by raw curl"
IMAGES = "upstream, image by raw curl"


def run(tools):
    result = figures.Result(0, TITLE)
    rounds = Rounds(result)
    options = tools.options
    flags = {"in_flight": 64, "seconds": options.few(1.5, 0.7), "warm_up": options.warm_up}

    def measure(name):
        if name == GENERATOR:
            with contenders.raw() as program:
                target = program.addresses["grpc"]
                return load.measured(program, None, "generate", target=target, **flags)
        if name == UPSTREAM:
            return tools.generate(contenders.CURL, **flags)
        with contenders.upstream() as up:
            url = contenders.origin(up) + "/i/1-1024x1024-4096.png"
            return load.measured(None, up, "http-get", url=url, **flags)

    rounds.run(options.rounds, [GENERATOR, UPSTREAM, IMAGES], measure)
    rounds.show("rate", "p50_ms", "p99_ms", "cpu_us", "upstream_cpu_us", "load_cpu_us")
    tools.ceilings = {name: rounds.spread(name, "rate") for name in rounds.samples}
    return result
