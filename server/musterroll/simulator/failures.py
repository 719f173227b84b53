"""Which units go silent during a run, when, how, and which of them come back; determined by the seed."""

from random import Random

from musterroll.simulator.unit import Failure

FIRST, SPREAD = 2.0, 6.0  # intervals before the first failure, and over which failures are spread
RECOVERY_SHARE = 0.2
RECOVERY = (6.0, 12.0)  # intervals: longer than it takes to become stale


def failure_of(seed: int, number: int, stale_share: float, interval: int) -> Failure | None:
    """The failure of a unit; None: it keeps running."""
    random = Random(f"{seed}/{number}/fate")  # noqa: S311
    if random.random() >= stale_share:
        return None
    after = (FIRST + random.uniform(0, SPREAD)) * interval
    disconnects = random.random() < 0.5
    recovers_after = random.uniform(*RECOVERY) * interval if random.random() < RECOVERY_SHARE else None
    return Failure(after, disconnects, recovers_after)
