"""Warranty: a list of periods, never one date. Which rule began each, on what evidence, and what is missing to know."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from musterroll.domain.values.dates import Span, add_months, in_words, local_day
from musterroll.domain.values.errors import Conflict


class WarrantyStart(StrEnum):
    """What starts a warranty."""

    REGISTERED = "registered"
    INSTALLED = "installed"
    FIRST_HEARD = "first_heard"
    SHIPPED = "shipped"


class StartRule(NamedTuple):
    start: WarrantyStart
    shelf_days: int = 0  # with `shipped`: the longest shelf time before the warranty starts


class Policy(NamedTuple):
    """What a product is sold with. The first rule whose date is known starts the warranty."""

    name: str
    rules: tuple[StartRule, ...]
    months: int | None = None  # a length in the unit's own record takes precedence


# For a product without a policy: the length is the one in the unit's own record.
DEFAULT = Policy("default", (StartRule(WarrantyStart.INSTALLED), StartRule(WarrantyStart.SHIPPED)))


class UnitDates(NamedTuple):
    """Dates of one unit that a warranty can start on."""

    registered_on: date | None = None
    installed_on: date | None = None
    first_heard_at: datetime | None = None
    shipped_on: date | None = None
    months: int | None = None  # from the unit's own record


class PeriodKind(StrEnum):
    STANDARD = "standard"
    EXTENDED = "extended"
    REPAIR = "repair"
    INHERITED = "inherited"  # what was left of the warranty of the unit this one replaces


class CoveragePeriod(NamedTuple):
    """One stretch of warranty as recorded. A void period stays on record; from `voided_on` it covers nothing."""

    kind: PeriodKind
    span: Span
    rule: str  # which rule fired: a Start, `after` or `document`
    evidence: str  # in words
    voided_on: date | None = None
    void_reason: str = ""

    @property
    def covers(self) -> Span | None:
        """The days it really covers, None where it was void from the first."""
        return self.span if self.voided_on is None else self.span.within(Span(date.min, self.voided_on))


class StandardWarranty(NamedTuple):
    """The standard period, or what is missing to know it."""

    period: CoveragePeriod | None
    missing: tuple[str, ...] = ()


_WORDS = {
    WarrantyStart.REGISTERED: "registration",
    WarrantyStart.INSTALLED: "installation",
    WarrantyStart.FIRST_HEARD: "its first report",
    WarrantyStart.SHIPPED: "shipment",
}


def warranty_end(starts_on: date, months: int) -> date:
    """The first day that a warranty of so many months no longer covers. Month-end rule: that of `add_months`.

    >>> str(warranty_end(date(2024, 2, 29), 36))
    '2027-02-28'
    """
    return add_months(starts_on, months)


def standard_warranty(policy: Policy, dates: UnitDates, zone: tzinfo) -> StandardWarranty:
    """The standard period of a unit under a policy, with days as the calendar in the site's `zone` has them."""
    known = _facts(dates, zone)
    months = dates.months or policy.months
    fired = next((rule for rule in policy.rules if known[rule.start] is not None), None)
    day = known[fired.start] if fired else None
    if fired is None or day is None or not months:
        return StandardWarranty(None, tuple(_missing(policy, fired, months)))
    return StandardWarranty(_begun(fired, day, months))


@lru_cache(1 << 14)  # many units begin on the same day
def _begun(fired: StartRule, day: date, months: int) -> CoveragePeriod:
    starts_on = min(day, date.max - timedelta(fired.shelf_days)) + timedelta(fired.shelf_days)
    shelf = f" and at most {fired.shelf_days} days on the shelf" if fired.shelf_days else ""
    evidence = f"{months} months from {_WORDS[fired.start]} on {in_words(day)}{shelf}"
    return CoveragePeriod(PeriodKind.STANDARD, Span(starts_on, warranty_end(starts_on, months)), fired.start.value, evidence)


def _facts(dates: UnitDates, zone: tzinfo) -> dict[WarrantyStart, date | None]:
    return {
        WarrantyStart.REGISTERED: dates.registered_on,
        WarrantyStart.INSTALLED: dates.installed_on,
        WarrantyStart.FIRST_HEARD: None if dates.first_heard_at is None else local_day(dates.first_heard_at, zone),
        WarrantyStart.SHIPPED: dates.shipped_on,
    }


def _missing(policy: Policy, fired: StartRule | None, months: int | None) -> Iterable[str]:
    if fired is None:
        starts = " or ".join(_WORDS[rule.start] for rule in policy.rules)
        yield f"the date of {starts}" if starts else f"a start rule in the policy {policy.name}"
    if not months:
        yield "warranty length"


def extension(periods: Iterable[CoveragePeriod], months: int, document: str) -> CoveragePeriod:
    """An extended warranty: it begins where the cover so far ends. Raises Conflict where there is nothing to extend."""
    ends = [span.ends_on for p in periods if (span := p.covers) and span.ends_on and p.kind is not PeriodKind.REPAIR]
    if not ends:
        raise Conflict("no warranty to extend; record the standard warranty first", "nothing_to_extend")
    span = Span(max(ends), warranty_end(max(ends), months))
    return CoveragePeriod(PeriodKind.EXTENDED, span, "after", f"{months} months extended by {document}")


def repair_period(on: date, months: int, document: str) -> CoveragePeriod:
    """The warranty on a repair, from the day the unit was given back."""
    return CoveragePeriod(PeriodKind.REPAIR, Span(on, warranty_end(on, months)), "document", f"{months} months on the repair {document}")


def inherited_periods(periods: Iterable[CoveragePeriod], replaced_on: date, old_serial: str) -> tuple[CoveragePeriod, ...]:
    """What a replacement takes over: what is left, on that day, of each period of the unit it replaces."""
    rest = Span(replaced_on)
    spans = [left for p in periods if (span := p.covers) and (left := span.within(rest))]
    return tuple(
        CoveragePeriod(PeriodKind.INHERITED, span, "document", f"taken over from {old_serial}, which it replaces") for span in spans
    )


def void(period: CoveragePeriod, on: date, reason: str) -> CoveragePeriod:
    """The period, void from a day, with the reason. Raises Conflict without a reason or where it is void already."""
    if period.voided_on is not None:
        raise Conflict(f"this warranty was already voided on {in_words(period.voided_on)}: {period.void_reason}", "already_void")
    if not reason.strip():
        raise Conflict("enter a reason for voiding the warranty", "no_reason")
    return period._replace(voided_on=on, void_reason=reason.strip())


def in_warranty(periods: Iterable[CoveragePeriod], on: date) -> tuple[CoveragePeriod, ...]:
    """The periods that cover a day."""
    return tuple(p for p in periods if (span := p.covers) and span.holds(on))
