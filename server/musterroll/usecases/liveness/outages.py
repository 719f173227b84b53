"""Outages: opened when units of one group fall silent together, closed when they return. Till then they have no events of their own."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from musterroll.domain.liveness import ListeningWindow
from musterroll.domain.liveness import outages as outage_rules
from musterroll.domain.liveness.outages import REMEMBERED, Group, GroupKind, Tally
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import outages
from musterroll.storage.liveness.outages import SilentUnit
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.tables.liveness import Outage

_MOST = 50  # units whose groups are looked at in one sweep


def due(session: Session) -> bool:
    """Whether units of an open outage were heard again. Only reads."""
    return outages.returning(session)


def gather(session: Session, heard: ListeningWindow, unit_ids: Collection[int], now: datetime) -> None:
    """Find the outages behind the silence of units that have just been called quiet or stale."""
    if not unit_ids:
        return
    outages.note(session, unit_ids, to_ms(now))
    alone = _join(session, outages.alone(session, unit_ids))
    examined: set[Group] = set()
    for _ in range(_MOST):
        unit = next((unit for unit in alone if not examined.issuperset(_groups(unit))), None)
        if unit is None:
            return
        if _examine(session, heard, unit, [group for group in _groups(unit) if group not in examined], now):
            alone = outages.alone(session, [unit.unit_id for unit in alone])
        examined.update(_groups(unit))


def _join(session: Session, alone: Sequence[SilentUnit]) -> list[SilentUnit]:
    """Let units that fell silent with an open outage join it. Returns the others."""
    rest = list(alone)
    for outage in outages.open_outages(session) if rest else ():
        group = Group(outage.kind, outage.key)
        joining = [unit for unit in rest if group in _groups(unit) and outage_rules.together(unit.heard_at, unit.late_after, outage.since)]
        if joining:
            outages.join(session, outage.id or 0, [unit.unit_id for unit in joining], min(unit.heard_at for unit in joining))
            outages.grow(session, outage.id or 0, len(joining))
            rest = [unit for unit in rest if unit not in joining]
    return rest


def _groups(unit: SilentUnit) -> list[Group]:
    site = [Group(GroupKind.SITE, str(unit.site_id))] if unit.site_id is not None else []
    account = [Group(GroupKind.ACCOUNT, str(unit.account_id))] if unit.account_id is not None else []
    firmware = [Group(GroupKind.FIRMWARE, unit.firmware)] if unit.firmware else []
    return [*site, *account, *firmware, Group(GroupKind.REGISTRY, "")]


def _examine(session: Session, heard: ListeningWindow, unit: SilentUnit, groups: Sequence[Group], now: datetime) -> bool:
    """Open the outage that explains the silence of a unit best, if one of these groups does."""
    at, since = to_ms(now), unit.heard_at - max(unit.late_after, 60) * 1000
    tallies = []
    for group in groups:
        recent, earlier = outages.silences(session, group, at)
        if outage_rules.worth_counting(group.kind, recent, earlier):
            extent = outages.extent(session, group, heard, at, since)
            tallies.append((Tally(group, extent.silent, extent.heard, earlier), extent.since))
    best = outage_rules.outage([tally for tally, _ in tallies], (at - since) // 1000)
    if best is None:
        return False
    _open(session, heard, best, since, dict(tallies)[best], now)
    return True


def _open(session: Session, heard: ListeningWindow, tally: Tally, first: int, since: int, now: datetime) -> None:
    group, at = tally.group, to_ms(now)
    name, account_id, site_id = outages.name_of(session, group)
    outage = Outage(kind=group.kind, key=group.key, name=name, since=since, noticed_at=at, silent=tally.silent, units=tally.units)
    outage.account_id, outage.site_id = account_id, site_id
    outages.open_outage(session, outage, group, heard, at, first)
    _record(session, EventKind.OUTAGE_OPENED, outage, at)


def follow(session: Session, now: datetime) -> None:
    """Close the open outages whose units were heard again. Units that stay silent then have events of their own."""
    for outage in outages.open_outages(session):
        returns = outages.note_returns(session, outage.id or 0)
        outage.returned = returns.returned
        if not outage_rules.over(outage.silent, returns.missing):
            continue
        outage.closed_at = to_ms(now) if returns.latest is None else returns.latest
        session.flush()
        _record(session, EventKind.OUTAGE_CLOSED, outage, to_ms(now))
        stored_events.record_unit_events(session, EventKind.STALE, outages.missing(session, outage.id or 0), to_ms(now))


def _record(session: Session, kind: EventKind, outage: Outage, at: int) -> None:
    extent = outage_rules.extent(outage.kind, outage.name, outage.silent, outage.units)
    if outage.closed_at is not None:
        extent = f"{extent} after {outage_rules.lasted(outage.since, outage.closed_at)}, {outage.returned:,} returned"
    event = NewEvent(kind, at, f"{kind}:{outage.id}", outage.since, outage.account_id, outage.site_id, outage.silent)
    stored_events.record(session, [event._replace(variant=outage.kind, detail=extent)])


def forget(session: Session, now: datetime) -> None:
    """Delete silences that say nothing any more of how often units fall silent."""
    outages.forget(session, to_ms(now - timedelta(seconds=REMEMBERED)))
