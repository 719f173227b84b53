"""Review packs: one PDF and one workbook for each month and quarter that is over, made by the schedule and stored."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base.targets import TargetPeriod
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints
from musterroll.storage.operations import figure_cache as stored_figures
from musterroll.storage.tables.targets import ReviewPack
from musterroll.usecases.installed_base.review import Review, review

KEPT = {TargetPeriod.MONTH: 24, TargetPeriod.QUARTER: 12}  # packs
_SETTLED = timedelta(minutes=30)  # after the end of a period: what was reported late has come in
_LABEL = re.compile(r"(\d{4})(?:-(\d{2})|[ -]?Q([1-4]))")


class PackOf(NamedTuple):
    """A month or quarter by its first day."""

    period: TargetPeriod
    first: date

    @property
    def label(self) -> str:
        """As in file names and addresses.

        >>> PackOf(TargetPeriod.QUARTER, date(2026, 10, 1)).label
        '2026-Q4'
        """
        return self.period.label(self.first).replace(" ", "-")


class MadePack(NamedTuple):
    review: Review
    pdf: bytes
    xlsx: bytes


def named(label: str) -> PackOf:
    """A month such as 2026-11 or a quarter such as 2026-Q4. Raises DomainError."""
    parts = _LABEL.fullmatch(label.strip().upper())
    month = int(parts[2] or 3 * int(parts[3]) - 2) if parts else 0
    if not parts or not 1 <= month <= 12 or int(parts[1]) < 2000:
        raise DomainError(f"{label[:20]!r} is not a month such as 2026-11 or a quarter such as 2026-Q4", "bad_period")
    return PackOf(TargetPeriod.MONTH if parts[2] else TargetPeriod.QUARTER, date(int(parts[1]), month, 1))


def due(session: Session, now: datetime) -> PackOf | None:
    """The pack to make now: that of the last month or quarter, once."""
    if not stored_figures.units(session):
        return None
    settled = (now.astimezone(UTC) - _SETTLED).date()
    for period in TargetPeriod:
        of = PackOf(period, period.first(period.before(settled)))
        if checkpoints.mark(session, _mark(period)).position != of.first.toordinal():
            return of
    return None


def make(session: Session, of: PackOf, now: datetime) -> MadePack:
    """Raises DomainError for a period that is not over."""
    from musterroll.usecases.installed_base.review_pdf import pdf  # imports slowly
    from musterroll.usecases.installed_base.review_workbook import workbook

    if add_months(of.first, of.period.months) > now.astimezone(UTC).date():
        raise DomainError(f"{of.label} is not over yet; its review pack is made when it is", "not_over")
    content = review(session, of.period, of.first, now)
    return MadePack(content, pdf(content), workbook(content))


def keep(session: Session, of: PackOf, made: MadePack, now: datetime) -> bool:
    """Store a pack in place of an earlier one, with an event the first time, and delete what is too old. Returns whether it was stored.

    A period in which nothing was deployed and no licence used has none: the registry did not exist then.
    """
    checkpoints.put(session, _mark(of.period), of.first.toordinal(), to_ms(now))
    if not any(made.review.counts):
        return False
    row = stored.pack(session, of.period, of.first)
    if row is None:
        row = ReviewPack(period=of.period, first_on=of.first, as_of_on=made.review.as_of, made_at=0, pdf=b"", xlsx=b"")
        session.add(row)
    row.made_at, row.pdf, row.xlsx = to_ms(now), made.pdf, made.xlsx
    stored.delete_packs_before(session, of.period, add_months(of.period.first(now.date()), -KEPT[of.period] * of.period.months))
    about = {"variant": of.period.value, "on": made.review.as_of, "detail": of.label}
    key = f"review-pack:{of.label}"
    stored_events.record(session, [NewEvent(EventKind.REVIEW_PACK, to_ms(now), key, units=0, **about)])  # type: ignore[arg-type]
    return True


def pack(session: Session, label: str) -> ReviewPack:
    """Raises NotFound, and DomainError for what is no period."""
    of = named(label)
    row = stored.pack(session, of.period, of.first)
    if row is None:
        raise NotFound(f"there is no review pack of {of.label}")
    return row


def _mark(period: TargetPeriod) -> str:
    return f"review_pack:{period}"
