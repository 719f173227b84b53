"""The warranty a device reports, compared with the registry. A claim never creates coverage; a disagreement is shown for review."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from musterroll.domain.values.dates import in_words, last_day
from musterroll.domain.warranty.periods import CoveragePeriod, PeriodKind, warranty_end


class WarrantyClaim(NamedTuple):
    starts_on: date | None = None
    ends_on: date | None = None  # the first day no longer covered
    months: int | None = None
    policy: str = ""
    reference: str = ""


class Disagreement(NamedTuple):
    """A reported warranty and a period on record that differ. `fact` is stored, and decisions rest on it; `says` is for people."""

    claim: WarrantyClaim
    period: CoveragePeriod
    fact: str
    says: str


def read_claim(card: Mapping[str, Any] | None) -> WarrantyClaim | None:
    """The claim on the warranty card of a birth message; None if it has no valid day and no valid length."""
    if not card:
        return None
    months = card.get("months")
    length = months if type(months) is int and 1 <= months <= 600 else None
    claim = WarrantyClaim(
        _day(card, "starts_on"), _day(card, "ends_on"), length, str(card.get("policy", "")), str(card.get("reference", ""))
    )
    return claim if claim.starts_on or claim.ends_on or claim.months else None


def _day(card: Mapping[str, Any], name: str) -> date | None:
    try:
        return date.fromisoformat(str(card.get(name, "")))
    except ValueError:
        return None


def describe_claim(claim: WarrantyClaim) -> str:
    """
    >>> describe_claim(WarrantyClaim(ends_on=date(2028, 2, 15)))
    'The device reports a warranty until 14 February 2028 (not confirmed).'
    """
    start = f" from {in_words(claim.starts_on)}" if claim.starts_on else ""
    length = f" until {in_words(last_day(claim.ends_on))}" if claim.ends_on else f" for {claim.months} months" if claim.months else ""
    return f"The device reports a warranty{start}{length} (not confirmed)."


def disagreement(claim: WarrantyClaim | None, periods: Iterable[CoveragePeriod]) -> Disagreement | None:
    """How a claim differs from the warranty on record: its start from the first day, its end from the ends of the periods.

    Repair and inherited periods are not compared. Without a record there is no disagreement: the record is missing.
    """
    record = sorted((p for p in periods if p.kind in (PeriodKind.STANDARD, PeriodKind.EXTENDED)), key=lambda p: p.span.order)
    if claim is None or not record:
        return None
    first = record[0]
    starts_on = claim.starts_on or first.span.starts_on
    ends_on = claim.ends_on or (warranty_end(starts_on, claim.months) if claim.months else None)
    ends = {p.span.ends_on for p in record}  # a card printed before an extension still agrees
    facts, says = [], []
    if starts_on != first.span.starts_on:
        reported, recorded = in_words(starts_on), in_words(first.span.starts_on)
        facts.append(f"it starts on {reported}, the registry {recorded}")
        says.append(f"start {reported} (registry: {recorded})")
    if ends_on is not None and ends_on not in ends:
        reported, recorded = in_words(last_day(ends_on)), _last(record)
        facts.append(f"its last day is {reported}, the registry {recorded or 'knows no end'}")
        says.append(f"last day {reported} (registry: {recorded or 'no end date'})")
    if not facts:
        return None
    return Disagreement(claim, first, "the unit's card says " + ", and ".join(facts), "the device reports warranty " + ", ".join(says))


def _last(record: list[CoveragePeriod]) -> str:
    ends = [p.span.ends_on for p in record if p.span.ends_on]
    return in_words(last_day(max(ends))) if ends else ""
