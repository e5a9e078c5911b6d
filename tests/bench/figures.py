"""Figures of several rounds, what they are held against, and the row of the report that they make."""
import dataclasses
import statistics


@dataclasses.dataclass
class Spread:
    """Median, least and greatest of some rounds."""
    median: float
    low: float
    high: float
    rounds: int

    @staticmethod
    def of(values):
        values = [value for value in values if value is not None]
        if not values:
            return None
        return Spread(statistics.median(values), min(values), max(values), len(values))

    def text(self):
        if self.low == self.high:
            return number(self.median)
        return f"{number(self.median)} ({number(self.low)}..{number(self.high)})"


def number(value):
    """Three digits that count, thousands apart."""
    if value is None:
        return ""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3f}"


@dataclasses.dataclass
class Goal:
    """`limit` is the least (`at_least`) or the most that the median may be; without a limit it is only shown."""
    what: str
    value: Spread
    limit: float = None
    at_least: bool = False
    unit: str = ""

    @property
    def met(self):
        if self.limit is None or self.value is None:
            return None
        return self.value.median >= self.limit if self.at_least else self.value.median <= self.limit

    def wanted(self):
        if self.limit is None:
            return "shown"
        return f"{'>=' if self.at_least else '<='} {number(self.limit)}{self.unit}"


@dataclasses.dataclass
class Result:
    """One row. `figures`: contender -> name of the figure -> Spread."""
    number: int
    title: str
    figures: dict = dataclasses.field(default_factory=dict)
    goals: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    errors: list = dataclasses.field(default_factory=list)
    date: str = ""
    seconds: float = 0
    rounds: int = 0
    quick: bool = False

    def goal(self, what, values, limit=None, at_least=False, unit=""):
        spread = values if isinstance(values, Spread) or values is None else Spread.of(values)
        self.goals.append(Goal(what, spread, limit, at_least, unit))
        if spread is None:
            self.errors.append(f"{what}: no figure")

    def to_json(self):
        value = dataclasses.asdict(self)
        for goal, own in zip(value["goals"], self.goals):
            goal["met"] = own.met
        return value

    @staticmethod
    def from_json(value):
        spread = lambda some: Spread(**some) if some else None  # noqa: E731
        result = Result(**value)
        result.figures = {name: {key: spread(some) for key, some in figures.items()}
                          for name, figures in value["figures"].items()}
        result.goals = [Goal(**{**goal, "value": spread(goal["value"])}) for goal in
                        ({key: some for key, some in goal.items() if key != "met"} for goal in value["goals"])]
        return result
