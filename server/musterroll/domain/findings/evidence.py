"""Evidence of a finding: records in words, and the annual value of contract lines."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from musterroll.domain.contracts.terms import Payment
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.values.dates import in_words, last_day
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import Money, totals


class Evidence(NamedTuple):
    """A record, and what it says."""

    table: str  # unit, unit_status, line, invoice; warranty, card, credential, product
    id: int
    says: str


class Worth(NamedTuple):
    """Annual value, how it was calculated, and whether it counts in sums (no, if another finding counts the same money)."""

    value: Money | None = None
    how: str = "unpriced"
    counted: bool = True
    further: tuple[Money, ...] = ()  # the same in other currencies, by their names

    @property
    def amounts(self) -> tuple[Money, ...]:
        """One amount for each currency."""
        return (self.value, *self.further) if self.value else ()


def last_report(at: datetime | None, unknown: bool = False) -> str:
    """
    >>> last_report(datetime(2026, 5, 3, 3, tzinfo=UTC)), last_report(None)
    ('last reported on 3 May 2026 at 03:00:00 UTC', 'has never reported')
    """
    if unknown and at is not None:
        return f"known from an imported list only, which had its last report on {in_words(at.astimezone(UTC))}; its live status is unknown"
    return "has never reported" if at is None else f"last reported on {in_words(at.astimezone(UTC))} at {at.astimezone(UTC):%H:%M:%S} UTC"


def describe_line(cover: Cover) -> str:
    """A line and its contract as recorded."""
    span = cover.contract.span
    until = f" to {in_words(last_day(span.ends_on))}" if span.ends_on else ""
    price = f", {cover.line.price} per year" if cover.line.price else ""
    return f"line {cover.line.ref}, contract {cover.contract.state} from {in_words(span.starts_on)}{until}{price}"


def line_fact(cover: Cover) -> str:
    """A line and its contract as text that changes if either does. Prices in ten-thousandths.

    `storage.contracts.lines_in_force` writes the same text in SQL.
    """
    contract, price = cover.contract, cover.line.price
    terms = f"{cover.line.ref} {contract.state} {contract.span.starts_on} {contract.span.ends_on or '-'}"
    return f"{terms} {int(price.amount.scaleb(4))} {price.currency}" if price else f"{terms} -"


def last_report_fact(at: datetime | None, unknown: bool = False) -> str:
    """
    >>> last_report_fact(datetime(2026, 5, 3, 3, tzinfo=UTC)), last_report_fact(None)
    ('heard 1777777200', 'never heard')
    """
    return "never heard" if at is None else f"{'listed' if unknown else 'heard'} {to_ms(at) // 1000}"


def line_evidence(covers: Iterable[Cover]) -> tuple[Evidence, ...]:
    """The lines, each with its last invoice if known."""
    rows: list[Evidence] = []
    for cover in covers:
        rows.append(Evidence("line", cover.line.id, describe_line(cover)))
        if cover.billing.payment is not Payment.UNKNOWN:
            day = f" of {in_words(cover.billing.invoiced_on)}" if cover.billing.invoiced_on else ""
            rows.append(
                Evidence("invoice", cover.contract.id, f"invoice{day} for contract {cover.contract.ref} is {cover.billing.payment}")
            )
    return tuple(rows)


def price_of_seats(covers: tuple[Cover, ...]) -> Worth:
    """The annual price of a unit's seats on these lines."""
    sums = totals(cover.line.price for cover in covers)
    if not sums:
        return Worth()
    return Worth(sums[0], "annual price of " + " and ".join(f"line {cover.line.ref}" for cover in covers), further=sums[1:])


def price_of_cover(ended: tuple[Cover, ...], list_price: Money | None) -> Worth:
    """The annual value of covering a unit: the price of its last line, or else the list price."""
    if ended and ended[-1].line.price:
        return price_of_seats(ended[-1:])
    return Worth(list_price, "annual list price of cover") if list_price else Worth()


def price_times(price: Money | None, count: int) -> Worth:
    return Worth(price.times(count), f"{count} at {price} each per year") if price else Worth()
