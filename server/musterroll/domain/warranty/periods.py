"""Warranty as a list of coverage periods: the rule that started each, its evidence, and what is missing to know it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from musterroll.domain.values.dates import Span, end_after, in_words, last_day, local_day
from musterroll.domain.values.errors import Conflict


class WarrantyStart(StrEnum):
    """What starts a warranty."""

    REGISTERED = "registered"
    INSTALLED = "installed"
    FIRST_HEARD = "first_heard"
    SHIPPED = "shipped"
    PURCHASED = "purchased"


class StartRule(NamedTuple):
    start: WarrantyStart
    shelf_days: int = 0  # with `shipped`: the longest shelf time before the warranty starts


class Policy(NamedTuple):
    """A warranty policy. The first rule whose date is known starts the warranty."""

    name: str
    rules: tuple[StartRule, ...]
    months: int | None = None  # a length in the unit's own record takes precedence


# For a product without a policy: the length is the one in the unit's own record.
DEFAULT = Policy("default", tuple(map(StartRule, (WarrantyStart.INSTALLED, WarrantyStart.SHIPPED, WarrantyStart.PURCHASED))))


RECORDED = "document"  # the rule of a period that records give as it is
_UNKNOWN_START = date(1970, 1, 1)
LIFETIME_MONTHS = 1200  # a lifetime warranty ends after a hundred years: longer than anybody asks


class UnitDates(NamedTuple):
    """Dates of a unit that its warranty can start on."""

    registered_on: date | None = None
    installed_on: date | None = None
    first_heard_at: datetime | None = None
    shipped_on: date | None = None
    months: int | None = None  # from the unit's own record; 0: sold without warranty
    purchased_on: date | None = None
    own_start: date | None = None  # of the warranty, as records say
    own_end: date | None = None  # first day without it, as records say: it wins over a computed one


NO_WARRANTY = UnitDates(months=0)  # of what has no hardware, whatever its records say


class PeriodKind(StrEnum):
    STANDARD = "standard"
    EXTENDED = "extended"
    REPAIR = "repair"
    INHERITED = "inherited"  # the rest of the warranty of the unit that this one replaces


class CoveragePeriod(NamedTuple):
    """A period of warranty as recorded. A voided period stays on record; from `voided_on` it covers nothing."""

    kind: PeriodKind
    span: Span
    rule: str  # a WarrantyStart, `after` or `document`
    evidence: str  # in words
    voided_on: date | None = None
    void_reason: str = ""

    @property
    def covers(self) -> Span | None:
        """The days it covers; None if it was void from the start."""
        return self.span if self.voided_on is None else self.span.within(Span(date.min, self.voided_on))


class StandardWarranty(NamedTuple):
    """The standard period, or what is missing to work it out."""

    period: CoveragePeriod | None
    missing: tuple[str, ...] = ()


_WORDS = {
    WarrantyStart.REGISTERED: "registration",
    WarrantyStart.INSTALLED: "installation",
    WarrantyStart.FIRST_HEARD: "its first report",
    WarrantyStart.SHIPPED: "shipment",
    WarrantyStart.PURCHASED: "purchase",
}


def warranty_end(starts_on: date, months: int) -> date:
    """The first day not covered by a warranty of this length. Month-end rule: see `end_after`."""
    return end_after(starts_on, months)


def standard_warranty(policy: Policy, dates: UnitDates, zone: tzinfo) -> StandardWarranty:
    """The standard period of a unit under a policy; days are those of the site's time zone."""
    known = _facts(dates, zone)
    months = policy.months if dates.months is None else dates.months
    rule = next((rule for rule in policy.rules if known[rule.start] is not None), None)
    day = known[rule.start] if rule else None
    if dates.own_end is not None:
        return StandardWarranty(_recorded(dates.own_end, dates.own_start, [day, *known.values()]))
    if dates.own_start is not None and months:
        return StandardWarranty(_from_recorded_start(dates.own_start, months))
    if months == 0:
        return StandardWarranty(None)  # nothing is missing: it is not covered
    if rule is None or day is None or months is None:
        return StandardWarranty(None, tuple(_missing(policy, rule, months)))
    return StandardWarranty(_begun(rule, day, months))


