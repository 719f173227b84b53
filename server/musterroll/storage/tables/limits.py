"""Limits of contract lines."""

from decimal import Decimal

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from musterroll.domain.contracts.limits import LimitKind, LimitPeriod
from musterroll.storage.tables.columns import BIG, NEVER_REUSED, PRICE, Audited, row_id, word


class LineLimit(Audited, table=True):
    """So many calls or hours per period, for all units of a line together."""

    __tablename__ = "line_limit"
    __table_args__ = (UniqueConstraint("line_id", "kind"), NEVER_REUSED)
    id: int | None = row_id()
    contract_id: int = Field(foreign_key="contract.id", index=True, sa_type=BIG)
    line_id: int = Field(foreign_key="contract_line.id", sa_type=BIG)
    kind: LimitKind = word(LimitKind)
    amount: Decimal = Field(sa_type=PRICE)
    period: LimitPeriod = word(LimitPeriod)
    carried: bool = False
