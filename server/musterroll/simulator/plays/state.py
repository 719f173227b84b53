"""State that goes back: an overlay root, a snapshot, a live image."""

from musterroll.simulator.plays.device import Device, each

_IMAGE_EPOCH = 1


@each
async def rollback(device: Device) -> None:
    while True:
        device.note("started from its image")
        async with device.running(device.started(epoch=_IMAGE_EPOCH)):
            await device.intervals(5)
        device.note("lost power")
        await device.intervals(0.5)
