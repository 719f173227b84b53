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
from musterroll.simulator.failures import failure_of
from musterroll.simulator.fleet import unit
from musterroll.simulator.messages import Clock
from musterroll.simulator.unit import Identity, LiveUnit, Timing

EPOCHS_PER_RUN = 1000
REPORT_INTERVAL = 1.0
RECEIPT_SECONDS = 5.0  # seconds to wait for outstanding receipts at the end
DISCONNECT_SECONDS = 0.5


class Share(NamedTuple):
    """The units of one process. `members` has the number in the fleet, uid, secret and broker address of each."""

    seed: int
    run: int
    interval: int
    record_every: float
    stale_share: float
    connects_per_second: float
    members: list[tuple[int, str, str, str]]


class Worker:
    """Runs its units from `work` until `stop` is set."""

    def __init__(self, share: Share) -> None:
        self._share = share
        self._counts = Counts()
        self._reported = Counts()
        self.stop = asyncio.Event()

    async def work(self) -> None:
        units = [self._unit(place) for place in range(len(self._share.members))]
        tasks = [asyncio.create_task(live_unit.live()) for live_unit in units]
        while not self.stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(REPORT_INTERVAL):
                    await self.stop.wait()
            self._report_counts()
        await self._last_receipts(units)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result
        for live_unit in units:
            live_unit.finish()
        await asyncio.sleep(DISCONNECT_SECONDS)
        self._report_counts()

    def _unit(self, place: int) -> LiveUnit:
        share = self._share
        number, *credential = share.members[place]
        timing = Timing(share.interval, share.record_every, place / share.connects_per_second)
        failure = failure_of(share.seed, number, share.stale_share, share.interval)
        epoch = share.run * EPOCHS_PER_RUN
        return LiveUnit(unit(share.seed, number), Identity(*credential), epoch, timing, failure, self._counts, Clock(_clock))

    async def _last_receipts(self, units: list[LiveUnit]) -> None:
        for _ in range(int(RECEIPT_SECONDS * 10)):
            if not any(live_unit.awaits_receipt for live_unit in units):
                return
            await asyncio.sleep(0.1)

    def _report_counts(self) -> None:
        """The changes since the last report."""
        changes = self._counts.since(self._reported)
        self._reported.add(changes)
        print(json.dumps(changes), flush=True)


def _clock() -> int:
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
