"""Findings of contract lines, for the pages of their contracts."""

from collections.abc import Collection
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage import bulk
from musterroll.storage.paper_tables import Finding


class Odd(NamedTuple):
    """A finding of a line that is so now."""

    id: int
    kind: str
    fact: str  # what is odd, in a few words
    value: Decimal | None  # a year
    currency: str


def of_lines(session: Session, line_ids: Collection[int]) -> dict[int, list[Odd]]:
    f = Finding
    query = select(col(f.subject_id), col(f.id), col(f.kind), col(f.facts), col(f.value), col(f.currency))
    query = query.where(col(f.subject) == "line", bulk.among(session, col(f.subject_id), line_ids), col(f.present).is_(True))
    found: dict[int, list[Odd]] = {}
    for line, row_id, kind, facts, value, currency in session.execute(query.order_by(col(f.id))) if line_ids else ():
        found.setdefault(line, []).append(Odd(row_id, kind, facts.rpartition("\n")[2], value, currency))
    return found
