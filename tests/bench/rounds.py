"""Every contender in turn, round by round, and what the rounds say together."""
import sys
import traceback

import figures

NOT_SAID = ("calls", "seconds", "foreign_cores", "what", "p999_ms")
FOREIGN = 0.3  # cores taken by others from which on a measurement is doubtful


def say(text):
    print(text, file=sys.stderr, flush=True)


class Rounds:
    """`samples`: name -> a dictionary of figures for each round, None where it could not be measured."""

    def __init__(self, result):
        self.result = result
        self.samples = {}

    def run(self, count, names, measure):
        """`measure(name)` gives the figures. The order moves on by one with each round."""
        self.samples |= {name: [] for name in names}
        for number in range(count):
            at = number % len(names)
            for name in names[at:] + names[:at]:
                self.samples[name].append(self._one(number, name, measure))
        self.result.rounds = max(self.result.rounds, count)
        foreign = [sample.get("foreign_cores", 0) for name in names for sample in self.samples[name] if sample]
        disturbed = [cores for cores in foreign if cores > FOREIGN]
        if disturbed:
            self.result.notes.append(f"Doubtful: something else took up to {max(disturbed):.1f} cores of this machine during "
                                     f"{len(disturbed)} of {len(foreign)} measurements.")

    def _one(self, number, name, measure):
        try:
            sample = measure(name)
        except Exception as error:  # pylint: disable=broad-except
            say(traceback.format_exc())
            self.result.errors.append(f"{name}, round {number + 1}: {error}")
            return None
        say(f"  row {self.result.number}, round {number + 1}, {name}: " +
            ", ".join(f"{key} {figures.number(value)}" for key, value in sample.items()
                      if key not in NOT_SAID and value is not None))
        if sample.get("what"):
            self.result.notes.append(f"{name}, round {number + 1}: errors {sample['what']}")
        return sample

    def values(self, name, key):
        return [sample.get(key) if sample else None for sample in self.samples.get(name, [])]

    def spread(self, name, key):
        return figures.Spread.of(self.values(name, key))

    def pairs(self, one, other, key, combine):
        """Of each round in which both were measured."""
        both = zip(self.values(one, key), self.values(other, key))
        return [combine(first, second) for first, second in both if first is not None and second is not None]

    def ratio(self, one, other, key="rate"):
        return self.pairs(one, other, key, lambda first, second: first / second if second else None)

    def added(self, one, other, key):
        return self.pairs(one, other, key, lambda first, second: first - second)

    def show(self, *keys, names=None):
        """Into the row's table of figures."""
        for name in names or self.samples:
            spreads = {key: self.spread(name, key) for key in keys}
            self.result.figures.setdefault(name, {}).update({key: some for key, some in spreads.items() if some})

    def flag(self, name, ceiling, key="rate"):
        """A result near the ceiling of the tools may be the tools' own."""
        spread = self.spread(name, key)
        if spread and ceiling and spread.median >= 0.9 * ceiling.median:
            self.result.notes.append(f"{name}: {figures.number(spread.median)} is within 10 % of the ceiling of the tools, "
                                     f"{figures.number(ceiling.median)}")
