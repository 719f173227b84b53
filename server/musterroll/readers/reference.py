"""The columns of each kind of document as a page of the documentation, made from what readers recognise."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from musterroll.readers.fields import DocumentKind
from musterroll.readers.sources import SOURCES
from musterroll.readers.templates import form_of, is_required, names, template

_INTRODUCTION = """# Columns of imported lists

<!-- Made by `musterroll columns`: change the readers, not this page. -->

Headings are compared in letters and digits: case, spaces, accents and signs do not matter, nor a unit or currency in brackets. A column
with another heading is named with `--map 'HEADING=Column'`, or on the page. `musterroll template KIND FILE` writes a file to fill in.
"""


class ReferenceColumn(NamedTuple):
    label: str
    required: bool
    form: str  # what its cells hold; empty: text
    example: str
    headings: list[str]


def columns(kind: DocumentKind) -> list[ReferenceColumn]:
    examples = {column.heading: column.example for column in template(kind)}
    return [
        ReferenceColumn(field.label, is_required(kind, field), form_of(field), examples[field.label], names(field)) for field in kind.fields
    ]


def sources(kind: DocumentKind) -> list[str]:
    """The lists of other systems that are recognised as this kind of document."""
    return [source.name for source in SOURCES if kind.name in source.kinds.split()]


def reference(kinds: Iterable[DocumentKind]) -> str:
    return "\n".join([_INTRODUCTION, *(line for kind in kinds for line in _about(kind))])


def _about(kind: DocumentKind) -> Iterator[str]:
    yield f"## {kind.title}: {kind.about}\n"
    if known := sources(kind):
        yield f"Recognised: {', '.join(known)}.\n"
    yield "| column | required | holds | example | recognised headings |\n|---|---|---|---|---|"
    for column in columns(kind):
        required = "yes" if column.required else ""
        yield f"| {column.label} | {required} | {column.form or 'text'} | {column.example} | {' '.join(column.headings)} |"
    yield ""
