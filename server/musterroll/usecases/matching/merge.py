"""Merging two records: one survives and takes over the other's data; both keep their history, and it can be undone."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.installed_base.bridge import MERGED
from musterroll.domain.units.kinds import has_key
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage import reconcile_queue
from musterroll.storage.accounts import hierarchy
from musterroll.storage.matching import merges
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.units import RECORDED, Unit
from musterroll.storage.units import for_update, reported, transitions
from musterroll.storage.warranty import periods as stored_periods
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.warranty import periods as warranty_periods

_KNOWN_OF_ACCOUNT = ("website", "phone", "postcode", "country", "segment")


def merge_accounts(session: Session, change: AuditChange, into_id: int, from_id: int, now: datetime) -> None:
    """Merge one account into another, with its sites, units, contracts, subsidiaries and claim tokens; empty fields are filled in.

    Raises NotFound, and Conflict if either is already merged.
    """
    into, gone = _account(session, into_id), _account(session, from_id)
    above = hierarchy.lineage(session, into_id)
    with audit_record.watching(session, change, "account", [into_id, from_id]):
        if from_id in above:
            into.parent_id = gone.parent_id  # moves up to the place of the merged account, to avoid a cycle
        for name in _KNOWN_OF_ACCOUNT:
            setattr(into, name, getattr(into, name) or getattr(gone, name))
        gone.merged_into_id = into_id
    _redirect(session, change, merges.ACCOUNT, from_id, into_id)
    reconcile_queue.mark_all(session)


def merge_units(session: Session, change: AuditChange, one_id: int, other_id: int, now: datetime) -> Unit:
    """Merge two units into the one that has reported or enrolled, else the one with a serial number, else the older.

    It keeps its id and credential.

    Returns the surviving unit. Raises NotFound, and Conflict if both have reported or enrolled, or either is already merged.
    """
    survivor, merged = _survivor(session, one_id, other_id)
    was, lines = survivor.lifecycle, for_update.lines_naming(session, merged)
    periods = [row for row in stored_periods.periods(session, merged.id or 0) if row.kind is not PeriodKind.STANDARD]
    with audit_record.watching(session, change, "unit", [survivor.id or 0, merged.id or 0]):
        for name in RECORDED:
            if getattr(survivor, name) is None:
                setattr(survivor, name, getattr(merged, name))
        if was is Lifecycle.UNRECORDED:
            survivor.lifecycle = merged.lifecycle
        if survivor.replaced_by_id in (survivor.id, merged.id):
            survivor.replaced_by_id = None
        merged.merged_into_id = survivor.id
    with audit_record.watching(session, change, "contract_line", [line.id or 0 for line in lines]):
        for line in lines:
            line.serial_key, line.product_id = survivor.serial_key, survivor.product_id  # `serial` stays as the document writes it
    with audit_record.watching(session, change, "warranty_period", [row.id or 0 for row in periods]):
        for row in periods:
            row.unit_id = survivor.id or 0  # standard periods are recomputed from dates
    _redirect(session, change, merges.UNIT, merged.id or 0, survivor.id or 0)
    _note(session, change, survivor, merged, was, now)
    if lines:
        reconcile_queue.mark_all(session)
    reconcile_queue.mark(session, [survivor.id or 0, merged.id or 0])
    warranty_periods.apply_policies(session, [survivor.id or 0], now, change)
    return survivor


def name_unit(session: Session, change: AuditChange, line_id: int, unit_id: int) -> None:
    """Assign a contract line to this unit; `serial` stays as the document writes it. Raises NotFound, Conflict."""
    line, unit = session.get(ContractLine, line_id), for_update.lock_units(session, [unit_id]).get(unit_id)
    if line is None or unit is None:
        raise NotFound("the contract line or the unit no longer exists; search for possible duplicates again")
    _not_merged(unit)
    with audit_record.watching(session, change, "contract_line", [line_id]):
        line.serial_key, line.product_id = unit.serial_key, line.product_id or unit.product_id
    reconcile_queue.mark_all(session)


def _survivor(session: Session, one_id: int, other_id: int) -> tuple[Unit, Unit]:
    rows = for_update.lock_units(session, [one_id, other_id])
    if len(rows) < 2:
        raise NotFound("one of the two units no longer exists; search for possible duplicates again")
    first, second = sorted((_not_merged(unit) for unit in rows.values()), key=lambda unit: unit.id or 0)
    reporting = reported.reported(session, [first.id or 0, second.id or 0])
    if len(reporting) == 2:
        names = f"{first.serial} and {second.serial}"
        raise Conflict(f"{names} both report, so they are two devices; keep both or check for a clone", "both_report")
    completes = (
        not reporting and has_key(first.asset_tag or "", first.serial_key) and not has_key(second.asset_tag or "", second.serial_key)
    )
    return (second, first) if second.id in reporting or completes else (first, second)


def _note(session: Session, change: AuditChange, survivor: Unit, merged: Unit, was: Lifecycle, now: datetime) -> None:
    at, cause = to_ms(now), f"merged: {merged.serial} ({merged.uid}) is the same unit as {survivor.serial} ({survivor.uid})"[:500]
    changes = [transitions.NewStateChange(merged.id or 0, at, "identity", None, MERGED, cause, change.actor)]
    if survivor.lifecycle != was:
        changes.append(transitions.NewStateChange(survivor.id or 0, at, "lifecycle", was, survivor.lifecycle, cause, change.actor))
    transitions.add(session, changes, change_id=change.id)


def _redirect(session: Session, change: AuditChange, references: tuple[tuple[str, str], ...], old: int, new: int) -> None:
    session.flush()
    for table, column in references:
        keys = merges.referring(session, table, column, old)
        with audit_record.watching(session, change, table, keys):
            merges.redirect(session, table, column, old, new)
    session.expire_all()


def _account(session: Session, account_id: int) -> Account:
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("one of the two accounts no longer exists; search for possible duplicates again")
    if account.merged_into_id is not None:
        raise Conflict(f"account {account.ref} has already been merged into another", "merged")
    return account


def _not_merged(unit: Unit) -> Unit:
    if unit.merged_into_id is not None:
        raise Conflict(f"{unit.serial} has already been merged into another unit", "merged")
    return unit
