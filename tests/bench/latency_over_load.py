"""The plot: p50 and p99 over how much is in flight."""
import contenders as who
import figures
from rounds import Rounds

TITLE = "Latency over load"
IN_FLIGHT = (1, 4, 16, 64, 256, 1000)
QUICK = (1, 16, 256)
FIELD = (who.BRIDGE, who.MEMORY, who.DURABLE, who.NODE, who.PYTHON)


def run(tools):
    options = tools.options
    result = figures.Result(12, TITLE)
    rounds = Rounds(result)
    names = {f"{one.name}, {load} in flight": (one, load) for load in options.few(IN_FLIGHT, QUICK) for one in FIELD}

    def measure(name):
        contender, in_flight = names[name]
        return tools.generate(contender, in_flight, seconds=options.few(1.2, 0.3), warm_up=options.few(0.5, 0.2))

    rounds.run(options.few(2, 1), list(names), measure)
    rounds.show("rate", "p50_ms", "p99_ms", "errors")
    return result


def draw(result, path):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "easel", "font.size": 9})
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    loads_shown = [load for load in IN_FLIGHT if any(name.endswith(f", {load} in flight") for name in result.figures)]
    figure, sides = pyplot.subplots(1, 2, figsize=(10, 4.2), sharey=True)
    for side, key in zip(sides, ("p50_ms", "p99_ms")):
        for contender in FIELD:
            points = [(load, result.figures.get(f"{contender.name}, {load} in flight", {}).get(key)) for load in IN_FLIGHT]
            points = [(load, spread) for load, spread in points if spread]
            if not points:
                continue
            loads, spreads = zip(*points)
            line, = side.plot(loads, [spread.median for spread in spreads], marker="o", markersize=3, label=contender.name)
            side.fill_between(loads, [spread.low for spread in spreads], [spread.high for spread in spreads],
                              color=line.get_color(), alpha=0.15, linewidth=0)
        side.set(xscale="log", yscale="log", xlabel="in flight", title=key.removesuffix("_ms"))
        side.set_xticks(loads_shown, [str(load) for load in loads_shown])
        side.minorticks_off()
        side.yaxis.set_major_formatter("{x:g}")
        side.grid(True, alpha=0.3)
    sides[0].set_ylabel("latency, ms")
    sides[0].legend(frameon=False)
    figure.suptitle("GenerateImage, upstream that answers at once, image of 4 KB; bands: least and greatest of the rounds")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
