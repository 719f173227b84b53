"""Which unit an enrolling device is, and whether it only asks again for an answer that was lost."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import IdentityClaim
from musterroll.domain.enrolment.secrets import hash_secret
from musterroll.domain.liveness import reported_by_import_only
from musterroll.domain.matching import same_hardware
from musterroll.domain.units.serials import new_uid, twin_key
from musterroll.domain.values.instants import to_ms
from musterroll.storage.enrolment import claim_tokens, credentials
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors, transitions
from musterroll.storage.units.transitions import NewStateChange

_AGAIN = "enrolled again"


def unit_of(
    session: Session, identity: IdentityClaim, evidence: dict[str, str], now: datetime, only: int | None = None
) -> tuple[Unit, dict[str, str]]:
    """The unit of this identity, created if new, and the evidence to record. A token made for one unit (`only`) enrols no other.

    A device with the serial and the hardware of an enrolled unit is that unit. Another maker or model than that unit's is recorded.
    """
    if only is not None:
        return successors.unit(session, session.get_one(Unit, only)), evidence
    for namesake, product, reported in credentials.namesakes(session, identity.serial_key):
        if same_hardware(reported, evidence):
            renamed = (product.maker_key, product.model_key) != (identity.maker_key, identity.model_key)
            return namesake, evidence | ({"maker": identity.maker, "model": identity.model} if renamed else {})
    return _unit_named(session, identity, now), evidence


def _unit_named(session: Session, identity: IdentityClaim, now: datetime) -> Unit:
    product = claim_tokens.product(
        session,
        Product(
            maker=identity.maker,
            model=identity.model,
            family=identity.model,
            maker_key=identity.maker_key,
            model_key=identity.model_key,
            family_key=identity.model_key,
            created_at=now,
        ),
    )
    wanted = Unit(
        uid=new_uid(),
        serial=identity.serial,
        serial_key=identity.serial_key,
        twin_key=twin_key(identity.serial_key),
        maker_key=product.maker_key,
        family_key=product.family_key,
        product_id=product.id or 0,
        created_at=now,
    )
    return successors.unit(session, claim_tokens.unit(session, wanted))


def renewed(session: Session, unit: Unit, token: ClaimToken, evidence: Mapping[str, str], secret: str, now: datetime) -> Credential | None:
    """The credential that this device was given with the same token and has not used yet, from now on with `secret`."""
    status = session.get(UnitStatus, unit.id)
    for credential in credentials.of_unit(session, unit.id or 0):
        same = credential.claim_token_id == token.id and _marks(credential.evidence) == _marks(evidence)
        if same and not _used(credential, status) and credentials.renew(session, credential, hash_secret(secret)):
            _note(session, unit, credential, token, now)
            if credential.status is CredentialStatus.ACTIVE:
                credentials.count_change(session)
            return credential
    return None


def _used(credential: Credential, status: UnitStatus | None) -> bool:
    """Whether a device may have reported with this credential."""
    if credential.status is CredentialStatus.PENDING or status is None or status.heard_at is None:
        return False
    since = to_ms(credential.decided_at or credential.created_at)
    return status.heard_at >= since and not reported_by_import_only(status.birth_epoch, status.beat)


def _marks(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if name != "agent"}


def _note(session: Session, unit: Unit, credential: Credential, token: ClaimToken, now: datetime) -> None:
    """Say in the history that the secret is another: once, however often the device asks."""
    unit_id = unit.id or 0
    if transitions.last(session, [unit_id], "identity").get(unit_id) != _AGAIN:
        cause = f"credential {credential.id} has a new secret: its device enrolled again before its first report"
        change = NewStateChange(unit_id, to_ms(now), "identity", credential.status, _AGAIN, cause, f"token {token.label}"[:120])
        transitions.add(session, [change])
