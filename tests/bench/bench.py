#!/usr/bin/python3
"""The benchmark's runner; tests/bench/run builds what it needs and calls it."""
import shlex
import shutil
import signal
import sys
import time
import traceback

import ceilings
import contenders
import latency_over_load
import machine
import programs
import report
import settings
from figures import Result
from rounds import say
from rows import (cold_start, image_bytes, large_store, memory_follows_the_chunk, one_at_a_time, same_again, soak,
                  ten_thousand, throughput, watchers)
from stage import Tools

# What gives which rows, in the order in which they are measured.
ROWS = ((throughput, (1, 2)), (one_at_a_time, (3,)), (ten_thousand, (4,)), (image_bytes, (5,)),
        (memory_follows_the_chunk, (6,)), (same_again, (7,)), (watchers, (8,)), (large_store, (9,)), (cold_start, (10,)))


def plan(options):
    """Functions that give results, each with the rows that it stands for."""
    steps = [(lambda tools: [ceilings.run(tools)], (0,))]
    steps += [(module.run, numbers) for module, numbers in ROWS if set(numbers) & set(options.rows)]
    if options.plot:
        steps.append((lambda tools: [latency_over_load.run(tools)], (report.PLOT_ROW,)))
    if 11 in options.rows:
        steps.append((soak.run, (11,)))
    return steps


def measure(options, results, write):
    """Adds to `results` row by row, and writes what there is after each: an hour's work outlives a power cut."""
    tools = Tools(options)
    for step, numbers in plan(options):
        say(f"row {', '.join(map(str, numbers))}")
        began = time.monotonic()
        try:
            new = step(tools)
        except Exception as error:  # pylint: disable=broad-except
            say(traceback.format_exc())
            new = [Result(number, "could not be measured", errors=[str(error)]) for number in numbers]
        for result in new:
            result.seconds, result.quick = time.monotonic() - began, options.quick
            result.date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
        results[:] = [old for old in results if old.number not in numbers] + new
        write()
        programs.remove_if_large(settings.SCRATCH, 4 << 30)
        settings.SCRATCH.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(settings.SCRATCH, ignore_errors=True)


def main():
    options = settings.parse()
    about, results = report.last()
    if options.again:
        if not results:
            sys.exit("tests/bench/run: there is no report yet")
        report.write(about, results, options.readme)
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that what was started is stopped too
    contenders.check_installed()
    shutil.rmtree(settings.SCRATCH, ignore_errors=True)
    settings.SCRATCH.mkdir(parents=True)
    if not options.add:
        results = []
    about = {"command": shlex.join(["tests/bench/run", *sys.argv[1:]]), "date": time.strftime("%Y-%m-%d", time.gmtime()),
             **machine.describe()}
    measure(options, results, lambda: report.write(about, results, readme=False))
    report.write(about, results, options.readme)
    for result in sorted(results, key=lambda one: one.number):
        for goal in result.goals:
            say(f"{result.number:3} {goal.what}: {goal.value.text() + goal.unit if goal.value else 'no figure'}, goal "
                f"{goal.wanted()}{'' if goal.met is None else ', met' if goal.met else ', MISSED'}")
    say(f"The report is in {report.MARKDOWN.relative_to(settings.ROOT)}.")
    return 1 if any(result.errors for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
