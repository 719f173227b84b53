"""One simulated machine as a script drives it: switched on and off, for so many intervals of its heartbeats."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

from musterroll.simulator.counts import Counts
from musterroll.simulator.fleet import SimulatedUnit
from musterroll.simulator.messages import Clock
from musterroll.simulator.unit import Identity, LiveUnit, Timing

RECORD_EVERY = 2  # intervals
_LOOK_AGAIN = 0.1  # seconds


class Setting(NamedTuple):
    """What a machine starts with. `epoch`: of its first start."""

    unit: SimulatedUnit
    identity: Identity
    interval: int
    epoch: int
    now: Callable[[], int]


class Device:
    """`deeds` counts what it did, as clauses."""

    def __init__(self, setting: Setting, counts: Counts) -> None:
        self.unit = setting.unit
        self.deeds: Counter[str] = Counter()
        self._identity, self._interval, self._epoch, self._now = setting[1:]
        self._counts = counts

    def note(self, deed: str) -> None:
        self.deeds[deed] += 1

    async def intervals(self, number: float) -> None:
        """Let time pass."""
        await asyncio.sleep(number * self._interval)

    async def delivered(self, live: LiveUnit) -> None:
        """Wait until everything has a receipt."""
        while not live.delivered:
            await asyncio.sleep(_LOOK_AGAIN)

    def started(self, unit: SimulatedUnit | None = None, epoch: int | None = None, label: Callable[[int], object] = int) -> LiveUnit:
        """A start of its agent, in its next epoch unless told otherwise."""
        timing = Timing(self._interval, RECORD_EVERY * self._interval, 0.0)
        first = self._epoch if epoch is None else epoch
        return LiveUnit(unit or self.unit, self._identity, first, timing, None, self._counts, Clock(self._now, label))

    @asynccontextmanager
    async def running(self, live: LiveUnit) -> AsyncIterator[LiveUnit]:
        """It reports until the end of the block, where its power is cut; where the play ends within, it leaves."""
        task = asyncio.create_task(live.live())
        try:
            yield live
        except asyncio.CancelledError:
            live.finish()
            raise
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            live.lose_power()
            self._epoch = live.epoch + 1


Script = Callable[[Sequence[Device]], Coroutine[Any, Any, None]]


def each(script: Callable[[Device], Coroutine[Any, Any, None]]) -> Script:
    """The same script for each device of a play, at the same time."""

    async def together(devices: Sequence[Device]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for device in devices:
                tasks.create_task(script(device))

    return together
