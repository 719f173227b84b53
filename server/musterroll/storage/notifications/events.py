"""Events: recorded in the transaction that caused them, assigned to rules, and read back with names of accounts and sites."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, func, insert, literal, null, or_, select, update
from sqlmodel import Session, col

from musterroll.domain.notifications.events import Event, EventKind, with_outages
from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.domain.values.money import Money, amounts_of, amounts_text
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness import outages
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.notifications import EventRow, NotificationRule, RuleEvent
from musterroll.storage.tables.units import Unit

_EVENT: Any = EventRow.__table__  # type: ignore[attr-defined]
_RULE_EVENT: Any = RuleEvent.__table__  # type: ignore[attr-defined]
IN_OUTAGE = "outage"  # a variant
_OF_UNITS = (EventKind.QUIET, EventKind.STALE, EventKind.REVIVED)
_OF_SEGMENTS = (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_HANDED_OVER)
_IN_THE_FIELD = of_stage(Stage.FIELD)  # silence of other units is not reported


class NewEvent(NamedTuple):
    """An event to record. One with a `key` is recorded only if no event has that key yet."""

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
    further: tuple[Money, ...] = ()  # of its worth, in other currencies


def record_unit_events(session: Session, kind: EventKind, unit_ids: Collection[int], at: int) -> None:
    """Record one event for each account and site of these units, as far as they are in the field and part of no open outage.

    Events of units in an outage that is not of one account are for rules of single accounts, which are not told of that outage.
    """
    if not unit_ids:
        return
    u = Unit
    variant = case((outages.in_open_outage(col(u.id), of_account=False), IN_OUTAGE), else_="")
    grouped = (
        select(literal(kind.value), literal(at), func.min(col(UnitStatus.heard_at)), col(u.account_id), col(u.site_id), func.count())
        .add_columns(func.min(col(u.serial)), func.min(col(u.uid)), variant, literal(""), literal(""))
        .join_from(u, UnitStatus, col(UnitStatus.unit_id) == col(u.id))
        .where(among(session, col(u.id), unit_ids), col(u.lifecycle).in_(_IN_THE_FIELD), col(u.merged_into_id).is_(None))
        .where(~outages.in_open_outage(col(u.id), of_account=True))
        .group_by(col(u.account_id), col(u.site_id), variant)
    )
    names = ["kind", "at", "since", "account_id", "site_id", "units", "serial", "uid", "variant", "currency", "detail"]
    session.execute(insert(_EVENT).from_select(names, grouped))


def of_units(session: Session, uids: Collection[str], since: int) -> list[EventRow]:
    """Events since an instant (ms) that name one of these units, oldest first."""
    query = select(EventRow).where(among(session, col(EventRow.uid), uids), col(EventRow.at) >= since)
    return list(session.scalars(query.order_by(col(EventRow.id))))


_OPENED = """
SELECT 'finding_opened' AS event, $at AS at, account_id, sum(findings) AS units, '' AS serial, '' AS uid, kind,
  CAST(sum(CASE WHEN counted THEN value END) AS BIGINT) AS worth, currency, '' AS detail
FROM (
  SELECT account_id, kind, currency, value, counted, 1 AS findings FROM run_difference WHERE how = 'new'
  UNION ALL
  SELECT a.account_id, a.kind, a.currency, a.value, a.counted, 0 FROM run_further a
  JOIN run_difference d ON d.subject_id = a.subject_id AND d.kind = a.kind AND d.subject = 'unit' AND d.how = 'new')
