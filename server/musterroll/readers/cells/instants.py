"""Instants of customers' files, in milliseconds since 1970."""

from datetime import UTC, date, datetime, time

from musterroll.readers.cells.dates import checked, dated, moment
from musterroll.readers.fields import NOTHING, BadCell, Hints


@dated
def instant(name: str, cell: str, hints: Hints) -> object:
    """An instant in ms since 1970. A day means its start in UTC; a time needs a zone, its own or that of the hints. Raises BadCell."""
    value = moment(name, cell, hints)
    if value is NOTHING:
        return NOTHING
    assert isinstance(value, date)
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min, UTC)
    if value.tzinfo is None:
        if hints.zone is None:
            raise BadCell(
                f"the {name} {cell.strip()[:40]!r} has no time zone; use the format 2026-11-01T12:00:00Z or set the zone (--zone UTC)"
            )
        value = value.replace(tzinfo=hints.zone)
    if value.year == 1970 and value.timestamp() == 0:
        return NOTHING  # the zero of a clock
    checked(name, cell, value.year, 1971)
    return int(value.timestamp() * 1000)
