"""Lengths of time in customers' files."""

import re

from musterroll.readers.cells.numbers import whole_number
from musterroll.readers.fields import Hints

_MONTHS_WORD = re.compile(r"\s*(?:months?|mos?\.?|m)$", re.IGNORECASE)
_count_of_months = whole_number(0, 600, "a number of months")


def months(name: str, cell: str, hints: Hints) -> int:
    """A number of months, 0 to 600. Raises BadCell.

    >>> months("warranty", "36", Hints()), months("warranty", "12 months", Hints())
    (36, 12)
    """
    return _count_of_months(name, _MONTHS_WORD.sub("", cell.strip()) or cell, hints)  # type: ignore[no-any-return]
