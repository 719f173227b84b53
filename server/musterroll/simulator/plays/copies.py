"""Machines with one credential: a card that is copied, a virtual machine that is cloned."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from musterroll.simulator.plays.device import Device, each


@each
async def copies(device: Device) -> None:
    device.note("started with the credential that the others have")
    async with device.running(device.started()):
        while True:
            await device.intervals(1)


async def vm_clone(devices: Sequence[Device]) -> None:
    first, *others = devices
    async with AsyncExitStack() as machines:
        live = await machines.enter_async_context(first.running(first.started()))
        first.note("started")
        await first.delivered(live)
        await first.intervals(2)
        first.note("was copied while it ran")
        for other in others:
            await machines.enter_async_context(other.running(live.twin()))
            other.note("went on as the copy")
        while True:
            await first.intervals(1)
