"""How much lifetime counters grow per week, compared with their usual growth (a moving average)."""

from sqlmodel import Session, text

WEEK = 7 * 86_400_000  # ms
_LEAST = 3 * 86_400_000  # ms between two readings; less gives no usable rate

# The growth of each counter per week since its last reading; one that runs backwards was reset in between.
# CROSS JOIN fixes the order on SQLite, which would begin with all deployed units.
_GROWTH = f"""
counter AS (
  SELECT unit_id, 'operating' AS name, CAST(operating AS DOUBLE PRECISION) AS value FROM unit_status
  WHERE unit_id > :after AND unit_id <= :upto AND operating IS NOT NULL
  UNION ALL SELECT unit_id, name, value FROM unit_usage WHERE unit_id > :after AND unit_id <= :upto AND name <> 'operating'),
grown AS (
  SELECT c.unit_id, c.name, c.value, a.weeks, a.usual, a.latest,
    (CASE WHEN c.value >= a.value THEN c.value - a.value ELSE c.value END) * {WEEK}.0 / (:at - a.at) AS week
  FROM counter c CROSS JOIN activity a WHERE a.unit_id = c.unit_id AND a.name = c.name AND :at - a.at >= {_LEAST})"""  # noqa: S608
# Recorded once, when a decline begins: operating units in the field, one event for each site and counter.
_DECLINING = text(f"""
WITH {_GROWTH}
INSERT INTO event (kind, at, account_id, site_id, units, serial, uid, variant, currency, detail)
SELECT 'declining', :at, u.account_id, u.site_id, count(*), min(u.serial), min(u.uid), substr(g.name, 1, 32), '', ''
FROM grown g CROSS JOIN unit u CROSS JOIN unit_status v
WHERE u.id = g.unit_id AND v.unit_id = g.unit_id AND g.weeks >= 4 AND g.usual > 0 AND g.week < 0.5 * g.usual AND g.latest >= 0.5 * g.usual
  AND u.lifecycle = 'deployed' AND u.merged_into_id IS NULL AND v.stale_since IS NULL AND v.held_at IS NULL
GROUP BY u.account_id, u.site_id, g.name""")  # noqa: S608
_UPDATE = text(f"""
WITH {_GROWTH}
UPDATE activity AS a SET at = :at, value = g.value, latest = g.week, weeks = g.weeks + 1,
  usual = CASE WHEN g.weeks = 0 THEN g.week ELSE g.usual + 0.3 * (g.week - g.usual) END
FROM grown g WHERE g.unit_id = a.unit_id AND g.name = a.name""")  # noqa: S608
_INSERT = text(f"""
WITH {_GROWTH}
INSERT INTO activity (unit_id, name, at, value, weeks, usual, latest)
SELECT unit_id, name, :at, value, 0, 0, 0 FROM counter WHERE TRUE ON CONFLICT (unit_id, name) DO NOTHING""")  # noqa: S608
_UPTO = text("SELECT max(id) FROM (SELECT id FROM unit WHERE id > :after ORDER BY id LIMIT :limit) AS chosen")


def measure(session: Session, after: int, limit: int, at: int) -> int | None:
    """Read the counters of the next units after row `after`, at an instant (ms): record declines, then update the usual growth.

    Returns the last row that was read; None if there was none.
    """
    upto: int | None = session.execute(_UPTO, {"after": after, "limit": limit}).scalar()
    if upto is not None:
        for statement in (_DECLINING, _UPDATE, _INSERT):
            session.execute(statement, {"after": after, "upto": upto, "at": at})
    return upto
