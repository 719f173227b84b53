"""What columns that nobody recognises may hold, from their headings and their values: proposals, which a person accepts or not."""

import re
from collections.abc import Collection, Mapping
from itertools import islice
from typing import NamedTuple

from rapidfuzz import fuzz, process

from musterroll.readers import cells, heading_names
from musterroll.readers.cells import heading_key
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.nothing import means_nothing
from musterroll.readers.recognition import known_names, recognised
from musterroll.readers.sources import detect
from musterroll.readers.table import Table

_SAMPLE = 200  # rows
_ALIKE = 84  # of 100, as rapidfuzz counts it
_SHORTEST = 5  # letters of a name that may have a slip in it
_MOSTLY, _OFTEN = 0.8, 0.6  # of the values of a column
_SERIAL = re.compile(r"(?=[A-Za-z/._-]*[0-9])[A-Za-z0-9][A-Za-z0-9/._-]{3,39}")
_DAY = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}(?:[ T].*)?")
_HINTS = {  # headings that often hold a field, but as often something else
    "serial": "assettag assetid assetnumber tagnumber barcode inventorynumber inventarnummer equipmentnumber deviceid machineid tag "
    "identifikation numeroinventaire inventarisnummer numerinwentarzowy",
    "site": "location building room branch standort gebaude lieu emplacement ubicacion localizacao ubicazione sede locatie lokalizacja",
    "model": "description name type assetname itemdescription bezeichnung designation descripcion descricao descrizione omschrijving nazwa",
}


_NAMES = frozenset(name for names in vars(heading_names).values() if isinstance(names, str) for name in names.split())


class Guess(NamedTuple):
    """`heading` may be the column of `field`, and why."""

    heading: str
    field: Field
    reason: str

    def __str__(self) -> str:
        return f"{self.heading!r} may be the {self.field.label}: {self.reason}"


def guesses(kind: DocumentKind, table: Table, mapped: Mapping[str, str], given: Collection[str]) -> list[Guess]:
    """At most one proposal for each field that has no column yet and for each column.

    A column of another field is proposed for a required one that its heading may as well mean: a bar code is an asset tag or a serial.
    """
    places = recognised(kind, table.header, mapped)
    source = detect(kind.name, map(heading_key, table.header))
    known = {heading_key(name) for name in mapped} | set(source.ignored.split() if source else ())
    owners = {place: name for name, found in places.items() for _, place in found}
    names = [name.strip() for name in table.header]
    named = [place for place, name in enumerate(names) if heading_key(name) not in {"", *known} and names.count(name) == 1]
    free = [place for place in named if place not in owners]
    required = {field.name for field in kind.required}
    doubtful = [place for place in named if place in owners and owners[place] not in required]
    open_fields = [field for field in kind.fields if field.name not in places and field.name not in given]
    rows = [line.cells for line in islice(table.lines(), _SAMPLE) if not line.problem] if named and open_fields else []
    found: list[Guess] = []
    for field in sorted(open_fields, key=lambda field: field not in kind.required):
        hinted = _HINTS.get(field.name, "").split() if field.name in required else ()
        columns = [*free, *(place for place in doubtful if heading_key(names[place]) in hinted)]
        options = [(why, place) for place in columns if (why := _reason(kind, field, names[place], _values(rows, place)))]
        if options:
            (_, reason), place = min(options)
            free, doubtful = [[other for other in group if other != place] for group in (free, doubtful)]
            found.append(Guess(names[place], field, reason))
    return found


def _values(rows: list[list[str]], place: int) -> list[str]:
    return [cell for row in rows if place < len(row) and (cell := row[place].strip()) and not means_nothing(cell)]


def _reason(kind: DocumentKind, field: Field, heading: str, values: list[str]) -> tuple[int, str] | None:
    """Why a column may hold a field, with a rank: the lower, the better."""
    key, fits = heading_key(heading), _fits(field, values)
    if fits is False:
        return None
    if alike := _alike(kind, field, key):
        return 0, f"the heading is close to {alike!r}"
    if key in _HINTS.get(field.name, "").split():
        place = _HINTS[field.name].split().index(key)
        return 1 + (0 if fits else 100) + place, "such a column often holds it" + (" and its values look like it" if fits else "")
    if fits and field in kind.required:
        return 1000, f"its values look like it, as {values[0][:40]!r} does"
    return None


def _alike(kind: DocumentKind, field: Field, key: str) -> str | None:
    """The name of a field that a heading is a slip of; a name of something else is none."""
    if key in _NAMES or len(key) < _SHORTEST:
        return None
    names = [name for name, (owner, _, _) in known_names(kind.fields).items() if owner == field.name and len(name) >= _SHORTEST]
    match = process.extractOne(key, names, scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return match[0] if match else None


def _fits(field: Field, values: list[str]) -> bool | None:
    """Whether the values of a column look like those of a field; None where they tell nothing."""
    if field.read is cells.serial:
        alike = sum(bool(_SERIAL.fullmatch(value)) and not _DAY.fullmatch(value) for value in values)
        return len(set(values)) > _OFTEN * len(values) and alike > _MOSTLY * len(values) if values else None
    if field.read in (cells.day, cells.last_day, cells.instant):
        return sum(bool(_DAY.fullmatch(value)) for value in values) > _MOSTLY * len(values) if values else None
    return None
