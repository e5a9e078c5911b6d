"""The report: JSON with every figure, Markdown to read, the plot, and the table of the README."""
import json

import figures
import latency_over_load
import settings

MARKS = ("<!-- bench -->", "<!-- /bench -->")
JSON, MARKDOWN, PLOT = (settings.REPORT / name for name in ("report.json", "report.md", "latency.svg"))
UNITS = {"rate": "calls/s", "mb_s": "MB/s", "cpu_us": "CPU µs/call", "load_cpu_us": "generator's CPU µs/call",
         "upstream_cpu_us": "upstream's CPU µs/call", "kb_each": "KB each"}
PLOT_ROW = 12


def save(about, results):
    settings.REPORT.mkdir(parents=True, exist_ok=True)
    value = {"about": about, "rows": [result.to_json() for result in sorted(results, key=lambda one: one.number)]}
    JSON.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def last():
    if not JSON.exists():
        return {}, []
    value = json.loads(JSON.read_text())
    return value["about"], [figures.Result.from_json(row) for row in value["rows"]]


def _table(head, lines):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in lines:
        yield "| " + " | ".join(line) + " |"


def _verdict(goal):
    return {None: "", True: "met", False: "**missed**"}[goal.met]


def _heading(key):
    for suffix, unit in (("_ms", "ms"), ("_mb", "MB"), ("_s", "s")):
        if key not in UNITS and key.endswith(suffix):
            return f"{key.removesuffix(suffix).replace('_', ' ')}, {unit}"
    return UNITS.get(key, key.replace("_", " "))


def _goal_lines(result):
    return [(goal.what, goal.wanted(), f"{goal.value.text()}{goal.unit}" if goal.value else "no figure", _verdict(goal))
            for goal in result.goals]


def _section(result):
    name = {0: "", PLOT_ROW: ""}.get(result.number, f"{result.number}. ")
    yield f"## {name}{result.title}\n"
    quick = ", quick" if result.quick else ""
    yield f"{result.date}, {result.rounds} rounds, {result.seconds:.0f} s{quick}. Medians (least..greatest).\n"
    if result.goals:
        yield from _table(("what", "goal", "measured", ""), _goal_lines(result))
        yield ""
    if result.number == PLOT_ROW and result.figures:
        yield f"![latency over load]({PLOT.name})\n"
    if result.figures:
        keys = list(dict.fromkeys(key for some in result.figures.values() for key in some))
        yield from _table(("", *map(_heading, keys)), [
            (name, *(some[key].text() if key in some else "" for key in keys)) for name, some in result.figures.items()])
        yield ""
    yield from (f"- {note}" for note in [*dict.fromkeys(result.notes), *(f"**error:** {error}" for error in result.errors)])
    yield ""


def markdown(about, results):
    machine = (f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, Linux {about['kernel']}; load average "
               f"before: {about['load_before']:.2f}; commit {about['commit']}")
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    lines = ["# Easel, measured\n", f"`{about['command']}`, {about['date']}, on {machine}. Compared with: {versions}.\n",
             "The load generator, the upstream and the contender share this one machine. Every ratio is taken inside one "
             "round, between measurements that follow each other; shown is the median of the rounds' ratios.\n"]
    for result in results:
        lines += _section(result)
    return "\n".join(lines).rstrip() + "\n"


def readme_table(about, results):
    lines = []
    for result in results:
        if 1 <= result.number < PLOT_ROW:
            lines += [(str(result.number), f"**{result.title}**", "", "", ""), *(("", *line) for line in _goal_lines(result))]
    head = f"`{about['command']}`, {about['date']}, commit {about['commit']}: {about['processor']}, {about['cores']} cores.\n"
    return "\n".join([head, *_table(("#", "what", "goal", "median (least..greatest)", ""), lines)])


def write_readme(about, results):
    path = settings.ROOT / "README.md"
    text = path.read_text()
    before, opened, rest = text.partition(MARKS[0])
    _, closed, after = rest.partition(MARKS[1])
    if not opened or not closed:
        raise RuntimeError(f"README.md has no place for the table: {MARKS[0]} and {MARKS[1]}")
    path.write_text(f"{before}{opened}\n{readme_table(about, results)}\n{closed}{after}")


def write(about, results, readme):
    results = sorted(results, key=lambda one: one.number)
    save(about, results)
    for result in results:
        if result.number == PLOT_ROW and result.figures:
            latency_over_load.draw(result, PLOT)
    MARKDOWN.write_text(markdown(about, results))
    if readme:
        write_readme(about, results)
