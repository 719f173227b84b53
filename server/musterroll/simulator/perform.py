"""Plays devices with their faults (see `plays`): enrols them, runs their scripts side by side, and tells what each did."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from musterroll.simulator.counts import Counts
from musterroll.simulator.credentials import CredentialFile
from musterroll.simulator.enrolment import EnrolmentRejected, enrol
from musterroll.simulator.fleet import SimulatedUnit, unit
from musterroll.simulator.plays import Play
from musterroll.simulator.plays.device import Device, Setting
from musterroll.simulator.worker import EPOCHS_PER_RUN

_LEAVE_SECONDS = 0.3
_LOOK_AGAIN = 0.2
T = TypeVar("T")


class Options(NamedTuple):
    """`plays`: how many devices play what. `token` creates a claim token for one unit, at a site of this name if not empty."""

    plays: Sequence[tuple[Play, int]]
    interval: int
    registry: str
    token: Callable[[str], str]
    state: Path
    seed: int
    duration: float


class Performer(NamedTuple):
    """One machine of a play. Without a `device` its unit was not enrolled, and `refused` says why."""

    play: str
    serial: str
    uid: str = ""
    device: Device | None = None
    refused: str = ""

    @property
    def deeds(self) -> dict[str, int]:
        return dict(self.device.deeds) if self.device else {"tried to enrol": 1}


def perform(options: Options, stop: threading.Event, playing: Callable[[float], None], look: Callable[[list[Performer]], T]) -> T:
    """Play until `stop` is set or the duration is over. `look` sees the devices while they still run; its result is returned.

    `playing` is called with the seconds that have passed. Raises DomainError if the registry cannot be reached.
    """
    credentials = CredentialFile(options.state, options.registry)
    epoch = credentials.start_run() * EPOCHS_PER_RUN
    casts = [_cast(options, credentials, epoch, play, devices) for play, devices in options.plays if not stop.is_set()]
    return asyncio.run(_perform(options, casts, stop, playing, look))


async def _perform(
    options: Options,
    casts: list[list[Performer]],
    stop: threading.Event,
    playing: Callable[[float], None],
    look: Callable[[list[Performer]], T],
) -> T:
    scripts = {play.name: play.script for play, _ in options.plays}
    ready = [[performer for performer in cast if performer.device] for cast in casts]
    tasks = [
        asyncio.create_task(scripts[cast[0].play]([performer.device for performer in cast if performer.device])) for cast in ready if cast
    ]
    began = time.monotonic()
    while not stop.is_set() and (passed := time.monotonic() - began) < options.duration:
        playing(passed)
        for task in tasks:
            if task.done():
                task.result()  # scripts end only by a mistake
        await asyncio.sleep(_LOOK_AGAIN)
    try:
        return look([performer for cast in casts for performer in cast])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(_LEAVE_SECONDS)


def _cast(options: Options, credentials: CredentialFile, epoch: int, play: Play, devices: int) -> list[Performer]:
    """The machines of a play, enrolled."""
    performers = []
    for number in range(1 if play.one_credential else devices):
        member = _unit(play, options.seed, number)
        refused = _enrol(options, credentials, play, member)
        for machine in range(devices if play.one_credential else 1):
            if refused:
                performers.append(Performer(play.name, member.serial, refused=refused))
                continue
            identity = credentials.by_serial[member.serial]
            setting = Setting(member._replace(machine=str(machine or "")), identity, options.interval, epoch, _clock)
            performers.append(Performer(play.name, member.serial, identity.uid, Device(setting, Counts())))
    return performers


def _unit(play: Play, seed: int, number: int) -> SimulatedUnit:
    """With a serial that says what it plays."""
    return unit(seed, number)._replace(serial=play.serial or f"{play.name.upper()}-{seed}-{number + 1:03}")


def _enrol(options: Options, credentials: CredentialFile, play: Play, member: SimulatedUnit) -> str:
    """Enrol a unit unless it is. Returns why the registry refused it."""
    if member.serial in credentials.by_serial:
        return ""
    site = "Simulated site" if play.one_site else ""
    try:
        enrol(options.registry, options.token(site), [member], lambda new: bool(credentials.by_serial.update({new.serial: new.identity})))
    except EnrolmentRejected as error:
        return str(error)
    finally:
        credentials.save()
    return ""


def _clock() -> int:
    return int(time.time())  # noqa: TID251
