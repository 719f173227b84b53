"""The contract lines in force behind a number of licences sold."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts.terms import line_in_force
from musterroll.storage.contracts import sold_lines as stored
from musterroll.storage.contracts.lines import cover_of
from musterroll.storage.contracts.sold_lines import SoldFilter

_BATCH = 200


class SoldLine(NamedTuple):
    """`serial`: of a line for one unit."""

    id: int
    contract: str
    number: str
    account: str | None
    account_name: str | None
    maker: str | None
    model: str | None
    serial: str
    quantity: int


def in_force(session: Session, filters: SoldFilter, after: int, limit: int, now: datetime) -> list[SoldLine]:
    """At most `limit` lines in force today (UTC), by row id from `after` on."""
    found: list[SoldLine] = []
    while len(found) < limit:
        rows = stored.begun(session, filters, now.date(), after, _BATCH)
        for row in rows:
            cover = cover_of(row)
            if line_in_force(cover.line, cover.contract, now.date()) is not None:
                names = (row.account_ref, row.account_name, row.maker, row.model)
                found.append(SoldLine(row.line_id, row.ref, row.line_number, *names, row.line_serial, row.line_quantity))
        if len(rows) < _BATCH:
            break
        after = rows[-1].line_id
    return found[:limit]
