"""A filter of the fleet as words, as addresses and saved filters have them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.usecases.fleet.pages import FleetFilter

_TEXTS = ("account", "site", "maker", "model", "under", "segment", "country", "firmware", "age", "contract")
_SWITCHES = ("operating", "warranty", "covered", "over", "outdated")
_LONGEST = 200
_MOST_DAYS = 3660
T = TypeVar("T", bound=StrEnum)


def words(filters: FleetFilter) -> dict[str, str]:
    """What a filter asks for; what it does not ask for is left out.

    >>> words(FleetFilter(text="Z30", operating=False, ending=90))
    {'text': 'Z30', 'operating': 'no', 'ending': '90'}
    """
    parameters = {name: _said(value) for name, value in filters._asdict().items()}
    return {name: value for name, value in parameters.items() if value}


def read(parameters: Mapping[str, Any]) -> FleetFilter:
    """A filter from words; a word that nobody knows filters nothing.

    >>> read({"liveness": "stale", "warranty": "no", "cells": "110 999", "ending": "soon", "colour": "red"})._asdict()["cells"]
    '110'
    """
    asked = {name: str(parameters.get(name) or "").strip()[:_LONGEST] for name in FleetFilter._fields}
    texts: dict[str, Any] = {name: asked[name] or None for name in _TEXTS}
    switches: dict[str, Any] = {name: {"yes": True, "no": False}.get(asked[name]) for name in _SWITCHES}
    return FleetFilter(
        lifecycle=_member(Lifecycle, asked["lifecycle"]),
        liveness=_member(Liveness, asked["liveness"]),
        text=asked["text"],
        cells=" ".join(code for code in CELLS if code in asked["cells"].split()) or None,
        ending=int(asked["ending"]) if asked["ending"].isdecimal() and int(asked["ending"][:9]) <= _MOST_DAYS else None,
        **texts,
        **switches,
    )


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else str(value)


def _member(kind: type[T], value: str) -> T | None:
    return kind(value) if value in set(kind) else None
