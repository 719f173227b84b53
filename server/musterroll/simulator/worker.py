"""One process of simulated units: `python -m musterroll.simulator.worker`.

The first line of standard input is a `Share` as JSON; end of input means stop. Standard output gets one line of counts per second.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import NamedTuple

from musterroll.simulator.counts import Counts
from musterroll.simulator.failures import fate
from musterroll.simulator.fleet import unit
from musterroll.simulator.unit import Identity, LiveUnit, Pace

EPOCHS_IN_A_RUN = 1000
TELL_EVERY = 1.0
LAST_RECEIPTS = 5.0  # seconds to wait for outstanding receipts at the end
GOODBYES = 0.5


class Share(NamedTuple):
    """The units of one process. `members` has the number in the fleet, uid, secret and broker address of each."""

    seed: int
    run: int
    interval: int
    record_every: float
    stale_share: float
    connects_a_second: float
    members: list[tuple[int, str, str, str]]


class Worker:
    """Runs its units from `work` until `stop` is set."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._counts = Counts()
        self._told = Counts()
        self.stop = asyncio.Event()

    async def work(self) -> None:
        units = [self._unit(place) for place in range(len(self._share.members))]
        lives = [asyncio.create_task(one.live()) for one in units]
        while not self.stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(TELL_EVERY):
                    await self.stop.wait()
            self._tell()
        await self._last_receipts(units)
        for life in lives:
            life.cancel()
        for result in await asyncio.gather(*lives, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        for one in units:
            one.finish()
        await asyncio.sleep(GOODBYES)
        self._tell()

    def _unit(self, place: int) -> LiveUnit:
        share = self._share
        number, *credential = share.members[place]
        pace = Pace(share.interval, share.record_every, place / share.connects_a_second)
        doom = fate(share.seed, number, share.stale_share, share.interval)
        epoch = share.run * EPOCHS_IN_A_RUN
        return LiveUnit(unit(share.seed, number), Identity(*credential), epoch, pace, doom, self._counts, _wall)

    async def _last_receipts(self, units: list[LiveUnit]) -> None:
        for _ in range(int(LAST_RECEIPTS * 10)):
            if not any(one.owes for one in units):
                return
            await asyncio.sleep(0.1)

    def _tell(self) -> None:
        """The changes since the last report."""
        news = self._counts.since(self._told)
        self._told.add(news)
        print(json.dumps(news), flush=True)


def _wall() -> int:
    return int(time.time())  # noqa: TID251


async def _main(share: Share) -> None:
    worker = Worker(share)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, worker.stop.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Ctrl-C reaches the whole process group; the parent decides
    threading.Thread(target=_until_end_of_input, args=(loop, worker.stop), daemon=True).start()
    await worker.work()


def _until_end_of_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    sys.stdin.read()
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    asyncio.run(_main(Share(*json.loads(sys.stdin.readline()))))
