"""Which units fall silent during a run, when, how, and which of them come back. Decided by the seed."""

from random import Random

from musterroll.simulator.unit import Fate

SETTLED, SPREAD = 2.0, 6.0  # intervals before the first silence, and over which silences are spread
BACK_SHARE = 0.2
BACK_AFTER = (6.0, 12.0)  # intervals: longer than it takes to be called stale


def fate(seed: int, number: int, stale_share: float, interval: int) -> Fate | None:
    """The fate of one unit; None: it lives on."""
    dice = Random(f"{seed}/{number}/fate")  # noqa: S311
    if dice.random() >= stale_share:
        return None
    after = (SETTLED + dice.uniform(0, SPREAD)) * interval
    dies = dice.random() < 0.5
    back = dice.uniform(*BACK_AFTER) * interval if dice.random() < BACK_SHARE else None
    return Fate(after, dies, back)
