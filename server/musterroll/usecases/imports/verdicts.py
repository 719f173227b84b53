"""The verdict on one row of a document."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from musterroll.domain.units.details import details_of
from musterroll.domain.values.instants import from_ms
from musterroll.readers.fields import DocumentKind


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


class Difference(NamedTuple):
    field: str
    old: str | None
    new: str | None


class RowVerdict(NamedTuple):
    """What an import does with one row. `line` is where the row starts in the file, `record` what it is about, as written there."""

    line: int
    record: str
    outcome: Outcome
    differences: list[Difference]
    why: str | None = None  # of a rejected row: one sentence
    note: str = ""  # what else a person should know about an accepted row
    code: str = ""  # of a rejected row, where its reason has one, and of one that is repeated: stable for machines
    written: tuple[Mapping[str, Any], ...] = ()  # of a new record in a dry run: its facts and the values of its row


def rejected(line: int, record: str, why: str, code: str = "") -> RowVerdict:
    return RowVerdict(line, record, Outcome.REFUSED, [], why, code=code)


def compared(line: int, record: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], note: str) -> RowVerdict:
    """The verdict on an accepted row, from the facts before and after it. `before` is None for a new record."""
    if before is None:
        return RowVerdict(line, record, Outcome.NEW, [], None, note)
    if before == after:
        return RowVerdict(line, record, Outcome.SAME, [], None, note)
    old, new = _flat(before), _flat(after)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name) and not name.endswith("_key")]
    differences = [Difference(name.removesuffix("_id"), cell_text(name, old.get(name)), cell_text(name, new.get(name))) for name in names]
    return RowVerdict(line, record, Outcome.CHANGED, differences, None, note)


def _flat(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts with the details of a unit as facts of their own."""
    return {**{name: value for name, value in facts.items() if name != "details"}, **details_of(facts.get("details"))}


def in_words(verdict: RowVerdict, kind: DocumentKind) -> str:
    """A verdict in one line: the reason or the changes, and the note."""
    changes = ", ".join(f"{kind.label(change.field)} {change.old or 'empty'} -> {change.new or 'empty'}" for change in verdict.differences)
    return "; ".join(part for part in (verdict.why or changes, verdict.note) if part)


def values_of(verdict: RowVerdict, kind: DocumentKind) -> dict[str, str]:
    """The values of a new record as documents write them, by what their field is called."""
    values = {
        field: next((found for known in verdict.written if (found := known.get(field.name)) is not None), None) for field in kind.fields
    }
    return {field.label: text for field, value in values.items() if (text := cell_text(field.name, value))}


def cell_text(name: str, value: Any) -> str | None:
    """A value as documents write it; None where there is none."""
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
    if name.endswith("ends_on") and isinstance(value, date):
        return str(value - timedelta(1))  # the last day, as in documents
    return str(value)
