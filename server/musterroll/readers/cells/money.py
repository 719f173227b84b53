"""Currencies of customers' files."""

import re

from musterroll.readers.fields import BadCell, Hints


def currency(name: str, cell: str, hints: Hints) -> str:
    """A currency code of three letters. Raises BadCell."""
    code = cell.strip().upper()
    code = {"€": "EUR", "£": "GBP"}.get(code, code)
    if not re.fullmatch("[A-Z]{3}", code):
        raise BadCell(f"the {name} {cell.strip()[:20]!r} is not a currency code such as EUR")
    return code
