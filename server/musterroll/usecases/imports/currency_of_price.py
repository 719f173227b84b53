"""The currency of a contract line's price where its document leaves it open: what the registry knows decides, else a person."""

from collections.abc import Mapping
from typing import Any

from musterroll.domain.values.errors import OpenQuestion
from musterroll.readers.cells import money
from musterroll.readers.fields import DocumentRow

_USUAL = ("EUR", "USD", "GBP")


def decide(row: DocumentRow, after: dict[str, Any], contract: Mapping[str, Any], payer: Mapping[str, Any] | None) -> str:
    """Set the currency of a priced line in `after`; empty: that of its contract. Returns a note where that is worth a word.

    Raises OpenQuestion where neither the document nor the registry says it.
    """
    own, known = row.values.get("currency"), contract["currency"]
    if own:
        return f"in {own}, while its contract is in {known}" if known and known != own else ""
    signs: tuple[str, ...] = row.values.get("signs", ())
    payer = payer or {"currency": "", "country": ""}
    likely = [after["currency"], known, payer["currency"], money.of_country(payer["country"]) if signs else ""]
    code = next((code for code in likely if code and (not signs or code in signs)), "")
    if code:
        after["currency"] = "" if code == known else code
        return ""
    if signs and signs[0] == "USD":
        after["currency"] = "USD"
        return "$ is read as USD; if it is another dollar, choose it (--currency CAD)"
    raise OpenQuestion(_question(row.line, signs, contract["ref"]), "no_currency", signs or _USUAL)


def _question(line: int, signs: tuple[str, ...], contract: str) -> str:
    meanings = f"may be in {' or '.join(signs)}" if signs else "have no currency"
    return (
        f"the amounts {meanings} (first in line {line}; contract {contract} has no currency either): "
        f"choose one for all of them (--currency {signs[0] if signs else 'USD'}), or add a column Currency"
    )
