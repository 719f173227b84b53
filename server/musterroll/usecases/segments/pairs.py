"""Pairs of products that go together: learned, and confirmed or dismissed by people before they are used."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.segments import pairs as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.segments import PairDecision
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.segments.count import make_due


def decide(session: Session, a_id: int, b_id: int, *, confirmed: bool, actor: str, now: datetime) -> AuditChange | None:
    """Confirm or dismiss that product B goes with A. Returns the change, or None if nothing changes. Raises NotFound."""
    row = stored.decision(session, a_id, b_id)
    if row is None and not stored.learned(session, a_id, b_id):
        raise NotFound(f"there is no pair of products {a_id} and {b_id}")
    if row is not None and row.confirmed == confirmed:
        return None
    names = stored.product_names(session)
    subject = f"{names.get(b_id, '?')} goes with {names.get(a_id, '?')}"
    change = audit_record.begin(session, actor=actor, kind="product pair", subject=subject, now=now)
    if row is None:
        row = PairDecision(a_id=a_id, b_id=b_id, confirmed=confirmed, decided_by=actor[:120])
        session.add(row)
        session.flush()
        audit_record.added(session, change, "pair_decision", [row.id or 0])
    else:
        with audit_record.watching(session, change, "pair_decision", [row.id or 0]):
            row.confirmed, row.decided_by = confirmed, actor[:120]
    make_due(session)
    return change
