"""Undoing a change: every row goes back to what it was, or nothing does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.audit import Image, record_word
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.audit import audited_rows
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import log as audit_log
from musterroll.storage.audit.log import Entry
from musterroll.storage.liveness import telemetry as telemetry_rows
from musterroll.storage.tables.audit import Change
from musterroll.storage.units import transitions
from musterroll.storage.warranty import periods as stored_periods
from musterroll.storage.warranty import products
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.undo.side_effects import BY_ITSELF, Parted, Unsaid, moved_on, part, parted, unsaid
from musterroll.usecases.warranty import periods as warranty_periods

_BATCH = 5_000
_FOR_GOOD = ("person", "token")  # whoever may take a change back could else give himself what somebody took from him
# What is left of the paper of a unit that a document named and that has since spoken for itself.
_EMPTY_PAPER: Image = {
    **{"lifecycle": Lifecycle.UNRECORDED.value, "account_id": None, "site_id": None, "warranty_months": None, "registered_on": None},
    **{"shipped_on": None, "installed_on": None, "replaced_by_id": None, "merged_into_id": None},
}


class _Step(NamedTuple):
    """One row on its way back, from how it is to how it was."""

    entry: Entry
    how: str  # insert, update, delete


def undo(session: Session, change_id: int, actor: str, now: datetime, reason: str = "") -> Change:
    """Put back every row the change wrote and withdraw the transitions it made; the undoing is a change itself and can be undone.

    A unit that the change put on the roll and that was heard or enrolled since stays, unrecorded and without paper; where its enrolment
    deployed it since stays too, with the product, account and site it needs, and so does what another platform told of a unit that was
    heard since.
    Raises NotFound, and Conflict where it is undone already, a row is no longer as the change left it, or it is about who may do what.
    """
    change = session.get(Change, change_id)
    if change is None:
        raise NotFound(f"there is no change {change_id}")
    if change.kind in _FOR_GOOD:
        raise Conflict(f"change {change_id} is about users or tokens and cannot be undone", "not_undone")
    if (by := audit_changes.undone_by(session, change_id)) is not None:
        raise Conflict(f"change {change_id} was already undone by change {by}", "undone_already")
    subject = f"change {change_id} undone: {change.subject}"
    undoing = audit_record.begin(session, actor=actor, kind="undo", subject=subject, reason=reason, now=now, undoes_id=change_id)
    last, kept, apart = None, list[int](), list[Parted]()
    while rows := audit_changes.entries_back(session, change_id, last, _BATCH):
        steps, stirred = _steps(session, rows)
        steps = _apply(session, steps)
        audit_log.append(session, undoing, [step.entry for step in steps])
        _mark_for_reconcile(session, [step.entry for step in steps])
        kept += stirred
        apart += parted(step.entry for step in steps)
        last = rows[-1][0]
    part(session, undoing, apart)
    warranty_periods.apply_policies(session, kept, now, undoing)
    transitions.withdraw(session, change_id, to_ms(now))
    if change.undoes_id is not None:
        transitions.restore(session, change.undoes_id, undoing.id or 0, to_ms(now))
    session.expire_all()
    session.refresh(undoing)
    return undoing


# What no reconciliation reads, and what it reads for one unit alone.
_NOT_RECONCILED = {"incident", "proposal", "finding_decision", "warranty_policy", "unit_note", "notification_rule", "scenario"}
_ACCESS = {"user", "api_token", "claim_token"}
_OF_ONE_UNIT = {"unit", "warranty_period", telemetry_rows.TABLE}
_FOLLOWED = {"product": {"policy_id", "reporting"}, "warranty_policy": {"rules", "months"}}  # what units follow


def _mark_for_reconcile(session: Session, entries: Sequence[Entry]) -> None:
    units, periods = set[int](), list[Entry]()
    for entry in entries:
        if entry.before is not None and _FOLLOWED.get(entry.table, set()) & (entry.after or {}).keys():
            products.queue_update(session, entry.table, int(entry.key))
        if entry.table == "warranty_period":
            periods.append(entry)
        elif entry.table in _OF_ONE_UNIT:
            units.add(int(entry.key))
    gone = any(entry.table == "unit" and entry.after is None for entry in entries)
    if gone or {entry.table for entry in entries} - _NOT_RECONCILED - _ACCESS - _OF_ONE_UNIT:
        reconcile_queue.mark_all(session)
    elif units or periods:
        reconcile_queue.mark(session, units | _units_of(session, periods))


def _units_of(session: Session, entries: Sequence[Entry]) -> set[int]:
    """The units of warranty periods, also of those that are gone by now."""
    gone = {int(entry.before["unit_id"]) for entry in entries if entry.after is None and entry.before}
    return gone | set(stored_periods.units_of(session, [int(entry.key) for entry in entries]))


def _steps(session: Session, rows: Sequence[Any]) -> tuple[list[_Step], list[int]]:
    """The way back through these entries, newest first, and the units whose warranties are to be settled anew.

    Raises Conflict where a row is not as its entry left it.
    """
    standing = _standing(session, rows)
    added = [key for _, table, key, before, _ in rows if table == "unit" and before is None]
    kept = audited_rows.spoken(session, added) if added else set()
    told = [int(key) for _, table, key, _, _ in rows if table == telemetry_rows.TABLE]
    heard = telemetry_rows.heard_themselves(session, told) if told else set()
    steps, stirred = list[_Step](), list[int]()
    for entry_id, table, key, before, after in rows:
        if table == telemetry_rows.TABLE and int(key) in heard:
            continue  # what the unit itself said since stands
        now, unaudited = standing.get((table, key)), Unsaid()
        if table in BY_ITSELF and moved_on(now, after) and audit_changes.last_written(session, table, [key]).get(key, 0) <= entry_id:
            unaudited = unsaid(Entry(table, key, before, after), now)
            stirred += unaudited.units
            if unaudited.entry is None:
                continue
            before, after = unaudited.entry[2:]
        now = _as_left(table, key, now, after)
        step = _back(Entry(table, key, before, after), now, table == "unit" and key in kept, unaudited.names)
        stirred += [int(key)] * (table == "unit" and before is None and step.how == "update")
        standing[table, key] = {**now, **(step.entry.after or {})} if step.how == "update" else step.entry.after
        steps.append(step)
    return steps, stirred


def _back(entry: Entry, now: Image, stays: bool, left: Collection[str]) -> _Step:
    """`stays`: a unit that is not taken out, but loses its paper except what is `left`."""
    table, key, before, after = entry
    if after is None:
        return _Step(Entry(table, key, None, before), "insert")
    if before is not None:
        return _Step(Entry(table, key, after, before), "update")
    if stays:
        empty = {name: value for name, value in _EMPTY_PAPER.items() if name not in left}
        return _Step(Entry(table, key, {name: now[name] for name in empty}, empty), "update")
    return _Step(Entry(table, key, now, None), "delete")


def _standing(session: Session, rows: Sequence[Any]) -> dict[tuple[str, str], Image | None]:
    keys: dict[str, list[str]] = {}
    for _, table, key, _, _ in rows:
        keys.setdefault(table, []).append(key)
    return {
        (table, key): found for table, wanted in keys.items() for key, found in audited_rows.images(session, table, set(wanted)).items()
    }


def _as_left(table: str, key: str, now: Image | None, after: Image | None) -> Image:
    """The row as it is now (nothing where it is gone). Raises Conflict where the change left it otherwise."""
    name = f"{record_word(table)} {key}"
    if after is None:
        if now is not None:
            raise Conflict(f"{name} was deleted by the change and exists again; undo the change that restored it first", "changed_since")
        return {}
    if now is None:
        raise Conflict(f"{name} no longer exists; undo the change that deleted it first", "changed_since")
    unlike = sorted(name for name, value in after.items() if now[name] != value)
    if unlike:
        raise Conflict(f"{name} has been changed since ({', '.join(unlike)}); undo the later change first", "changed_since")
    return now


def _apply(session: Session, steps: Sequence[_Step]) -> list[_Step]:
    """Write the way back, rows of one kind together, in order. Returns the steps made: not those to take out what units that stay need."""
    made = []
    for (table, how, _), same in groupby(steps, lambda step: (step.entry.table, step.how, _columns(step))):
        chosen = list(same)
        if how == "delete":
            needed = audited_rows.needed(session, table, [step.entry.key for step in chosen])
            chosen = [step for step in chosen if step.entry.key not in needed]
        entries = [step.entry for step in chosen]
        if how == "insert":
            audited_rows.insert_rows(session, table, [entry.after or {} for entry in entries])
        elif how == "update":
            audited_rows.update_rows(session, table, [(entry.key, entry.after or {}) for entry in entries])
        elif entries:
            _delete(session, table, [entry.key for entry in entries])
        made += chosen
    return made


def _columns(step: _Step) -> frozenset[str] | None:
    return frozenset(step.entry.after or ()) if step.how == "update" else None


def _delete(session: Session, table: str, keys: list[str]) -> None:
    found = audited_rows.referring(session, table, keys)
    if found is not None:
        later = f"{record_word(found[0])} {found[1]}"
        raise Conflict(f"{later} depends on records the change added ({record_word(table)}); undo the later change first", "changed_since")
    audited_rows.delete_rows(session, table, keys)
