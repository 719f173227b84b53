"""Licences sold beside units provisioned and active, from the columns of a run: by segment, product and account, in any combination."""

from collections.abc import Sequence

from sqlmodel import Session

from musterroll.domain.installed_base.positions import Position, PositionKey, PositionRow, Positions
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness.states import reported_by_import_only_sql
from musterroll.storage.tables.enrolment import CredentialStatus

_DAY = 86_400_000  # ms
_AFTER = ", ".join(f"'{state}'" for state in of_stage(Stage.AFTER))
_OF_SOME = " AND unit.id IN (SELECT id FROM {units} t)"
_ACCOUNTS = "SELECT id, ref, segment FROM account"
_PRODUCTS = "SELECT id, maker, model, kind, licence_rule FROM product"
_LISTED = f"SELECT unit_id FROM unit_status WHERE {reported_by_import_only_sql()}"  # noqa: S608  our own
_PROVISIONED = f"""
SELECT unit.id AS unit_id, unit.account_id AS own_account_id, unit.cores, unit.host FROM unit
WHERE unit.merged_into_id IS NULL AND (unit.lifecycle = '{Lifecycle.DEPLOYED}' OR unit.lifecycle NOT IN ({_AFTER}) AND EXISTS (
  SELECT 1 FROM credential c WHERE c.unit_id = unit.id AND c.status = '{CredentialStatus.ACTIVE}'))"""  # noqa: S608
