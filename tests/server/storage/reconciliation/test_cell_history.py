"""Stored days as rows over time hold what a copy of every day's counts would, on both databases."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import migrate
from musterroll.storage.engine.columns import Columns
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import cells_by
from musterroll.storage.installed_base.counts import BaseConditions
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.reconciliation import CellHistory
from musterroll.usecases.installed_base.as_of import BaseScope
from musterroll.usecases.installed_base.stored_days import days
from sqlalchemy import text
from sqlmodel import Session, col, func, select

from tests.support import records

START = date(2026, 3, 1)
Key = tuple[int, int, int, str, int]  # account, product, site, firmware, cell
LONG = "very " * 20
_FIRMWARE = "units_by_day_and_firmware.py"
_MIGRATION, _SCRIPTS = "units_by_day_are_stored_where_they_change.py", ScriptDirectory.from_config(migrate.config())
Days = dict[date, dict[Key, int]]
_COLUMNS = ("account_id", "product_id", "site_id", "cell", "units", "firmware")
_KINDS = {**dict.fromkeys(_COLUMNS[:-1], "BIGINT"), "firmware": "VARCHAR"}


@pytest.mark.parametrize("seed", range(3))
def test_days_stored_in_any_order_of_their_ends_read_as_each_was_counted(database: Database, seed: int) -> None:
    dice, counted = random.Random(seed), Days()
    with database.transaction() as session:
        accounts = _accounts(session)
        for on in _order(dice):
            counted[on] = _changed(dice, list(counted.values())[-1:], [0, *accounts])
            _store(session, on, counted[on])
        _assert_same(session, counted, accounts)
        _assert_migration_makes_the_same_totals(session)
        cell_history.forget(session, START + timedelta(15))
        assert (cell_history.last(session) or START) < START + timedelta(15)
        _assert_same(session, {on: counts for on, counts in counted.items() if on < START + timedelta(15)}, accounts)
        again = START + timedelta(40)
        _store(session, again, counted[max(counted)])
        assert _rows(session, again) == counted[max(counted)]
        cell_history.forget(session)
        assert (cell_history.first(session), session.execute(select(func.count()).select_from(CellHistory)).scalar_one()) == (None, 0)


def _assert_migration_makes_the_same_totals(session: Session) -> None:
    """The totals by firmware of days that were stored before there were any."""
    (module,) = [script.module for script in _SCRIPTS.walk_revisions() if script.path.endswith(_FIRMWARE)]
    totals = text('SELECT key, "on", cell, units FROM day_total WHERE axis = \'firmware\' ORDER BY key, "on", cell')
    before = session.execute(totals).all()
    session.execute(text("DELETE FROM day_total WHERE axis = 'firmware'"))
    session.execute(text(module.TOTALS))
    assert session.execute(totals).all() == before != []


def _accounts(session: Session) -> list[int]:
    """A parent, its subsidiary, and another; with segments."""
    rows = [records.account(session, "P"), records.account(session, "C"), records.account(session, "D")]
    rows[1].parent_id, rows[0].segment, rows[1].segment = rows[0].id, "gold", "silver"
    session.flush()
    return [row.id or 0 for row in rows]


def _order(dice: random.Random) -> list[date]:
    """Days outwards from the middle, with gaps."""
    middle, order, low, high = START + timedelta(10), [START + timedelta(10)], 0, 0
    while len(order) < 25:
        if dice.random() < 0.5:
            low += dice.choice((1, 1, 1, 3))
            order.append(middle - timedelta(low))
        else:
            high += dice.choice((1, 1, 1, 3))
            order.append(middle + timedelta(high))
    return order


def _changed(dice: random.Random, before: list[dict[Key, int]], accounts: list[int]) -> dict[Key, int]:
    """Counts of a day, most of them as on another one."""
    counts = dict(before[0]) if before else {(0, 1, 0, "", 7): 1}
    for _ in range(4 if before else 30):
        key = (dice.choice(accounts), dice.randint(1, 3), dice.randint(0, 2), dice.choice(("", "1.0", '2,"x"', LONG)), dice.randint(0, 7))
        counts[key] = dice.randint(0, 3)
    return {key: units for key, units in counts.items() if units} | {(0, 1, 0, "", 7): 1}


def _store(session: Session, on: date, counts: dict[Key, int]) -> None:
    columns = Columns(session)
    columns.fill(
        "day_count", _KINDS, [(account, product, site, cell, units, fw) for (account, product, site, fw, cell), units in counts.items()]
    )
    columns.read("account", "SELECT id, segment FROM account", {"id": "BIGINT", "segment": "VARCHAR"})
    cell_history.make_totals(columns)
    cell_history.keep(columns, on, cell_history.first(session), cell_history.last(session))


def _rows(session: Session, on: date) -> dict[Key, int]:
    rows = session.execute(select(CellHistory).where(*cell_history.at(on))).scalars()
    return {(row.account_id, row.product_id, row.site_id, row.firmware, row.cell): row.units for row in rows}


def _assert_same(session: Session, counted: Days, accounts: list[int]) -> None:
    parent, child, _ = accounts
    segments = dict(session.execute(select(col(Account.id), col(Account.segment))).all())
    below = BaseConditions(accounts=hierarchy.below(session, parent))
    assert {on: _rows(session, on) for on in counted} == counted
    assert _read(session, BaseScope()) == _sums(counted, lambda key: True)
    assert _read(session, BaseScope(segment="silver")) == _sums(counted, lambda key: segments.get(key[0]) == "silver")
    assert _read(session, BaseScope(segment="gold", account="P")) == _sums(counted, lambda key: key[0] == parent)
    for firmware in ("1.0", '2,"x"', LONG):
        assert _read(session, BaseScope(), firmware) == _sums(counted, lambda key, firmware=firmware: key[3] == firmware)
    assert cell_history.totals(session, "firmware", "1.0", START, date.max)
    assert cells_by.by_day(session, below, None, START, date.max) == _sums(counted, lambda key: key[0] in (parent, child))
    assert cells_by.by_day(session, BaseConditions(product_id=2, site_id=1), "1.0", START - timedelta(99), date.max) == _sums(
        counted, lambda key: key[1:4] == (2, 1, "1.0"), since=START - timedelta(99)
    )


def _read(session: Session, scope: BaseScope, firmware: str | None = None) -> dict[date, dict[str, int]]:
    return {day.on: day.cells for day in days(session, START, date.max, scope, firmware)}


def _sums(counted: Days, of: Callable[[Key], bool], since: date = START) -> dict[date, dict[str, int]]:
    sums = {on: Counter[int]() for on in sorted(counted) if on >= since}
    for on, cells in sums.items():
        for key, units in counted[on].items():
            cells[key[4]] += units if of(key) else 0
    return {on: {code: cells[int(code, 2)] for code in CELLS} for on, cells in sums.items() if any(cells.values())}


def test_days_that_were_stored_whole_are_the_same_after_the_migration_and_back(tmp_path: Path) -> None:
    _assert_migrated(Database(f"sqlite:///{tmp_path / 'days.db'}"))


@pytest.mark.postgres
def test_the_same_on_postgresql(postgres_server: object) -> None:
    url = postgres_server.create()  # type: ignore[attr-defined]
    _assert_migrated(Database(url))
    postgres_server.drop(url)  # type: ignore[attr-defined]


def _assert_migrated(database: Database) -> None:
    (script,) = [script for script in _SCRIPTS.walk_revisions() if script.path.endswith(_MIGRATION)]
    it, before_it = script.revision, str(script.down_revision)
    dice, whole = random.Random(5), 'SELECT "on", account_id, product_id, cell, units FROM daily_cell_count ORDER BY 1, 2, 3, 4'
    rows = [
        {"on": str(START + timedelta(day)), "account_id": account, "product_id": product, "cell": cell, "units": dice.randint(1, 2)}
        for day in (0, 1, 2, 3, 5, 6, 9, 10, 11, 12)
        for account in (0, 7)
        for product in (1, 2)
        for cell in CELLS
        if dice.random() < 0.8
    ]
    with database.engine.begin() as connection:
        command.upgrade(migrate.config(connection), before_it)
        for row in rows:
            connection.execute(text(_INSERT.format(**row)))
        before = connection.execute(text(whole)).all()
    with database.engine.begin() as connection:
        command.upgrade(migrate.config(connection), it)
        assert 0 < (connection.execute(text("SELECT count(*) FROM cell_history")).scalar() or 0) < len(rows)
        sums = connection.execute(text('SELECT "on", sum(units) FROM day_total GROUP BY axis, "on"')).all()
        assert {(str(on), total) for on, total in sums} == set(Counter[str](_days(rows)).items())
        command.downgrade(migrate.config(connection), before_it)
        assert connection.execute(text(whole)).all() == before
    database.close()


_INSERT = (
    'INSERT INTO daily_cell_count ("on", account_id, product_id, cell, units) '
    "VALUES ('{on}', {account_id}, {product_id}, '{cell}', {units})"
)


def _days(rows: list[dict[str, object]]) -> dict[str, int]:
    sums = Counter[str]()
    for row in rows:
        sums[str(row["on"])] += int(str(row["units"]))
    return sums
