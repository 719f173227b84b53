"""Devices that are off most of the time, and sites that lose power."""

from musterroll.simulator.plays.device import Device, each

_NIGHT = 8  # intervals: longer than it takes to become stale


@each
async def sleeper(device: Device) -> None:
    """As `musterroll-agent once` from a timer."""
    while True:
        async with device.running(device.started()) as live:
            await device.delivered(live)
            live.beat()
            live.finish()
        device.note("woke, reported and slept")
        await device.intervals(1)


@each
async def daylight(device: Device) -> None:
    while True:
        device.note("reported for a day")
        async with device.running(device.started()) as live:
            await device.intervals(4)
            live.finish()
        device.note("was dark for a night")
        await device.intervals(_NIGHT)


@each
async def power_cut(device: Device) -> None:
    while True:
        device.note("started")
        async with device.running(device.started()):
            await device.intervals(4)
        device.note("lost power with its site")
        await device.intervals(_NIGHT)
