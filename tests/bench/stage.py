"""A contender in front of an upstream, both fresh for each measurement, so that nothing is left over from the one before."""
import contextlib
import dataclasses

import contenders


@contextlib.contextmanager
def stage(contender, **upstream_flags):
    """Gives the contender's program (None if the upstream itself is measured) and the upstream."""
    with contenders.upstream(**upstream_flags) as up:
        if contender.told_by_headers:
            contender = contender.told_by_headers(up)
        program = contender.start(up)
        try:
            yield contender, program, up
        finally:
            if program is not None:
                program.stop()


@dataclasses.dataclass
class Tools:
    """What every row is given. `ceilings`: name -> Spread, of the load generator and of the upstream."""
    options: object
    ceilings: dict = dataclasses.field(default_factory=dict)
    easel_rate: float = None  # row 2's, for the soak

    def generate(self, contender, in_flight, seconds=None, warm_up=None, **flags):
        """One figure of one contender: warm-up, then the measured time, URL delivery."""
        seconds = seconds or self.options.seconds
        warm_up = self.options.warm_up if warm_up is None else warm_up
        flags = {**contenders.SYNC, "in_flight": in_flight, **flags}
        with stage(contender) as (who, program, up):
            return who.measured(program, up, seconds=seconds, warm_up=warm_up * (4 if who.compiles else 1), **flags)
