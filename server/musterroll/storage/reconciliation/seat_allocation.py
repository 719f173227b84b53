"""`domain.coverage.seat_allocation` as SQL, over the lines of `run_line` and the units of `run_unit`. A property test compares them.

Makes `run_named` (lines to the unit whose serial they name), `run_seat` (units on lines in force, one of them the main seat of the
unit) and `run_over` (units for which a pool had no seat left). A pool is all the quantity in force of one product at one place;
`run_queue` holds the candidates for its seats, and whether each got one.
"""

from collections.abc import Iterator

from musterroll.storage.accounts.tree import AccountHierarchy
from musterroll.storage.engine.temp_tables import Staging

# Where two makers share the serial, the line's product decides, or nobody gets it.
_NAMED = """
SELECT line_id, unit_id, in_force, ends, ref FROM (
  SELECT l.id AS line_id, u.unit_id, l.in_force, l.ends, l.ref, l.product_id = u.product_id AS alike,
    count(*) OVER one AS holders, sum(CASE WHEN l.product_id = u.product_id THEN 1 ELSE 0 END) OVER one AS alikes
  FROM run_line l JOIN {holders} u ON u.serial_key = l.serial_key
  WHERE l.scope = 'serial'
  WINDOW one AS (PARTITION BY l.id)) held
WHERE holders = 1 OR (alikes = 1 AND alike)"""
# Level: what is filled first. Sites are 0, accounts 1, subtrees from 2 on, the deepest account first.
_POOLS = """
SELECT row_number() OVER (ORDER BY scope, place_id, product_id) AS id, scope, place_id, product_id, sum(quantity) AS seats
FROM run_line WHERE in_force AND scope <> 'serial' AND place_id IS NOT NULL AND product_id IS NOT NULL
GROUP BY scope, place_id, product_id"""
_POOL_LINES = """
SELECT p.id AS pool_id, l.id AS line_id, l.ref, l.quantity,
  sum(l.quantity) OVER filled - l.quantity AS below, sum(l.quantity) OVER filled AS upto,
  row_number() OVER (PARTITION BY p.id ORDER BY l.ref DESC, l.id DESC) AS back
FROM run_pool p JOIN run_line l ON l.scope = p.scope AND l.place_id = p.place_id AND l.product_id = p.product_id
WHERE l.in_force AND l.scope <> 'serial'
WINDOW filled AS (PARTITION BY p.id ORDER BY l.ref, l.id ROWS UNBOUNDED PRECEDING)"""
_OF_ACCOUNTS = """
SELECT place_id AS account_id, product_id, id AS pool_id, 1 AS level FROM run_pool WHERE scope = 'account'
UNION ALL
SELECT a.account_id, p.product_id, p.id, 2 + a.rise FROM run_pool p JOIN run_above a ON a.ancestor_id = p.place_id
WHERE p.scope = 'subtree'"""
# Crossed, which SQLite takes as the order to go in: from units to pools by index. The other way it reads all units for each pool.
_OPTIONS = """
WITH reached AS (
  SELECT u.*, p.id AS pool_id, 0 AS level FROM run_unit u CROSS JOIN run_pool p
  WHERE p.scope = 'site' AND p.place_id = u.site_id AND p.product_id = u.product_id
  UNION ALL
  SELECT u.*, p.pool_id, p.level FROM run_unit u CROSS JOIN run_account_pool p
  WHERE p.account_id = u.account_id AND p.product_id = u.product_id)
SELECT unit_id, pool_id, level,
  row_number() OVER (PARTITION BY pool_id ORDER BY operating DESC, installed_on NULLS LAST, serial_key, unit_id) AS place
FROM reached r
WHERE (lifecycle = 'deployed' OR operating) AND NOT EXISTS (SELECT 1 FROM run_named n WHERE n.unit_id = r.unit_id AND n.in_force)"""
_FILL = """
INSERT INTO run_queue
SELECT unit_id, pool_id, level, place, CASE WHEN place <= p.seats THEN 1 ELSE 0 END FROM (
  SELECT o.unit_id, o.pool_id, o.level, row_number() OVER (PARTITION BY o.pool_id ORDER BY o.place) AS place
  FROM run_option o WHERE o.level = :level AND NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.unit_id = o.unit_id AND q.seated = 1)) queue
JOIN run_pool p ON p.id = queue.pool_id"""
_SEATS = """
SELECT unit_id, line_id, line_id = max(line_id) OVER (PARTITION BY unit_id) AS chief FROM run_named WHERE in_force
UNION ALL
SELECT q.unit_id, l.line_id, TRUE FROM run_queue q
JOIN run_pool_line l ON l.pool_id = q.pool_id AND q.place > l.below AND q.place <= l.upto
WHERE q.seated = 1"""
# A unit without a seat is over on the last line of the nearest pool it could have been in.
_OVER = """
SELECT o.unit_id, l.line_id FROM (
  SELECT unit_id, pool_id, row_number() OVER (PARTITION BY unit_id ORDER BY level) AS nearest FROM run_queue sent
  WHERE seated = 0 AND NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.unit_id = sent.unit_id AND q.seated = 1)) o
JOIN run_pool_line l ON l.pool_id = o.pool_id AND l.back = 1
WHERE o.nearest = 1"""


def stage_seats(staging: Staging, tree: AccountHierarchy) -> None:
    """Allocate seats to every unit of `run_unit`."""
    staging.make("run_named", _NAMED, by="unit_id")
    staging.make("run_pool", _POOLS, by="scope, place_id, product_id")
    staging.make("run_pool_line", _POOL_LINES, by="pool_id")
    headed = {row[0] for row in staging.rows("SELECT DISTINCT place_id FROM run_pool WHERE scope = 'subtree'")}
    staging.fill("run_above", {"ancestor_id": int, "account_id": int, "rise": int}, list(_above(headed, tree)))
    staging.make("run_account_pool", _OF_ACCOUNTS, by="account_id, product_id")
    staging.make("run_option", _OPTIONS, by="unit_id")
    staging.fill("run_queue", dict.fromkeys(("unit_id", "pool_id", "level", "place", "seated"), int), [])
    for (level,) in staging.rows("SELECT DISTINCT level FROM run_option ORDER BY level"):
        staging.run(_FILL, level=level)
        staging.measure("run_queue")
    staging.make("run_seat", _SEATS, by="unit_id")
    staging.make("run_over", _OVER, by="line_id")


def _above(headed: set[int], tree: AccountHierarchy) -> Iterator[tuple[int, int, int]]:
    """Each of `headed` with every account below it (or being it), and how high up it is: the deepest is 0."""
    depth = {account: tree.depth(account) for account in headed}
    deepest = max(depth.values(), default=0)
    for ancestor in headed:
        for account in tree.below(ancestor):
            yield ancestor, account, deepest - depth[ancestor]