# Lines in force with the licences that units use; a line that names one unit only is about the product of that unit.
_SOLD = """
WITH used AS (
  SELECT s.line_id, max(c.product_id) AS product_id, count(*) FILTER (WHERE c.operating) AS active,
    count(*) FILTER (WHERE c.operating AND v.unit_id IS NOT NULL) AS listed, count(p.unit_id) AS provisioned
  FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id LEFT JOIN run_listed v ON v.unit_id = s.unit_id
  LEFT JOIN run_provisioned p ON p.unit_id = s.unit_id GROUP BY s.line_id)
SELECT l.account_id, coalesce(l.product_id, u.product_id) AS product_id, l.quantity AS sold, coalesce(u.active, 0) AS active,
  coalesce(u.listed, 0) AS listed, greatest(l.quantity - coalesce(u.provisioned, 0), 0) AS free
FROM run_line l LEFT JOIN used u ON u.line_id = l.id WHERE l.in_force"""
_SET_UP = """
SELECT c.account_id, c.product_id, c.cell < 4 AS uncovered, p.host, greatest(coalesce(p.cores, 1), 1) AS cores,
  CASE WHEN c.heard_at IS NOT NULL THEN greatest(($now - c.heard_at) // $day, 0) END AS back
FROM run_provisioned p JOIN run_cell c ON c.unit_id = p.unit_id WHERE {seen}"""
# The licences that the units of an account and product take: each, each host, or the cores of the hosts.
_TAKEN = """
WITH hosts AS (SELECT account_id, product_id, host, max(cores) AS cores FROM run_set_up WHERE host IS NOT NULL GROUP BY ALL),
of_hosts AS (SELECT account_id, product_id, count(*) AS hosts, sum(cores) AS cores FROM hosts GROUP BY ALL),
each AS (
  SELECT account_id, product_id, count(*) AS units, count(*) FILTER (uncovered) AS uncovered, count(*) FILTER (host IS NULL) AS alone,
    coalesce(sum(cores) FILTER (host IS NULL), 0) AS alone_cores
  FROM run_set_up GROUP BY ALL)
SELECT e.account_id, e.product_id, e.units, e.uncovered, CASE p.licence_rule
    WHEN 'host' THEN e.alone + coalesce(h.hosts, 0) WHEN 'core' THEN e.alone_cores + coalesce(h.cores, 0) ELSE e.units END AS licences
FROM each e JOIN run_product p ON p.id = e.product_id
LEFT JOIN of_hosts h ON h.account_id IS NOT DISTINCT FROM e.account_id AND h.product_id = e.product_id"""
# Where licences count by host or core, those of a customer and of its subsidiaries are one pool. What it has over or under is shown at
# the account that has the most units without a licence, or the most licences without a unit.
_BALANCE = """
WITH RECURSIVE up(id, top) AS (
  SELECT id, id FROM run_parent WHERE parent_id IS NULL OR parent_id NOT IN (SELECT id FROM run_parent)
  UNION ALL SELECT a.id, u.top FROM up u JOIN run_parent a ON a.parent_id = u.id),
both_sides AS (
  SELECT account_id, product_id, sold AS n FROM run_sold UNION ALL SELECT account_id, product_id, -licences FROM run_taken),
own AS (
  SELECT coalesce(u.top, b.account_id) AS top, b.account_id, b.product_id, sum(b.n) AS n
  FROM both_sides b JOIN run_product p ON p.id = b.product_id AND p.licence_rule <> 'unit' LEFT JOIN up u ON u.id = b.account_id
  GROUP BY ALL),
pooled AS (SELECT *, sum(n) OVER (PARTITION BY top, product_id) AS spare FROM own)
SELECT account_id, product_id, CAST(spare AS BIGINT) AS spare FROM pooled WHERE spare <> 0
QUALIFY row_number() OVER (PARTITION BY top, product_id ORDER BY CASE WHEN spare < 0 THEN n ELSE -n END, account_id) = 1"""
_GRAIN = """
WITH parts AS (
  SELECT account_id, product_id, sold, active, listed, 0 AS units, 0 AS licences, 0 AS over,
    CASE WHEN product_id IS NULL OR product_id IN (SELECT id FROM run_product WHERE licence_rule = 'unit') THEN free ELSE 0 END AS under,
    0 AS units_over FROM run_sold
  UNION ALL
  SELECT t.account_id, t.product_id, 0, 0, 0, t.units, t.licences, CASE WHEN p.licence_rule = 'unit' THEN t.uncovered ELSE 0 END, 0,
    CASE WHEN p.licence_rule = 'unit' THEN t.uncovered ELSE 0 END
  FROM run_taken t JOIN run_product p ON p.id = t.product_id
  UNION ALL
  SELECT account_id, product_id, 0, 0, 0, 0, 0, greatest(-spare, 0), greatest(spare, 0), 0 FROM run_balance)
SELECT coalesce(a.segment, '') AS segment, coalesce(p.maker, '') AS maker, coalesce(p.model, '') AS model, coalesce(a.ref, '') AS account,
  coalesce(p.kind, 'device') AS kind, coalesce(p.licence_rule, 'unit') AS rule, {sums}
FROM parts LEFT JOIN run_owner a ON a.id = parts.account_id LEFT JOIN run_product p ON p.id = parts.product_id GROUP BY ALL"""
_BACK = """
SELECT coalesce(a.segment, '') AS segment, coalesce(p.maker, '') AS maker, coalesce(p.model, '') AS model, coalesce(a.ref, '') AS account,
  coalesce(p.kind, 'device') AS kind, s.back, count(*) AS units
FROM run_set_up s LEFT JOIN run_owner a ON a.id = s.account_id JOIN run_product p ON p.id = s.product_id
WHERE s.back IS NOT NULL GROUP BY ALL"""
_NUMBERS = ("sold", "active", "listed", "units", "licences", "over", "under", "units_over")
_SUMS = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _NUMBERS)


