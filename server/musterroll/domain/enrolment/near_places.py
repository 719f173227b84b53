"""Which registered accounts or sites a person may mean by a number that is not registered."""

from collections.abc import Iterable
from typing import NamedTuple

from rapidfuzz import fuzz

_ALIKE = 50  # percent
_MOST = 5


class Place(NamedTuple):
    """An account or a site."""

    ref: str
    name: str

    def __str__(self) -> str:
        return self.ref if self.name in ("", self.ref) else f"{self.ref} ({self.name})"


def nearest(wanted: str, places: Iterable[Place]) -> list[Place]:
    """The places whose number or name is most like a text, the likest first.

    >>> [place.ref for place in nearest("s-10", [Place("S-1", "Essen"), Place("HQ", "S-10 old"), Place("X", "Y")])]
    ['S-1', 'HQ']
    """
    text = wanted.casefold()
    alike = [(max(fuzz.ratio(text, place.ref.casefold()), fuzz.ratio(text, place.name.casefold())), place) for place in places]
    return [place for _, place in sorted((-share, place) for share, place in alike if share >= _ALIKE)][:_MOST]
