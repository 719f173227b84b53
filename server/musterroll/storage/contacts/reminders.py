"""Reminders: who may get one, those that wait, and their texts."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, exists, func, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contacts.consent import Consent
from musterroll.domain.contacts.reminders import ReminderKind, ReminderState
from musterroll.domain.contacts.wording import Template
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contacts import Contact, Reminder, ReminderSetting, ReminderTemplate
from musterroll.storage.tables.notifications import NotificationRule

_R = Reminder
_OUTBOX = "Reminders to customers"  # the name of the rule that their messages are under


class Recipient(NamedTuple):
    """A contact with an e-mail address, and a consent that no other contact with the address contradicts."""

    id: int
    account_id: int
    site_id: int | None
    first_name: str
    last_name: str
    email: str
    language: str
    account: str
    through: str = ""  # the parent account whose contact it is, where the account has none


def with_contacts(session: Session, account_ids: Collection[int]) -> set[int]:
    """Those of these accounts that have any contact."""
    query = select(col(Contact.account_id)).where(bulk.among(session, col(Contact.account_id), account_ids))
    return {row for row in session.scalars(query.distinct()) if row is not None} if account_ids else set()


def parents(session: Session, account_ids: Collection[int]) -> dict[int, int]:
    """The parent of each of these accounts that has one."""
    query = select(col(Account.id), col(Account.parent_id)).where(bulk.among(session, col(Account.id), account_ids))
    rows = session.execute(query.where(col(Account.parent_id).is_not(None))) if account_ids else ()
    return {row.id: row.parent_id for row in rows}


def account_names(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    query = select(col(Account.id), col(Account.name)).where(bulk.among(session, col(Account.id), account_ids))
    return {row.id: row.name for row in session.execute(query)} if account_ids else {}


def recipients(session: Session, account_ids: Collection[int]) -> list[Recipient]:
    """Who may be reminded, of these accounts themselves."""
    columns = (col(Contact.id), col(Contact.account_id), col(Contact.site_id), col(Contact.first_name), col(Contact.last_name))
    query = select(*columns, col(Contact.email), col(Contact.language), col(Account.name))
    query = query.join_from(Contact, Account, col(Account.id) == col(Contact.account_id))
    query = query.where(bulk.among(session, col(Contact.account_id), account_ids), *consenting()).order_by(col(Contact.id))
    return [Recipient(*row) for row in session.execute(query)] if account_ids else []


def consenting() -> tuple[Any, ...]:
    """The conditions for an e-mail to a contact."""
    other: Any = aliased(Contact)
    refused = exists().where(other.email == col(Contact.email), other.consent == Consent.NO)
    return col(Contact.consent) == Consent.YES, col(Contact.email) != "", ~refused


def existing_keys(session: Session, keys: Collection[str]) -> set[str]:
    return set(session.scalars(select(col(_R.key)).where(bulk.among(session, col(_R.key), keys)))) if keys else set()


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    session.add_all(Reminder(**row) for row in rows)


def waiting_keys(session: Session) -> dict[str, int]:
    """The row ids of those that wait, by key."""
    return {row.key: row.id for row in session.execute(select(col(_R.key), col(_R.id)).where(_waits()))}


def lapse(session: Session, ids: Collection[int]) -> None:
    session.execute(update(_R).where(bulk.among(session, col(_R.id), ids)).values(state=ReminderState.LAPSED))


def page(session: Session, state: ReminderState | None, kind: ReminderKind | None, before: int | None, limit: int) -> list[Row[Any]]:
    """Reminders, newest first, those before row `before`, each with its account."""
    names: tuple[Any, ...] = (col(Account.ref).label("account_ref"), col(Account.name).label("account_name"))
    query = select(*Reminder.__table__.columns, *names)  # type: ignore[attr-defined]
    query = query.outerjoin_from(_R, Account, col(Account.id) == col(_R.account_id))
    if state is not None:
        query = query.where(_waits() if state is ReminderState.WAITING else col(_R.state) == state)
    if kind is not None:
        query = query.where(col(_R.kind) == kind)
    if before is not None:
        query = query.where(col(_R.id) < before)
    return list(session.execute(query.order_by(col(_R.id).desc()).limit(limit)))


def waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(_R).where(_waits())) or 0


def any_waiting(session: Session, kinds: Collection[ReminderKind]) -> bool:
    return session.execute(select(col(_R.id)).where(_waits(), col(_R.kind).in_(list(kinds))).limit(1)).first() is not None


def to_decide(session: Session, ids: Collection[int] | None, kinds: Collection[ReminderKind] | None, limit: int) -> list[Reminder]:
    """Those of these that wait, or of all of these kinds, the oldest first; locked until the transaction ends."""
    query = select(_R).where(_waits())
    if ids is not None:
        query = query.where(bulk.among(session, col(_R.id), ids))
    if kinds is not None:
        query = query.where(col(_R.kind).in_(list(kinds)))
    return list(session.scalars(query.order_by(col(_R.id)).limit(limit).with_for_update()))


def still_consenting(session: Session, emails: Collection[str]) -> set[str]:
    """Those of these addresses that may still be written to."""
    query = select(col(Contact.email)).where(bulk.among(session, col(Contact.email), emails), *consenting())
    return set(session.scalars(query.distinct())) if emails else set()


def get(session: Session, reminder_id: int) -> Reminder | None:
    return session.get(Reminder, reminder_id)


def settings(session: Session) -> dict[ReminderKind, ReminderSetting]:
    return {row.kind: row for row in session.scalars(select(ReminderSetting))}


def templates(session: Session) -> dict[tuple[str, str], Template]:
    """The texts that admins have stored, by kind and language."""
    return {(row.kind.value, row.language): Template(row.subject, row.body) for row in session.scalars(select(ReminderTemplate))}


def template_row(session: Session, kind: ReminderKind, language: str) -> ReminderTemplate | None:
    t = ReminderTemplate
    return session.scalars(select(t).where(col(t.kind) == kind, col(t.language) == language)).one_or_none()


def outbox_rule(session: Session) -> int | None:
    """The row id of the rule that messages to customers are under."""
    rule = account_scope.whole(NotificationRule)
    query = select(rule.c.id).where(rule.c.name == _OUTBOX, rule.c.created_by == "", rule.c.removed_at.is_(None))
    return session.scalars(query).first()


def new_outbox_rule(**columns: Any) -> NotificationRule:
    return NotificationRule(name=_OUTBOX, created_by="", kinds=[], **columns)


def _waits() -> Any:
    return col(_R.state) == ReminderState.WAITING
