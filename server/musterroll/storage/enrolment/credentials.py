"""Credentials of units, and the counter of their changes for brokers."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.enrolment import ClaimToken, Credential, CredentialStatus
from musterroll.storage.tables.operations import ConfigRevision
from musterroll.storage.tables.units import Unit

_REVISION, _REVOCATIONS = "credentials", "revocations"


class ActiveCredential(NamedTuple):
    """An active credential, for brokers."""

    id: int
    secret_hash: str


def add(session: Session, credential: Credential, *, replaces: bool = False) -> Credential:
    """Store a credential: active, or pending if its unit ever had one (another enrolment may have just won the race).

    One that `replaces` a revoked credential is pending only where the unit has an active one again.
    """
    ever = session.exec(select(Credential.id).where(Credential.unit_id == credential.unit_id).limit(1)).first()
    if ever is None or replaces:
        credential.status = CredentialStatus.ACTIVE
        credential.decided_at = credential.created_at
        try:
            with session.begin_nested():
                session.add(credential)
            return credential
        except IntegrityError:
            credential = Credential(**credential.model_dump(exclude={"id", "decided_at"}))
    credential.status = CredentialStatus.PENDING
    session.add(credential)
    session.flush()
    return credential


def pending(session: Session) -> list[tuple[Credential, Unit, Product, str | None, dict[str, Any] | None]]:
    """(credential, unit, product, token label, evidence of the active credential) of pending enrolments, oldest first."""
    used = aliased(Credential)
    waiting = (
        sqlalchemy.select(Credential, Unit, Product, col(ClaimToken.label), col(used.evidence))
        .join(Unit, col(Unit.id) == col(Credential.unit_id))
        .join(Product, col(Product.id) == col(Unit.product_id))
        .outerjoin(ClaimToken, col(ClaimToken.id) == col(Credential.claim_token_id))
        .outerjoin(used, (col(used.unit_id) == col(Credential.unit_id)) & (col(used.status) == CredentialStatus.ACTIVE))
        .where(col(Credential.status) == CredentialStatus.PENDING)
        .order_by(col(Credential.id))
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(waiting)]


def of_unit(session: Session, unit_id: int) -> list[Credential]:
    """The active and pending credentials of a unit, oldest first."""
    live = col(Credential.status).in_((CredentialStatus.ACTIVE, CredentialStatus.PENDING))
    return list(session.exec(select(Credential).where(Credential.unit_id == unit_id, live).order_by(col(Credential.id))))


def namesakes(session: Session, serial_key: str) -> list[tuple[Unit, Product, dict[str, Any]]]:
    """Units with this serial, of any maker, that are or were enrolled, with what their devices report of themselves."""
    query = (
        sqlalchemy.select(Unit, Product, col(Credential.evidence))
        .join(Product, col(Product.id) == col(Unit.product_id))
        .join(Credential, col(Credential.unit_id) == col(Unit.id))
        .where(col(Unit.serial_key) == serial_key, col(Unit.merged_into_id).is_(None))
        .where(col(Credential.status).in_((CredentialStatus.ACTIVE, CredentialStatus.REVOKED)))
        .order_by(col(Unit.id), col(Credential.id))
    )
    return [(unit, product, evidence | unit.evidence) for unit, product, evidence in session.execute(query)]


def renew(session: Session, credential: Credential, secret_hash: str) -> bool:
    """Give a credential another secret, unless it was decided meanwhile."""
    same = (col(Credential.id) == credential.id, col(Credential.status) == credential.status)
    renewed: Any = session.execute(
        update(Credential).where(*same).values(secret_hash=secret_hash).execution_options(synchronize_session=False)
    )
    return bool(renewed.rowcount == 1)


def all_of(session: Session, uid: str, most: int) -> list[Credential]:
    """The credentials that a unit has or had, newest first, at most `most`."""
    rows = select(Credential).join(Unit, col(Unit.id) == col(Credential.unit_id)).where(Unit.uid == uid)
    return list(session.exec(rows.order_by(col(Credential.id).desc()).limit(most)))


def move(
    session: Session,
    unit_id: int,
    old: CredentialStatus,
    new: CredentialStatus,
    now: datetime,
    actor: str,
    only: int | None = None,
    reason: str = "",
) -> int:
    """Move the credentials of a unit (or `only` one) from `old` to `new`. Returns how many changed."""
    chosen = update(Credential).where(col(Credential.unit_id) == unit_id, col(Credential.status) == old)
    if only is not None:
        chosen = chosen.where(col(Credential.id) == only)
    result: Any = session.execute(
        chosen.values(status=new, decided_at=now, decided_by=actor, reason=reason).execution_options(synchronize_session="fetch")
    )
    return int(result.rowcount)


def locked_unit(session: Session, credential_id: int) -> tuple[Credential, Unit] | None:
    """A credential and its unit, with the unit locked, so that decisions about a unit take turns."""
    owner = select(Credential.unit_id).where(Credential.id == credential_id).scalar_subquery()
    unit = session.exec(select(Unit).where(Unit.id == owner).with_for_update()).one_or_none()
    # Read once the lock is held, by a statement of its own: the one that waited for the lock sees the credential as it was before.
    credential = session.get(Credential, credential_id, populate_existing=True)
    return (credential, unit) if credential and unit else None


def active(session: Session, uid: str) -> ActiveCredential | None:
    """The active credential of a unit."""
    row = session.exec(
        select(Credential.id, Credential.secret_hash)
        .join(Unit, col(Unit.id) == col(Credential.unit_id))
        .where(Unit.uid == uid, Credential.status == CredentialStatus.ACTIVE)
    ).one_or_none()
    return ActiveCredential(int(row[0] or 0), row[1]) if row else None


def still_active(session: Session, ids: Collection[int]) -> set[int]:
    """The credentials among these that are active."""
    active_ids: set[int] = set()
    wanted = list(ids)
    for start in range(0, len(wanted), 500):
        some = col(Credential.id).in_(wanted[start : start + 500])
        rows = session.exec(select(Credential.id).where(some, Credential.status == CredentialStatus.ACTIVE))
        active_ids.update(credential_id for credential_id in rows if credential_id is not None)
    return active_ids


def every_active(session: Session) -> Iterator[tuple[str, str]]:
    """(uid, hash) of each active credential, by uid."""
    chosen = (
        select(Unit.uid, Credential.secret_hash)
        .join(Unit, col(Unit.id) == col(Credential.unit_id))
        .where(Credential.status == CredentialStatus.ACTIVE)
        .order_by(Unit.uid)
    )
    yield from session.exec(chosen)


def count_change(session: Session, *, revoked: bool = False) -> None:
    """Count a change. Call it last: the row stays locked until the commit, so that no change is missed behind another."""
    if revoked:
        _count(session, _REVOCATIONS)
    _count(session, _REVISION)


def _count(session: Session, name: str) -> None:
    session.execute(
        text(
            "INSERT INTO config_revision (name, number) VALUES (:name, 1)"
            " ON CONFLICT (name) DO UPDATE SET number = config_revision.number + 1"
        ),
        {"name": name},
    )


def revision(session: Session) -> int:
    """The number of changes of credentials so far."""
    return _counted(session, _REVISION)


def revocations(session: Session) -> int:
    """The number of times that credentials were revoked so far."""
    return _counted(session, _REVOCATIONS)


def _counted(session: Session, name: str) -> int:
    return session.exec(select(ConfigRevision.number).where(ConfigRevision.name == name)).one_or_none() or 0
