"""Systems whose exports are known: told from the headings, each with its own reading. A new one is one entry of a file here."""

from collections.abc import Iterable

from musterroll.readers.sources import business, devices, people, platforms, registry, service_desks, subscriptions
from musterroll.readers.sources.source import Source

SOURCES: tuple[Source, ...] = (
    *service_desks.SOURCES,
    *devices.SOURCES,
    *platforms.SOURCES,
    *business.SOURCES,
    *subscriptions.SOURCES,
    *people.SOURCES,
    *registry.SOURCES,
)


def detect(kind: str, keys: Iterable[str]) -> Source | None:
    """The source of a file of this kind with these headings: of several, the one with the most signs."""
    return _best([source for source in SOURCES if kind in source.kinds.split()], keys)


def other_kind(kind: str, keys: Iterable[str]) -> Source | None:
    """The source of another kind of document that a file looks like."""
    return _best([source for source in SOURCES if kind not in source.kinds.split()], keys)


def _best(sources: list[Source], keys: Iterable[str]) -> Source | None:
    present = set(keys)
    signs, place = max(((source.signs_in(present), -place) for place, source in enumerate(sources)), default=(0, 0))
    return sources[-place] if signs else None
