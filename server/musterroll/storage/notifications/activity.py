"""How lifetime counters grow from week to week, beside how they usually do: `domain.signals.smoothed` and `declining` as SQL."""

from sqlmodel import Session, text

WEEK = 7 * 86_400_000  # ms
_LEAST = 3 * 86_400_000  # ms between two readings that say anything

# The counters of units, and how much each grew in a week since it was read last; one that runs backwards was set to nought meanwhile.
# Crossed in the order to go in, from the counters of these units on: SQLite would begin with all units that are deployed.
_GROWN = f"""
counter AS (
  SELECT unit_id, 'operating' AS name, CAST(operating AS DOUBLE PRECISION) AS value FROM unit_status
  WHERE unit_id > :after AND unit_id <= :upto AND operating IS NOT NULL
  UNION ALL SELECT unit_id, name, value FROM unit_usage WHERE unit_id > :after AND unit_id <= :upto AND name <> 'operating'),
grown AS (
  SELECT c.unit_id, c.name, c.value, a.weeks, a.usual, a.latest,
    (CASE WHEN c.value >= a.value THEN c.value - a.value ELSE c.value END) * {WEEK}.0 / (:at - a.at) AS week
  FROM counter c CROSS JOIN activity a WHERE a.unit_id = c.unit_id AND a.name = c.name AND :at - a.at >= {_LEAST})"""  # noqa: S608
# Told once, when it begins: units in the field that are heard, of one place and counter together.
_DECLINING = text(f"""
WITH {_GROWN}
INSERT INTO event (kind, at, account_id, site_id, units, serial, uid, variant, currency, detail)
SELECT 'declining', :at, u.account_id, u.site_id, count(*), min(u.serial), min(u.uid), substr(g.name, 1, 32), '', ''
FROM grown g CROSS JOIN unit u CROSS JOIN unit_status v
WHERE u.id = g.unit_id AND v.unit_id = g.unit_id AND g.weeks >= 4 AND g.usual > 0 AND g.week < 0.5 * g.usual AND g.latest >= 0.5 * g.usual
  AND u.lifecycle = 'deployed' AND u.merged_into_id IS NULL AND v.stale_since IS NULL AND v.held_at IS NULL
GROUP BY u.account_id, u.site_id, g.name""")  # noqa: S608
_LEARN = text(f"""
WITH {_GROWN}
UPDATE activity AS a SET at = :at, value = g.value, latest = g.week, weeks = g.weeks + 1,
  usual = CASE WHEN g.weeks = 0 THEN g.week ELSE g.usual + 0.3 * (g.week - g.usual) END
FROM grown g WHERE g.unit_id = a.unit_id AND g.name = a.name""")  # noqa: S608
_MEET = text(f"""
WITH {_GROWN}
INSERT INTO activity (unit_id, name, at, value, weeks, usual, latest)
SELECT unit_id, name, :at, value, 0, 0, 0 FROM counter WHERE TRUE ON CONFLICT (unit_id, name) DO NOTHING""")  # noqa: S608
_UPTO = text("SELECT max(id) FROM (SELECT id FROM unit WHERE id > :after ORDER BY id LIMIT :limit) AS chosen")


def read(session: Session, after: int, limit: int, at: int) -> int | None:
    """Read the counters of the next units behind row `after`, at an instant (ms): what fell is noticed, then what is usual is learnt.

    Returns the last row that was read; None where there was none.
    """
    upto: int | None = session.execute(_UPTO, {"after": after, "limit": limit}).scalar()
    if upto is not None:
        for statement in (_DECLINING, _LEARN, _MEET):
            session.execute(statement, {"after": after, "upto": upto, "at": at})
    return upto
