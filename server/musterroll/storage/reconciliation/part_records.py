"""The records of a part of a whole run: the units of some accounts and products, all lines that can concern them, and whom these name.

Lines of a quantity are where the quantity is. A line that names a serial is where its unit is; one that names the serial of several units
is in each of their parts, and its findings are in the first one's.

Accounts and products are written into the SQL: PostgreSQL looks for them while it reads a table in parallel. A temporary table would
prevent that.
"""

from collections.abc import Collection, Iterable, Sequence

from musterroll.domain.reconciliation.parts import Share
from musterroll.storage.contracts import lines_in_force
from musterroll.storage.engine.columns import WORD, Columns, Relation
from musterroll.storage.reconciliation.affected_units import HOLDER, HOLDERS
from musterroll.storage.reconciliation.unit_states import COLUMNS, FACTS, JOINED

_UNITS = f"SELECT {FACTS} FROM unit {JOINED} WHERE unit.merged_into_id IS NULL AND {{near}} AND {{units}}"  # noqa: S608
_SERIALS = "SELECT id, serial_key FROM contract_line WHERE scope = 'serial'"
_NAMING = """
SELECT id FROM run_serial
WHERE serial_key IN (SELECT serial_key FROM run_unit) OR coalesce(serial_key, '') IN (SELECT serial_key FROM run_of_none)"""
_LINES = """
l.id IN (SELECT id FROM run_naming) OR l.id IN (
  SELECT n.id FROM contract_line n LEFT JOIN site ON n.scope = 'site' AND site.id = n.place_id
  LEFT JOIN account a ON a.id = CASE WHEN n.scope = 'site' THEN site.account_id ELSE n.place_id END
  WHERE n.scope <> 'serial' AND {places})"""
_HOLDERS = """
SELECT unit_id, product_id, serial_key FROM run_unit WHERE serial_key NOT IN (SELECT serial_key FROM run_of_several)
UNION ALL FROM run_of_several_units"""
# Of lines that name the serial of several units, those whose findings are not for this part.
_ELSEWHERE = """
SELECT l.id FROM run_row l
JOIN (SELECT serial_key, min(unit_id) AS unit_id FROM run_of_several_units GROUP BY serial_key) h ON h.serial_key = l.serial_key
WHERE l.scope = 'serial' AND h.unit_id NOT IN (SELECT unit_id FROM run_unit)"""
_SERIAL = {"serial_key": "VARCHAR"}


def near(shares: Sequence[Share]) -> str:
    """The condition that a row of `unit` may be in one of these shares: quick, as its site is not looked at."""
    return f"(unit.account_id IS NULL OR {_among('unit.account_id', (account for share in shares for account in share.accounts))})"


def read(columns: Columns, shares: Sequence[Share], of_several: Collection[str], of_none: Collection[str]) -> None:
    """Read what a whole run reads, of these shares. The serials as for `parts.Work`."""
    units = _within(shares, "coalesce(unit.account_id, site.account_id, 0)", "unit.product_id")
    columns.define(near=near(shares), units=units, places=_within(shares, "coalesce(a.id, 0)", "coalesce(n.product_id, 0)"))
    columns.read("run_unit", _UNITS, COLUMNS)
    columns.read("run_account", "SELECT id, parent_id FROM account", {"id": "BIGINT", "parent_id": "BIGINT"})
    columns.read("run_serial", _SERIALS, {"id": "BIGINT", "serial_key": WORD})
    columns.fill("run_of_none", _SERIAL, [(serial,) for serial in of_none])
    columns.send_temporary("run_naming", {"id": "BIGINT"}, _NAMING)
    lines_in_force.read_some(columns, _LINES)
    _read_holders(columns, of_several)


def _within(shares: Iterable[Share], account: str, product: str) -> str:
    return f"({' OR '.join(f'({_among(account, share.accounts)} AND {_among(product, share.products)})' for share in shares)})"


def _among(column: str, values: Iterable[int]) -> str:
    """The braces are doubled: this goes through `Columns.define`."""
    return f"{column} = ANY(CAST('{{{{{','.join(map(str, values))}}}}}' AS bigint[]))"


def _read_holders(columns: Columns, of_several: Collection[str]) -> None:
    columns.fill("run_of_several", _SERIAL, [(serial,) for serial in of_several])
    rows = columns.rows("SELECT serial_key FROM run_of_several WHERE serial_key IN (SELECT serial_key FROM run_unit)")
    columns.read("run_of_several_units", HOLDERS, HOLDER, serials=Relation({"serial_key": str}, rows))
    columns.make("run_holder", _HOLDERS)
    columns.define(holders="run_holder")


def drop_lines_of_others(columns: Columns) -> None:
    """Of the findings, remove those of lines that another part finds."""
    columns.run(f"DELETE FROM run_finding WHERE subject = 'line' AND subject_id IN ({_ELSEWHERE})")  # noqa: S608
