"""What changes to some units can affect: `run_touched`, the units whose seats are allocated again, and `run_touched_line`, the lines.

A unit shares its serial with those a line could mean instead, and its seat with those that compete for it, they with others in turn: the
quantity of every place it reaches, every unit that reaches that place, the places those reach. What is beyond cannot change.

Tables are crossed in the order to go in, from the few to the many by index: SQLite keeps to it, PostgreSQL knows their sizes itself.
"""

from collections.abc import Collection

from musterroll.storage.accounts.tree import AccountHierarchy
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.reconciliation.unit_states import FACTS

_FACTS = f"{FACTS}, unit.merged_into_id IS NULL AS on_roll"
_VOICE = "LEFT JOIN unit_status ON unit_status.unit_id = unit.id"
_CHANGED = f"""
SELECT {_FACTS} FROM unit {_VOICE} LEFT JOIN site ON site.id = unit.site_id
WHERE unit.id IN (
  SELECT other.id FROM run_noted t JOIN unit mine ON mine.id = t.unit_id JOIN unit other ON other.serial_key = mine.serial_key)"""  # noqa: S608
# Where the changed units are, and where the last run found them.
_WHERE = """
SELECT product_id, site_id, account_id FROM run_changed
UNION
SELECT o.product_id, o.site_id, o.account_id FROM run_changed t CROSS JOIN unit_reconciliation o WHERE o.unit_id = t.unit_id"""
_WHERE_NEXT = "SELECT DISTINCT product_id, site_id, account_id FROM run_new"
_POOLS = """
SELECT DISTINCT l.place_id, l.product_id, l.scope FROM run_place p CROSS JOIN contract_line l
WHERE l.scope = p.scope AND l.place_id = p.place_id AND l.product_id = p.product_id AND NOT EXISTS (
  SELECT 1 FROM run_reached r WHERE r.scope = p.scope AND r.place_id = p.place_id AND r.product_id = p.product_id)"""
_NEW = "NOT EXISTS (SELECT 1 FROM run_touched t WHERE t.unit_id = unit.id)"
_REACHING = f"""
SELECT {_FACTS} FROM run_new_pool p CROSS JOIN unit CROSS JOIN site {_VOICE}
WHERE p.scope = 'site' AND unit.site_id = p.place_id AND {{scan}}unit.product_id = p.product_id AND site.id = unit.site_id AND {_NEW}
UNION
SELECT {_FACTS} FROM run_below p CROSS JOIN unit LEFT JOIN site ON site.id = unit.site_id {_VOICE}
WHERE unit.account_id = p.account_id AND {{scan}}unit.product_id = p.product_id AND {_NEW}
UNION
SELECT {_FACTS} FROM run_below p CROSS JOIN site CROSS JOIN unit {_VOICE}
WHERE site.account_id = p.account_id AND unit.site_id = site.id AND {{scan}}unit.account_id IS NULL
  AND {{scan}}unit.product_id = p.product_id AND {_NEW}"""  # noqa: S608
_LINES = """
SELECT l.id AS line_id, l.contract_id FROM run_reached r CROSS JOIN contract_line l
WHERE l.scope = r.scope AND l.place_id = r.place_id AND l.product_id = r.product_id
UNION
SELECT l.id, l.contract_id FROM run_touched t CROSS JOIN contract_line l
WHERE l.serial_key = t.serial_key AND {scan}l.scope = 'serial'"""
_POOL = {"place_id": int, "product_id": int, "scope": str}  # a place first: SQLite looks by it


def stage_reach(staging: Staging, unit_ids: Collection[int], tree: AccountHierarchy) -> list[int]:
    """Fill the two tables from the changed units. Returns the contracts of the lines."""
    staging.fill("run_noted", {"unit_id": int}, [(unit_id,) for unit_id in sorted(unit_ids)])
    staging.make("run_changed", _CHANGED, by="unit_id")
    staging.make("run_touched", "SELECT * FROM run_changed", by="unit_id")
    staging.fill("run_reached", _POOL, [])
    where = _WHERE
    while _spread(staging, where, tree):
        where = _WHERE_NEXT
    staging.make("run_touched_line", _LINES, by="line_id")
    return [row[0] for row in staging.rows("SELECT DISTINCT contract_id FROM run_touched_line")]


def _spread(staging: Staging, where: str, tree: AccountHierarchy) -> bool:
    """Go one step from where units are: to the places they reach and the units that reach those. Whether there were any."""
    places: set[tuple[int, int, str]] = set()
    for product, site, account in staging.rows(where):
        places |= {(site, product, "site")} if site else set()
        places |= {(account, product, "account")} if account else set()
        places |= {(above, product, "subtree") for above in tree.lineage(account or None)}
    staging.fill("run_place", _POOL, sorted(places))
    pools = staging.rows(_POOLS)
    if not pools:
        return False
    staging.fill("run_new_pool", _POOL, [tuple(row) for row in pools])
    staging.run("INSERT INTO run_reached SELECT place_id, product_id, scope FROM run_new_pool")
    staging.measure("run_reached")
    below = {(account, product) for account, product, scope in pools if scope == "account"}
    below |= {(subsidiary, product) for account, product, scope in pools if scope == "subtree" for subsidiary in tree.below(account)}
    staging.fill("run_below", {"account_id": int, "product_id": int}, sorted(below))
    staging.make("run_new", _REACHING, by="unit_id")
    staging.run("INSERT INTO run_touched SELECT * FROM run_new")
    staging.measure("run_touched")
    return True


def narrow(staging: Staging) -> None:
    """Of the units allocated again, keep those that changed and those whose quadrant or seat changed."""
    staging.make("run_looked", "SELECT unit_id FROM run_changed UNION SELECT unit_id FROM run_moved", by="unit_id")
    staging.run("DELETE FROM run_cell WHERE unit_id NOT IN (SELECT unit_id FROM run_looked)")
    staging.measure("run_cell")
