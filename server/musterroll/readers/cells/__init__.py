"""How cells of customers' files are read, by kind of value. A cell that could mean two things is rejected."""

from musterroll.readers.cells.dates import DAY_AFTER, LAST_DAY, Moment, certain_day, counted_in, day, is_instant, last_day, midnight
from musterroll.readers.cells.durations import Duration, hours, months, notice, seconds, unit_in
from musterroll.readers.cells.instants import clock_gap, instant
from musterroll.readers.cells.money import amount, currency, signed
from musterroll.readers.cells.numbers import NUMBERS, counter, degrees, number, whole_number
from musterroll.readers.cells.periods import months_of, period
from musterroll.readers.cells.texts import code, heading_key, ref, serial, text, yes_or_no, zone
from musterroll.readers.fields import BadCell

__all__ = [
    "DAY_AFTER",
    "LAST_DAY",
    "NUMBERS",
    "BadCell",
    "Duration",
    "Moment",
    "amount",
    "certain_day",
    "clock_gap",
    "code",
    "counted_in",
    "counter",
    "currency",
    "day",
    "degrees",
    "heading_key",
    "hours",
    "instant",
    "is_instant",
    "last_day",
    "midnight",
    "months",
    "months_of",
    "notice",
    "number",
    "period",
    "ref",
    "seconds",
    "serial",
    "signed",
    "text",
    "unit_in",
    "whole_number",
    "yes_or_no",
    "zone",
]
