"""The text of a notification. Events of one kind at one place become one line, however many they are."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from musterroll.domain.notifications.events import Event, Kind
from musterroll.domain.values.dates import in_words
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import totals


class Line(NamedTuple):
    """One sentence, the page to open, and the number of events behind it."""

    text: str
    path: str
    signals: int


class Group(NamedTuple):
    kind: Kind
    headline: str
    lines: tuple[Line, ...]


class Message(NamedTuple):
    title: str
    groups: tuple[Group, ...]


def compose(events: Sequence[Event], zone: str, most: int = 25) -> Message:
    """A message about these events: kinds in the order of `Kind`, one line per place in each, largest first, at most `most` lines."""
    groups = tuple(_group(kind, [one for one in events if one.kind is kind], ZoneInfo(zone), most) for kind in Kind if _has(events, kind))
    if not groups:
        return Message("Nothing to report", ())
    others = len(groups) - 1
    return Message(groups[0].headline + (f" and {_count(others, 'more topic')}" if others else ""), groups)


def _has(events: Iterable[Event], kind: Kind) -> bool:
    return any(one.kind is kind for one in events)


def _group(kind: Kind, events: list[Event], zone: ZoneInfo, most: int) -> Group:
    bundles = sorted(_bundles(events), key=lambda bundle: (-sum(one.units for one in bundle), bundle[0].id))
    lines = [Line(_SAYS[kind](bundle, zone), _path(bundle), len(bundle)) for bundle in bundles]
    if len(lines) > most:
        rest = lines[most - 1 :]
        lines = [*lines[: most - 1], Line(f"and {len(rest):,} more", _WHERE[kind], sum(one.signals for one in rest))]
    return Group(kind, _headline(kind, events, bundles), tuple(lines))


def _bundles(events: Iterable[Event]) -> list[list[Event]]:
    """Events that share a line: same place and, where it matters, same day, document or kind of finding."""
    found: dict[tuple[object, ...], list[Event]] = {}
    for one in events:
        alone = one.kind in _ALONE and (one.id,)
        found.setdefault(alone or (one.account_ref, one.site_ref, one.variant, one.on), []).append(one)
    return list(found.values())


_ALONE = {Kind.CONTRACT_ENDING, Kind.NOTICE_DUE, Kind.ENROLMENT_PENDING, Kind.CLONE_SUSPECTED, Kind.IMPORT_FAILED}
_ALONE |= {Kind.INGEST_DEAF, Kind.INGEST_HEARS, Kind.AUDIT_BROKEN}


def _headline(kind: Kind, events: list[Event], bundles: list[list[Event]]) -> str:
    units = sum(one.units for one in events)
    if kind in (Kind.STALE, Kind.REVIVED, Kind.DECLINING, Kind.WARRANTY_ENDING):
        places = {(one.account_ref, one.site_ref) for one in events}
        where = f"at {_place(events[0])}" if len(places) == 1 else f"at {len(places):,} sites"
        return f"{_count(units, 'unit')} {_VERBS[kind]} {where}"
    if kind is Kind.FINDING_OPENED:
        worth = " + ".join(str(one) for one in totals(one.worth for one in events))
        return f"{_count(units, 'new finding')}" + (f" worth {worth} per year" if worth else "")
    if len(bundles) == 1:
        return _SAYS[kind](bundles[0], ZoneInfo("UTC")).split(";")[0]
    return f"{len(bundles):,} {_PLURALS[kind]}"


_VERBS = {
    Kind.STALE: "stopped reporting",
    Kind.REVIVED: "reporting again",
    Kind.DECLINING: "far below usual activity",
    Kind.WARRANTY_ENDING: "going out of warranty",
}
_PLURALS = {
    Kind.CONTRACT_ENDING: "contracts about to expire or auto-renew",
    Kind.NOTICE_DUE: "notice deadlines coming up",
    Kind.ENROLMENT_PENDING: "enrolments awaiting approval",
    Kind.CLONE_SUSPECTED: "suspected clones",
    Kind.IMPORT_FAILED: "imports with rejected rows",
    Kind.INGEST_DEAF: "outages of message reception",
    Kind.INGEST_HEARS: "recoveries of message reception",
    Kind.AUDIT_BROKEN: "failed checks of the audit log",
}


def _stale(events: list[Event], zone: ZoneInfo) -> str:
    since = min((one.since for one in events if one.since), default=events[0].at)
    earliest = "last" if len(events) == 1 else "earliest last"
    return f"{_place(events[0])}: {_named(events)} stopped reporting; {earliest} report {_moment(since, zone)}"


def _revived(events: list[Event], zone: ZoneInfo) -> str:
    return f"{_place(events[0])}: {_named(events)} reporting again since {_moment(min(one.at for one in events), zone)}"


def _declining(events: list[Event], _: ZoneInfo) -> str:
    what = events[0].variant.replace("_", " ")
    return f"{_place(events[0])}: {_named(events)} at less than half of usual activity ({what})"


def _warranty(events: list[Event], _: ZoneInfo) -> str:
    return f"{_place(events[0])}: warranty of {_named(events)} ends on {_day(events[0])}"


def _contract(events: list[Event], _: ZoneInfo) -> str:
    one = events[0]
    how = "auto-renews" if one.variant == "renews" else "expires"
    return f"{_contract_of(one)} {how} on {_day(one)}{_worth(one)}"


def _contract_of(one: Event) -> str:
    return f"Contract {one.detail} of {one.account or 'no account'}"


def _notice(events: list[Event], _: ZoneInfo) -> str:
    one = events[0]
    return f"{_contract_of(one)} auto-renews unless notice is given by {_day(one)}{_worth(one)}"


def _finding(events: list[Event], _: ZoneInfo) -> str:
    number = sum(one.units for one in events)
    worth = " + ".join(str(one) for one in totals(one.worth for one in events))
    what = events[0].variant.replace("_", " ")
    return f"{events[0].account or 'no account'}: {_count(number, 'finding')} ({what})" + (f"; worth {worth} per year" if worth else "")


def _enrolment(events: list[Event], _: ZoneInfo) -> str:
    return f"Another device requests enrolment as {events[0].serial}; accept or reject it"


def _clone(events: list[Event], _: ZoneInfo) -> str:
    return f"Suspected clone of {events[0].serial}; one device is operating and another requests enrolment"


def _import(events: list[Event], _: ZoneInfo) -> str:
    one = events[0]
    return f"{_count(one.units, 'row')} rejected in the import of {one.variant.replace('-', ' ')} from {one.detail}"


def _deaf(events: list[Event], zone: ZoneInfo) -> str:
    since = _moment(events[0].since or events[0].at, zone)
    return f"Registry not receiving: no messages from the broker since {since}; no unit becomes stale meanwhile"


def _hears(events: list[Event], zone: ZoneInfo) -> str:
    return f"Registry receiving again; no messages had arrived since {_moment(events[0].since or events[0].at, zone)}"


def _audit(events: list[Event], _: ZoneInfo) -> str:
    return f"Audit log check failed; {events[0].detail}"


_SAYS = {
    Kind.STALE: _stale,
    Kind.REVIVED: _revived,
    Kind.DECLINING: _declining,
    Kind.WARRANTY_ENDING: _warranty,
    Kind.CONTRACT_ENDING: _contract,
    Kind.NOTICE_DUE: _notice,
    Kind.FINDING_OPENED: _finding,
    Kind.ENROLMENT_PENDING: _enrolment,
    Kind.CLONE_SUSPECTED: _clone,
    Kind.IMPORT_FAILED: _import,
    Kind.INGEST_DEAF: _deaf,
    Kind.INGEST_HEARS: _hears,
    Kind.AUDIT_BROKEN: _audit,
}
_WHERE = {
    Kind.STALE: "/fleet?liveness=stale",
    Kind.REVIVED: "/fleet",
    Kind.DECLINING: "/fleet",
    Kind.WARRANTY_ENDING: "/fleet",
    Kind.CONTRACT_ENDING: "/contracts",
    Kind.NOTICE_DUE: "/contracts",
    Kind.FINDING_OPENED: "/findings",
    Kind.ENROLMENT_PENDING: "/enrolment",
    Kind.CLONE_SUSPECTED: "/enrolment",
    Kind.IMPORT_FAILED: "/imports",
    Kind.INGEST_DEAF: "/health",
    Kind.INGEST_HEARS: "/health",
    Kind.AUDIT_BROKEN: "/audit",
}


def _path(events: list[Event]) -> str:
    one = events[0]
    if sum(event.units for event in events) == 1 and one.uid:
        return f"/units/{one.uid}"
    if one.kind is Kind.FINDING_OPENED:
        return f"/findings?kind={one.variant}" + (f"&account={one.account_ref}" if one.account_ref else "")
    return _WHERE[one.kind]


def _place(one: Event) -> str:
    if one.site:
        return f"{one.site} ({one.account})" if one.account else one.site
    return one.account or "units without an account"


def _named(events: list[Event]) -> str:
    units = sum(one.units for one in events)
    return events[0].serial if units == 1 and events[0].serial else _count(units, "unit")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _day(one: Event) -> str:
    return in_words(one.on) if one.on else "an unknown date"


def _worth(one: Event) -> str:
    return f"; {one.worth} per year" if one.worth and one.worth.amount else ""


def _moment(ms: int, zone: ZoneInfo) -> str:
    local = from_ms(ms).astimezone(zone)
    return f"{local.day} {local:%b, %H:%M} {local.tzname()}"


def payload(message: Message) -> dict[str, object]:
    """A message in plain values, as stored in the outbox."""
    groups = [{"kind": g.kind.value, "headline": g.headline, "lines": [line._asdict() for line in g.lines]} for g in message.groups]
    return {"title": message.title, "groups": groups}
