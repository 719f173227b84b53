"""Signals as they are written by whoever made them so, dealt out to rules, and read back with their names."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, insert, literal, null, or_, select, update
from sqlmodel import Session, col

from musterroll.domain.notifications.events import Event, EventKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.money import Money
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.notifications import EventRow, NotificationRule, RuleEvent
from musterroll.storage.tables.units import Unit

_SIGNAL: Any = EventRow.__table__  # type: ignore[attr-defined]
_DEALT: Any = RuleEvent.__table__  # type: ignore[attr-defined]
_IN_THE_FIELD = (Lifecycle.DEPLOYED, Lifecycle.UNRECORDED)  # of others, silence is no news


class Noticed(NamedTuple):
    """A signal to be written; with a `key` only where none of that key was."""

    kind: EventKind
    at: int  # ms
    key: str | None = None
    since: int | None = None
    account_id: int | None = None
    site_id: int | None = None
    units: int = 1
    serial: str = ""
    uid: str = ""
    variant: str = ""
    lead: int | None = None
    on: date | None = None
    worth: Money | None = None
    detail: str = ""


def note_units(session: Session, kind: EventKind, unit_ids: Collection[int], at: int) -> None:
    """One signal for each place at which these units of the field are."""
    if not unit_ids:
        return
    u = Unit
    grouped = (
        select(literal(kind.value), literal(at), func.min(col(UnitStatus.heard_at)), col(u.account_id), col(u.site_id), func.count())
        .add_columns(func.min(col(u.serial)), func.min(col(u.uid)), *(literal("") for _ in range(3)))
        .join_from(u, UnitStatus, col(UnitStatus.unit_id) == col(u.id))
        .where(among(session, col(u.id), unit_ids), col(u.lifecycle).in_(_IN_THE_FIELD), col(u.merged_into_id).is_(None))
        .group_by(col(u.account_id), col(u.site_id))
    )
    names = ["kind", "at", "since", "account_id", "site_id", "units", "serial", "uid", "variant", "currency", "detail"]
    session.execute(insert(_SIGNAL).from_select(names, grouped))


_OPENED = """
INSERT INTO event (kind, at, account_id, units, serial, uid, variant, worth, currency, detail)
SELECT 'finding_opened', :at, account_id, count(*), '', '', kind, CAST(sum(CASE WHEN counted THEN value END) AS BIGINT), currency, ''
FROM ({opened}) f GROUP BY account_id, kind, currency"""


def note_findings(staging: Staging, opened: str, at: int) -> None:
    """One signal for each account and kind of finding that a run stored anew: of those that SQL selects. `at` is ms."""
    staging.run(_OPENED.replace("{opened}", opened), at=at)


_NAMES = (
    "kind",
    "at",
    "key",
    "since",
    "account_id",
    "site_id",
    "units",
    "serial",
    "uid",
    "variant",
    "lead",
    "on",
    "worth",
    "currency",
    "detail",
)


def note(session: Session, noticed: Sequence[Noticed]) -> int:
    """Write signals whose key is new. Returns how many. Raises IntegrityError where another transaction has just written one of them."""
    told = known(session, [one.key for one in noticed if one.key is not None])
    rows = [_row(one) for one in noticed if one.key not in told]
    bulk.insert(session, EventRow, _NAMES, rows)
    return len(rows)


def _row(one: Noticed) -> tuple[Any, ...]:
    worth = (None, "") if one.worth is None else (one.worth.amount, one.worth.currency)
    place = (one.account_id, one.site_id, one.units, one.serial, one.uid)
    return (one.kind, one.at, one.key, one.since, *place, one.variant, one.lead, one.on, *worth, one.detail[:300])


def known(session: Session, keys: Collection[str]) -> set[str]:
    """Those of these keys that a signal has."""
    return {key for key in session.scalars(select(col(EventRow.key)).where(among(session, col(EventRow.key), list(keys)))) if key}


def newest(session: Session, kinds: Sequence[EventKind]) -> EventRow | None:
    return session.scalars(select(EventRow).where(col(EventRow.kind).in_(kinds)).order_by(col(EventRow.id).desc()).limit(1)).first()


def deal(session: Session, rules: Sequence[NotificationRule], at: int) -> int:
    """Take the signals that nobody took yet, at an instant (ms), and give each rule those it asks for. Returns how many were taken.

    What another transaction had written but not committed is simply still to be taken the next time.
    """
    taken: Any = session.execute(update(_SIGNAL).where(_SIGNAL.c.taken_at.is_(None)).values(taken_at=at))
    if taken.rowcount:
        for rule in rules:
            chosen = select(literal(rule.id), col(EventRow.id), null()).where(col(EventRow.taken_at) == at, *_asked(session, rule))
            session.execute(insert(_DEALT).from_select(["rule_id", "event_id", "notification_id"], chosen))
    return int(taken.rowcount)


def _asked(session: Session, rule: NotificationRule) -> list[ColumnElement[bool]]:
    s = EventRow
    where = [col(s.kind).in_([EventKind(kind) for kind in rule.kinds]), or_(col(s.lead).is_(None), col(s.lead).in_(rule.leads))]
    finding: list[ColumnElement[bool]] = []
    if rule.finding_kinds:
        finding.append(col(s.variant).in_(rule.finding_kinds))
    if rule.least_worth is not None:
        finding.append(col(s.worth) >= rule.least_worth)
    if finding:
        where.append(or_(col(s.kind) != EventKind.FINDING_OPENED, and_(*finding)))
    if rule.account_id is not None:
        where.append(col(s.account_id).in_(hierarchy.subtree(_standing(session, rule.account_id))))
    return where


def _standing(session: Session, account_id: int) -> int:
    """The account, or the one it was merged into since."""
    into = session.execute(select(col(Account.merged_into_id)).where(col(Account.id) == account_id)).scalar()
    return account_id if into is None else _standing(session, into)


class Waiting(NamedTuple):
    """What was dealt out to a rule and not told yet. `first` and `last` (ms) are when signals were dealt out."""

    rule_id: int
    signals: int
    first: int
    last: int


def waiting(session: Session) -> list[Waiting]:
    """The rules that have something to tell."""
    query = (
        select(col(RuleEvent.rule_id), func.count(), func.min(col(EventRow.taken_at)), func.max(col(EventRow.taken_at)))
        .join_from(RuleEvent, EventRow, col(EventRow.id) == col(RuleEvent.event_id))
        .where(col(RuleEvent.notification_id).is_(None))
        .group_by(col(RuleEvent.rule_id))
    )
    return [Waiting._make(row) for row in session.execute(query)]


def untold(session: Session, rule_id: int, limit: int) -> list[Event]:
    """What was dealt out to a rule and not told yet, in the order it was noticed."""
    mine = (col(RuleEvent.rule_id) == rule_id, col(RuleEvent.notification_id).is_(None))
    return _events(
        session, _EVENTS.join(RuleEvent, col(RuleEvent.event_id) == col(EventRow.id)).where(*mine).order_by(col(EventRow.id)).limit(limit)
    )


def told(session: Session, notification_id: int, limit: int) -> list[Event]:
    """What a message told."""
    mine = col(RuleEvent.notification_id) == notification_id
    return _events(
        session, _EVENTS.join(RuleEvent, col(RuleEvent.event_id) == col(EventRow.id)).where(mine).order_by(col(EventRow.id)).limit(limit)
    )


def recent(session: Session, before: int | None, limit: int) -> list[Event]:
    """The signals noticed last, newest first, behind row `before`."""
    query = _EVENTS if before is None else _EVENTS.where(col(EventRow.id) < before)
    return _events(session, query.order_by(col(EventRow.id).desc()).limit(limit))


def tell(session: Session, rule_id: int, signal_ids: Collection[int], notification_id: int) -> None:
    """These signals of a rule go with this message."""
    mine = (_DEALT.c.rule_id == rule_id, _DEALT.c.notification_id.is_(None), among(session, _DEALT.c.event_id, signal_ids))
    session.execute(update(_DEALT).where(*mine).values(notification_id=notification_id))


_EVENTS: Any = (
    select(
        EventRow,
        *(func.coalesce(column, "") for column in (col(Account.name), col(Site.name), col(Account.ref), col(Site.ref))),
    )
    .outerjoin_from(EventRow, Account, col(Account.id) == col(EventRow.account_id))
    .outerjoin(Site, col(Site.id) == col(EventRow.site_id))
)


def _events(session: Session, query: Any) -> list[Event]:
    found = []
    for row, account, site, account_ref, site_ref in session.execute(query):
        worth = None if row.worth is None else Money(row.worth, row.currency)
        kept = {name: getattr(row, name) for name in ("kind", "at", "since", "units", "serial", "uid", "variant", "lead", "on", "detail")}
        found.append(Event(row.id or 0, **kept, account=account, site=site, account_ref=account_ref, site_ref=site_ref, worth=worth))
    return found
