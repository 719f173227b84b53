"""The installed base: deployed beside operating, trend, changes by month, breakdown and map."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.installed_base.bridge import BridgeStep
from musterroll.domain.values.errors import NotFound
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.fleet.pages import NONE, FleetFilter
from musterroll.usecases.installed_base import trend
from musterroll.usecases.installed_base.account_overview import units_by_lists
from musterroll.usecases.installed_base.as_of import BasePart, Slice
from musterroll.usecases.installed_base.trend import DAYS, BaseDay, TreeLevel
from musterroll.usecases.liveness import window_settings
from musterroll.web.charts import map
from musterroll.web.charts.lines import STEPS, bars_from, lines, marks, waterfall
from musterroll.web.http.context import clock, latest_base, page, read_only
from musterroll.web.pages.fleet import address as fleet_address

pages = Blueprint("installed_base", __name__)

BREAKDOWNS = {
    Slice.ACCOUNT: "Accounts",
    Slice.SEGMENT: "Segments",
    Slice.PRODUCT: "Products",
    Slice.COUNTRY: "Countries",
    Slice.FIRMWARE: "Firmware",
    Slice.AGE: "Age",
}
SHOWN = 20  # rows of a breakdown
LISTED = 100  # sites beside a map


@pages.get("/installed-base")
def overview() -> str:
    now, of_account = clock(), request.args.get("account") or None
    by = Slice(request.args["by"]) if request.args.get("by") in set(BREAKDOWNS) else Slice.ACCOUNT
    first = trend.month_of(now, request.args.get("month"))
    with read_only() as session:
        level = trend.level(session, of_account)
        base = latest_base()(session, now)[0] if of_account is None else None
        by_lists = units_by_lists(session, account(session, of_account).id if of_account else None, now)
        cut = None if by is Slice.ACCOUNT else trend.slices(session, by, now, of_account)
        days = trend.trend(session, now, of_account)
        changes = window_settings.changes(session, days[0].on) if days else []
        month = trend.month(session, first, now, of_account)
        places = trend.places(session, None, now) if of_account is None else None
    drawn = lines([day.on for day in days], _lines(days))
    map_ = map.draw(places.value, map.around(places.value)) if places and places.value else None
    choices = {
        "of_account": of_account,
        "by": by,
        "cuts": BREAKDOWNS,
        "months": _months(first, now),
        "everything": FleetFilter(under=of_account),
    }
    sliced = {"level": level, "cut": cut, "shown": _shown(cut.value.parts) if cut else None, "most_shown": SHOWN}
    sliced["more"] = len(cut.value.parts) - SHOWN if cut else 0
    pictures = {"drawn": drawn, "days": days, "span": DAYS, "month": month, "bars": waterfall(month.value.bridge)}
    marked = marks([day.on for day in days], [change.on for change in changes])
    rest = {"bars_from": bars_from(month.value.bridge), "map": map_, "changes": changes, "marks": marked}
    links = {"here": here, "rows": rows, "fleet_address": fleet_address}
    return page(
        "installed_base.html",
        now,
        base=base,
        by_lists=by_lists,
        whole=_totals(level),
        places=places,
        **choices,
        **sliced,
        **pictures,
        **rest,
        **links,
    )


def _lines(days: list[BaseDay]) -> dict[str, list[int]]:
    """Deployed, operating and, where returns have no date, the most that may have been deployed."""
    counts = {"deployed": [day.deployed for day in days], "operating": [day.operating for day in days]}
    return {**counts, "most": [day.deployed + day.undated for day in days]} if any(day.undated for day in days) else counts


@pages.get("/installed-base/map")
def site_map() -> str:
    now = clock()
    requested = map.box_of(request.args.get("box"))
    with read_only() as session:
        places = trend.places(session, map.with_aspect_ratio(requested) if requested else None, now)
    box = requested or (map.around(places.value) if places.value else None)
    drawn = map.draw(places.value, box) if box else None
    inside = sorted(map.within(places.value, drawn.box), key=lambda place: -place.deployed) if drawn else []
    return page(
        "map.html",
        now,
        map=drawn,
        places=places,
        inside=inside[:LISTED],
        more=len(inside) > LISTED,
        count=sum(place.sites for place in inside),
        whole="box" not in request.args,
    )


@pages.get("/installed-base/<month>/<step>")
def month_step(month: str, step: str) -> str:
    """The units of one step in a month's changes."""
    now, of_account = clock(), request.args.get("account") or None
    if step not in set(BridgeStep):
        raise NotFound(f"unknown change {step[:20]!r}")
    with read_only() as session:
        figure = trend.month(session, trend.month_of(now, month), now, of_account)
    named = STEPS[BridgeStep(step)]
    return page(
        "moved.html",
        now,
        month=figure,
        units=figure.value.units[BridgeStep(step)],
        name=named,
        step=BridgeStep(step),
        of_account=of_account,
        here=here,
    )


def here(account: str | None, **params: Any) -> str:
    """The address of the page for an account, with further parameters."""
    query = {name: str(value) for name, value in {"account": account, **params}.items() if value}
    return f"/installed-base?{urlencode(query)}" if query else "/installed-base"


def rows(part: BasePart, by: Slice, under: str | None, **narrower: Any) -> str:
    """The address of the units behind a row of the breakdown."""
    word = part.name or NONE
    params: dict[str, Any] = {by.value: word}
    if by is Slice.PRODUCT:
        params = {"maker": part.ref, "model": part.name}
    return fleet_address(FleetFilter(under=under)._replace(**params), **narrower)


def _shown(parts: list[BasePart]) -> list[BasePart]:
    if all(part.name.isdecimal() or not part.name for part in parts):
        return sorted(parts, key=lambda part: part.name or "~")  # ages stay in order
    return sorted(parts, key=lambda part: -part.counts.deployed)[:SHOWN]


def _totals(level: TreeLevel) -> tuple[int, int, int]:
    every = [sums.sums for sums in level.below] + [level.own]
    units, deployed, operating = (sum(getattr(sums, name) for sums in every) for name in ("units", "deployed", "operating"))
    return units, deployed, operating


def _months(first: date, now: Any) -> tuple[date | None, date, date | None]:
    """The month before the one shown, the month itself and the next one; None where there is none."""
    known = trend.months(now)
    place = known.index(first)
    return (known[place + 1] if place + 1 < len(known) else None), first, (known[place - 1] if place else None)
