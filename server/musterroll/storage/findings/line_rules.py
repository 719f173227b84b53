"""`domain.findings.line_rules` as SQL, over the tables of `storage.reconciliation`. A property test compares the two."""

from musterroll.domain.findings.kinds import FindingKind

_USE = """
SELECT l.id AS line_id, CASE WHEN l.scope = 'serial' THEN 1 ELSE l.quantity - l.taken END - coalesce(s.units, 0) AS left_over
FROM run_line l LEFT JOIN (SELECT line_id, count(*) AS units FROM run_seat GROUP BY line_id) s ON s.line_id = l.id
WHERE l.in_force"""
FINDINGS = f"""
SELECT '{FindingKind.SOLD_NOT_PROVISIONED}' AS kind, 'line' AS subject, l.id AS subject_id,
  l.fact || '\n' || u.left_over || ' left over' AS facts, '' AS variant, l.account_id,
  l.price * u.left_over AS value, coalesce(l.currency, '') AS currency, TRUE AS counted
FROM ({_USE}) u JOIN run_line l ON l.id = u.line_id WHERE u.left_over > 0
UNION ALL
SELECT '{FindingKind.OVER_QUANTITY}', 'line', l.id, l.fact || '\n' || o.units || ' over', '', l.account_id, l.price * o.units,
  coalesce(l.currency, ''), FALSE
FROM (SELECT line_id, count(*) AS units FROM run_over GROUP BY line_id) o JOIN run_line l ON l.id = o.line_id
UNION ALL
SELECT '{FindingKind.LINE_WITHOUT_ACCOUNT}', 'line', id, fact || '\nno account', '', account_id, price * quantity,
  coalesce(currency, ''), FALSE
FROM run_line WHERE in_force AND account_id IS NULL"""  # noqa: S608
