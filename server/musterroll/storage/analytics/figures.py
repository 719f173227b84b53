"""Tables of what the registry worked out and keeps: units by day and quadrant, findings, exposure."""

from musterroll.storage.analytics.table import COUNT, DAY, ID, INSTANT, TEXT, Column, Read, Table, amount, instant
from musterroll.storage.engine.columns import WORD

CELLS_BY_DAY = Table(
    "cells_by_day",
    "Registered units by day, account, product and quadrant, as known when each day ended. Add up `units`; the quadrants of a day sum to "
    "the units registered.",
    (
        Column("day", DAY, "day (UTC)"),
        Column("account_id", ID, "`accounts.account_id`; empty: units without one"),
        Column("product_id", ID, "`products.product_id`"),
        Column("cell", TEXT, "quadrant: one digit each for contracted, deployed, operating, such as `110`"),
        Column("units", COUNT, "number of units"),
        Column("year", ID, "year of `day`"),
    ),
    """
SELECT d.day, nullif(h.account, 0) AS account_id, h.product_id, lpad(bin(h.cell), 3, '0') AS cell, sum(h.units) AS units,
  year(d.day) AS year
FROM export_day d JOIN export_history h ON h.since <= d.day AND h.until > d.day
GROUP BY d.day, h.account, h.product_id, h.cell ORDER BY d.day, h.account, h.product_id, h.cell""",
    {
        "export_day": Read("SELECT DISTINCT 0 AS n, d.\"on\" AS day FROM day_total d WHERE d.axis = 'all'", {"n": "BIGINT", "day": "DATE"}),
        "export_history": Read(
            """
SELECT cell_history.account_id AS account, cell_history.product_id, cell_history.cell, sum(cell_history.units) AS units, cell_history.since,
  cell_history.until
FROM {cell_history}
GROUP BY cell_history.account_id, cell_history.product_id, cell_history.cell, cell_history.since, cell_history.until""",
            {**dict.fromkeys(("account", "product_id", "cell", "units"), "BIGINT"), "since": "DATE", "until": "DATE"},
        ),
    },
    ("year",),
)
FINDINGS = Table(
    "findings",
    "One row for each finding, as of the last reconciliation; resolved findings too.",
    (
        Column("finding_id", ID, "number of the finding"),
        Column("kind", TEXT, "kind of finding, such as `paid_but_silent`"),
        Column("state", TEXT, "`open`, `accepted`, `ignored` or `resolved` on the day of the export"),
        Column("unit_id", ID, "`units.unit_id`; empty: it is about a contract line"),
        Column("contract", TEXT, "of a finding about a line: number of the contract"),
        Column("line", TEXT, "of a finding about a line: number of the line"),
        Column("account_id", ID, "`accounts.account_id`; empty: none"),
        Column("first_seen_at", INSTANT, "when it was first seen"),
        Column("changed_at", INSTANT, "when its facts last changed"),
    ),
    f"""
SELECT f.id AS finding_id, f.kind, CASE WHEN NOT f.present THEN 'resolved'
    WHEN d.finding_id IS NULL OR d.facts <> f.facts OR d.until <= $on THEN 'open' ELSE d.state END AS state,
  CASE WHEN f.subject = 'unit' THEN f.subject_id END AS unit_id, c.ref AS contract, l.number AS line, f.account_id,
  {instant("f.first_seen_at")} AS first_seen_at, {instant("f.changed_at")} AS changed_at
FROM export_finding f
LEFT JOIN (SELECT * FROM export_decision QUALIFY row_number() OVER (PARTITION BY finding_id ORDER BY id DESC) = 1) d ON d.finding_id = f.id
LEFT JOIN run_row l ON f.subject = 'line' AND l.id = f.subject_id
LEFT JOIN run_contract c ON c.id = l.contract_id""",  # noqa: S608  our own
    {
        "export_finding": Read(
            """
SELECT finding.id, finding.subject_id, finding.account_id, finding.value, finding.first_seen_at, finding.changed_at, finding.kind,
  finding.subject, finding.present, finding.counted, finding.currency, finding.facts
FROM {finding}""",
            {
                **dict.fromkeys(("id", "subject_id", "account_id", "value", "first_seen_at", "changed_at"), "BIGINT"),
                **{"kind": WORD, "subject": WORD, "present": "BOOLEAN", "counted": "BOOLEAN", "currency": WORD, "facts": "VARCHAR"},
            },
        ),
        "export_decision": Read(
            "SELECT d.id, d.finding_id, d.state, d.until, d.facts FROM finding_decision d",
            {"id": "BIGINT", "finding_id": "BIGINT", "state": WORD, "until": "DATE", "facts": "VARCHAR"},
        ),
    },
    ("kind",),
)
FINDING_AMOUNTS = Table(
    "finding_amounts",
    "What findings are worth a year, one row for each currency. Findings without a price have none. Amounts of several currencies are not "
    "to be added.",
    (
        Column("finding_id", ID, "`findings.finding_id`"),
        Column("currency", TEXT, "code of the currency"),
        Column("value", "DECIMAL(18,4)", "a year"),
        Column("counted", "BOOLEAN", "false: another finding counts the same money, so leave it out of totals"),
    ),
    f"""
SELECT finding_id, currency, {amount("value")} AS value, counted FROM (
  SELECT id AS finding_id, currency, value, counted FROM export_finding WHERE value IS NOT NULL
  UNION ALL
  SELECT a.finding_id, a.currency, a.value, f.counted FROM export_amount a JOIN export_finding f ON f.id = a.finding_id) amounts""",  # noqa: S608
    {
        "export_amount": Read(
            "SELECT a.finding_id, a.currency, a.value FROM finding_amount a",
            {"finding_id": "BIGINT", "currency": WORD, "value": "BIGINT"},
        )
    },
)
EXPOSURE = Table(
    "exposure",
    "How long units operated, by month, product, age and cover. Divide incidents by it for rates. It is measured over the whole registry, "
    "so for people limited to some accounts it is empty.",
    (
        Column("month", DAY, "first day of the month"),
        Column("product_id", ID, "`products.product_id`"),
        Column("age", COUNT, "completed months since installation, else since the first report"),
        Column("cover", TEXT, "`none`, `warranty`, `contract` or `both`"),
        Column("unit_seconds", ID, "seconds of operation, added up over units"),
        Column("year", ID, "year of `month`"),
    ),
    """
SELECT *, ['none', 'warranty', 'contract', 'both'][covered + 1] AS cover, year(month) AS year
FROM export_exposure ORDER BY month, product_id, age, covered""",
    {
        "export_exposure": Read(
            """
SELECT exposure.product_id, exposure.month, exposure.age, exposure.cover AS covered, exposure.seconds AS unit_seconds FROM {exposure}""",
            {"product_id": "BIGINT", "month": "DATE", "age": "BIGINT", "covered": "BIGINT", "unit_seconds": "BIGINT"},
        )
    },
    ("year",),
)
