"""How cells of customers' files are read, by kind of value. A cell that could mean two things is rejected."""

from musterroll.readers.cells.dates import date_order, day, instant, last_day
from musterroll.readers.cells.durations import months
from musterroll.readers.cells.money import amount, currency
from musterroll.readers.cells.numbers import counter, days, degrees, number, whole_number
from musterroll.readers.cells.texts import heading_key, ref, serial, text, yes_or_no, zone
from musterroll.readers.fields import BadCell

__all__ = [
    "BadCell",
    "amount",
    "counter",
    "currency",
    "date_order",
    "day",
    "days",
    "degrees",
    "heading_key",
    "instant",
    "last_day",
    "months",
    "number",
    "ref",
    "serial",
    "text",
    "whole_number",
    "yes_or_no",
    "zone",
]
