"""Limits of contract lines."""

from decimal import Decimal

from sqlalchemy import UniqueConstraint, false
from sqlmodel import Field

from musterroll.domain.contracts.limits import LimitKind, LimitPeriod
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, PRICE, Audited, row_id, word


class LineLimit(Audited, table=True):
    """So much per period (no amount: unlimited), for all units of a line together, or pooled over its account."""

    __tablename__ = "line_limit"
    __table_args__ = (UniqueConstraint("line_id", "kind", "counter"), NEVER_REUSED)
    id: int | None = row_id()
    contract_id: int = Field(foreign_key="contract.id", index=True, sa_type=BIG)
    line_id: int = Field(foreign_key="contract_line.id", sa_type=BIG)
    kind: LimitKind = word(LimitKind)
    amount: Decimal | None = Field(sa_type=PRICE)
    period: LimitPeriod = word(LimitPeriod)
    carried: bool = False
    counter: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})
    pooled: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
