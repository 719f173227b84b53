"""What changes to some units can affect: `run_touched`, the units whose seats are allocated again, `run_changed` among them, and the lines.

A unit shares its serial with those a line could mean instead, and its seat with those that compete for it, they with others in turn: the
quantity of every place it reaches, every unit that reaches that place, the places those reach. What is beyond cannot change.

Nobody competes for a quantity that has more seats left than units of the run reach it. By the last run all who reached it and had no
nearer seat have one there, and keep it: those that the run does not reach stay where they are, and their seats count as taken.

Tables are crossed in the order to go in, from the few to the many by index: SQLite keeps to it, PostgreSQL knows their sizes itself.
"""

from collections import Counter
from collections.abc import Collection
from datetime import date
from typing import Any

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.findings.line_rules import unused_seats
from musterroll.storage.contracts import lines_in_force
from musterroll.storage.engine.columns import WORD, Columns, Relation
from musterroll.storage.reconciliation.cell_counters import OF_UNITS, STORED
from musterroll.storage.reconciliation.unit_states import COLUMNS, FACTS, JOINED

_CHANGED = f"""
WITH namesake(id) AS MATERIALIZED (
  SELECT DISTINCT other.id FROM {{units}} t CROSS JOIN unit mine CROSS JOIN unit other
  WHERE mine.id = t.id AND other.serial_key = mine.serial_key)
SELECT {FACTS} FROM namesake n CROSS JOIN unit {JOINED} WHERE unit.id = n.id"""  # noqa: S608
# Where the changed units are, and where the last run found them.
_WHERE = """
SELECT product_id, site_id, account_id, count(*) FROM (
  SELECT unit_id, product_id, site_id, account_id FROM run_changed
  UNION
  SELECT unit_id, product_id, nullif(site_id, 0), nullif(account_id, 0) FROM run_stored) places
GROUP BY ALL"""
# The units of the accounts in reach, and those whose serial a line of theirs names.
_OWNED = f"""
WITH owned(id) AS (
  SELECT id FROM unit WHERE account_id IN (SELECT account_id FROM reach)
  UNION ALL
  SELECT unit.id FROM site CROSS JOIN unit
  WHERE site.account_id IN (SELECT account_id FROM reach) AND unit.site_id = site.id AND unit.account_id IS NULL
  UNION ALL
  SELECT unit.id FROM contract c CROSS JOIN contract_line l CROSS JOIN unit
  WHERE c.account_id IN (SELECT account_id FROM reach) AND l.contract_id = c.id AND l.scope = 'serial'
    AND unit.serial_key = l.serial_key)
SELECT {FACTS} FROM unit {JOINED} WHERE unit.id IN (SELECT id FROM owned)"""  # noqa: S608
_SOLD = """
SELECT DISTINCT l.place_id, l.product_id, l.scope FROM contract c CROSS JOIN contract_line l
WHERE c.account_id IN (SELECT account_id FROM reach) AND l.contract_id = c.id AND l.scope <> 'serial'
  AND l.place_id IS NOT NULL AND l.product_id IS NOT NULL"""
_WHERE_OWNED = "SELECT product_id, site_id, account_id, count(*) FROM run_touched GROUP BY ALL"
_WHERE_NEXT = "SELECT product_id, site_id, account_id, count(*) FROM run_new GROUP BY ALL"
# The lines of the quantities that units at these places reach, and what the last run says of their unused seats. A contract that has
# ended and does not renew is not in force.
_POOLS = f"""
WITH RECURSIVE owner(account_id, product_id, units) AS (
  SELECT account_id, product_id, sum(units) FROM {{spots}} s WHERE account_id IS NOT NULL GROUP BY account_id, product_id),
above(account_id, product_id, units, owner_id) AS (
  SELECT account_id, product_id, units, account_id FROM owner
  UNION
  SELECT a.parent_id, b.product_id, b.units, b.owner_id FROM above b JOIN account a ON a.id = b.account_id WHERE a.parent_id IS NOT NULL),
place AS (
  SELECT 'site' AS scope, site_id AS place_id, product_id, sum(units) AS units FROM {{spots}} s WHERE site_id IS NOT NULL
  GROUP BY site_id, product_id
  UNION ALL SELECT 'account', account_id, product_id, units FROM owner
  UNION ALL SELECT 'subtree', account_id, product_id, sum(units) FROM above GROUP BY account_id, product_id)
SELECT l.place_id, l.product_id, l.scope, CAST(p.units AS bigint), l.id, c.account_id, f.facts
FROM place p CROSS JOIN contract_line l CROSS JOIN contract c LEFT JOIN finding f ON f.subject_id = l.id AND f.subject = 'line'
  AND f.kind = '{FindingKind.SOLD_NOT_PROVISIONED}' AND f.present
WHERE l.scope = p.scope AND l.place_id = p.place_id AND l.product_id = p.product_id AND c.id = l.contract_id
  AND (c.ends_on IS NULL OR c.ends_on > :on OR c.auto_renew)"""  # noqa: S608
