"""What a database holds and answers, as plain values: written down when a golden database is made, asked again after its upgrade."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from musterroll.domain.values.errors import DomainError
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.usecases.coverage import verdict as coverage_verdict
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.reconciliation import last_run
from musterroll.usecases.undo import undo as undo_changes
from sqlalchemy import inspect, text
from sqlmodel import Session, col, select

Row = dict[str, Any]


def facts(database: Database, now: datetime) -> dict[str, Any]:
    """Row counts by table, the answers, and which changes can be undone: the same on both engines."""
    with database.snapshot() as session:
        answered = answers(session, now)
        changes = list(session.exec(select(col(AuditChange.id)).order_by(col(AuditChange.id))))
    undoable = [change for change in changes if _can_be_undone(database, change, now)]
    counts = {table: len(rows) for table, rows in all_rows(database).items()}
    return {"now": now.isoformat(), "rows": counts, "answers": answered, "undoable": undoable}


def all_rows(database: Database) -> dict[str, list[Row]]:
    """Every row by table, values as the driver has them."""
    with database.engine.connect() as connection:
        tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
        return {table: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{table}"')).mappings()] for table in tables}


def audit_log(database: Database) -> dict[str, Any]:
    """The audit log walked from its first entry. Its hashes differ by engine, as the numbers of rows may."""
    with database.snapshot() as session:
        verified = audit_chain.verify(session)
    return {"entries": verified.entries, "head": verified.head, "first_bad": verified.first_bad}


def answers(session: Session, now: datetime) -> dict[str, Any]:
    """Coverage of every unit, the installed base, and what the last reconciliation found. Counts of nothing are left out."""
    uids = session.exec(select(Unit.uid).order_by(col(Unit.uid)))
    base, last = fleet_pages.installed_base(session, now), last_run.last_run(session)
    return {
        "coverage": {uid: _coverage(session, uid, now) for uid in uids},
        "lifecycle": _counted(base.lifecycle),
        "liveness": _counted(base.liveness),
        "cells": _counted(last.cells),
        "findings": _counted(last.findings),
        "worth": sorted(f"{money.amount} {money.currency}" for money in last.worth),
    }


def _coverage(session: Session, uid: str, now: datetime) -> str:
    verdict = coverage_verdict.coverage(session, uid, None, now)
    return verdict.answer.value + (f" until {verdict.last_covered_day}" if verdict.last_covered_day else "")


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    """Without noughts: a state or kind that a later version adds is nothing of an older database."""
    return {str(name): count for name, count in counts.items() if count}


def _can_be_undone(database: Database, change_id: int, now: datetime) -> bool:
    try:
        with database.snapshot() as session:  # nothing of it stays
            undo_changes.undo(session, change_id, "test", now)
    except DomainError:
        return False
    return True
