"""What one row of a unit list means for one unit: new, changed, the same or refused. Pure."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.errors import Conflict
from musterroll.domain.lifecycle import Lifecycle, move
from musterroll.importers.units import UnitRow


class Outcome(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    REFUSED = "refused"


class Facts(NamedTuple):
    """What a unit list can say of a unit; account and site by reference."""

    lifecycle: Lifecycle
    shipped_on: date | None = None
    installed_on: date | None = None
    warranty_months: int | None = None
    account: str | None = None
    site: str | None = None


class Difference(NamedTuple):
    field: str
    old: str | None
    new: str | None


class Verdict(NamedTuple):
    """What becomes of one row. `line` is where it starts in the file."""

    line: int
    serial: str
    outcome: Outcome
    differences: list[Difference]
    why: str | None  # refused: one sentence


def refused(line: int, serial: str, why: str) -> Verdict:
    return Verdict(line, serial, Outcome.REFUSED, [], why)


def facts_after(row: UnitRow, before: Facts | None, owner: Callable[[str], str | None]) -> Facts:
    """What holds once the row is believed; what it does not say stays. Raises Conflict for an illegal move or two places at once.

    `owner` tells the account of a site. A row with dates but no status says where the unit got to.
    """
    known = before or Facts(Lifecycle.UNRECORDED)
    site = row.site or known.site
    account = row.account or (row.site and owner(row.site)) or known.account
    if site and owner(site) not in (None, account):
        whose = f"the site {site} belongs to account {owner(site)}, not to {account}"
        raise Conflict(whose if row.site else f"{whose}; give the site the unit moved to")
    return Facts(
        move(known.lifecycle, row.lifecycle or _reached(row, known.lifecycle)),
        row.shipped_on or known.shipped_on,
        row.installed_on or known.installed_on,
        known.warranty_months if row.warranty_months is None else row.warranty_months,
        account,
        site,
    )


def verdict_on(row: UnitRow, before: Facts | None, after: Facts) -> Verdict:
    """The verdict on a row that holds."""
    if before is None:
        return Verdict(row.line, row.serial, Outcome.NEW, [], None)
    pairs = zip(Facts._fields, before, after, strict=True)
    found = [Difference(field, _text(old), _text(new)) for field, old, new in pairs if old != new]
    return Verdict(row.line, row.serial, Outcome.CHANGED if found else Outcome.SAME, found, None)


def _reached(row: UnitRow, known: Lifecycle) -> Lifecycle:
    if known is not Lifecycle.UNRECORDED:
        return known
    if row.installed_on:
        return Lifecycle.DEPLOYED
    return Lifecycle.SHIPPED if row.shipped_on else Lifecycle.STOCK


def _text(value: object) -> str | None:
    return None if value is None else str(value)
