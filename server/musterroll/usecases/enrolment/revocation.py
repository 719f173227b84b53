"""Revoking the credential of a unit, and letting its device have a new one."""

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.enrolment.secrets import matches, new_secret, token_hash
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import credentials
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.audit import record as audit_record

_LIFE = timedelta(days=7)
_LOOKED_AT = 5  # credentials of a unit whose secret is compared: each comparison is slow on purpose


class Standing(NamedTuple):
    """How a credential stands, for the device that holds it."""

    status: CredentialStatus
    reason: str
    decided_at: datetime | None


def revoke(session: Session, uid: str, *, reason: str, actor: str, now: datetime) -> AuditChange:
    """Revoke the credential of a unit for good; brokers disconnect it within seconds. What waits for approval is rejected with it.

    Raises NotFound, DomainError without a reason, and Conflict where the unit has no credential.
    """
    why = text("reason", reason, 500)
    if not why:
        raise DomainError("give a reason: the audit log keeps it, and the device is told", "reason_missing")
    unit = _unit(session, uid)
    live = credentials.of_unit(session, unit.id or 0)
    if not live:
        raise Conflict(f"unit {unit.serial} has no credential that could be revoked", "not_enrolled")
    subject = f"credential of {unit.serial} revoked"
    change = audit_record.begin(session, actor=actor, kind="credential", subject=subject, reason=why, now=now)
    with audit_record.watching(session, change, "credential", [credential.id or 0 for credential in live]):
        for old, new in ((CredentialStatus.ACTIVE, CredentialStatus.REVOKED), (CredentialStatus.PENDING, CredentialStatus.REFUSED)):
            if credentials.move(session, unit.id or 0, old, new, now, actor[:120], reason=why):
                _note(session, unit, old, new, f"credential revoked: {why}", actor, now)
    credentials.count_change(session, revoked=True)
    return change


def readmit(session: Session, uid: str, *, actor: str, now: datetime) -> tuple[ClaimToken, str]:
    """A claim token, valid once and for a week, with which the device of a unit gets a new credential at once.

    Returns it and its plain text, which is shown once. A revoked secret stays refused. Raises NotFound, and Conflict where the unit
    has an active credential.
    """
    unit = _unit(session, uid)
    if any(credential.status is CredentialStatus.ACTIVE for credential in credentials.of_unit(session, unit.id or 0)):
        raise Conflict(f"unit {unit.serial} has an active credential; revoke it first", "enrolled")
    if not credentials.all_of(session, unit.uid, 1):
        raise Conflict(f"unit {unit.serial} was never enrolled; create a claim token", "not_enrolled")
    plain = new_secret()
    token = ClaimToken(
        label=f"new credential of {unit.serial}"[:120],
        token_hash=token_hash(plain),
        expires_at=now + _LIFE,
        max_uses=1,
        serials=[unit.serial_key],
        unit_id=unit.id,
        created_at=now,
        created_by=actor[:120],
    )
    session.add(token)
    session.flush()
    change = audit_record.begin(session, actor=actor, kind="credential", subject=f"new credential offered to {unit.serial}", now=now)
    audit_record.added(session, change, "claim_token", [token.id or 0])
    return token, plain


def standing(session: Session, uid: str, secret: str) -> Standing | None:
    """How the credential with this secret stands; None where the unit has none of that secret."""
    for credential in credentials.all_of(session, uid, _LOOKED_AT):
        if matches(secret, credential.secret_hash):
            return Standing(credential.status, credential.reason, credential.decided_at)
    return None


def last(session: Session, uid: str) -> Credential | None:
    """The newest credential of a unit, whatever became of it."""
    return next(iter(credentials.all_of(session, uid, 1)), None)


def _unit(session: Session, uid: str) -> Unit:
    known = unit_id(session, uid)
    if known is None:
        raise NotFound(f"there is no unit {uid}")
    return session.get_one(Unit, known, with_for_update=True)


def _note(session: Session, unit: Unit, old: CredentialStatus, new: CredentialStatus, cause: str, actor: str, now: datetime) -> None:
    transitions.add(session, [NewStateChange(unit.id or 0, to_ms(now), "identity", old, new, cause[:500], actor[:120])])
