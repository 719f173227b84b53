"""A text file whose columns are told by their place in the line, as terminals and old systems print tables."""

import re
from collections.abc import Sequence

_RULED = re.compile(r"\s*-{2,}(?:\s+-{2,})+\s*")
_DASHES = re.compile(r"-+")
_HEADING = re.compile(r"\S+(?: \S+)*")
_FEWEST = 3  # columns, where no ruled line shows them
_SEARCHED = 10  # lines, for the headings


def starts(lines: Sequence[str]) -> list[int] | None:
    """Where the columns of a text begin; None where it has no such columns. A ruled line shows them, else gaps of two blanks.

    >>> starts(["Serial  Maker    Model", "SN1     Acme     Pump 3", "SN2              Pump 4"])
    [0, 8, 17]
    >>> starts(["SerialNumber Model", "------------ -----", "SN1          Latitude 5420"])
    [0, 13]
    >>> starts(["one sentence", "and another"]) is None
    True
    """
    ruled = next((line for line in lines if _RULED.fullmatch(line)), None)
    if ruled is not None:
        return [match.start() for match in _DASHES.finditer(ruled)]
    for number, heading in enumerate(lines[:_SEARCHED]):
        places = [match.start() for match in _HEADING.finditer(heading)]
        below = [line for line in lines[number + 1 :] if line.strip()]
        if len(places) >= _FEWEST and below and all(_fits(line, places) for line in below):
            return places
    return None


def _fits(line: str, places: list[int]) -> bool:
    """Whether no value crosses into another column; a line that only fills the first one is a title or a footer."""
    return all(line[place - 1 : place].isspace() or not line[place - 1 :].strip() for place in places[1:])


def cut(line: str, places: list[int]) -> list[str]:
    """The cells of a line.

    >>> cut("SN1     Acme", [0, 8, 17])
    ['SN1', 'Acme', '']
    """
    ends = [*places[1:], len(line)]
    return [line[0 if not number else place : end].strip() for number, (place, end) in enumerate(zip(places, ends, strict=True))]
