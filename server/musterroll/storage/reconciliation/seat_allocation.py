"""`domain.coverage.seat_allocation` as SQL, over the lines of `run_line` and the units of `run_unit`. A property test compares them.

Makes `run_named` (lines to the unit whose serial they name), `run_seat` (units on lines in force, one of them the main seat of the
unit) and `run_over` (units for which a pool had no seat left). A pool is all the quantity in force of one product at one place;
`run_queue` holds the candidates for its seats, and whether each got one. `run_account` are the accounts of the units with all above.
"""

from musterroll.storage.engine.columns import Columns

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
SELECT row_number() OVER (ORDER BY scope, place_id, product_id) AS id, scope, place_id, product_id,
  CAST(sum(quantity - taken) AS BIGINT) AS seats
FROM run_line WHERE in_force AND scope <> 'serial' AND place_id IS NOT NULL AND product_id IS NOT NULL
GROUP BY scope, place_id, product_id"""
_POOL_LINES = """
SELECT p.id AS pool_id, l.id AS line_id, l.ref, l.quantity,
  CAST(sum(l.quantity) OVER filled AS BIGINT) - l.quantity AS below, CAST(sum(l.quantity) OVER filled AS BIGINT) AS upto,
  row_number() OVER (PARTITION BY p.id ORDER BY l.ref DESC, l.id DESC) AS back
FROM run_pool p JOIN run_line l ON l.scope = p.scope AND l.place_id = p.place_id AND l.product_id = p.product_id
WHERE l.in_force AND l.scope <> 'serial'
WINDOW filled AS (PARTITION BY p.id ORDER BY l.ref, l.id ROWS UNBOUNDED PRECEDING)"""
_OF_ACCOUNTS = """
WITH RECURSIVE above(account_id, ancestor_id) AS (
  SELECT id, id FROM run_account
  UNION
  SELECT b.account_id, a.parent_id FROM above b JOIN run_account a ON a.id = b.ancestor_id WHERE a.parent_id IS NOT NULL),
depth AS (SELECT account_id, count(*) AS steps FROM above GROUP BY account_id)
SELECT place_id AS account_id, product_id, id AS pool_id, 1 AS level FROM run_pool WHERE scope = 'account'
UNION ALL
SELECT a.account_id, p.product_id, p.id, 2 + (SELECT max(steps) FROM depth) - d.steps
FROM run_pool p JOIN depth d ON d.account_id = p.place_id JOIN above a ON a.ancestor_id = p.place_id
WHERE p.scope = 'subtree'"""
_OPTIONS = """
WITH free AS (
  SELECT * FROM run_unit u WHERE (lifecycle = 'deployed' OR life = 1)
    AND NOT EXISTS (SELECT 1 FROM run_named n WHERE n.unit_id = u.unit_id AND n.in_force)),
reached AS (
  SELECT u.unit_id, p.id AS pool_id, 0 AS level, u.life = 1 AS operating, u.installed_on, u.serial_key
  FROM free u JOIN run_pool p ON p.scope = 'site' AND p.place_id = u.site_id AND p.product_id = u.product_id
  UNION ALL
  SELECT u.unit_id, p.pool_id, p.level, u.life = 1, u.installed_on, u.serial_key
  FROM free u JOIN run_account_pool p ON p.account_id = u.account_id AND p.product_id = u.product_id)
SELECT unit_id, pool_id, level,
  row_number() OVER (PARTITION BY pool_id ORDER BY operating DESC, installed_on NULLS LAST, serial_key, unit_id) AS place
FROM reached"""
_FILL = """
INSERT INTO run_queue
SELECT unit_id, pool_id, level, place, place <= p.seats FROM (
  SELECT o.unit_id, o.pool_id, o.level, row_number() OVER (PARTITION BY o.pool_id ORDER BY o.place) AS place
  FROM run_option o WHERE o.level = $level AND NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.unit_id = o.unit_id AND q.seated)) queue
JOIN run_pool p ON p.id = queue.pool_id"""
_SEATS = """
SELECT unit_id, line_id, line_id = max(line_id) OVER (PARTITION BY unit_id) AS chief FROM run_named WHERE in_force
UNION ALL
SELECT q.unit_id, l.line_id, TRUE FROM run_queue q
JOIN run_pool_line l ON l.pool_id = q.pool_id AND q.place > l.below AND q.place <= l.upto
WHERE q.seated"""
# A unit without a seat is over on the last line of the nearest pool it could have been in.
_OVER = """
SELECT o.unit_id, l.line_id FROM (
  SELECT unit_id, pool_id, row_number() OVER (PARTITION BY unit_id ORDER BY level) AS nearest FROM run_queue sent
  WHERE NOT seated AND NOT EXISTS (SELECT 1 FROM run_queue q WHERE q.unit_id = sent.unit_id AND q.seated)) o
JOIN run_pool_line l ON l.pool_id = o.pool_id AND l.back = 1
WHERE o.nearest = 1"""
_QUEUE = {**dict.fromkeys(("unit_id", "pool_id", "level", "place"), "BIGINT"), "seated": "BOOLEAN"}


def make_seats(columns: Columns) -> None:
    """Allocate seats to every unit of `run_unit`."""
    columns.make("run_named", _NAMED)
    columns.make("run_pool", _POOLS)
    columns.make("run_pool_line", _POOL_LINES)
    columns.make("run_account_pool", _OF_ACCOUNTS)
    columns.make("run_option", _OPTIONS)
    columns.fill("run_queue", _QUEUE, [])
    for (level,) in columns.rows("SELECT DISTINCT level FROM run_option ORDER BY level"):
        columns.run(_FILL, level=level)
    columns.make("run_seat", _SEATS)
    columns.make("run_over", _OVER)
