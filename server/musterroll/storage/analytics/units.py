"""Tables of units: what they are, how their state changed, when they are covered, and their incidents.

They are made beside a reconciliation of the same moment, which has read units, contracts and lines.
"""

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.analytics.table import COUNT, DAY, ID, INSTANT, TEXT, Column, Read, Table, amount, instant
from musterroll.storage.engine.columns import WORD

_UNIT = Column("unit_id", ID, "the unit: `units.unit_id`")
UNITS = Table(
    "units",
    "One row for each registered unit, as it is at the moment of the export. Units merged into others are left out.",
    (
        Column("unit_id", ID, "number of the unit in these tables"),
        Column("uid", TEXT, "ID of the unit in addresses, topics and REST"),
        Column("serial", TEXT, "serial number as written"),
        Column("product_id", ID, "`products.product_id`"),
        Column("account_id", ID, "`accounts.account_id` of the unit, else of its site; empty: none"),
        Column("site_id", ID, "`sites.site_id`; empty: none"),
        Column("lifecycle", TEXT, ", ".join(f"`{stage}`" for stage in Lifecycle)),
        Column("liveness", TEXT, "`never_heard`, `operating`, `late`, `quiet`, `stale`, `held` or `unknown`"),
        Column("cell", TEXT, "quadrant: one digit each for contracted, deployed, operating, such as `110`"),
        Column("shipped_on", DAY, "as records say"),
        Column("installed_on", DAY, "as records say"),
        Column("registered_on", DAY, "day of the customer's registration, as records say"),
        Column("purchased_on", DAY, "as records say"),
        Column("asset_tag", TEXT, "the customer's own label"),
        Column("hostname", TEXT, "as records say"),
        Column("firmware", TEXT, "as last reported"),
        Column("first_heard_at", INSTANT, "first report"),
        Column("heard_at", INSTANT, "last report, by the registry's clock"),
        Column("stale_since", INSTANT, "when it became stale; empty: it is not"),
    ),
    f"""
SELECT m.*, c.account_id, c.site_id, c.product_id, c.lifecycle, lpad(bin(c.cell), 3, '0') AS cell,
  {instant("m.first_heard")} AS first_heard_at, {instant("c.heard_at")} AS heard_at, {instant("m.stale")} AS stale_since
FROM export_unit m JOIN run_cell c USING (unit_id)""",  # noqa: S608  our own
    {
        "export_unit": Read(
            """
SELECT unit.id AS unit_id, unit.uid, {live} AS liveness, unit.shipped_on, unit.installed_on, unit.registered_on, unit.purchased_on,
  unit_status.first_heard_at AS first_heard, unit_status.stale_since AS stale,
  unit.serial, unit.asset_tag, unit.hostname, unit.firmware
FROM {unit} LEFT JOIN unit_status ON unit_status.unit_id = unit.id WHERE unit.merged_into_id IS NULL""",
            {
                **{"unit_id": "BIGINT", "uid": WORD, "liveness": WORD, "shipped_on": "DATE", "installed_on": "DATE"},
                **{"registered_on": "DATE", "purchased_on": "DATE", "first_heard": "BIGINT", "stale": "BIGINT"},
                **{"serial": "VARCHAR", "asset_tag": "VARCHAR", "hostname": "VARCHAR", "firmware": "VARCHAR"},
            },
        )
    },
    ("lifecycle",),
)
# A change that was recorded later, for the same time or before, overrules this one.
STATES = Table(
    "states",
    "The states of each unit, one row from each change to the next. Overruled and withdrawn changes are left out.",
    (
        _UNIT,
        Column("axis", TEXT, "`lifecycle` or `liveness`"),
        Column("state", TEXT, "a value of that axis"),
        Column("since", INSTANT, "when it became so"),
        Column("until", INSTANT, "when it ended; empty: it lasts"),
        Column("cause", TEXT, "what made it so"),
        Column("year", ID, "year (UTC) of `since`"),
    ),
    f"""
WITH effective AS (
  SELECT c.*, coalesce(min(ms) OVER (PARTITION BY c.unit_id, axis ORDER BY id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) <= ms,
    FALSE) AS overruled
  FROM export_state c JOIN export_unit USING (unit_id)),
lasting AS (
  SELECT *, lead(ms) OVER (PARTITION BY unit_id, axis ORDER BY ms, id) AS ended FROM effective WHERE NOT overruled)
SELECT unit_id, axis, state, {instant("ms")} AS since, {instant("ended")} AS until, cause, year(epoch_ms(ms)) AS year FROM lasting""",  # noqa: S608
    {
        "export_state": Read(
            """
SELECT t.id, t.unit_id, t.at AS ms, t.axis, t.new AS state, t.cause FROM unit_state_change t
WHERE t.withdrawn_at IS NULL AND t.axis IN ('lifecycle', 'liveness')""",
            {"id": "BIGINT", "unit_id": "BIGINT", "ms": "BIGINT", "axis": WORD, "state": "VARCHAR", "cause": "VARCHAR"},
        )
    },
    ("axis", "year"),
)
COVERAGE = Table(
    "coverage",
    "When each unit is covered: one row for each warranty period, and for each contract line that the unit is assigned to at the moment of "
    "the export or that names its serial. Days are calendar days of the unit's site.",
    (
        _UNIT,
        Column("kind", TEXT, "`warranty` or `contract`"),
        Column("starts_on", DAY, "first day"),
        Column("last_day", DAY, "last day; empty: no end. Of a contract that renews, the last day of its present term"),
        Column("in_force", "BOOLEAN", "covers the day of the export"),
        Column("period", TEXT, "of a warranty: `standard`, `extended`, `repair` or `inherited`"),
        Column("rule", TEXT, "of a warranty: the rule that began it, such as `installed`"),
        Column("contract", TEXT, "number of the contract"),
        Column("line", TEXT, "number of the contract line"),
        Column("scope", TEXT, "of a line: `serial`, `site`, `account` or `subtree`"),
    ),
    """
WITH lines AS (
  SELECT unit_id, line_id FROM run_named UNION SELECT unit_id, line_id FROM run_seat),
spans AS (
  SELECT unit_id, 'warranty' AS kind, starts_on, least(ends_on, voided_on) AS ends, kind AS period, rule,
    NULL AS contract, NULL AS line, NULL AS scope
  FROM export_warranty
  UNION ALL
  SELECT s.unit_id, 'contract', greatest(c.starts_on, r.starts_on), CASE WHEN l.in_force THEN l.until ELSE l.ends END, NULL, NULL,
    c.ref, r.number, r.scope
  FROM lines s JOIN run_line l ON l.id = s.line_id JOIN run_row r ON r.id = s.line_id JOIN run_contract c ON c.id = r.contract_id)
SELECT s.* EXCLUDE (ends), ends - 1 AS last_day, starts_on <= $on AND (ends IS NULL OR ends > $on) AS in_force
FROM spans s JOIN export_unit USING (unit_id) WHERE ends IS NULL OR ends > starts_on""",
    {
        "export_warranty": Read(
            "SELECT p.unit_id, p.kind, p.starts_on, p.ends_on, p.voided_on, p.rule FROM warranty_period p",
            {"unit_id": "BIGINT", "kind": WORD, "starts_on": "DATE", "ends_on": "DATE", "voided_on": "DATE", "rule": "VARCHAR"},
        )
    },
    ("kind",),
)
INCIDENTS = Table(
    "incidents",
    "One row for each support ticket.",
    (
        Column("incident_id", ID, "number of the incident in these tables"),
        Column("number", TEXT, "number of the ticket in its own system"),
        Column("unit_id", ID, "`units.unit_id`; empty: no unit is known for it"),
        Column("account_id", ID, "`accounts.account_id` as the ticket names it; empty: none"),
        Column("opened_on", DAY, "day it was opened"),
        Column("closed_on", DAY, "day it was closed; empty: open"),
        Column("category", TEXT, "as the ticket says"),
        Column("hours", "DECIMAL(18,4)", "handling time"),
        Column("parts", COUNT, "parts used"),
        Column("year", ID, "year of `opened_on`"),
    ),
    f"""
SELECT id AS incident_id, ref AS number, i.* EXCLUDE (hours), {amount("i.hours")} AS hours, year(opened_on) AS year
FROM export_incident i ORDER BY id""",  # noqa: S608
    {
        "export_incident": Read(
            """
SELECT incident.id, coalesce(unit.merged_into_id, unit.id) AS unit_id, incident.account_id, incident.opened_on, incident.closed_on,
  incident.hours, incident.parts, incident.ref, incident.category
FROM {incident} LEFT JOIN {unit} ON unit.id = incident.unit_id""",
            {
                **{"id": "BIGINT", "unit_id": "BIGINT", "account_id": "BIGINT", "opened_on": "DATE", "closed_on": "DATE"},
                **{"hours": "BIGINT", "parts": "BIGINT", "ref": "VARCHAR", "category": "VARCHAR"},
            },
        )
    },
    ("year",),
)
