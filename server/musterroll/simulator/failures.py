"""Which units go silent during a run, when, how, and which of them come back; determined by the seed."""

from random import Random

from musterroll.simulator.unit import Fate

SETTLED, SPREAD = 2.0, 6.0  # intervals before the first failure, and over which failures are spread
BACK_SHARE = 0.2
BACK_AFTER = (6.0, 12.0)  # intervals: longer than it takes to become stale


def fate(seed: int, number: int, stale_share: float, interval: int) -> Fate | None:
    """The failure of a unit; None: it keeps running."""
    dice = Random(f"{seed}/{number}/fate")  # noqa: S311
    if dice.random() >= stale_share:
        return None
    after = (SETTLED + dice.uniform(0, SPREAD)) * interval
    dies = dice.random() < 0.5
    back = dice.uniform(*BACK_AFTER) * interval if dice.random() < BACK_SHARE else None
    return Fate(after, dies, back)