GROUP BY account_id, kind, currency ORDER BY account_id, kind, currency"""
_OPENED_COLUMNS = ("kind", "at", "account_id", "units", "serial", "uid", "variant", "worth", "currency", "detail")


def record_finding_events(columns: Columns, at: int) -> None:
    """Record one event for each account and kind of the findings that a run has opened. `at` is ms."""
    columns.send("event", _OPENED_COLUMNS, _OPENED, at=at)


_COLUMNS = (
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
    "further",
)


def record(session: Session, events: Sequence[NewEvent]) -> int:
    """Record the events whose key is new and return their number. Raises IntegrityError if another transaction has just recorded one."""
    existing = existing_keys(session, [event.key for event in events if event.key is not None])
    rows = [_row(event) for event in events if event.key not in existing]
    bulk.insert(session, EventRow, _COLUMNS, rows)
    return len(rows)


def _row(event: NewEvent) -> tuple[Any, ...]:
    worth = (None, "") if event.worth is None else (event.worth.amount, event.worth.currency)
    place = (event.account_id, event.site_id, event.units, event.serial, event.uid)
    words = event.detail[:300], amounts_text(event.further)
    return (event.kind, event.at, event.key, event.since, *place, event.variant, event.lead, event.on, *worth, *words)


def existing_keys(session: Session, keys: Collection[str]) -> set[str]:
    """Those of these keys that some event has."""
    return {key for key in session.scalars(select(col(EventRow.key)).where(among(session, col(EventRow.key), list(keys)))) if key}


def newest(session: Session, kinds: Sequence[EventKind]) -> EventRow | None:
    return session.scalars(select(EventRow).where(col(EventRow.kind).in_(kinds)).order_by(col(EventRow.id).desc()).limit(1)).first()


def assign_to_rules(session: Session, rules: Sequence[NotificationRule], at: int) -> int:
    """Assign the events that are not assigned yet to the rules that ask for them, at an instant (ms). Returns the number of events.

    What another transaction has recorded but not committed yet is left for the next time.
    """
    assigned: Any = session.execute(update(_EVENT).where(_EVENT.c.taken_at.is_(None)).values(taken_at=at))
    if assigned.rowcount:
        for rule in rules:
            chosen = select(literal(rule.id), col(EventRow.id), null()).where(col(EventRow.taken_at) == at, *_conditions(session, rule))
            session.execute(insert(_RULE_EVENT).from_select(["rule_id", "event_id", "notification_id"], chosen))
    return int(assigned.rowcount)


def _conditions(session: Session, rule: NotificationRule) -> list[ColumnElement[bool]]:
    e = EventRow
    where = [col(e.kind).in_(with_outages(rule.kinds)), or_(col(e.lead).is_(None), col(e.lead).in_(rule.leads))]
    finding: list[ColumnElement[bool]] = []
    if rule.finding_kinds:
        finding.append(col(e.variant).in_(rule.finding_kinds))
    if rule.least_worth is not None:
        finding.append(col(e.worth) >= rule.least_worth)
    if finding:
        where.append(or_(col(e.kind) != EventKind.FINDING_OPENED, and_(*finding)))
    if rule.segments:
        where.append(or_(col(e.kind).not_in(_OF_SEGMENTS), col(e.variant).in_(rule.segments)))
    if rule.account_id is None:
        where.append(or_(col(e.variant) != IN_OUTAGE, col(e.kind).not_in(_OF_UNITS)))
    else:
        where.append(col(e.account_id).in_(hierarchy.subtree(_surviving_account(session, rule.account_id))))
    return where


def _surviving_account(session: Session, account_id: int) -> int:
    """The account, or the one it has been merged into."""
    into = session.execute(select(col(Account.merged_into_id)).where(col(Account.id) == account_id)).scalar()
    return account_id if into is None else _surviving_account(session, into)


class PendingEvents(NamedTuple):
    """Events assigned to a rule that no message has reported yet. `first` and `last` (ms): when they were assigned."""

    rule_id: int
    first: int
    last: int


def pending_by_rule(session: Session) -> list[PendingEvents]:
    """The pending events of every rule that has some."""
    query = (
        select(col(RuleEvent.rule_id), func.min(col(EventRow.taken_at)), func.max(col(EventRow.taken_at)))
        .join_from(RuleEvent, EventRow, col(EventRow.id) == col(RuleEvent.event_id))
        .where(col(RuleEvent.notification_id).is_(None))
        .group_by(col(RuleEvent.rule_id))
    )
    return [PendingEvents._make(row) for row in session.execute(query)]


def pending_events(session: Session, rule_id: int, limit: int) -> list[Event]:
    """The pending events of a rule, oldest first."""
    mine = (col(RuleEvent.rule_id) == rule_id, col(RuleEvent.notification_id).is_(None))
    return _events(
        session,
        _NAMED_EVENTS.join(RuleEvent, col(RuleEvent.event_id) == col(EventRow.id)).where(*mine).order_by(col(EventRow.id)).limit(limit),
    )


def events_of_message(session: Session, notification_id: int, limit: int) -> list[Event]:
    """The events that a message reports."""
    mine = col(RuleEvent.notification_id) == notification_id
    return _events(
        session,
        _NAMED_EVENTS.join(RuleEvent, col(RuleEvent.event_id) == col(EventRow.id)).where(mine).order_by(col(EventRow.id)).limit(limit),
    )


def recent(session: Session, before: int | None, limit: int) -> list[Event]:
    """The latest events, newest first, those before row `before`."""
    query = _NAMED_EVENTS if before is None else _NAMED_EVENTS.where(col(EventRow.id) < before)
    return _events(session, query.order_by(col(EventRow.id).desc()).limit(limit))


def assign_to_message(session: Session, rule_id: int, event_ids: Collection[int], notification_id: int) -> None:
    """Note that this message reports these events of a rule."""
    mine = (_RULE_EVENT.c.rule_id == rule_id, _RULE_EVENT.c.notification_id.is_(None), among(session, _RULE_EVENT.c.event_id, event_ids))
    session.execute(update(_RULE_EVENT).where(*mine).values(notification_id=notification_id))


_NAMED_EVENTS: Any = (
    select(
        EventRow,
        *(func.coalesce(column, "") for column in (col(Account.name), col(Site.name), col(Account.ref), col(Site.ref))),
    )
    .outerjoin_from(EventRow, Account, col(Account.id) == col(EventRow.account_id))
    .outerjoin(Site, col(Site.id) == col(EventRow.site_id))
)


def _events(session: Session, query: Any) -> list[Event]:
    events = []
    for row, account, site, account_ref, site_ref in session.execute(query):
        fields = {name: getattr(row, name) for name in ("kind", "at", "since", "units", "serial", "uid", "variant", "lead", "on", "detail")}
        fields["worth"] = None if row.worth is None else Money(row.worth, row.currency)
        fields["further"] = amounts_of(row.further)
        events.append(Event(row.id or 0, **fields, account=account, site=site, account_ref=account_ref, site_ref=site_ref))
    return events
