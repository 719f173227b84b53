"""The fleet: the installed base in two numbers, counts that filter, and the roll itself, live."""

from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.lifecycle import Lifecycle
from musterroll.domain.liveness import Liveness
from musterroll.registry.rolls import FleetFilter, fleet
from musterroll.web.door import clock, latest_base, page, reading

pages = Blueprint("fleet", __name__)

PAGE = 50
T = TypeVar("T", bound=StrEnum)
_FIELDS = ("text", "liveness", "lifecycle", "account", "site", "maker", "model")


@pages.get("/fleet")
def roll() -> str:
    now, filters, after = clock(), _filters(), request.args.get("after") or None
    with reading() as session:
        base, _ = latest_base()(session, now)
        found = fleet(session, filters, after, PAGE, now)
    return page("fleet.html", now, base=base, roll=found, filters=filters, after=after, address=address)


def address(filters: FleetFilter, after: str | None = None, **changes: Any) -> str:
    """The fleet's address with these filters, some of them changed.

    >>> address(FleetFilter(text="Z30"), liveness=Liveness.STALE)
    '/fleet?text=Z30&liveness=stale'
    """
    wanted = filters._replace(**changes)
    query = {name: getattr(wanted, name) for name in _FIELDS if getattr(wanted, name)}
    if after:
        query["after"] = after
    return f"/fleet?{urlencode(query)}" if query else "/fleet"


def _filters() -> FleetFilter:
    """What the address asks for; a word that is no state filters nothing."""
    asked = {name: request.args.get(name, "").strip()[:200] or None for name in _FIELDS}
    return FleetFilter(
        lifecycle=_member(Lifecycle, asked["lifecycle"]),
        liveness=_member(Liveness, asked["liveness"]),
        text=asked["text"] or "",
        account=asked["account"],
        site=asked["site"],
        maker=asked["maker"],
        model=asked["model"],
    )


def _member(kind: type[T], value: str | None) -> T | None:
    return kind(value) if value in set(kind) else None
