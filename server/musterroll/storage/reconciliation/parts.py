"""The parts of a whole run that several processes share: who computes which, and the results.

A process that computes a part holds the lock on its row. If it dies, PostgreSQL lets go of the lock with its connection, and another takes
the part. If it hangs, or its machine is lost, its transaction is idle for longer than `LEASE`, and PostgreSQL ends that too.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Select, delete, select, text, update
from sqlmodel import Session, col

from musterroll.domain.reconciliation.parts import Fleet, Share
from musterroll.storage.engine.columns import Columns
from musterroll.storage.tables.reconciliation import RunPart

LEASE = 30_000  # ms
_LOCK = 6_874_005  # a PostgreSQL advisory lock: one shared run at a time
_PATIENCE = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = '600s'"
_TABLES = {"cells": "run_cell", "findings": "run_finding", "further": "run_further"}
_CELLS = "SELECT unit_id, account_id, site_id, product_id, cell, line_id FROM run_cell"
# A unit at a site competes there with those of the site's account.
_PAIRS = """
SELECT DISTINCT coalesce(site.account_id, 0), unit.account_id
FROM contract_line l JOIN site ON site.id = l.place_id JOIN unit ON unit.site_id = site.id AND unit.product_id = l.product_id
WHERE l.scope = 'site' AND unit.account_id <> coalesce(site.account_id, 0)"""
_OF_ACCOUNTS = "SELECT of_id, CAST(sum(units) AS BIGINT) FROM cell_count WHERE axis = 'account' GROUP BY of_id"
_OF_PRODUCTS = """
SELECT product.id, coalesce(CAST(sum(c.units) AS BIGINT), 0)
FROM product LEFT JOIN cell_count c ON c.axis = 'product' AND c.of_id = product.id GROUP BY product.id"""
# Which unit a line means that names the serial of several hangs on all of them.
_SERIALS = """
SELECT l.serial_key, count(u.id) FROM (SELECT DISTINCT serial_key FROM contract_line WHERE scope = 'serial') l
LEFT JOIN unit u ON u.serial_key = l.serial_key AND u.serial_key <> '' AND u.merged_into_id IS NULL
GROUP BY l.serial_key HAVING count(u.id) <> 1"""


class Work(NamedTuple):
    """What a part is to compute: `shares` on a day and at an instant (ms), and lines that name the serials `of_none`.

    `of_several` are the serials that lines name and several units have, `of_none` such as no unit has.
    """

    on: date
    at: int
    shares: Sequence[Share]
    of_several: Collection[str]
    of_none: Collection[str]


class Part(NamedTuple):
    id: int
    run: str
    snapshot: str
    work: Work


def first_to_share(session: Session) -> bool:
    """Whether no other shared run is under way; none begins as long as this transaction lasts."""
    return bool(session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one())


def fleet(columns: Columns) -> Fleet:
    """What a division into parts goes by."""
    tables = (columns.ask(query) for query in ("SELECT id, parent_id FROM account", _PAIRS, _OF_ACCOUNTS, _OF_PRODUCTS))
    parents, pairs, of_accounts, of_products = ([tuple(row) for row in rows] for rows in tables)
    return Fleet(dict(parents), pairs, dict(of_accounts), dict(of_products))


def serials(columns: Columns) -> tuple[list[str], list[str]]:
    """The serials that lines name: of several units, and of none."""
    rows = columns.ask(_SERIALS)
    return [serial for serial, units in rows if units], [serial for serial, units in rows if not units]


def announce(session: Session, snapshot: str, version: str, works: Sequence[Work]) -> str:
    """Offer the parts of a run to every worker of this version. Returns the run's name. What is left of other runs is removed."""
    left = select(col(RunPart.id)).with_for_update(skip_locked=True)
    session.execute(delete(RunPart).where(col(RunPart.id).in_(left)))
    run = secrets.token_hex(8)
    session.add_all(RunPart(run=run, version=version, snapshot=snapshot, work=_written(work)) for work in works)
    return run


def offered(session: Session, version: str, failed: Collection[int]) -> Part | None:
    """A part for a worker that nobody computes, locked until the end of the transaction; none that `failed` here before."""
    query = _open().where(col(RunPart.version) == version, col(RunPart.id).not_in(failed))
    return _locked(session, query, skip_locked=True)


def next_of(session: Session, run: str) -> Part | None:
    """A part of this run that nobody computes, locked until the end of the transaction."""
    return _locked(session, _open().where(col(RunPart.run) == run), skip_locked=True)


def left_behind(session: Session, run: str) -> Part | None:
    """The same, but wait for whoever computes the first one that is not done. None where they got it done."""
    session.connection().exec_driver_sql(_PATIENCE)
    return _locked(session, _open().where(col(RunPart.run) == run), skip_locked=False)


def under_way(session: Session, run: str) -> bool:
    """Whether a part of this run is not done yet."""
    return session.execute(_open().where(col(RunPart.run) == run)).first() is not None


def _open() -> Select[Any]:
    columns = (col(RunPart.id), col(RunPart.run), col(RunPart.snapshot), col(RunPart.work))
    return select(*columns).where(col(RunPart.cells).is_(None)).order_by(col(RunPart.id)).limit(1)


def _locked(session: Session, query: Select[Any], skip_locked: bool) -> Part | None:
    row = session.execute(query.with_for_update(skip_locked=skip_locked)).one_or_none()
    if row is None:
        return None
    session.connection().exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {LEASE}")
    return Part(row.id, row.run, row.snapshot, _read(row.work))


def keep(session: Session, part: Part, results: Mapping[str, bytes]) -> None:
    session.execute(update(RunPart).where(col(RunPart.id) == part.id).values(results))


def remove(session: Session, run: str) -> None:
    """Remove the parts of a run, but those that a process has locked which was given up; the next run does."""
    left = select(col(RunPart.id)).where(col(RunPart.run) == run).with_for_update(skip_locked=True)
    session.execute(delete(RunPart).where(col(RunPart.id).in_(left)))


def results(columns: Columns, folder: Path) -> dict[str, bytes]:
    """What was computed of a part, by column of its row. `folder` is empty."""
    queries = {name: _CELLS if name == "cells" else f"FROM {table}" for name, table in _TABLES.items()}
    return {name: columns.parquet(query, folder / name) for name, query in queries.items()}


def gather(session: Session, run: str, columns: Columns, folder: Path) -> None:
    """Make the tables of a whole run of the results of its parts."""
    for name, table in _TABLES.items():
        rows = session.execute(select(col(RunPart.id), RunPart.__table__.c[name]).where(col(RunPart.run) == run))  # type: ignore[attr-defined]
        for number, content in rows:
            (folder / f"{name}-{number}").write_bytes(content)
        columns.make(table, f"FROM read_parquet('{folder}/{name}-*')")


def _written(work: Work) -> dict[str, Any]:
    return {**work._asdict(), "on": work.on.isoformat()}


def _read(work: dict[str, Any]) -> Work:
    return Work(
        date.fromisoformat(work["on"]), work["at"], [Share(*share) for share in work["shares"]], work["of_several"], work["of_none"]
    )
