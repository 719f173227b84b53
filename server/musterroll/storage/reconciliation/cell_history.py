"""The quadrants of the stored days: totals of each day, and for the rest rows over time, a new one only where a count changes.

Days are stored after the last one or before the first one. The rows that reach to that end are compared with the counts of the day: those
that are the same stay as they are, the others end there, and the new counts begin. So a day costs what has changed, not what there is,
and a trend is a sum of what begins and ends in it.
"""

from datetime import date
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, literal, select, update
from sqlmodel import Session, col

from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import Columns
from musterroll.storage.tables.reconciliation import CellHistory, DayTotal

BEGINNING, FOREVER = date(1, 1, 1), date(9999, 12, 31)
ALL = "all"  # an axis of totals, of one key: ``
_NOT_STORED = -1  # the site, where neither it nor the firmware was stored
_D, _H = account_scope.whole(DayTotal), CellHistory
_DAYS = _D.c.axis == ALL

_COUNT = """
SELECT coalesce(c.account_id, 0) AS account_id, c.product_id, coalesce(c.site_id, 0) AS site_id, coalesce(u.firmware, '') AS firmware,
  c.cell, count(*) AS units
FROM run_cell c JOIN unit u ON u.id = c.unit_id GROUP BY ALL"""
KEY_LENGTH = 80  # of a total
_TOTALS = f"""
SELECT 'all' AS axis, '' AS key, cell, CAST(sum(units) AS BIGINT) AS units FROM day_count GROUP BY cell
UNION ALL SELECT 'product', CAST(product_id AS VARCHAR), cell, CAST(sum(units) AS BIGINT) FROM day_count GROUP BY product_id, cell
UNION ALL SELECT 'segment', coalesce(a.segment, ''), cell, CAST(sum(units) AS BIGINT)
FROM day_count c LEFT JOIN account a ON a.id = c.account_id GROUP BY ALL
UNION ALL SELECT 'firmware', firmware, cell, CAST(sum(units) AS BIGINT) FROM day_count WHERE length(firmware) <= {KEY_LENGTH}
GROUP BY firmware, cell"""  # noqa: S608
_KEY = {**dict.fromkeys(("account_id", "product_id", "site_id", "cell"), "BIGINT"), "firmware": "VARCHAR"}
_EDGE = {**dict.fromkeys((*list(_KEY)[:-1], "units"), "BIGINT"), "firmware": "VARCHAR"}
_OTHER = "FROM day_count ANTI JOIN day_edge USING (account_id, product_id, site_id, firmware, cell, units)"
_ENDED = f"SELECT {', '.join(_KEY)} FROM day_edge ANTI JOIN day_count USING (account_id, product_id, site_id, firmware, cell, units)"  # noqa: S608


def make_count(columns: Columns) -> None:
    """Make `day_count`, the units of a run over the history of units (`storage.units.past`), and `day_total`."""
    columns.make("day_count", _COUNT)
    make_totals(columns)


def make_totals(columns: Columns) -> None:
    columns.make("day_total", _TOTALS)


def counted(columns: Columns) -> int:
    """The units of `day_count`."""
    return int(columns.rows("SELECT coalesce(sum(units), 0) FROM day_count")[0][0])


def keep(columns: Columns, on: date, first: date | None, last: date | None) -> None:
    """Store the counts of a day before the first stored one or after the last one, unless nothing was deployed, heard or under contract:
    documents may report on it later."""
    if not columns.rows("SELECT 1 FROM day_count WHERE cell <> 0 LIMIT 1"):
        return
    if first is None or last is None:
        columns.write("DELETE FROM cell_history")
    if last is None or on > last:
        _join(columns, "until", FOREVER, on, (on if last else BEGINNING, FOREVER))
    else:
        _join(columns, "since", BEGINNING, first or on, (BEGINNING, first or on))
    columns.send("day_total", ("axis", "key", "cell", "units", '"on"'), f"SELECT axis, key, cell, units, '{on}' FROM day_total")  # noqa: S608


