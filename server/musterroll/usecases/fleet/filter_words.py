"""Fleet filters as text, as in URLs and saved filters."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from musterroll.domain.liveness import Liveness
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.usecases.fleet.pages import FleetFilter

_TEXTS = ("account", "site", "maker", "model", "under", "segment", "country", "firmware", "age", "contract", "owner", "used")
_SWITCHES = ("operating", "warranty", "covered", "over", "outdated", "provisioned")
_LONGEST = 200
_MOST_DAYS = 3660
T = TypeVar("T", bound=StrEnum)


def words(filters: FleetFilter) -> dict[str, str]:
    """The set fields of a filter, by name.

    >>> words(FleetFilter(text="Z30", operating=False, ending=90))
    {'text': 'Z30', 'operating': 'no', 'ending': '90'}
    """
    parameters = {name: _text(value) for name, value in filters._asdict().items()}
    return {name: value for name, value in parameters.items() if value}


def read(parameters: Mapping[str, Any]) -> FleetFilter:
    """A filter from text values; unknown values are ignored.

    >>> read({"liveness": "stale", "warranty": "no", "cells": "110 999", "ending": "soon", "colour": "red"})._asdict()["cells"]
    '110'
    """
    values = {name: str(parameters.get(name) or "").strip()[:_LONGEST] for name in FleetFilter._fields}
    texts: dict[str, Any] = {name: values[name] or None for name in _TEXTS}
    switches: dict[str, Any] = {name: {"yes": True, "no": False}.get(values[name]) for name in _SWITCHES}
    return FleetFilter(
        lifecycle=_member(Lifecycle, values["lifecycle"]),
        liveness=_member(Liveness, values["liveness"]),
        text=values["text"],
        cells=" ".join(code for code in CELLS if code in values["cells"].split()) or None,
        ending=_days(values["ending"]),
        kind=_member(UnitKind, values["kind"]),
        heard=_days(values["heard"]),
        **texts,
        **switches,
    )


def _text(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else str(value)


def _days(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text[:9]) <= _MOST_DAYS else None


def _member(kind: type[T], value: str) -> T | None:
    return kind(value) if value in set(kind) else None
