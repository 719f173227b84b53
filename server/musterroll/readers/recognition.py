"""Which columns of a file may hold which field, by their headings: mapped by a person, known from the source, or by the usual names."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from musterroll.readers.cells import heading_key
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.sources import detect
from musterroll.readers.sources.source import Source

Rank = tuple[int, ...]  # the lower, the better; the first number says how certain a heading is
MAPPED: Rank = (0,)
FROM_SOURCE = 1

_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*$")  # what is in them is `cells.unit_in`
_CUSTOM = re.compile(r"^(?:u_|cf_|_|[A-Za-z0-9]{2,15}__(?=[A-Za-z]))|(?:__c|__r|_value)$")  # how systems mark fields of their own
_WRAPPED = re.compile(r"^custom fields?\s*[(\[]\s*(.+?)\s*[)\]]$", re.IGNORECASE)
_PARTS = re.compile(r"\s+[-\u2013\u2014>/|]\s+|::|[.:>]\s*")
_NOUNS = (
    "asset assets device devices unit units hardware equipment computer ci configurationitem cmdbci installedproduct item machine "
    "associatedelements associateditems elementsassocies itensassociados elementosasociados zugehorigeelemente "
    "custom customfield customfields attributes properties fields details"
)


def recognised(kind: DocumentKind, header: list[str], mapped: Mapping[str, str]) -> dict[str, list[tuple[Rank, int]]]:
    """Per field the columns that may hold it, as (rank of the heading, place)."""
    chosen = {heading_key(name): field for name, field in mapped.items()}
    keys = list(map(heading_key, header))
    source = detect(kind.name, keys)
    places: dict[str, list[tuple[Rank, int]]] = {}
    for place, (name, key) in enumerate(zip(header, keys, strict=True)):
        if key in chosen:
            match = (chosen[key], MAPPED) if chosen[key] else None
        else:
            match = _by_source(kind, source, key) if source else None
            if match is None and not (source and key in source.ignored.split()):
                match = _by_name(kind, name)
        if match:
            places.setdefault(match[0], []).append((match[1], place))
    return places


def _by_source(kind: DocumentKind, source: Source, key: str) -> tuple[str, Rank] | None:
    meaning = source.meaning(key)
    return (meaning[0], (FROM_SOURCE, meaning[1])) if meaning and any(field.name == meaning[0] for field in kind.fields) else None


def _by_name(kind: DocumentKind, name: str) -> tuple[str, Rank] | None:
    names = known_names(kind.fields)
    for penalty, key in enumerate(_spellings(name, kind.nouns)):
        if key in names:
            field, part, place = names[key]
            return field, (FROM_SOURCE + 1 + part, penalty, place)
    return None


def _spellings(name: str, nouns: str) -> Iterator[str]:
    """The heading as it is, without its unit, without the marks of a system, and its last part where the one before names the record."""
    yield heading_key(name)
    name = _WRAPPED.sub(r"\1", name.strip())
    for form in (name, _BRACKETS.sub("", name)):
        yield heading_key(form)
        bare = _CUSTOM.sub("", form.strip())
        yield heading_key(bare)
        *before, last = _PARTS.split(bare)
        if before and heading_key(before[-1]) in f"{_NOUNS} {nouns}".split():
            yield heading_key(last)


@lru_cache(64)
def known_names(fields: tuple[Field, ...]) -> dict[str, tuple[str, int, int]]:
    """Per heading the field it names, the part of the field's list it stands in, and its place there. The first field has it."""
    names: dict[str, tuple[str, int, int]] = {}
    for part in range(max(field.headings.count("|") for field in fields) + 1):
        for field in fields:
            listed = f"{heading_key(field.label)} {field.headings}".split("|")[part : part + 1]
            for place, heading in enumerate("".join(listed).split()):
                names.setdefault(heading, (field.name, part, place))
    return names