def _join(columns: Columns, side: str, edge: date, cut: date, new: tuple[date, date]) -> None:
    """Cut the rows that reach to an edge and are not of the day, and add what is of it and not there. Dates are our own."""
    columns.read("day_edge", f"SELECT {', '.join(_EDGE)} FROM cell_history WHERE {side} = '{edge}'", _EDGE)  # noqa: S608
    columns.make("day_ended", _ENDED)
    if columns.rows("SELECT 1 FROM day_ended LIMIT 1"):
        columns.send_temporary("day_ended", _KEY | {"firmware": "TEXT"}, "FROM day_ended")
        same = " AND ".join(f"h.{name} = e.{name}" for name in _KEY)
        columns.write(f"UPDATE cell_history AS h SET {side} = '{cut}' FROM day_ended e WHERE {same} AND h.{side} = '{edge}'")  # noqa: S608
    rows = f"SELECT {', '.join(_KEY)}, units, '{new[0]}', '{new[1]}' {_OTHER}"
    columns.send("cell_history", (*_KEY, "units", "since", "until"), f"{rows} ORDER BY ALL")


def forget(session: Session, since: date = BEGINNING) -> None:
    """Delete the counts of every day from one on, to be counted again."""
    session.execute(delete(DayTotal).where(col(DayTotal.on) >= since))
    session.execute(delete(_H).where(col(_H.since) >= since))
    session.execute(update(_H).where(col(_H.until) >= since, col(_H.until) < FOREVER).values(until=FOREVER))


def first(session: Session) -> date | None:
    day: date | None = session.execute(select(func.min(_D.c.on)).where(_DAYS)).scalar_one()
    return day


def last(session: Session) -> date | None:
    day: date | None = session.execute(select(func.max(_D.c.on)).where(_DAYS)).scalar_one()
    return day


def nearest(session: Session, on: date, before: date) -> date | None:
    """The first stored day from `on` to just before another; None where there is none."""
    day: date | None = session.execute(select(func.min(_D.c.on)).where(_DAYS, _D.c.on >= on, _D.c.on < before)).scalar_one()
    return day


def at(on: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The rows of `CellHistory` of a stored day."""
    return col(_H.since) <= on, col(_H.until) > on


def totals(session: Session, axis: str, key: str, first: date, until: date) -> dict[date, dict[int, int]]:
    """Units by stored day and cell, of a key of an axis of totals."""
    days: dict[date, dict[int, int]] = {}
    rows = select(_D.c.on, _D.c.cell, _D.c.units).where(_D.c.axis == axis, _D.c.key == key, _D.c.on.between(first, until))
    for on, cell, units in session.execute(rows.order_by(_D.c.on)):
        days.setdefault(on, {})[cell] = units
    return days


def between(session: Session, units: Select[Any], first: date, until: date) -> dict[date, dict[int, int]]:
    """The same of some rows of `CellHistory`, selected without columns: the units there are at first, and then what begins and ends.

    Days without such units are left out.
    """
    on = list(session.execute(select(_D.c.on).distinct().where(_DAYS, _D.c.on.between(first, until)).order_by(_D.c.on)).scalars())
    if not on:
        return {}
    cell, count = col(_H.cell), func.sum(col(_H.units))
    known = units.where(col(_H.since) <= on[-1], col(_H.until) > on[0])
    begins = case((col(_H.since) <= on[0], literal(on[0])), else_=col(_H.since)).label("day")
    steps: dict[date, list[int]] = {day: [0] * 8 for day in on}
    for sign, day, rows in ((1, begins, known), (-1, col(_H.until).label("day"), known.where(col(_H.until) <= on[-1]))):
        for changed, code, sum_ in session.execute(rows.add_columns(day, cell, count).group_by(day, cell)):
            steps[changed][code] += sign * int(sum_)
    every = accumulate(steps.values(), lambda before, step: [a + b for a, b in zip(before, step, strict=True)])
    return {day: dict(enumerate(cells)) for day, cells in zip(on, every, strict=True) if any(cells)}


def places_since(session: Session) -> date:
    """The day from which on sites and firmware are stored."""
    unknown = select(func.max(col(_H.until))).where(col(_H.site_id) == _NOT_STORED)
    day: date | None = session.execute(unknown).scalar_one()
    return day or BEGINNING
