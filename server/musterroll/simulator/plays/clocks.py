"""Clocks that were never set, that jump, and that give no time at all. `at` is a label only."""

from collections.abc import Callable

from musterroll.simulator.plays.device import Device, Script, each

_TEN_YEARS = 10 * 365 * 86_400
_JUMP = 30  # seconds between jumps
_ODD = (-86_400, 0.25, 1e18, 2**53, 1_793_534_400.75, -0.5)


def clock_of(deed: str, label: Callable[[int], object]) -> Script:
    """A device whose clock makes `label` of the time."""

    @each
    async def script(device: Device) -> None:
        device.note(deed)
        async with device.running(device.started(label=label)):
            while True:
                await device.intervals(1)

    return script


clock_1970 = clock_of("reported by a clock that was never set", lambda at: at % 86_400)
clock_jump = clock_of("reported by a clock that jumps", lambda at: at + _TEN_YEARS * (at // _JUMP % 2))
clock_odd = clock_of("reported times that are none", lambda at: _ODD[at % len(_ODD)])
