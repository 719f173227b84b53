"""Instants of customers' files, in milliseconds since 1970."""

from datetime import UTC, date, datetime, time, timedelta

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


def clock_gap(name: str, cell: str, hints: Hints, at: int) -> str:
    """The time of day that the cell, read as `at` (ms), is taken as, where its own did not exist in its zone; else empty."""
    if hints.zone is None:
        return ""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(hints.zone)
    if local.utcoffset() == (local.astimezone(UTC) - timedelta(hours=3)).astimezone(hints.zone).utcoffset():
        return ""
    value = moment(name, cell, hints)
    written = isinstance(value, datetime) and value.tzinfo is None and value.replace(microsecond=0)
    return f"{local:%H:%M}" if written and written != local.replace(microsecond=0, tzinfo=None) else ""
