"""The verdict on one row of a document. Pure."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from musterroll.domain.values.instants import from_ms


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


class Difference(NamedTuple):
    field: str
    old: str | None
    new: str | None


class Verdict(NamedTuple):
    """What becomes of one row. `line` is where it starts in the file, `record` what it is about as the row writes it."""

    line: int
    record: str
    outcome: Outcome
    differences: list[Difference]
    why: str | None = None  # refused: one sentence
    note: str = ""  # what else a person should know of a row that was taken


def refused(line: int, record: str, why: str) -> Verdict:
    return Verdict(line, record, Outcome.REFUSED, [], why)


def verdict_on(line: int, record: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], note: str) -> Verdict:
    """The verdict on a row that holds, by the facts before it and after it."""
    if before is None:
        return Verdict(line, record, Outcome.NEW, [], None, note)
    if before == after:
        return Verdict(line, record, Outcome.SAME, [], None, note)
    changed = [(name, before.get(name), new) for name, new in after.items() if before.get(name) != new and not name.endswith("_key")]
    found = [Difference(name.removesuffix("_id"), _text(name, old), _text(name, new)) for name, old, new in changed]
    return Verdict(line, record, Outcome.CHANGED, found, None, note)


def in_words(verdict: Verdict) -> str:
    """What there is to say of a verdict, in one line."""
    changes = ", ".join(f"{one.field} {one.old or 'empty'} -> {one.new or 'empty'}" for one in verdict.differences)
    return "; ".join(part for part in (verdict.why or changes, verdict.note) if part)


def _text(name: str, value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if name.endswith("_id"):
        return f"#{value}"
    if name.endswith("_at") or name == "stale_since":
        return f"{from_ms(value):%Y-%m-%d %H:%M:%S} UTC"
    if name == "ends_on" and isinstance(value, date):
        return str(value - timedelta(1))  # as documents write it: the last day
    return str(value)
