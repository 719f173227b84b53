"""Other names of makers and models: which names lists use for a product, and when two names are worth a question.

A serial is unique within a maker and product family only, so the same serial under another name may be another unit. It is proposed as
the same one where the names or the serial make that likely; a person decides once for each name.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from rapidfuzz import fuzz

from musterroll.domain.units.serials import name_key

_DISTINCT_SERIAL = 6  # characters from which two makers or models hardly use the same serial
_ALIKE = 80  # percent


class NameState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"  # another product: its units are units of their own


class NamedProduct(NamedTuple):
    maker: str
    model: str

    @property
    def keys(self) -> tuple[str, str]:
        return name_key(self.maker), name_key(self.model)


class KnownNames:
    """The decided names, by the keys of what lists write. A name without a model is one of the maker."""

    def __init__(self, names: Mapping[tuple[str, str], tuple[NamedProduct, NameState]]) -> None:
        self._names = names

    def __bool__(self) -> bool:
        return bool(self._names)

    def meaning(self, written: NamedProduct) -> NamedProduct:
        """The product that a name stands for: itself, where nothing else is confirmed."""
        whole = self._confirmed(*written.keys) if written.model else None
        maker = self._confirmed(written.keys[0], "")
        if whole or maker is None:
            return whole or written
        return self._confirmed(name_key(maker.maker), written.keys[1]) or NamedProduct(maker.maker, written.model)

    def are_other(self, written: NamedProduct) -> bool:
        """Whether a person said that this is a product of its own."""
        maker_key, model_key = written.keys
        return any(self._names.get(key, (None, None))[1] is NameState.REJECTED for key in ((maker_key, model_key), (maker_key, "")))

    def _confirmed(self, maker_key: str, model_key: str) -> NamedProduct | None:
        product, state = self._names.get((maker_key, model_key), (None, None))
        return product if state is NameState.CONFIRMED else None


def proposed_name(written: NamedProduct, registered: NamedProduct, serial_key: str) -> tuple[NamedProduct, NamedProduct] | None:
    """The name to ask about where a unit with this serial is registered under another: (written, registered), without a model where
    only the maker differs; None where the two are hardly the same.

    >>> dell = NamedProduct("Dell Inc.", "Latitude 5420")
    >>> proposed_name(NamedProduct("Dell Technologies", "Latitude 5420"), dell, "CN0DEL03")
    (NamedProduct(maker='Dell Technologies', model=''), NamedProduct(maker='Dell Inc.', model=''))
    >>> proposed_name(NamedProduct("Zenith", "Valve"), dell, "CN0DEL03") is None
    True
    """
    (maker, model), (of_maker, of_model) = written.keys, registered.keys
    if maker == of_maker:
        return (written, registered) if len(serial_key) >= _DISTINCT_SERIAL else None
    if model == of_model:
        return NamedProduct(written.maker, ""), NamedProduct(registered.maker, "")
    if _makers_alike(written.maker, registered.maker) and len(serial_key) >= _DISTINCT_SERIAL:
        return written, registered
    return None


def _makers_alike(left: str, right: str) -> bool:
    a, b = left.casefold().split(), right.casefold().split()
    return bool(a and b and a[0] == b[0]) or fuzz.ratio(name_key(left), name_key(right)) >= _ALIKE
