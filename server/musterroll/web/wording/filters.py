"""Wording of fleet filters on the pages: each is a chip that can be removed."""

from typing import Any, NamedTuple

from flask import Flask

from musterroll.domain.reconciliation.cells import CELLS
from musterroll.usecases.fleet.pages import NONE, OLDEST, FleetFilter
from musterroll.web.wording.kinds import KINDS


class Chip(NamedTuple):
    """A filter in words, and the change that removes it."""

    says: str
    without: dict[str, Any]


def install(app: Flask) -> None:
    app.jinja_env.globals.update(fleet_chips=chips)
    app.jinja_env.filters.update(age=age)


def chips(filters: FleetFilter) -> list[Chip]:
    """All filters except text, lifecycle and liveness, which have fields of their own."""
    chips = [Chip(_TEXTS[name].format(value), {name: None}) for name in _TEXTS if (value := getattr(filters, name)) and value != NONE]
    chips += [Chip(_NONES[name], {name: None}) for name in _NONES if getattr(filters, name) == NONE]
    if filters.maker and filters.model:
        chips.append(Chip(filters.model, {"maker": None, "model": None}))
    if filters.age and filters.age != NONE:
        chips.append(Chip(f"installed {age(filters.age)} ago", {"age": None}))
    if filters.cells:
        chips.append(Chip(" or ".join(CELLS[code].name for code in filters.cells.split()), {"cells": None}))
    if filters.kind:
        chips.append(Chip(KINDS[filters.kind].plural, {"kind": None}))
    if filters.heard is not None:
        chips.append(Chip(f"active in the last {filters.heard} days", {"heard": None}))
    if filters.ending is not None:
        chips.append(Chip(f"warranty ends within {filters.ending} days", {"ending": None}))
    return [
        *chips,
        *(Chip(words[value], {name: None}) for name, words in _SWITCHES.items() if (value := getattr(filters, name)) is not None),
    ]


def age(years: str) -> str:
    """
    >>> age("0"), age("1"), age("5"), age("")
    ('less than a year', '1 to 2 years', '5 years or more', 'unknown')
    """
    if not years:
        return "unknown"
    number = int(years)
    return "less than a year" if number == 0 else f"{number} years or more" if number == OLDEST else f"{number} to {number + 1} years"


_TEXTS = {
    "account": "account {}",
    "owner": "account {} by unit or site",
    "under": "account {} with subsidiaries",
    "site": "site {}",
    "segment": "segment {}",
    "country": "country {}",
    "firmware": "firmware {}",
    "contract": "on contract {}",
    "used": "used {} in the last 30 days",
}
_NONES = {
    **{"segment": "no segment", "country": "no country", "firmware": "no firmware"},
    **{"age": "age unknown", "owner": "no account"},
}
_SWITCHES = {
    "operating": {True: "operating", False: "not operating"},
    "warranty": {True: "in warranty", False: "out of warranty"},
    "covered": {True: "covered", False: "not covered"},
    "over": {True: "over contract quantity", False: "within contract quantity"},
    "provisioned": {True: "provisioned", False: "not provisioned"},
    "outdated": {True: "outdated firmware", False: "latest firmware"},
}