def _recorded(ends_on: date, own_start: date | None, others: Iterable[date | None]) -> CoveragePeriod:
    """The period whose end records say. It starts when records say, or else on the first known day that lies before its end."""
    starts_on = own_start or next((day for day in others if day is not None and day < ends_on), _UNKNOWN_START)
    return CoveragePeriod(PeriodKind.STANDARD, Span(starts_on, ends_on), RECORDED, f"its record says until {in_words(last_day(ends_on))}")


def _from_recorded_start(starts_on: date, months: int) -> CoveragePeriod:
    evidence = f"{months} months from the start on its record, {in_words(starts_on)}"
    return CoveragePeriod(PeriodKind.STANDARD, Span(starts_on, warranty_end(starts_on, months)), RECORDED, evidence)


@lru_cache(1 << 14)  # many units start on the same day
def _begun(rule: StartRule, day: date, months: int) -> CoveragePeriod:
    starts_on = min(day, date.max - timedelta(rule.shelf_days)) + timedelta(rule.shelf_days)
    shelf = f" and at most {rule.shelf_days} days on the shelf" if rule.shelf_days else ""
    length = "lifetime warranty" if months == LIFETIME_MONTHS else f"{months} months"
    evidence = f"{length} from {_WORDS[rule.start]} on {in_words(day)}{shelf}"
    return CoveragePeriod(PeriodKind.STANDARD, Span(starts_on, warranty_end(starts_on, months)), rule.start.value, evidence)


def _facts(dates: UnitDates, zone: tzinfo) -> dict[WarrantyStart, date | None]:
    return {
        WarrantyStart.REGISTERED: dates.registered_on,
        WarrantyStart.INSTALLED: dates.installed_on,
        WarrantyStart.FIRST_HEARD: None if dates.first_heard_at is None else local_day(dates.first_heard_at, zone),
        WarrantyStart.SHIPPED: dates.shipped_on,
        WarrantyStart.PURCHASED: dates.purchased_on,
    }


def _missing(policy: Policy, rule: StartRule | None, months: int | None) -> Iterable[str]:
    if rule is None:
        starts = " or ".join(_WORDS[rule.start] for rule in policy.rules)
        yield f"the date of {starts}" if starts else f"a start rule in the policy {policy.name}"
    if months is None:
        yield "warranty length"


def extension(periods: Iterable[CoveragePeriod], months: int, document: str) -> CoveragePeriod:
    """An extended warranty, from the end of the present cover. Raises Conflict if there is nothing to extend."""
    ends = [span.ends_on for p in periods if (span := p.covers) and span.ends_on and p.kind is not PeriodKind.REPAIR]
    if not ends:
        raise Conflict("no warranty to extend; record the standard warranty first", "nothing_to_extend")
    span = Span(max(ends), warranty_end(max(ends), months))
    return CoveragePeriod(PeriodKind.EXTENDED, span, "after", f"{months} months extended by {document}")


def repair_period(on: date, months: int, document: str) -> CoveragePeriod:
    """The warranty on a repair, from the day the unit was returned to the customer."""
    return CoveragePeriod(PeriodKind.REPAIR, Span(on, warranty_end(on, months)), "document", f"{months} months on the repair {document}")


def inherited_periods(periods: Iterable[CoveragePeriod], replaced_on: date, old_serial: str) -> tuple[CoveragePeriod, ...]:
    """What a replacement inherits: the rest, from that day, of each period of the unit it replaces."""
    rest = Span(replaced_on)
    spans = [left for p in periods if (span := p.covers) and (left := span.within(rest))]
    return tuple(
        CoveragePeriod(PeriodKind.INHERITED, span, "document", f"taken over from {old_serial}, which it replaces") for span in spans
    )


def void(period: CoveragePeriod, on: date, reason: str) -> CoveragePeriod:
    """The period, voided from a day. Raises Conflict without a reason, and if it is already void."""
    if period.voided_on is not None:
        raise Conflict(f"this warranty was already voided on {in_words(period.voided_on)}: {period.void_reason}", "already_void")
    if not reason.strip():
        raise Conflict("enter a reason for voiding the warranty", "no_reason")
    return period._replace(voided_on=on, void_reason=reason.strip())


def in_warranty(periods: Iterable[CoveragePeriod], on: date) -> tuple[CoveragePeriod, ...]:
    """The periods that cover a day."""
    return tuple(p for p in periods if (span := p.covers) and span.holds(on))
