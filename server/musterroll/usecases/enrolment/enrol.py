"""Enrolment: claim tokens, credentials, and decisions on pending enrolments.

A serial is a claim; the credential is the identity. The first credential of a unit is active at once; any later one needs a decision.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import identity_claim, marks, require_open, text, tidy, used_up
from musterroll.domain.enrolment.secrets import hash_secret, new_secret, token_hash
from musterroll.domain.units.kinds import UnitKind, likely_key
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.errors import Conflict, DomainError, Forbidden, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import claim_tokens, credentials
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.enrolment import deploy, known_device

_LONGEST_LIFE = timedelta(days=3650)
_MOST_USES = 1_000_000
_EPOCHS_LEFT = 1_000  # restarts left to the active credential until a pending one is decided


class EnrolRequest(NamedTuple):
    token: str
    maker: str
    model: str
    serial: str
    evidence: object = {}  # machine id, board serial, MAC, ...: names with a text each
    agent: str = ""


class EnrolResult(NamedTuple):
    uid: str
    secret: str  # shown only once
    status: CredentialStatus
    interval: int  # seconds between heartbeats
    epoch: int  # the device's epochs start above it, so that a device that lost its state repeats no number


class PendingEnrolment(NamedTuple):
    """A further credential for a known unit, waiting for a decision."""

    credential_id: int
    uid: str
    serial: str
    maker: str
    model: str
    evidence: dict[str, Any]
    token: str  # label of the claim token
    created_at: datetime
    known: dict[str, Any]  # evidence of the active credential


def create_token(
    session: Session,
    *,
    label: str,
    life: timedelta,
    uses: int,
    serials: Sequence[str],
    account: str | None,
    site: str | None,
    actor: str,
    now: datetime,
) -> tuple[ClaimToken, str]:
    """Create a claim token. Returns it and its plain text, which is shown once. `account` and `site` are numbers.

    Raises DomainError for an invalid life, number of uses or serial, NotFound for an account or site that is not registered.
    """
    if not timedelta() < life <= _LONGEST_LIFE:
        raise DomainError("a claim token must be valid for at least a moment and at most ten years", "bad_life")
    if not 1 <= uses <= _MOST_USES:
        raise DomainError(f"a claim token can enrol 1 to {_MOST_USES:,} units", "bad_uses")
    plain = new_secret()
    token = ClaimToken(
        label=text("label", label, 100) or "unnamed",
        token_hash=token_hash(plain),
        expires_at=now + life,
        max_uses=uses,
        serials=sorted({likely_key(serial) for serial in serials}),
        created_at=now,
        created_by=actor,
    )
    token.account_id, token.site_id = deploy.place(session, account, site)
    session.add(token)
    session.flush()
    return token, plain


def revoke_token(session: Session, token_id: int, actor: str, now: datetime) -> None:
    """Revoke a claim token; idempotent. Raises NotFound."""
    token = session.get(ClaimToken, token_id)
    if token is None:
        raise NotFound(f"there is no claim token {token_id}")
    token.revoked_at = token.revoked_at or now


def tokens(session: Session) -> list[ClaimToken]:
    """All claim tokens, newest first."""
    return claim_tokens.newest(session)


def enroll(session: Session, request: EnrolRequest, now: datetime, interval: int = 60) -> EnrolResult:
    """Issue a credential to the unit that a device claims to be.

    1. The claim must be valid and allowed by the token; otherwise DomainError, and no use is consumed.
    2. The product and the unit are looked up, or created (`unrecorded`).
    3. A device that asks again because the answer was lost has its enrolment, with a new secret, at no further use of the token.
    4. The first credential of a unit is active and may deploy it where the token says; a later one is pending and changes nothing.
    """
    kind = claim_tokens.kind_of(session, name_key(request.maker), name_key(request.model))
    identity = identity_claim(request.maker, request.model, request.serial, kind or UnitKind.DEVICE)
    agent = tidy(request.agent)
    evidence = marks(request.evidence) | ({"agent": agent} if agent else {})
    token = claim_tokens.locked(session, token_hash(request.token.strip()))
    if token is None or token.id is None:
        raise Forbidden("this claim token is unknown; check it or request a new one", "token_unknown")
    require_open(token, identity.serial, now)
    unit, evidence = known_device.unit_of(session, identity, evidence, now, token.unit_id)
    secret = new_secret()
    credential = known_device.renewed(session, unit, token, evidence, secret, now) or _issue(session, unit, token, evidence, secret, now)
    seconds = unit.interval or session.get_one(Product, unit.product_id).interval or interval
    return EnrolResult(unit.uid, secret, credential.status, seconds, _epoch_above(session, unit))


def _issue(session: Session, unit: Unit, token: ClaimToken, evidence: dict[str, str], secret: str, now: datetime) -> Credential:
    if not claim_tokens.consume(session, token.id or 0):
        raise used_up(token)
    requested = Credential(
        unit_id=unit.id or 0,
        secret_hash=hash_secret(secret),
        status=CredentialStatus.PENDING,
        claim_token_id=token.id,
        evidence=evidence,
        created_at=now,
    )
    credential = credentials.add(session, requested, replaces=token.unit_id is not None)
    actor = f"token {token.label}"
    _note(session, unit, None, credential.status, f"credential {credential.id} enrolled with claim token {token.label!r}", actor, now)
    if credential.status is CredentialStatus.ACTIVE:
        deploy.deploy(session, unit, token, actor, now)
        credentials.count_change(session)
    return credential


def _epoch_above(session: Session, unit: Unit) -> int:
    status = session.get(UnitStatus, unit.id)
    return 0 if status is None or status.heard_at is None else status.epoch + _EPOCHS_LEFT


def pending(session: Session) -> list[PendingEnrolment]:
    """Pending enrolments, oldest first."""
    return [
        PendingEnrolment(
            credential.id or 0,
            unit.uid,
            unit.serial,
            product.maker,
            product.model,
            credential.evidence,
            label or "",
            credential.created_at,
            known or {},
        )
        for credential, unit, product, label, known in credentials.pending(session)
    ]


def decide(session: Session, credential_id: int, accept: bool, actor: str, now: datetime) -> None:
    """Accept or reject a pending credential. Accepting revokes the active one and rejects the other pending ones.

    Raises NotFound, and Conflict if it is already decided.
    """
    locked = credentials.locked_unit(session, credential_id)
    if locked is None:
        raise NotFound(f"there is no enrolment {credential_id}")
    credential, unit = locked
    if credential.status is not CredentialStatus.PENDING:
        raise Conflict(f"enrolment {credential_id} has already been decided: {credential.status}", "already_decided")
    new = CredentialStatus.ACTIVE if accept else CredentialStatus.REFUSED
    replaced = False
    if accept:
        cause = f"replaced by credential {credential_id}"
        replaced = _retire(session, unit, CredentialStatus.ACTIVE, CredentialStatus.REVOKED, cause, actor, now)
    credentials.move(session, credential.unit_id, CredentialStatus.PENDING, new, now, actor, only=credential_id)
    _note(session, unit, CredentialStatus.PENDING, new, f"credential {credential_id} {'accepted' if accept else 'rejected'}", actor, now)
    if accept:
        _retire(session, unit, CredentialStatus.PENDING, CredentialStatus.REFUSED, f"credential {credential_id} was accepted", actor, now)
        token = session.get(ClaimToken, credential.claim_token_id) if credential.claim_token_id else None
        if token is not None:
            deploy.deploy(session, unit, token, actor, now)
        credentials.count_change(session, revoked=replaced)


def _retire(session: Session, unit: Unit, old: CredentialStatus, new: CredentialStatus, cause: str, actor: str, now: datetime) -> bool:
    moved = credentials.move(session, unit.id or 0, old, new, now, actor) > 0
    if moved:
        _note(session, unit, old, new, cause, actor, now)
    return moved


def _note(session: Session, unit: Unit, old: CredentialStatus | None, new: CredentialStatus, cause: str, actor: str, now: datetime) -> None:
    transitions.add(session, [NewStateChange(unit.id or 0, to_ms(now), "identity", old, new, cause[:500], actor[:120])])
