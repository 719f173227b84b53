"""Units by day are stored where they change, with totals a day; before, every day had all of its counts."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_QUADRANT = "CASE c.cell WHEN '111' THEN 7 WHEN '110' THEN 6 WHEN '101' THEN 5 WHEN '100' THEN 4 WHEN '011' THEN 3 WHEN '010' THEN 2 WHEN '001' THEN 1 ELSE 0 END"
# Days are numbered without gaps: days that follow each other with the same count have the same difference to their own number.
_HISTORY = f"""
INSERT INTO cell_history (account_id, product_id, site_id, firmware, cell, since, until, units)
WITH days AS (
  SELECT "on", row_number() OVER (ORDER BY "on") AS n, lead("on") OVER (ORDER BY "on") AS next
  FROM (SELECT DISTINCT "on" FROM daily_cell_count) d),
runs AS (
  SELECT c.account_id, c.product_id, {_QUADRANT} AS cell, c.units, d."on", d.n, d.next,
    d.n - row_number() OVER (PARTITION BY c.account_id, c.product_id, c.cell, c.units ORDER BY d.n) AS run
  FROM daily_cell_count c JOIN days d ON d."on" = c."on")
SELECT account_id, product_id, -1, '', cell, CASE WHEN min(n) = 1 THEN DATE_FROM ELSE min("on") END,
  coalesce(CASE WHEN max(n) < (SELECT max(n) FROM days) THEN max(next) END, DATE_TO), units
FROM runs GROUP BY account_id, product_id, cell, units, run"""  # noqa: S608  our own
_TOTALS = (
    f"""INSERT INTO day_total (axis, key, "on", cell, units)
    SELECT 'all', '', c."on", {_QUADRANT}, sum(c.units) FROM daily_cell_count c GROUP BY c."on", c.cell""",  # noqa: S608
    f"""INSERT INTO day_total (axis, key, "on", cell, units)
    SELECT 'product', CAST(c.product_id AS VARCHAR(80)), c."on", {_QUADRANT}, sum(c.units)
    FROM daily_cell_count c GROUP BY c.product_id, c."on", c.cell""",  # noqa: S608
    f"""INSERT INTO day_total (axis, key, "on", cell, units)
    SELECT 'segment', coalesce(a.segment, ''), c."on", {_QUADRANT}, sum(c.units)
    FROM daily_cell_count c LEFT JOIN account a ON a.id = c.account_id GROUP BY coalesce(a.segment, ''), c."on", c.cell""",  # noqa: S608
)
_BACK = """
INSERT INTO daily_cell_count ("on", account_id, product_id, cell, units)
SELECT d."on", h.account_id, h.product_id,
  CASE h.cell WHEN 7 THEN '111' WHEN 6 THEN '110' WHEN 5 THEN '101' WHEN 4 THEN '100' WHEN 3 THEN '011' WHEN 2 THEN '010' WHEN 1 THEN '001'
    ELSE '000' END, sum(h.units)
FROM (SELECT DISTINCT "on" FROM day_total WHERE axis = 'all') d JOIN cell_history h ON h.since <= d."on" AND h.until > d."on"
GROUP BY d."on", h.account_id, h.product_id, h.cell"""


def upgrade() -> None:
    op.create_table(
        "cell_history",
        *(sa.Column(name, _BIG, autoincrement=False, nullable=False) for name in ("account_id", "product_id", "site_id")),
        sa.Column("firmware", sa.String(length=256), nullable=False),
        sa.Column("cell", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "product_id", "site_id", "firmware", "cell", "since"),
    )
    op.create_table(
        "day_total",
        sa.Column("axis", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("cell", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("axis", "key", "on", "cell"),
    )
    _write(_HISTORY)
    for totals in _TOTALS:
        _write(totals)
    op.create_index("ix_cell_history_firmware", "cell_history", ["firmware"])
    op.create_index("ix_cell_history_site", "cell_history", ["site_id", "until"])
    op.create_index("ix_cell_history_until", "cell_history", ["until"])
    op.drop_table("daily_cell_count")


def downgrade() -> None:
    op.create_table(
        "daily_cell_count",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("account_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("product_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("cell", sa.String(length=3), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on", "account_id", "product_id", "cell"),
    )
    _write(_BACK)
    op.drop_table("day_total")
    op.drop_table("cell_history")


def _write(statement: str) -> None:
    """A day is text on SQLite."""
    day = "'{}'" if op.get_context().dialect.name == "sqlite" else "DATE '{}'"
    op.execute(statement.replace("DATE_FROM", day.format("0001-01-01")).replace("DATE_TO", day.format("9999-12-31")))
