"""Where things are, and how long things are measured."""
import argparse
import dataclasses
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build" / "bench"
BIN = BUILD / "bin"
PEERS = BUILD / "peers"
REPORT = BUILD / "report"
SCRATCH = BUILD / "scratch"

ABOUT = """\
Measures Easel against the limit (a bare bridge, raw gRPC, raw curl) and against what else a team could use, on this
machine alone, every contender in turn. Writes build/bench/report/report.md, report.json and latency.svg.

Exit code 0: everything was measured, whether or not the goals were met. 1: a row could not be measured. 2: bad usage.
"""


@dataclasses.dataclass
class Options:
    """`seconds` is how long one figure is measured, after `warm_up` seconds of the same load."""
    rows: list
    peers: bool = False
    quick: bool = False
    readme: bool = False
    add: bool = False
    again: bool = False
    rounds: int = 5
    seconds: float = 3
    warm_up: float = 1
    soak_minutes: float = 60
    plot: bool = True

    def few(self, full, quick):
        return quick if self.quick else full


def _rows(text):
    rows = [int(word) for word in text.split(",") if word]
    if any(not 1 <= row <= 11 for row in rows):
        raise argparse.ArgumentTypeError("rows are 1 to 11, as in 1,2,5")
    return rows


def parse(arguments=None):
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=ABOUT,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", action="store_true", help="also the Portkey and LiteLLM gateways")
    parser.add_argument("--quick", action="store_true", help="three short rounds: to try it out, not to judge by")
    parser.add_argument("--rows", type=_rows, help="only these rows, as in 1,2,5; without the plot")
    parser.add_argument("--rounds", type=int, help="rounds of each row (5; 3 with --quick)")
    parser.add_argument("--soak-minutes", type=float, help="how long row 11 lasts (60; 2 with --quick)")
    parser.add_argument("--readme", action="store_true", help="puts the table into README.md")
    parser.add_argument("--add", action="store_true", help="keeps the rows of the last report that are not measured now")
    parser.add_argument("--again", action="store_true", help="measures nothing, writes the last report again")
    parser.add_argument("--no-plot", action="store_true", help="leaves out latency over load")
    given = parser.parse_args(arguments)
    if given.quick and given.readme:
        parser.error("--readme takes figures to judge by, so not those of --quick")
    return Options(
        rows=given.rows or list(range(1, 12)), peers=given.peers, quick=given.quick, readme=given.readme, add=given.add,
        again=given.again, rounds=given.rounds or (3 if given.quick else 5), seconds=0.8 if given.quick else 3,
        warm_up=0.5 if given.quick else 1, plot=not given.no_plot and given.rows is None,
        soak_minutes=given.soak_minutes if given.soak_minutes is not None else (2 if given.quick else 60))
