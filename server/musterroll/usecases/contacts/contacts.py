"""Contacts: deleted, and their consent withdrawn. They are added and corrected as records."""

from datetime import UTC, datetime

from sqlmodel import Session

from musterroll.domain.contacts.consent import Consent
from musterroll.domain.values.errors import NotFound
from musterroll.storage.contacts import contacts as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit import record as audit_record


def remove(session: Session, ref: str, actor: str, now: datetime) -> AuditChange:
    """Delete a contact. Raises NotFound."""
    contact = stored.by_ref(session, ref)
    if contact is None:
        raise NotFound(f"there is no contact {ref[:80]!r}")
    change = audit_record.begin(session, actor=actor, kind="contact", subject=f"contact {contact.ref} deleted", now=now)
    with audit_record.watching(session, change, "contact", [contact.id or 0]):
        session.delete(contact)
    return change


def withdraw_consent(session: Session, email: str, source: str, now: datetime) -> AuditChange | None:
    """No more e-mails to an address: the consent of every contact with it is `no`. Returns the change, None if it was so already."""
    rows = [row for row in stored.with_address(session, email) if row.consent is not Consent.NO]
    if not rows:
        return None
    change = audit_record.begin(session, actor=source, kind="unsubscribe", subject=f"{rows[0].ref} gets no more e-mails", now=now)
    with audit_record.watching(session, change, "contact", [row.id or 0 for row in rows]):
        for row in rows:
            row.consent, row.consent_source, row.consent_on = Consent.NO, source, now.astimezone(UTC).date()
    return change