def make(session: Session, columns: Columns, now: int) -> None:
    """Make `run_position` and `run_back` of a run at `now` (ms): the numbers, and the units by days since their last report."""
    narrow = limited(session)
    columns.read("run_owner", _ACCOUNTS, {"id": "BIGINT", "ref": "VARCHAR", "segment": "VARCHAR"})
    product = {"id": "BIGINT", "maker": "VARCHAR", "model": "VARCHAR", "kind": "VARCHAR", "licence_rule": "VARCHAR"}
    columns.read("run_product", _PRODUCTS, product)
    some = {"units": columns.ids("SELECT unit_id FROM run_cell")} if narrow else {}
    listed = {"units": columns.ids("SELECT DISTINCT unit_id FROM run_seat")} if narrow else {}
    columns.read("run_listed", _LISTED + _OF_SOME.replace("unit.id", "unit_id") * narrow, {"unit_id": "BIGINT"}, **listed)
    unit = {"unit_id": "BIGINT", "own_account_id": "BIGINT", "cores": "BIGINT", "host": "VARCHAR"}
    columns.read("run_provisioned", _PROVISIONED + _OF_SOME * narrow, unit, **some)
    columns.make("run_sold", _SOLD)
    columns.define(seen="p.own_account_id IN (SELECT account_id FROM reach)" if narrow else "TRUE", sums=_SUMS)
    columns.make("run_set_up", _SET_UP, now=now, day=_DAY)
    columns.make("run_taken", _TAKEN)
    columns.make("run_parent", f"FROM run_account{' WHERE id IN (SELECT account_id FROM reach)' if narrow else ''}")  # noqa: S608
    columns.make("run_balance", _BALANCE)
    columns.make("run_position", _GRAIN)
    columns.make("run_back", _BACK)


def positions(columns: Columns, by: Sequence[str], kind: str | None, most: int | None) -> Positions:
    """The table by these parts of its key, of products of one kind or of all; the `most` largest rows (None: all)."""
    chosen = "WHERE kind = $kind" if kind else "WHERE $kind IS NULL"
    keys = ", ".join(name if name in by else f"'' AS {name}" for name in PositionKey._fields)
    about = "kind, rule" if "model" in by else "'' AS kind, '' AS rule"
    grouped = f"SELECT {keys}, {about}, {_SUMS} FROM run_position {chosen} GROUP BY ALL HAVING sum(sold) + sum(units) + sum(over) > 0"  # noqa: S608
    columns.make("run_row", f"{grouped} ORDER BY sold DESC, units DESC, segment, maker, model, account", kind=kind)
    heard: dict[PositionKey, dict[int, int]] = {}
    limit = "" if most is None else f" LIMIT {most}"
    days = f"SELECT {keys}, back, CAST(sum(units) AS BIGINT) AS units FROM run_back {chosen} GROUP BY ALL"  # noqa: S608
    names = " AND ".join(f"d.{name} = r.{name}" for name in PositionKey._fields)
    columns.make("run_days", f"SELECT DISTINCT d.* FROM ({days}) d JOIN (FROM run_row{limit}) r ON {names}", kind=kind)  # noqa: S608
    for *key, back, units in columns.rows("FROM run_days ORDER BY ALL"):
        heard.setdefault(PositionKey(*key), {})[back] = units
    rows = []
    for segment, maker, model, account, of_kind, rule, *numbers in columns.rows(f"FROM run_row{limit}"):
        row_key = PositionKey(segment, maker, model, account)
        rows.append(PositionRow(row_key, of_kind, rule, Position._make([*numbers, heard.get(row_key, {})])))
    ((names_in_all,),) = columns.rows("SELECT count(*) FROM run_row")
    return Positions(_total(columns, chosen, kind), rows, names_in_all)


def kinds(columns: Columns) -> list[str]:
    """The kinds of products that have licences or units."""
    return [kind for (kind,) in columns.rows("SELECT DISTINCT kind FROM run_position ORDER BY kind")]


def _total(columns: Columns, chosen: str, kind: str | None) -> Position:
    ((*numbers,),) = columns.rows(f"SELECT {_SUMS} FROM run_position {chosen}", kind=kind)  # noqa: S608
    days = columns.rows(f"SELECT back, CAST(sum(units) AS BIGINT) FROM run_back {chosen} GROUP BY back ORDER BY back", kind=kind)  # noqa: S608
    return Position._make([*(number or 0 for number in numbers), dict(days)])
