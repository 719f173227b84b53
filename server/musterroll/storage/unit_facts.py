"""What coverage and findings need to know of one unit."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session, col

from musterroll.storage.tables import Credential, CredentialStatus, Product, Site, Unit, Voice

_FACTS: Any = (
    select(
        *(col(column) for column in (Unit.id, Unit.uid, Unit.serial, Unit.serial_key, Unit.product_id, Unit.site_id, Unit.lifecycle)),
        *(
            col(column)
            for column in (Unit.registered_on, Unit.installed_on, Unit.shipped_on, Unit.warranty_months, Unit.card, Unit.merged_into_id)
        ),
        col(Unit.account_id).label("own_account_id"),
        col(Site.account_id).label("site_account_id"),
        *(col(column) for column in (Site.zone, Product.policy_id, Product.list_price, Product.currency)),
        *(col(column) for column in (Voice.first_heard_at, Voice.heard_at)),
    )
    .join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
    .outerjoin(Site, col(Site.id) == col(Unit.site_id))
    .outerjoin(Voice, col(Voice.unit_id) == col(Unit.id))
)


def by_id(session: Session, unit_id: int) -> Row[Any] | None:
    return session.execute(_FACTS.where(col(Unit.id) == unit_id)).one_or_none()


def by_uid(session: Session, uid: str) -> Row[Any] | None:
    return session.execute(_FACTS.where(col(Unit.uid) == uid)).one_or_none()


def by_serial_key(session: Session, key: str) -> list[Row[Any]]:
    """The units on the roll with this serial, by maker: a serial alone is not unique."""
    found = _FACTS.where(col(Unit.serial_key) == key, col(Unit.merged_into_id).is_(None))
    return list(session.execute(found.order_by(col(Unit.maker_key), col(Unit.family_key), col(Unit.id))))


def serials(session: Session, unit_ids: Collection[int]) -> dict[int, str]:
    """What these units are called."""
    return {row[0]: row[1] for row in session.execute(select(col(Unit.id), col(Unit.serial)).where(col(Unit.id).in_(unit_ids)))}


def account(unit: Row[Any]) -> int | None:
    """Its account; where only the site is known, the site's."""
    found: int | None = unit.own_account_id or unit.site_account_id
    return found


def cloned(session: Session, unit_id: int) -> bool:
    """Whether another device with its serial waits to be let in beside the one that is."""
    held = set(session.scalars(select(col(Credential.status)).where(col(Credential.unit_id) == unit_id)))
    return {CredentialStatus.ACTIVE, CredentialStatus.PENDING} <= held
