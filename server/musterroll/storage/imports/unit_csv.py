"""Units as lines of a CSV file, written by the database: a list of a million is not to pass through Python cell by cell.

The lines are those that `usecases.imports.export` and the CSV writer make of the same units; a test holds the two together.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from musterroll.storage.engine.bulk import postgres
from musterroll.storage.tables.units import Unit


class _Dialect(NamedTuple):
    """As SQL: a detail of a unit, the day before a day, a value as text, and whether a text needs quotes."""

    detail: str
    day_before: str
    written: str
    special: str


_SQLITE = _Dialect("json_extract(unit.details, '$.{0}')", "date({0}, '-1 day')", "{0}", """{0} GLOB '*[",\r\n]*'""")
_POSTGRES = _Dialect("CAST(unit.details AS json) ->> '{0}'", "CAST({0} - 1 AS text)", "CAST({0} AS text)", """{0} ~ '[",\r\n]'""")
_FORMULA = "substr(ltrim({0}, ''''), 1, 1) IN ('=', '+', '-', '@', '\t', '\r', '\n')"  # as `api.http.lists.inert`
_OTHERS = {"maker": "product.maker", "model": "product.model", "kind": "product.kind", "account": "account.ref", "site": "site.ref"}
_TEXTS = ("serial", "asset_tag", "hostname", "host")
_END = "\r\n"
_LINES = """
SELECT max(unit.id), count(*), string_agg(concat({cells}), :line_end ORDER BY unit.id)
FROM (SELECT * FROM unit WHERE id > :after AND merged_into_id IS NULL ORDER BY id LIMIT :limit) unit
JOIN product ON product.id = unit.product_id
LEFT JOIN account ON account.id = unit.account_id
LEFT JOIN site ON site.id = unit.site_id"""


class CsvPage(NamedTuple):
    """Lines with their ends, and the row id of the last one; None: there are no further ones."""

    lines: str
    last: int | None


def page(session: Session, fields: Sequence[str], details: Sequence[str], after: int, limit: int) -> CsvPage:
    """At most `limit` units behind the row id `after`, with these fields, of which `details` are kept in one column."""
    cells = ", ',', ".join(_cells(_POSTGRES if postgres(session) else _SQLITE, fields, details))
    given = {"after": after, "limit": limit, "line_end": _END}
    last, count, lines = session.execute(text(_LINES.format(cells=cells)), given).one()
    return CsvPage(lines + _END if count else "", last if count == limit else None)


def _cells(dialect: _Dialect, fields: Sequence[str], details: Sequence[str]) -> Iterator[str]:
    columns = Unit.__table__.columns  # type: ignore[attr-defined]
    for name in fields:
        if name in details:
            yield f"CASE WHEN unit.details IS NOT NULL THEN {_text(dialect, f'({dialect.detail.format(name)})')} END"
        elif name in _OTHERS or name in _TEXTS:
            yield _text(dialect, _OTHERS.get(name, f"unit.{name}"))
        elif name in columns:
            yield (dialect.day_before if name.endswith("ends_on") else dialect.written).format(f"unit.{name}")
        else:
            yield "''"


def _text(dialect: _Dialect, value: str) -> str:
    """A text as a cell: inert where a spreadsheet would take it for a formula, in quotes where it needs them."""
    inert = f"CASE WHEN {_FORMULA.format(value)} THEN '''' ELSE '' END"
    quoted = f"""concat('"', {inert}, replace({value}, '"', '""'), '"')"""
    return f"CASE WHEN {value} IS NULL THEN '' WHEN {dialect.special.format(value)} THEN {quoted} ELSE concat({inert}, {value}) END"
