"""Facts of the whole fleet for planning: units, incidents, contracts, as columns or few rows."""

from datetime import date
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Date, Row, bindparam, func, select, text
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.storage.capacity.exposure import GONE, WORDS, allow_long_statements
from musterroll.storage.engine import account_scope
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.reconciliation import ReconcileQueue
from musterroll.storage.tables.units import Incident

_BEFORE = ", ".join(f"'{state}'" for state in of_stage(Stage.BEFORE))  # lifecycle states, as SQL
# Registered units that have reported or are deployed: place, age, silence.
_UNITS = """
SELECT o.product_id, coalesce(o.account_id, 0), coalesce(o.site_id, 0), o.cell, coalesce(o.line_id, 0),
  coalesce({installed}, v.first_heard_at / 86400000, 0), coalesce(v.first_heard_at, -1), coalesce(v.stale_since, -1), u.id,
  CASE WHEN u.lifecycle IN ({before}) THEN 1 WHEN u.lifecycle IN ({gone}) THEN 2 ELSE 0 END
FROM {seats} o JOIN unit u ON u.id = o.unit_id LEFT JOIN unit_status v ON v.unit_id = o.unit_id
WHERE u.merged_into_id IS NULL {within}"""
_INCIDENTS = """
SELECT {opened}, u.product_id, coalesce({installed}, v.first_heard_at / 86400000, {opened}), coalesce(i.parts, -1),
  coalesce(CASE WHEN i.closed_on IS NOT NULL THEN i.hours END, -1), i.category
FROM incident i JOIN unit u ON u.id = i.unit_id LEFT JOIN unit_status v ON v.unit_id = u.id
WHERE i.opened_on < :until {within}"""
_REACH = "AND u.account_id IN (SELECT account_id FROM reach)"


class UnitColumns(NamedTuple):
    """Columns, one entry per unit. `born`: a day; `first_heard`, `stale_since`: ms or -1; `stage`: 1 before the field, 2 after it,
    0 any other."""

    product: NDArray[np.int64]
    account: NDArray[np.int64]
    site: NDArray[np.int64]
    cell: NDArray[np.int64]
    line: NDArray[np.int64]
    born: NDArray[np.int64]
    first_heard: NDArray[np.int64]
    stale_since: NDArray[np.int64]
    id: NDArray[np.int64]
    stage: NDArray[np.int64]


def units(session: Session, seats: str = "unit_reconciliation") -> UnitColumns:
    """The units of the table `seats` (of the last reconciliation, or staged for another day)."""
    allow_long_statements(session)
    query = text(_UNITS.format(before=_BEFORE, gone=GONE, installed=_days(session, "u.installed_on"), seats=seats, within=_within(session)))
    rows = session.connection().execute(query).all()
    return UnitColumns(*np.fromiter(chain.from_iterable(rows), np.int64, 10 * len(rows)).reshape(-1, 10).T)


def matches_last_run(session: Session, on: date) -> bool:
    """Whether the last reconciliation matches the units on a day, but for at most one in a thousand."""
    run = cell_counters.last_run(session)
    if (
        run is None
        or run.on != on
        or session.execute(select(col(ReconcileQueue.id)).where(col(ReconcileQueue.unit_id).is_(None)).limit(1)).first()
    ):
        return False
    units = sum(cell_counters.counts(session).values())
    queued = select(col(ReconcileQueue.id)).limit(units // 1000 + 1).subquery()
    return int(session.execute(select(func.count()).select_from(queued)).scalar_one()) * 1000 <= units


def warranty_ends(session: Session) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Unit ids, and the end of their last warranty period (first day not covered)."""
    ends = f"coalesce({_days(session, 'ends_on')}, 4194304)"
    query = text(f"SELECT unit_id, max({ends}) FROM warranty_period WHERE voided_on IS NULL GROUP BY unit_id ORDER BY unit_id")  # noqa: S608
    rows = session.connection().execute(query).all()
    ids, days = np.fromiter(chain.from_iterable(rows), np.int64, 2 * len(rows)).reshape(-1, 2).T
    return ids, days


def incidents(session: Session, until: date) -> list[Row[Any]]:
    """Incidents of registered units opened before a day: day, product, day of birth, parts (-1 not said), hours of a closed one in
    ten-thousandths (-1 not said), category."""
    words = {"installed": _days(session, "u.installed_on"), "opened": _days(session, "i.opened_on"), "within": _within(session)}
    return list(session.connection().execute(text(_INCIDENTS.format(**words)).bindparams(bindparam("until", until, type_=Date()))).all())


_LIVED = """
SELECT coalesce({installed}, v.first_heard_at / 86400000), v.first_heard_at / 86400000,
  CASE WHEN v.heard_at < :at THEN v.heard_at ELSE :at END / 86400000, {failed}
FROM unit u JOIN unit_status v ON v.unit_id = u.id
WHERE u.product_id = :product AND u.merged_into_id IS NULL AND v.first_heard_at < :at {within}"""
_FAILED = "(SELECT min({opened}) FROM incident i WHERE i.unit_id = u.id AND i.parts > 0)"


def lifetimes(session: Session, product_id: int, at: int) -> list[tuple[int, int, int, int | None]]:
    """Units of a product heard before `at` (ms): days of birth, first report, last report (at the latest `at`), and of the first
    incident with a part used (None: none)."""
    words = {"installed": _days(session, "u.installed_on"), "within": _within(session)}
    query = text(_LIVED.format(failed=_FAILED.format(opened=_days(session, "i.opened_on")), **words))
    return [(row[0], row[1], row[2], row[3]) for row in session.connection().execute(query, {"product": product_id, "at": at})]


def unmatched_incidents(session: Session, since: date, until: date) -> int:
    """Number of incidents on unknown serials."""
    i = Incident
    query = select(func.count()).where(col(i.unit_id).is_(None), col(i.opened_on) >= since, col(i.opened_on) < until)
    return int(session.execute(query).scalar_one())


def products(session: Session) -> list[Row[Any]]:
    p = Product
    return list(session.execute(select(col(p.id), col(p.maker), col(p.model), col(p.maker_key), col(p.family_key), col(p.family))))


def regions(session: Session) -> tuple[dict[int, str], dict[int, str]]:
    """Countries by site and by account, if known."""
    sites = {row[0]: row[1] for row in session.execute(select(col(Site.id), col(Site.country)).where(col(Site.country) != ""))}
    accounts = {row[0]: row[1] for row in session.execute(select(col(Account.id), col(Account.country)).where(col(Account.country) != ""))}
    return sites, accounts


def account_names(session: Session) -> dict[int, tuple[str, str, str]]:
    """Number, name and segment by row id."""
    a = Account
    return {row[0]: (row[1], row[2], row[3]) for row in session.execute(select(col(a.id), col(a.ref), col(a.name), col(a.segment)))}


def contracts(session: Session) -> list[Contract]:
    return list(session.execute(select(Contract)).scalars())


def lines(session: Session) -> list[Row[Any]]:
    """Lines: id, contract, days, price per unit per year, quantity, currency (empty: of the contract)."""
    n = ContractLine
    return list(
        session.execute(
            select(col(n.id), col(n.contract_id), col(n.starts_on), col(n.ends_on), col(n.price), col(n.quantity), col(n.currency))
        )
    )


def _days(session: Session, column: str) -> str:
    return WORDS[session.get_bind().dialect.name]["days"].format(column)


def _within(session: Session) -> str:
    return _REACH if account_scope.limited(session) else ""
