"""The text of a notification. Events of one kind at one place become one line, however many they are."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from musterroll.domain.notifications.events import Event, EventKind
from musterroll.domain.values.dates import in_words
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import format_sums, totals


class MessageLine(NamedTuple):
    """One sentence, the page to open, and the number of events behind it."""

    text: str
    path: str
    signals: int


class MessageGroup(NamedTuple):
    kind: EventKind
    headline: str
    lines: tuple[MessageLine, ...]


class MessageText(NamedTuple):
    title: str
    groups: tuple[MessageGroup, ...]


def compose(events: Sequence[Event], zone: str, most: int = 25) -> MessageText:
    """A message about these events: kinds in the order of `EventKind`, one line per place in each, largest first, at most `most` lines."""
    groups = tuple(
        _group(kind, [event for event in events if event.kind is kind], ZoneInfo(zone), most) for kind in EventKind if _has(events, kind)
    )
    if not groups:
        return MessageText("Nothing to report", ())
    others = len(groups) - 1
    return MessageText(groups[0].headline + (f", plus {_count(others, 'more topic')}" if others else ""), groups)


def _has(events: Iterable[Event], kind: EventKind) -> bool:
    return any(event.kind is kind for event in events)


def _group(kind: EventKind, events: list[Event], zone: ZoneInfo, most: int) -> MessageGroup:
    bundles = sorted(_bundles(events), key=lambda bundle: (-sum(event.units for event in bundle), bundle[0].id))
    lines = [MessageLine(_WORDING[kind].sentence(bundle, zone), _path(bundle), len(bundle)) for bundle in bundles]
    if len(lines) > most:
        rest = lines[most - 1 :]
        lines = [*lines[: most - 1], MessageLine(f"and {len(rest):,} more", _WORDING[kind].path, sum(line.signals for line in rest))]
    return MessageGroup(kind, _headline(kind, events, bundles), tuple(lines))


def _bundles(events: Iterable[Event]) -> list[list[Event]]:
    """Events that share a line: same place and, where it matters, same day, document or kind of finding."""
    bundles: dict[tuple[object, ...], list[Event]] = {}
    for event in events:
        alone = _WORDING[event.kind].plural and (event.id,)
        bundles.setdefault(alone or (event.account_ref, event.site_ref, event.variant, event.on), []).append(event)
    return list(bundles.values())


def _headline(kind: EventKind, events: list[Event], bundles: list[list[Event]]) -> str:
    units = sum(event.units for event in events)
    if _WORDING[kind].verb:
        places = {(event.account_ref, event.site_ref) for event in events}
        where = f"at {_place(events[0])}" if len(places) == 1 else f"at {len(places):,} sites"
        return f"{_count(units, 'unit')} {_WORDING[kind].verb} {where}"
    if kind is EventKind.FINDING_OPENED:
        worth = format_sums(totals(event.worth for event in events))
        return f"{_count(units, 'new finding')}" + (f" worth {worth} per year" if worth else "")
    if len(bundles) == 1:
        return _WORDING[kind].sentence(bundles[0], ZoneInfo("UTC")).split(";")[0]
    return f"{len(bundles):,} {_WORDING[kind].plural}"


def _stale(events: list[Event], zone: ZoneInfo) -> str:
    since = min((event.since for event in events if event.since), default=events[0].at)
    earliest = "last" if sum(event.units for event in events) == 1 else "earliest last"
    return f"{_place(events[0])}: {_named(events)} stopped reporting; {earliest} report {_moment(since, zone)}"


def _quiet(events: list[Event], zone: ZoneInfo) -> str:
    since = min((event.since for event in events if event.since), default=events[0].at)
    return f"{_place(events[0])}: {_named(events)} unusually quiet; last report {_moment(since, zone)}"


def _outage_opened(events: list[Event], zone: ZoneInfo) -> str:
    return f"Outage: {events[0].detail} silent since {_moment(events[0].since or events[0].at, zone)}"


def _outage_closed(events: list[Event], zone: ZoneInfo) -> str:
    return f"Outage over: {events[0].detail}; it began {_moment(events[0].since or events[0].at, zone)}"


def _revived(events: list[Event], zone: ZoneInfo) -> str:
    return f"{_place(events[0])}: {_named(events)} reporting again since {_moment(min(event.at for event in events), zone)}"


def _declining(events: list[Event], _: ZoneInfo) -> str:
    counter = events[0].variant
    what = "operating hours" if counter == "operating" else counter.replace("_", " ")
    return f"{_place(events[0])}: {_named(events)} at less than half of usual activity ({what})"


def _warranty(events: list[Event], _: ZoneInfo) -> str:
    return f"{_place(events[0])}: warranty of {_named(events)} ends on {_day(events[0])}"


def _contract(events: list[Event], _: ZoneInfo) -> str:
    event = events[0]
    how = "auto-renews" if event.variant == "renews" else "expires"
    return f"{_contract_of(event)} {how} on {_day(event)}{_worth(event)}"


def _contract_of(event: Event) -> str:
    return f"Contract {event.detail} of {event.account or 'no account'}"


def _notice(events: list[Event], _: ZoneInfo) -> str:
    event = events[0]
    return f"{_contract_of(event)} auto-renews unless notice is given by {_day(event)}{_worth(event)}"


def _finding(events: list[Event], _: ZoneInfo) -> str:
    number = sum(event.units for event in events)
    worth = format_sums(totals(event.worth for event in events))
    what = events[0].variant.replace("_", " ")
    return f"{events[0].account or 'no account'}: {_count(number, 'finding')} ({what})" + (f"; worth {worth} per year" if worth else "")


def _target(events: list[Event], _: ZoneInfo) -> str:
    return events[0].detail


def _review(events: list[Event], _: ZoneInfo) -> str:
    return f"The review pack of {events[0].detail} is ready as PDF and XLSX; figures as of {_day(events[0])}"


def _limit(events: list[Event], _: ZoneInfo) -> str:
    return events[0].detail.rstrip(".")


def _entered(events: list[Event], _: ZoneInfo) -> str:
    event = events[0]
    if not event.account:
        return f"{_count(event.units, 'account')} entered segment {event.detail}"
    return f"{event.account} entered segment {event.detail} with {_count(event.units, 'unit')}{_worth(event)}"


def _handed_over(events: list[Event], _: ZoneInfo) -> str:
    return f"Segment {events[0].detail} was handed over with {_count(events[0].units, 'account')}{_worth(events[0])}"


def _enrolment(events: list[Event], _: ZoneInfo) -> str:
    return f"Another device requests enrolment as {events[0].serial}; accept or reject it"


def _clone(events: list[Event], _: ZoneInfo) -> str:
    return f"Suspected clone of {events[0].serial}; one device is operating and another requests enrolment"


def _copied(events: list[Event], _: ZoneInfo) -> str:
    return f"Several devices report as {events[0].serial}: {events[0].detail}; find the copy and enrol it as a unit of its own"


def _went_back(events: list[Event], _: ZoneInfo) -> str:
    return f"The state of {events[0].serial} went back: {events[0].detail}; check whether its storage keeps what is written"


def _foreign(events: list[Event], _: ZoneInfo) -> str:
    return f"Other identity at {events[0].serial}: {events[0].detail}"


def _fault(events: list[Event], _: ZoneInfo) -> str:
    return f"{events[0].serial} reports a fault: {events[0].detail}"


def _import(events: list[Event], _: ZoneInfo) -> str:
    event = events[0]
    return f"{_count(event.units, 'row')} rejected in the import of {event.variant.replace('-', ' ')} from {event.detail}"


def _interrupted(events: list[Event], _: ZoneInfo) -> str:
    return events[0].detail[:1].upper() + events[0].detail[1:]


def _source_waits(events: list[Event], _: ZoneInfo) -> str:
    return f"A document waits for approval, from source {events[0].detail}"


def _source_fails(events: list[Event], _: ZoneInfo) -> str:
    return f"A source cannot be fetched, {events[0].detail}"


def _not_receiving(events: list[Event], zone: ZoneInfo) -> str:
    since = _moment(events[0].since or events[0].at, zone)
    return f"Registry not receiving: no messages from the broker since {since}; no unit becomes stale meanwhile"


def _receiving_again(events: list[Event], zone: ZoneInfo) -> str:
    return f"Registry receiving again; no messages had arrived since {_moment(events[0].since or events[0].at, zone)}"


def _clock(events: list[Event], zone: ZoneInfo) -> str:
    ahead, at = (f"{from_ms(ms).year} {_moment(ms, zone)}" for ms in (events[0].since or events[0].at, events[0].at))
    return f"The registry's clock jumped back from {ahead} to {at}; what was recorded ahead of it is void. Check the time synchronisation"


def _audit(events: list[Event], _: ZoneInfo) -> str:
    return f"Audit log check failed; {events[0].detail}"


class _KindWording(NamedTuple):
    """Words of a kind: a line of one bundle, the page of all of them, and the headline.

    `verb`: units at a place do this together, in one line. `plural`: each event has a line of its own.
    """

    sentence: Callable[[list[Event], ZoneInfo], str]
    path: str
    verb: str = ""
    plural: str = ""


_WORDING = {
    EventKind.QUIET: _KindWording(_quiet, "/fleet?liveness=quiet", verb="unusually quiet"),
    EventKind.STALE: _KindWording(_stale, "/fleet?liveness=stale", verb="stopped reporting"),
    EventKind.OUTAGE_OPENED: _KindWording(_outage_opened, "/outages", plural="outages"),
    EventKind.OUTAGE_CLOSED: _KindWording(_outage_closed, "/outages", plural="outages over"),
    EventKind.REVIVED: _KindWording(_revived, "/fleet", verb="reporting again"),
    EventKind.DECLINING: _KindWording(_declining, "/fleet", verb="far below usual activity"),
    EventKind.WARRANTY_ENDING: _KindWording(_warranty, "/fleet", verb="going out of warranty"),
    EventKind.CONTRACT_ENDING: _KindWording(_contract, "/contracts", plural="contracts about to expire or auto-renew"),
    EventKind.NOTICE_DUE: _KindWording(_notice, "/contracts", plural="notice deadlines coming up"),
    EventKind.FINDING_OPENED: _KindWording(_finding, "/findings"),
    EventKind.TARGET_CROSSED: _KindWording(_target, "/targets", plural="targets crossed"),
    EventKind.LIMIT_USED: _KindWording(_limit, "/limits", plural="contract limits used"),
    EventKind.SEGMENT_ENTERED: _KindWording(_entered, "/segments", plural="accounts entered segments"),
    EventKind.SEGMENT_HANDED_OVER: _KindWording(_handed_over, "/segments", plural="segments handed over"),
    EventKind.REVIEW_PACK: _KindWording(_review, "/review-packs", plural="review packs"),
    EventKind.ENROLMENT_PENDING: _KindWording(_enrolment, "/enrolment", plural="enrolments awaiting approval"),
    EventKind.CLONE_SUSPECTED: _KindWording(_clone, "/enrolment", plural="suspected clones"),
    EventKind.CREDENTIAL_COPIED: _KindWording(_copied, "/findings?kind=clone_case", plural="units with several devices"),
    EventKind.STATE_WENT_BACK: _KindWording(_went_back, "/findings?kind=state_went_back", plural="units whose state went back"),
    EventKind.FOREIGN_IDENTITY: _KindWording(_foreign, "/findings?kind=foreign_identity", plural="units with another identity"),
    EventKind.DEVICE_FAULT: _KindWording(_fault, "/fleet", plural="faults reported by devices"),
    EventKind.IMPORT_FAILED: _KindWording(_import, "/imports", plural="imports with rejected rows"),
    EventKind.IMPORT_INTERRUPTED: _KindWording(_interrupted, "/imports", plural="interrupted imports"),
    EventKind.SOURCE_WAITING: _KindWording(_source_waits, "/sources", plural="documents that wait for approval"),
    EventKind.SOURCE_FAILING: _KindWording(_source_fails, "/sources", plural="sources that cannot be fetched"),
    EventKind.INGEST_NOT_RECEIVING: _KindWording(_not_receiving, "/health", plural="outages of message reception"),
    EventKind.INGEST_RECEIVING: _KindWording(_receiving_again, "/health", plural="recoveries of message reception"),
    EventKind.CLOCK_JUMPED: _KindWording(_clock, "/health", plural="jumps of the registry's clock"),
    EventKind.AUDIT_BROKEN: _KindWording(_audit, "/audit", plural="failed checks of the audit log"),
}


def _path(events: list[Event]) -> str:
    event = events[0]
    if sum(event.units for event in events) == 1 and event.uid:
        return f"/units/{event.uid}"
    if event.kind is EventKind.FINDING_OPENED:
        return f"/findings?kind={event.variant}" + (f"&account={event.account_ref}" if event.account_ref else "")
    if event.kind in (EventKind.SEGMENT_ENTERED, EventKind.SEGMENT_HANDED_OVER) and len(events) == 1:
        return f"/segments/{event.variant}"
    return _WORDING[event.kind].path


def _place(event: Event) -> str:
    if event.site:
        return f"{event.site} ({event.account})" if event.account else event.site
    return event.account or "units without an account"


def _named(events: list[Event]) -> str:
    units = sum(event.units for event in events)
    return events[0].serial if units == 1 and events[0].serial else _count(units, "unit")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _day(event: Event) -> str:
    return in_words(event.on) if event.on else "an unknown date"


def _worth(event: Event) -> str:
    amounts = [money for money in (event.worth, *event.further) if money and money.amount]
    return f"; {format_sums(amounts)} per year" if amounts else ""


def _moment(ms: int, zone: ZoneInfo) -> str:
    local = from_ms(ms).astimezone(zone)
    return f"{local.day} {local:%b, %H:%M} {local.tzname()}"


def payload(message: MessageText) -> dict[str, object]:
    """A message in plain values, as stored in the outbox."""
    groups = [{"kind": g.kind.value, "headline": g.headline, "lines": [line._asdict() for line in g.lines]} for g in message.groups]
    return {"title": message.title, "groups": groups}
