"""Units by day have totals by firmware, as they have by product: a trend of one firmware sums no rows of every account."""

from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TOTALS = """
INSERT INTO day_total (axis, key, "on", cell, units)
SELECT 'firmware', h.firmware, d."on", h.cell, sum(h.units)
FROM (SELECT DISTINCT "on" FROM day_total WHERE axis = 'all') d JOIN cell_history h ON h.since <= d."on" AND h.until > d."on"
WHERE h.site_id <> -1 AND length(h.firmware) <= 80
GROUP BY h.firmware, d."on", h.cell"""


def upgrade() -> None:
    op.execute(TOTALS)


def downgrade() -> None:
    op.execute("DELETE FROM day_total WHERE axis = 'firmware'")
