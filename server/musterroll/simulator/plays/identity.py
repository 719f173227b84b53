"""Devices that say they are another, or that do not know who they are."""

from musterroll.simulator.plays.device import Device, each


@each
async def foreign_serial(device: Device) -> None:
    device.note("reported as itself")
    async with device.running(device.started()):
        await device.intervals(2)
    device.note("reported with a foreign serial")
    async with device.running(device.started(device.unit._replace(serial=f"NOT-{device.unit.serial}"))):
        while True:
            await device.intervals(1)


@each
async def as_enrolled(device: Device) -> None:
    device.note("reported")
    async with device.running(device.started()):
        while True:
            await device.intervals(1)
