"""Texts of customers' files: names, serials, and yes or no; words for a status are in `readers.statuses`."""

import re
import unicodedata
from functools import lru_cache
from zoneinfo import ZoneInfo

from musterroll.domain.enrolment.claim_rules import text as storable
from musterroll.readers.fields import BadCell, CellReader, ColumnReader, Hints
from musterroll.readers.table import Numeric

_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "æ": "ae", "œ": "oe"})  # letters that have no accent to drop
_SPREADSHEET_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,][0-9]+E-?[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)

_WITH_FRACTION = re.compile(r"[0-9]+\.0+")
_SEVERAL = re.compile(r"\s*[,;|\n]\s*")
_LIKE_A_SERIAL = re.compile(r"(?=.*[0-9])[A-Za-z0-9\-]{4,}")


@lru_cache(8192)
def heading_key(text: str) -> str:
    """A heading or a fixed word as it is compared: letters and digits only, in lower case, without accents.

    >>> heading_key(" Serial_Number "), heading_key("Gerätenummer"), heading_key("Numéro de série"), heading_key("Łącznie")
    ('serialnumber', 'geratenummer', 'numerodeserie', 'lacznie')
    """
    if text.strip() == "#":
        return "numbersign"
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in text.casefold() if c.isalnum())


def text(longest: int) -> CellReader:
    """Reads a text of at most `longest` characters, in one line."""

    def read(name: str, cell: str, hints: Hints) -> str:
        return storable(name, _in_one_line(_shown(name, cell)), longest)

    return read


def whole_numbers(cell: str) -> frozenset[str]:
    """How numbers are written that can only be whole: `7.0` as programs write columns with gaps, or `7`; of other texts nothing.

    >>> sorted(whole_numbers("4711.0")), sorted(whole_numbers("4711")), sorted(whole_numbers("A-1"))
    (['.0'], [''], ['text'])
    """
    shown = cell.shown if isinstance(cell, Numeric) else cell.strip()
    return frozenset([".0" if _WITH_FRACTION.fullmatch(shown) else "" if shown.isdigit() else "text"])


def _whole(cell: str, hints: Hints) -> str:
    shown = cell.shown if isinstance(cell, Numeric) else cell.strip()
    return shown.partition(".")[0] if hints.wholes == ".0" and _WITH_FRACTION.fullmatch(shown) else cell


def code(longest: int) -> CellReader:
    """Reads a number or short name by which something is known, of at most `longest` characters."""
    read = text(longest)
    return ColumnReader(lambda name, cell, hints: read(name, _whole(cell, hints), hints), "wholes", whole_numbers)


ref = code(80)


def _in_one_line(text: str) -> str:
    return text if text.isalnum() else " ".join(text.split())


def _serial(name: str, cell: str, hints: Hints) -> str:
    """A serial as written. Raises BadCell where a spreadsheet has changed it."""
    if type(cell) is str and cell.isalnum():
        return cell
    cell = _whole(cell, hints)
    numeric = isinstance(cell, Numeric)
    cell = _shown(name, cell).strip()
    if cell.startswith("="):
        raise BadCell(f"the {name} {cell[:40]!r} is a formula; enter the serial itself, as text")
    if len(serials := _SEVERAL.split(cell)) > 1 and all(_LIKE_A_SERIAL.fullmatch(part) for part in serials):
        raise BadCell(f"the {name} holds {len(serials)} serials ({cell[:40]!r}); write a row for each")
    if numeric and not cell.isdigit() and cell.replace(".", "", 1).replace("-", "", 1).isdigit():
        raise BadCell(f"the {name} {cell[:40]!r} is a number that no serial can be; format the column as text and enter it again")
    if _SPREADSHEET_NUMBER.fullmatch(cell):
        raise BadCell(f"the {name} {cell[:40]!r} was changed into a number by a spreadsheet; export the column as text")
    return cell


serial = ColumnReader(_serial, "wholes", whole_numbers)


def _shown(name: str, cell: str) -> str:
    """A cell as it is shown. Raises BadCell where digits of a number are lost."""
    if not isinstance(cell, Numeric):
        return str(cell)
    if not cell.exact:
        raise BadCell(
            f"the {name} {cell} has more than 15 digits, of which the spreadsheet keeps 15; format the column as text, enter it again"
        )
    return cell.shown


def zone(name: str, cell: str, hints: Hints) -> str:
    """The name of an IANA time zone. Raises BadCell."""
    try:
        return ZoneInfo(cell.strip()).key
    except (KeyError, ValueError, OSError):
        raise BadCell(f"the {name} {cell.strip()[:40]!r} is not a time zone such as Europe/Berlin") from None


_YES = "yes y true t 1 x on ja j oui o vrai si s verdadero sim verdadeiro vero tak prawda waar wahr enabled automatic auto"
_NO = "no n false f 0 off nein non faux falso nao nee nie falsz onwaar falsch disabled manual"
_YES_OR_NO = {**dict.fromkeys(_YES.split(), True), **dict.fromkeys(_NO.split(), False)}


_SIGNS = {
    **dict.fromkeys("\u2713\u2714\u2611\u2705+", True),
    **dict.fromkeys("\u2717\u2718\u2610\u274c", False),
}  # ticks, and crosses or empty boxes


def yes_or_no(name: str, cell: str, hints: Hints) -> bool:
    answer = _YES_OR_NO.get(heading_key(cell), _SIGNS.get(cell.strip().rstrip("\ufe0f")))
    if answer is None:
        raise BadCell(f"the {name} {cell.strip()[:40]!r} must be yes or no")
    return answer
