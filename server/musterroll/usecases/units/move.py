"""Lifecycle moves: a unit is shipped, deployed at a site, returned, retired. Who, when and why goes on record."""

from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.units.lifecycle import Lifecycle, checked_move
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.installed_base import counts as base_counts
from musterroll.storage.tables.accounts import Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import for_update, successors, transitions
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.warranty import periods as warranty_periods


class UnitPlace(NamedTuple):
    """Row ids; None: unchanged."""

    account_id: int | None = None
    site_id: int | None = None


def move_unit(
    session: Session,
    uid: str,
    to: Lifecycle,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    on: date | None = None,
    account: str | None = None,
    site: str | None = None,
) -> AuditChange:
    """Move a unit to a lifecycle state, account or site (by number), on a day up to today.

    The dates of its first shipment and installation stay: a later one starts no new warranty. In stock it belongs to no account.
    Raises NotFound, DomainError for a future day, and Conflict if the move is illegal, changes nothing or the unit was merged.
    """
    unit = unit_to_change(session, uid)
    day = past_day(on, now)
    place = place_of(session, account, site)
    if to is Lifecycle.STOCK and place != UnitPlace():
        raise DomainError("a unit in stock belongs to no customer; leave account and site empty", "stock_is_nobodys")
    subject = f"{unit.serial} {to}"
    change = audit_record.begin(session, actor=actor, kind="lifecycle", subject=subject, reason=reason, now=now)
    if not apply_move(session, change, unit, to, place, day, now):
        raise Conflict(f"{unit.serial} is already {to}{' at this site' if site else ''}", "same_place")
    return change


def apply_move(session: Session, change: AuditChange, unit: Unit, to: Lifecycle, place: UnitPlace, on: date, now: datetime) -> bool:
    """Move a unit as part of a change. Returns whether anything changed. Raises Conflict for an illegal move."""
    old, unit_id = unit.lifecycle, unit.id or 0
    checked_move(old, to)
    before = _recorded(unit)
    with audit_record.watching(session, change, "unit", [unit_id]):
        unit.lifecycle = to
        _put(unit, to, place)
        if to is Lifecycle.SHIPPED:
            unit.shipped_on = unit.shipped_on or on
        if to is Lifecycle.DEPLOYED:
            unit.installed_on = unit.installed_on or on
    if old != to:
        at = to_ms(now) if on == now.date() else to_ms(datetime(on.year, on.month, on.day, tzinfo=UTC))
        cause = (change.reason or f"{change.kind}: {change.subject}")[:500]
        state_change = transitions.NewStateChange(unit_id, at, "lifecycle", old, to, cause, change.actor)
        transitions.add(session, [state_change], recorded_at=to_ms(now), change_id=change.id)
    if changed := _recorded(unit) != before:
        reconcile_queue.mark(session, [unit_id])
        warranty_periods.apply_policies(session, [unit_id], now, change)
    return changed


def unit_to_change(session: Session, uid: str) -> Unit:
    """A unit locked for a change. Raises NotFound, and Conflict if it was merged into another."""
    unit = for_update.lock_unit(session, uid)
    if unit is None:
        raise NotFound(f"no unit {uid!r} is registered")
    if unit.merged_into_id is not None:
        into = session.get_one(Unit, unit.merged_into_id)
        raise Conflict(f"{unit.serial} was merged into {into.serial} ({into.uid}); change that unit instead", "merged")
    return unit


def place_of(session: Session, ref: str | None, site: str | None) -> UnitPlace:
    """An account and a site by number; without an account, the site's. Raises NotFound, and Conflict if they disagree."""
    owner = None if ref is None else successors.account_id(session, account(session, ref))
    if site is None:
        return UnitPlace(owner, None)
    site_id = base_counts.site_id(session, site)
    if site_id is None:
        raise NotFound(f"there is no site {site!r}")
    site_account = session.get_one(Site, site_id).account_id
    if owner is not None and site_account not in (None, owner):
        raise Conflict(f"site {site} does not belong to account {ref}", "site_of_another_account")
    return UnitPlace(owner or site_account, site_id)


def past_day(on: date | None, now: datetime) -> date:
    """The day, by default today. Raises DomainError for a future day."""
    if on is not None and on > now.date():
        raise DomainError(f"{on} is in the future; record the move once it has been made", "day_to_come")
    return on or now.date()


def _put(unit: Unit, to: Lifecycle, place: UnitPlace) -> None:
    if to is Lifecycle.STOCK:
        unit.account_id = unit.site_id = None
    elif place.site_id is not None:
        unit.account_id, unit.site_id = place
    elif place.account_id not in (None, unit.account_id):
        unit.account_id, unit.site_id = place.account_id, None  # the old site belongs to the old account


def _recorded(unit: Unit) -> tuple[object, ...]:
    return unit.lifecycle, unit.account_id, unit.site_id, unit.shipped_on, unit.installed_on
