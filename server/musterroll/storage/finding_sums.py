"""Findings that are so now, counted and summed by kind."""

from sqlalchemy import BigInteger, case, func, select, type_coerce
from sqlmodel import Session, col

from musterroll.storage.findings import Sums, summed
from musterroll.storage.paper_tables import Finding


def sums(session: Session) -> Sums:
    """What the last run saw, whatever was decided about it since."""
    amount = func.sum(case((col(Finding.counted), type_coerce(col(Finding.value), BigInteger))))
    query = select(col(Finding.kind), col(Finding.currency), func.count(), amount).where(col(Finding.present).is_(True))
    rows = session.execute(query.group_by(col(Finding.kind), col(Finding.currency)).order_by(col(Finding.kind), col(Finding.currency)))
    return summed((row[0], row[1], row[2], None if row[3] is None else int(row[3])) for row in rows)
