"""Wording of states, times and amounts on the pages: one word, one icon and one colour each."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple, Protocol

from flask import Flask

from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle, Stage
from musterroll.domain.values import durations
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.domain.values.money import Money, format_money, format_range, format_sums
from musterroll.usecases.units.unit_card import UnitCard


class HasProduct(Protocol):
    """Anything with a maker and a model."""

    @property
    def maker(self) -> str: ...
    @property
    def model(self) -> str: ...


class StateWording(NamedTuple):
    """`word` for lists, `answer` for the big card, `icon` a Tabler name, `colour` of the classes `is-` and `fill-`, `height` of the bar in
    the timeline; for a state that a form moves units to: `move`, its name, and `button`."""

    word: str
    answer: str
    icon: str
    colour: str = ""
    height: int = 5
    move: str = ""
    button: str = ""


LIVENESS = {
    Liveness.OPERATING: StateWording("Operating", "Operating", "heartbeat", "operating", 52),
    Liveness.LATE: StateWording("Late", "Late", "clock-exclamation", "late", 34),
    Liveness.QUIET: StateWording("Quiet", "Unusually quiet", "moon", "quiet", 28),
    Liveness.STALE: StateWording("Stale", "Silent", "volume-off", "stale", 20),
    Liveness.HELD: StateWording("Paused", "Alerts paused, silent", "bell-pause", "held", 20),
    Liveness.UNKNOWN: StateWording("Unknown", "Live status unknown", "file-unknown", "never_heard", 12),
    Liveness.NEVER_HEARD: StateWording("Never heard", "Never heard", "circle-dashed", "never_heard"),
}
# A unit known from an imported list that is not too old: it counts as operating, but is shown in grey.
LISTED = StateWording("From a list", "Last reported", "file-text", "never_heard")
# Of a unit that was returned or retired, silence is what is expected.
SILENT_AFTER = LIVENESS[Liveness.STALE]._replace(colour="never_heard")
LIFECYCLE = {
    Lifecycle.UNRECORDED: StateWording("Unrecorded", "no record yet", "file-unknown"),
    Lifecycle.STOCK: StateWording("In stock", "not shipped", "package", move="Return to stock", button="Return to stock"),
    Lifecycle.SHIPPED: StateWording("Shipped", "in transit", "truck"),
    Lifecycle.DEPLOYED: StateWording("Deployed", "in the field", "map-pin"),
    Lifecycle.RETURNED: StateWording("Returned", "sent back", "truck-return", move="Return", button="Mark as returned"),
    Lifecycle.RETIRED: StateWording("Retired", "out of service", "archive", move="Retire", button="Retire"),
}


class ComponentWording(NamedTuple):
    """A component in the footer, and the word for it when it is not OK."""

    name: str
    failing: str


HEALTH = {
    "database": ComponentWording("Database", "down"),
    "broker": ComponentWording("Broker", "down"),
    "ingest": ComponentWording("Ingest", "delayed"),
    "schedule": ComponentWording("Scheduled jobs", "delayed"),
}
OUTCOMES = {"new": "new", "changed": "changed", "same": "unchanged", "refused": "rejected"}  # of imported rows
MESSAGES = {"birth": "Restart", "hour": "Hourly summary"}  # by what they are about; others are named by the device
_ENROLMENT = {"active": "Enrolled", "pending": "Enrolment pending", "refused": "Enrolment rejected", "revoked": "Credential revoked"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def install(app: Flask) -> None:
    app.jinja_env.globals.update(
        liveness_words=LIVENESS,
        lifecycle_words=LIFECYCLE,
        liveness_of=liveness_of,
        answer=answer,
        verdict=verdict,
        usual_rhythm=usual_rhythm,
    )
    app.jinja_env.globals.update(health_words=HEALTH, outcome_words=OUTCOMES, message_words=MESSAGES)
    app.jinja_env.filters.update(
        ago=ago, span=span, moment=moment, day=day, last_day=last_day, count=count, iso=iso, stage=stage, product=product
    )
    app.jinja_env.filters.update(duration=duration)
    app.jinja_env.globals.update(Money=Money, reporting_interval=reporting_interval)
    app.jinja_env.globals.update(money_range=format_range)
    app.jinja_env.filters.update(money=format_money, amount=partial(format_money, short=True), sums=partial(format_sums, short=True))


def liveness_of(card: UnitCard) -> StateWording:
    """How the pages show a unit's liveness."""
    if card.liveness is Liveness.STALE and card.lifecycle.stage is Stage.AFTER:
        return SILENT_AFTER
    return LISTED if card.reported_by_import_only and card.liveness is Liveness.OPERATING else LIVENESS[card.liveness]


def answer(card: UnitCard, now: datetime) -> str:
    """The headline; a silent unit's says for how long, counted from its last report."""
    state = liveness_of(card)
    word = state.answer
    if card.reported_by_import_only and card.liveness in (Liveness.OPERATING, Liveness.UNKNOWN):
        word = LISTED.answer
        return f"{word} {ago(card.heard_at, now)}"
    if card.liveness not in (Liveness.STALE, Liveness.HELD) or card.heard_at is None:
        return word
    return f"{word} for {span((to_ms(now) - card.heard_at) / 1000)}"


