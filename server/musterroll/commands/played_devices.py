"""What the registry says of simulated devices that play faults: states, findings, events, rejected messages."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.commands.tables import Column, print_json, print_table
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.simulator.perform import Performer
from musterroll.simulator.plays import PLAYS, Play
from musterroll.storage.engine.database import Database
from musterroll.storage.findings import lists
from musterroll.storage.findings.lists import FindingCriteria
from musterroll.storage.messages import quarantine
from musterroll.storage.notifications import events
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.units import history
from musterroll.usecases.units.look_up import unit_card

_MOST = 1000  # findings and changes that are read of a unit


class JudgedDevice(NamedTuple):
    """`changes`, `events` and `rejected` are those since the play began."""

    play: str
    serial: str
    url: str | None
    did: dict[str, int]
    state: str | None
    changes: dict[str, int]
    findings: list[str]
    events: list[dict[str, Any]]
    rejected: list[str]
    remark: str  # why the registry says nothing of it


def judge(database: Database | None, performers: Sequence[Performer], registry: str, began: datetime, now: datetime) -> list[JudgedDevice]:
    """What the registry in this database says of each device; without one, where to see it."""
    devices = [_device(performer, registry) for performer in performers]
    if database is None:
        return devices
    with database.snapshot() as session:
        return [_judge(session, *each, to_ms(began), now) for each in zip(devices, performers, strict=True)]


def _device(performer: Performer, registry: str) -> JudgedDevice:
    url = f"{registry}/units/{performer.uid}" if performer.uid else None
    remark = performer.refused or "not in the configured database: see its page"
    return JudgedDevice(performer.play, performer.serial, url, performer.deeds, None, {}, [], [], [], remark)


def _judge(session: Session, device: JudgedDevice, performer: Performer, since: int, now: datetime) -> JudgedDevice:
    try:
        card = unit_card(session, performer.uid, now)
    except NotFound:
        return device
    changes = [change for change in history.transitions(session, performer.uid, None, _MOST) if change.at >= since]
    criteria = FindingCriteria(FindingState.OPEN, unit_id=unit_id(session, performer.uid))
    named = events.of_units(session, [performer.uid], since)
    return device._replace(
        state=card.liveness.value,
        changes=dict(Counter(f"{change.old or 'new'} to {change.new}" for change in reversed(changes))),
        findings=sorted(row.kind for row in lists.page(session, criteria, now.date(), None, _MOST)),
        events=[{"kind": EventKind(row.kind).value, "at": row.at, "detail": row.detail} for row in named],
        rejected=quarantine.codes(session, performer.uid, since),
        remark="",
    )


def _counted(counts: dict[str, int]) -> str:
    return "; ".join(f"{what} x{count}" if count > 1 else what for what, count in counts.items())


def _words(names: Sequence[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


PLAYED: Sequence[Column[JudgedDevice]] = (
    Column("DEVICE", lambda device: device.serial),
    Column("DID", lambda device: _counted(device.did)),
    Column("STATE", lambda device: device.remark or (device.state or "").replace("_", " ")),
    Column("CHANGES", lambda device: _counted(device.changes)),
    Column("FINDINGS", lambda device: _words(device.findings)),
    Column("EVENTS", lambda device: _counted(dict(Counter(_words([event["kind"]]) for event in device.events)))),
    Column("REJECTED", lambda device: _words(device.rejected)),
    Column("PAGE", lambda device: device.url),
)

_LISTED: Sequence[Column[Play]] = (
    Column("KIND", lambda play: play.name),
    Column("DEVICES", lambda play: play.devices, right=True),
    Column("WHAT IT DOES", lambda play: play.does),
)


def print_plays(as_json: bool) -> None:
    """List what can be played."""
    plays = list(PLAYS.values())
    if as_json:
        print_json([{"kind": play.name, "devices": play.devices, "does": play.does} for play in plays])
    else:
        print_table(plays, _LISTED)