_REACHING = f"""
WITH RECURSIVE below(account_id, product_id) AS (
  SELECT place_id, product_id FROM {{pools}} p WHERE scope = 'subtree'
  UNION
  SELECT a.id, b.product_id FROM below b JOIN account a ON a.parent_id = b.account_id),
owner AS (SELECT account_id, product_id FROM below UNION SELECT place_id, product_id FROM {{pools}} p WHERE scope = 'account')
SELECT {FACTS} FROM {{pools}} p CROSS JOIN unit {JOINED}
WHERE p.scope = 'site' AND unit.site_id = p.place_id AND {{scan}}unit.product_id = p.product_id
UNION ALL
SELECT {FACTS} FROM owner o CROSS JOIN unit {JOINED} WHERE unit.account_id = o.account_id AND {{scan}}unit.product_id = o.product_id
UNION ALL
SELECT {FACTS} FROM owner o CROSS JOIN site CROSS JOIN unit LEFT JOIN unit_status ON unit_status.unit_id = unit.id
WHERE site.account_id = o.account_id AND unit.site_id = site.id AND unit.account_id IS NULL AND {{scan}}unit.product_id = o.product_id"""  # noqa: S608
_ACCOUNTS = """
WITH RECURSIVE above(id, parent_id) AS (
  SELECT a.id, a.parent_id FROM {owners} o CROSS JOIN account a WHERE a.id = o.id
  UNION SELECT a.id, a.parent_id FROM above b CROSS JOIN account a WHERE a.id = b.parent_id)
SELECT id, parent_id FROM above"""
_LINES = """l.id IN (
  SELECT n.id FROM {pools} p CROSS JOIN contract_line n WHERE n.scope = p.scope AND n.place_id = p.place_id AND n.product_id = p.product_id
  UNION
  SELECT n.id FROM {serials} t CROSS JOIN contract_line n WHERE n.serial_key = t.serial_key AND {scan}n.scope = 'serial')"""
_LINES_SOLD = f"""{_LINES} OR l.contract_id IN (SELECT id FROM contract WHERE account_id IN (SELECT account_id FROM reach))"""  # noqa: S608
# Whom a line can mean that names a serial: also units that a run of some need not seat again.
HOLDERS = """
SELECT u.id AS unit_id, u.product_id, u.serial_key FROM {serials} t CROSS JOIN unit u
WHERE u.serial_key = t.serial_key AND u.merged_into_id IS NULL"""
# A line with unused seats: its other seats are taken, but for those that units of the run had.
_TAKEN = """
UPDATE run_row AS l SET taken = l.quantity - u.seats - coalesce(s.units, 0)
FROM run_unused u LEFT JOIN (SELECT line_id, count(*) AS units FROM run_stored GROUP BY line_id) s ON s.line_id = u.line_id
WHERE l.id = u.line_id"""
HOLDER = {"unit_id": "BIGINT", "product_id": "BIGINT", "serial_key": WORD}
_POOL = {"place_id": int, "product_id": int, "scope": str}
_SPOT = {"product_id": int, "site_id": int, "account_id": int, "units": int}
_Pool = tuple[Any, ...]


def read_reach(columns: Columns, on: date, unit_ids: Collection[int]) -> None:
    """Read the units, the accounts above them, the lines with their contracts, and whom lines can mean that name a serial."""
    columns.read("run_changed", _CHANGED, COLUMNS, units=unit_ids)
    columns.make("run_touched", "FROM run_changed")
    columns.read("run_stored", OF_UNITS, STORED, units=columns.ids("SELECT unit_id FROM run_changed"))
    pools = _Pools(columns, on)
    pools.read_rivals(_WHERE, sparing=True)
    if rivals := columns.ids("SELECT unit_id FROM run_touched WHERE unit_id NOT IN (SELECT unit_id FROM run_changed)"):
        columns.read_again("run_stored", OF_UNITS, STORED, "FALSE", units=rivals)
    _read_lines(columns, _LINES, pools.all())
    if unused := pools.unused():
        columns.fill("run_unused", {"line_id": "BIGINT", "seats": "BIGINT"}, unused)
        columns.run(_TAKEN)