def verdict(card: UnitCard, now: datetime) -> str:
    """The sentence under the headline: the last report, and what is expected.

    Silence is counted from the last report, not from when the unit became stale: technicians on site need that.
    """
    if card.liveness is Liveness.NEVER_HEARD:
        return _never_heard(card)
    if card.reported_by_import_only:
        return _from_list(card)
    if card.liveness is Liveness.OPERATING:
        return f"Last report {ago(card.heard_at, now)}; reports every {_interval(card.interval)}."
    if card.liveness is Liveness.LATE:
        stale = f"Stale after {span(card.stale_after)} of silence."
        return f"Last report {ago(card.heard_at, now)}; expected every {_interval(card.interval)}. {stale}"
    if card.liveness is Liveness.QUIET:
        return f"Last report {ago(card.heard_at, now)}; unusual for this unit, which {usual_rhythm(card)}."
    if card.liveness is Liveness.HELD:
        return f"Last report {moment(card.heard_at)}. Alerts were paused {ago(card.held_at, now)}."
    return f"Last report {moment(card.heard_at)}; expected every {_interval(card.interval)}."


def usual_rhythm(card: UnitCard) -> str:
    """What is usual for a unit, as a clause; empty where its rhythm is not known."""
    every = f"usually reports every {durations.rounded(card.pace)}" if card.pace else ""
    longest = f"is never silent for more than {durations.rounded(card.usual)}" if card.usual else ""
    return " and ".join(part for part in (every, longest) if part) if longest else ""


def _from_list(card: UnitCard) -> str:
    named = f" ({card.list_file})" if card.list_file else ""
    listed = f"From an imported list{named} of {moment(card.listed_at or card.heard_at)}; this unit has no agent."
    old = "; the list is too old" if card.liveness is Liveness.UNKNOWN else ""
    return f"Last report {moment(card.heard_at)}. {listed} Its live status is unknown{old}."


def _never_heard(card: UnitCard) -> str:
    if card.pending:
        return "Its enrolment is waiting for approval."
    if card.enrolled:
        return "Enrolled, but no heartbeat received yet. Check that the agent is running and can reach the broker."
    return "Registered from records only: no agent has enrolled yet."


def ago(at: int | datetime | None, now: datetime) -> str:
    """
    >>> ago(1793534400000, datetime(2026, 11, 1, 12, 3, tzinfo=UTC))
    '3 minutes ago'
    """
    if at is None:
        return "never"
    seconds = (to_ms(now) - (at if isinstance(at, int) else to_ms(at))) // 1000
    if seconds < -60:
        return f"in {span(-seconds)}"
    return "just now" if seconds < 2 else f"{span(seconds)} ago"


def span(seconds: float) -> str:
    """The largest whole unit, rounded down.

    >>> span(59), span(60), span(7300), span(90000 * 3)
    ('59 seconds', '1 minute', '2 hours', '3 days')
    """
    for size, name in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return "0 seconds"


def _interval(seconds: float) -> str:
    return span(seconds).removeprefix("1 ")


def duration(seconds: int | None) -> str:
    """As a form shows it and takes it back; empty if none is set."""
    return "" if seconds is None else durations.written(seconds)


def reporting_interval(reported: int, set_to: int | None) -> str | None:
    """How often a unit reports, and what it is set to until it follows.

    >>> reporting_interval(300, 3600), reporting_interval(300, None), reporting_interval(0, 300)
    ('every 5 min; set to 1 h, not confirmed yet', 'every 5 min', 'set to 5 min, not confirmed yet')
    """
    words = [f"every {durations.written(reported)}"] if reported else []
    if set_to is not None and set_to != reported:
        words.append(f"set to {durations.written(set_to)}, not confirmed yet")
    return "; ".join(words) or None


def moment(at: int | datetime | None) -> str:
    """
    >>> moment(1793534400000), moment(None)
    ('1 Nov 2026, 12:00 UTC', 'never')
    """
    if at is None:
        return "never"
    instant = (from_ms(at) if isinstance(at, int) else at).astimezone(UTC)
    return f"{instant.day} {instant:%b %Y, %H:%M} UTC"


def day(value: date | str | None) -> str:
    """
    >>> day(date(2026, 11, 1)), day("2026-11-01"), day("soon")
    ('1 Nov 2026', '1 Nov 2026', 'soon')
    """
    try:
        date_ = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return f"{date_.day} {date_:%b %Y}" if date_ else "unknown"


def last_day(ends_on: date | str | None) -> str:
    """The last day that a half-open span covers.

    >>> last_day(date(2026, 3, 1)), last_day("2026-03-01"), last_day("soon"), last_day(None)
    ('28 Feb 2026', '28 Feb 2026', 'soon', 'no end date')
    """
    try:
        end = date.fromisoformat(ends_on) if isinstance(ends_on, str) else ends_on
    except ValueError:
        return str(ends_on)
    return day(end - timedelta(days=1)) if end and end > date.min else "no end date"


def iso(at: int | datetime) -> str:
    """For the `datetime` attribute of <time>."""
    return (from_ms(at) if isinstance(at, int) else at).isoformat(timespec="seconds")


def product(item: HasProduct) -> str:
    """Maker and model; the maker only once if the model begins with it."""
    same = item.model.casefold().startswith(item.maker.casefold())
    return item.model if same else f"{item.maker} {item.model}"


def count(number: float) -> str:
    """
    >>> count(1204)
    '1,204'
    """
    return f"{number:,}"


def stage(value: str | None) -> str:
    """The word for a value of any axis, as stored in the history; unknown values are shown as they are."""
    for states in (LIVENESS, LIFECYCLE):
        for state, wording in states.items():
            if state == value:
                return wording.word
    return _ENROLMENT.get(value or "", value or "none")
