"""Which reminders are due: found by the schedule, once an hour, in one reading session and stored in another."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.contacts.reminders import DEFAULTS, ReminderKind, ReminderRule, is_due
from musterroll.domain.contracts.limits import LimitLevel, plain
from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.contacts import due as stored_due
from musterroll.storage.contacts import reminders as stored
from musterroll.storage.contacts.due import WarrantyMonth
from musterroll.storage.contacts.reminders import Recipient
from musterroll.storage.contracts import limits as stored_limits
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.notifications import endings
from musterroll.storage.operations import checkpoints
from musterroll.usecases.contacts import recipients
from musterroll.usecases.coverage.limits import LineLimitUse, line_limits

_CHECKPOINT, _EVERY = "reminders", timedelta(hours=1)
_LIMITS = 5_000  # looked at together


class Occasion(NamedTuple):
    """Something that contacts are reminded of: those of a whole account, or with `site_id` those of the site."""

    kind: ReminderKind
    subject: str
    account_id: int
    site_id: int | None
    on: date
    facts: dict[str, str]


def find_due(session: Session, now: datetime) -> list[dict[str, Any]] | None:
    """What is due, for `store_due`; None if it was looked for within the hour. Only reads."""
    if now - from_ms(checkpoints.mark(session, _CHECKPOINT).at) < _EVERY:
        return None
    rules, today = effective_rules(session), now.astimezone(UTC).date()
    occasions = [*_renewals(session, rules, today), *_warranties(session, rules, today), *_limits(session, rules, today)]
    return _reminders(session, occasions, now)


def store_due(session: Session, rows: list[dict[str, Any]], now: datetime) -> int:
    """Add those that are new, and let those lapse whose reason or consent is gone. Returns the number of new ones."""
    checkpoints.put(session, _CHECKPOINT, 0, to_ms(now))
    by_key = {row["key"]: row for row in rows}
    known = stored.existing_keys(session, list(by_key))
    new = [row for key, row in by_key.items() if key not in known]
    gone = [row_id for key, row_id in stored.waiting_keys(session).items() if key not in by_key]
    if gone:
        stored.lapse(session, gone)
    stored.add(session, new)
    return len(new)


def look_again(session: Session) -> None:
    """Look for what is due at the next run of the schedule."""
    checkpoints.put(session, _CHECKPOINT, 0, 0)


def effective_rules(session: Session) -> dict[ReminderKind, ReminderRule]:
    """The rule of every kind, as set by an admin or as shipped."""
    rows = stored.settings(session)
    return {kind: ReminderRule(kind, row.lead_days, row.releases) if (row := rows.get(kind)) else rule for kind, rule in DEFAULTS.items()}


def _renewals(session: Session, rules: dict[ReminderKind, ReminderRule], today: date) -> Iterator[Occasion]:
    lead = rules[ReminderKind.RENEWAL].lead_days
    for ending in endings.contracts(session, today) if lead else ():
        ends_on, account_id = ending.renewal.ends_on, ending.contract.account
        if ends_on is None or account_id is None or not is_due(last_day(ends_on), today, lead):
            continue
        on = last_day(ends_on)
        facts = {"contract": ending.contract.ref, "last_day": on.isoformat()}
        yield Occasion(ReminderKind.RENEWAL, f"{ending.contract.id}:{on}", account_id, None, on, facts)


def _warranties(session: Session, rules: dict[ReminderKind, ReminderRule], today: date) -> Iterator[Occasion]:
    """Whole months, so that nobody gets more than one a month: from the month of today to that of the last day within the lead."""
    lead = rules[ReminderKind.WARRANTY].lead_days
    if not lead:
        return
    until = add_months((today + timedelta(lead)).replace(day=1), 1)
    months = stored_due.warranty_months(session, today, until)
    for month in [*_of_accounts(months), *(month for month in months if month.site_id is not None)]:
        if is_due(month.first, today, lead):
            yield _of_warranty(month)


def _of_accounts(months: list[WarrantyMonth]) -> list[WarrantyMonth]:
    """The same for whole accounts, which their own contacts get one reminder of; units without a site are in these only."""
    sums: dict[tuple[int, date], WarrantyMonth] = {}
    for month in months:
        known = sums.get((month.account_id, month.month), month._replace(site_id=None, site="", units=0))
        sums[month.account_id, month.month] = known._replace(first=min(known.first, month.first), units=known.units + month.units)
    return list(sums.values())


def _of_warranty(month: WarrantyMonth) -> Occasion:
    facts = {"units": f"{month.units}", "site": month.site, "month": month.month.isoformat(), "first_day": month.first.isoformat()}
    subject = f"{month.account_id}:{month.site_id or 0}:{month.month:%Y-%m}"
    return Occasion(ReminderKind.WARRANTY, subject, month.account_id, month.site_id, month.first, facts)


def _limits(session: Session, rules: dict[ReminderKind, ReminderRule], today: date) -> Iterator[Occasion]:
    after: int | None = 0 if rules[ReminderKind.LIMIT].lead_days else None
    while after is not None:
        rows = stored_limits.page(session, None, after, _LIMITS)
        covers = contract_lines.by_ids(session, {row.line_id for row in rows})
        shown = {(row.line_id, row.kind) for row in rows}
        for of in line_limits(session, covers.values(), today):
            if (of.cover.line.id, of.use.limit.kind) in shown and of.use.level is not LimitLevel.WITHIN and of.cover.contract.account:
                yield _of_limit(of, of.cover.contract.account, today)
        after = rows[-1].id if len(rows) == _LIMITS else None


def _of_limit(of: LineLimitUse, account_id: int, today: date) -> Occasion:
    use, span = of.use, of.use.allowance.span
    until = last_day(span.ends_on).isoformat() if span.ends_on else ""
    numbers = {"used": plain(use.used), "allowed": plain(use.allowance.amount), "left": plain(use.left)}
    facts = {"contract": of.cover.contract.ref, "line": of.cover.line.ref, "what": use.limit.kind.value, "last_day": until}
    subject = f"{of.cover.line.id}:{use.limit.kind}:{until}:{use.level}"
    return Occasion(ReminderKind.LIMIT, subject, account_id, None, today, {**facts, **numbers})


def _reminders(session: Session, occasions: list[Occasion], now: datetime) -> list[dict[str, Any]]:
    """One for each occasion and address."""
    people = recipients.recipients(session, {occasion.account_id for occasion in occasions})
    return [
        _reminder(occasion, recipient, now)
        for occasion in occasions
        for recipient in _of_place(people.get(occasion.account_id, ()), occasion.site_id)
    ]


def _of_place(people: Collection[Recipient], site_id: int | None) -> list[Recipient]:
    """The contacts of the site, or those of the whole account; each address once."""
    by_address: dict[str, Recipient] = {}
    for recipient in people:
        if recipient.site_id == site_id:
            by_address.setdefault(recipient.email, recipient)
    return list(by_address.values())


def _reminder(occasion: Occasion, to: Recipient, now: datetime) -> dict[str, Any]:
    name = f"{to.first_name} {to.last_name}".strip() or to.account
    own = {"name": name, "first_name": to.first_name, "last_name": to.last_name, "account": to.account, "through": to.through}
    return {
        "key": f"{occasion.kind}:{occasion.subject}:{to.email}",
        **{"kind": occasion.kind, "account_id": occasion.account_id, "contact_id": to.id, "email": to.email},
        **{"language": to.language, "on": occasion.on, "facts": {**own, **occasion.facts}, "created_at": now},
    }
