"""Links: one that dies without a word, and one that breaks and returns all the time."""

from musterroll.simulator.plays.device import Device, each


@each
async def half_open(device: Device) -> None:
    async with device.running(device.started()) as live:
        while True:
            await device.intervals(4)
            device.note("lost its link without a word")
            live.swallow()


@each
async def flapping(device: Device) -> None:
    async with device.running(device.started()) as live:
        while True:
            await device.intervals(0.5)
            device.note("lost its link")
            live.lose_link()
