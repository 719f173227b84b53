"""How states, times and amounts are said on the pages: one word, one icon and one colour each."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Protocol

from flask import Flask

from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.usecases.units.unit_card import UnitCard


class Named(Protocol):
    """Anything that tells its maker and model."""

    @property
    def maker(self) -> str: ...
    @property
    def model(self) -> str: ...


class State(NamedTuple):
    """`word` for lists, `answer` for the big card, `icon` a Tabler name. The colour is the class `is-<value>`."""

    value: str
    word: str
    answer: str
    icon: str


LIVENESS = {
    Liveness.OPERATING: State("operating", "Operating", "Alive", "heartbeat"),
    Liveness.LATE: State("late", "Late", "Late", "clock-exclamation"),
    Liveness.STALE: State("stale", "Stale", "Silent", "volume-off"),
    Liveness.HELD: State("held", "Held", "Held, silent", "bell-pause"),
    Liveness.NEVER_HEARD: State("never_heard", "Never heard", "Never heard", "circle-dashed"),
}
LIFECYCLE = {
    Lifecycle.UNRECORDED: State("unrecorded", "Unrecorded", "no paper yet", "file-unknown"),
    Lifecycle.STOCK: State("stock", "In stock", "not shipped", "package"),
    Lifecycle.SHIPPED: State("shipped", "Shipped", "on its way", "truck"),
    Lifecycle.DEPLOYED: State("deployed", "Deployed", "in the field", "map-pin"),
    Lifecycle.RETURNED: State("returned", "Returned", "came back", "truck-return"),
    Lifecycle.RETIRED: State("retired", "Retired", "out of service", "archive"),
}
_IDENTITY = {"active": "Credential active", "pending": "Enrolment waiting", "refused": "Enrolment refused", "revoked": "Credential revoked"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def install(app: Flask) -> None:
    app.jinja_env.globals.update(liveness_words=LIVENESS, lifecycle_words=LIFECYCLE, answer=answer, verdict=verdict)
    app.jinja_env.filters.update(
        ago=ago, span=span, moment=moment, day=day, last_day=last_day, count=count, iso=iso, stage=stage, product=product
    )


def answer(card: UnitCard, now: datetime) -> str:
    """The big word; silence says for how long, counted from the last word heard."""
    word = LIVENESS[card.liveness].answer
    if card.reported_by_import_only and card.liveness is Liveness.OPERATING:
        return f"{word} {ago(card.heard_at, now)}"
    if card.liveness not in (Liveness.STALE, Liveness.HELD) or card.heard_at is None:
        return word
    return f"{word} for {span((to_ms(now) - card.heard_at) / 1000)}"


def verdict(card: UnitCard, now: datetime) -> str:
    """The sentence under the big word: since when, and what is expected.

    Silence is told from the last word, not from the moment it was called stale: that is what a person at the cabinet asks.
    """
    if card.liveness is Liveness.NEVER_HEARD:
        return _never_heard(card)
    if card.reported_by_import_only:
        return f"Last heard {moment(card.heard_at)}, by another platform's list. It does not report here itself."
    if card.liveness is Liveness.OPERATING:
        return f"Heard {ago(card.heard_at, now)}; it reports every {_each(card.interval)}."
    if card.liveness is Liveness.LATE:
        stale = f"Stale after {span(card.stale_after)} of silence."
        return f"It should report every {_each(card.interval)}; last heard {ago(card.heard_at, now)}. {stale}"
    if card.liveness is Liveness.HELD:
        return f"Last heard {moment(card.heard_at)}. A person paused the alarm {ago(card.held_at, now)}."
    return f"Last heard {moment(card.heard_at)}. It should report every {_each(card.interval)}."


def _never_heard(card: UnitCard) -> str:
    if card.pending:
        return "Its enrolment waits for a person to accept it."
    if card.enrolled:
        return "It is enrolled, but no heartbeat has come yet. Check that its agent runs and reaches the broker."
    return "It is on the roll by paper only: no agent has enrolled it yet."


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
    """The largest whole unit, rounded down, as people say it.

    >>> span(59), span(60), span(7300), span(90000 * 3)
    ('59 seconds', '1 minute', '2 hours', '3 days')
    """
    for size, name in _UNITS:
        if seconds >= size:
            number = int(seconds // size)
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return "0 seconds"


def _each(seconds: float) -> str:
    return span(seconds).removeprefix("1 ")


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
        found = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    return f"{found.day} {found:%b %Y}" if found else "not known"


def last_day(ends_on: date | None) -> str:
    """The last day that a half-open span covers.

    >>> last_day(date(2026, 3, 1)), last_day(None)
    ('28 Feb 2026', 'no day on record')
    """
    return day(ends_on - timedelta(days=1)) if ends_on else "no day on record"


def iso(at: int | datetime) -> str:
    """For the `datetime` attribute of <time>."""
    return (from_ms(at) if isinstance(at, int) else at).isoformat(timespec="seconds")


def product(named: Named) -> str:
    """Maker and model, the maker once where the model begins with it."""
    same = named.model.casefold().startswith(named.maker.casefold())
    return named.model if same else f"{named.maker} {named.model}"


def count(number: float) -> str:
    """
    >>> count(1204)
    '1,204'
    """
    return f"{number:,}"


def stage(value: str | None) -> str:
    """The word for a value of any axis, as history stores it; unknown values are shown as they are."""
    for words in (LIVENESS, LIFECYCLE):
        for state in words.values():
            if state.value == value:
                return state.word
    return _IDENTITY.get(value or "", value or "nothing")