def read_owned(columns: Columns, on: date) -> None:
    """The same of the units and contracts of the accounts in reach of a limited session."""
    columns.read("run_touched", _OWNED, COLUMNS)
    sold = {tuple(row) for row in columns.ask(_SOLD)}
    _read_reaching(columns, sold)
    pools = _Pools(columns, on, sold)
    pools.read_rivals(_WHERE_OWNED, sparing=False)
    _read_lines(columns, _LINES_SOLD, pools.all())


class _Pools:
    """The quantities that the units of a run reach: those whose units are all read, and others."""

    def __init__(self, columns: Columns, on: date, contested: Collection[_Pool] = ()) -> None:
        self._columns, self._on = columns, on
        self._contested = set(contested)
        self._units = Counter[_Pool]()  # of the run, that reach it
        self._lines: dict[_Pool, dict[int, int]] = {}  # and their unused seats

    def read_rivals(self, where: str, *, sparing: bool) -> None:
        """Read the units that compete for the quantities which units at some places reach, and so on; `sparing`: not of all quantities."""
        while spots := self._columns.rows(where):
            self._reach(spots)
            rivals = {pool for pool in self._units if not (sparing and self._roomy(pool))} - self._contested
            if not rivals:
                break
            self._contested |= rivals
            _read_reaching(self._columns, rivals)
            where = _WHERE_NEXT

    def _reach(self, spots: list[Any]) -> None:
        units: dict[_Pool, int] = {}
        for *place, number, line, account, facts in self._columns.ask(_POOLS, spots=Relation(_SPOT, spots), on=self._on):
            pool = tuple(place)
            units[pool] = number
            self._lines.setdefault(pool, {})[line] = unused_seats(facts) if facts and account else 0
        self._units.update(units)

    def _roomy(self, pool: _Pool) -> bool:
        """Whether every unit of the run gets a seat there that wants one. Of several lines the order of all units decides."""
        seats = list(self._lines[pool].values())
        return len(seats) == 1 and seats[0] >= self._units[pool]

    def all(self) -> set[_Pool]:
        return self._contested | self._units.keys()

    def unused(self) -> list[tuple[int, int]]:
        """The unused seats of each line whose units are not all read."""
        return [seats for pool in self._units.keys() - self._contested for seats in self._lines[pool].items()]


def _read_reaching(columns: Columns, pools: Collection[_Pool]) -> None:
    columns.read("run_reaching", _REACHING, COLUMNS, pools=Relation(_POOL, sorted(pools)))
    columns.make("run_new", "SELECT DISTINCT ON (unit_id) * FROM run_reaching WHERE unit_id NOT IN (SELECT unit_id FROM run_touched)")
    columns.run("INSERT INTO run_touched FROM run_new")


def _read_lines(columns: Columns, lines: str, pools: Collection[_Pool]) -> None:
    columns.make("run_unit", "FROM run_touched WHERE registered = 1")
    owners = columns.ids("SELECT DISTINCT account_id FROM run_unit WHERE account_id IS NOT NULL")
    columns.read("run_account", _ACCOUNTS, {"id": "BIGINT", "parent_id": "BIGINT"}, owners=owners)
    serials = Relation({"serial_key": str}, columns.rows("SELECT DISTINCT serial_key FROM run_touched"))
    lines_in_force.read_some(columns, lines, pools=Relation(_POOL, sorted(pools)), serials=serials)
    named = Relation({"serial_key": str}, columns.rows("SELECT DISTINCT serial_key FROM run_row WHERE scope = 'serial'"))
    columns.read("run_holder", HOLDERS, HOLDER, serials=named)


def narrow(columns: Columns) -> None:
    """Of the units allocated again, keep those that changed and those whose quadrant or seat changed."""
    columns.make("run_looked", "SELECT unit_id FROM run_changed UNION SELECT unit_id FROM run_moved")
    columns.run("DELETE FROM run_cell WHERE unit_id NOT IN (SELECT unit_id FROM run_looked)")
