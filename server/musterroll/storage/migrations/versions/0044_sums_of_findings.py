"""Findings have sums by account, kind and currency, and are found by value and by account."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

SUMS = """
INSERT INTO finding_sum (account_id, kind, currency, findings, priced, worth)
SELECT account_id, kind, currency, sum(n), sum(priced), sum(worth) FROM (
  SELECT coalesce(account_id, 0) AS account_id, kind, currency, 1 AS n, CASE WHEN value IS NULL THEN 0 ELSE 1 END AS priced,
    CASE WHEN counted THEN coalesce(value, 0) ELSE 0 END AS worth
  FROM finding WHERE present
  UNION ALL
  SELECT coalesce(f.account_id, 0), f.kind, a.currency, 0, 0, CASE WHEN f.counted THEN a.value ELSE 0 END
  FROM finding_amount a JOIN finding f ON f.id = a.finding_id WHERE f.present) amounts
GROUP BY account_id, kind, currency"""


def upgrade() -> None:
    op.create_table(
        "finding_sum",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.Column("priced", sa.Integer(), nullable=False),
        sa.Column("worth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "kind", "currency"),
    )
    op.create_index(
        "ix_finding_value",
        "finding",
        [sa.text("coalesce(value, -1) DESC"), "id", "kind"],
        postgresql_where=sa.text("present IS true"),
        sqlite_where=sa.text("present IS 1"),
    )
    op.create_index("ix_finding_account_id", "finding", ["account_id"])
    op.execute(SUMS)


def downgrade() -> None:
    op.drop_index("ix_finding_account_id", "finding")
    op.drop_index("ix_finding_value", "finding")
    op.drop_table("finding_sum")
