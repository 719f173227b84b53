"""Two units that report one serial from one piece of hardware are proposed as a possible duplicate as soon as the second says so."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.matching import UNIT_TWIN, match_units, same_hardware
from musterroll.domain.values.instants import to_ms
from musterroll.storage.matching import proposals


def propose_duplicates(session: Session, unit_ids: Collection[int], now: datetime) -> None:
    """Compare units that have just described themselves with others of the same serial. What was decided before stays decided."""
    rows = []
    for left, right in proposals.namesakes(session, unit_ids) if unit_ids else ():
        match = match_units(left, right)
        if match and same_hardware(left.evidence, right.evidence):
            rows.append({**proposals.row((UNIT_TWIN, left.id, right.id), match), "state": "open", "created_at": to_ms(now)})
    proposals.propose(session, rows)
