"""Licences: active beside sold, against a target; by segment, product and account."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.installed_base.licences import LicenceCount, LicenceTarget, TargetLevel, level
from musterroll.domain.installed_base.provisioned import WINDOWS, Provisioned, total
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.usecases.fleet.pages import NONE, FleetFilter
from musterroll.usecases.installed_base import licence_trend
from musterroll.usecases.installed_base import provisioned as provisioned_units
from musterroll.usecases.installed_base.licence_trend import TrendPoint
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.web.charts.lines import lines
from musterroll.web.http.context import clock, page, snapshot
from musterroll.web.pages.fleet import address as fleet_address

pages = Blueprint("licences", __name__)

SHOWN = 20
_NONE = LicenceCount(0, 0)
LEVELS = {
    TargetLevel.ABOVE: ("Above target", "operating"),
    TargetLevel.AT: ("On target", "accent"),
    TargetLevel.BELOW: ("Below target", "stale"),
}


@pages.get("/licences")
def overview() -> str:
    now = clock()
    by = LicenceBreakdown(request.args["by"]) if request.args.get("by") in set(LicenceBreakdown) else LicenceBreakdown.SEGMENT
    every = "quarter" if request.args.get("every") == "quarter" else "month"
    target, tolerance = request.args.get("target", None, int), min(max(request.args.get("tolerance", 5, int), 0), 100)
    with snapshot() as session:
        licences = licence_trend.licences(session, now)
        units = provisioned_units.provisioned(session, now)
        points = licence_trend.stored_trend(session, now, 3 if every == "quarter" else 1)
    counts = licences.value.by[by]
    aim = LicenceTarget(target, tolerance) if target is not None and 0 <= target <= 10**9 else None
    parts = units.value[by]
    lines_of = [(name, counts.get(name, _NONE), parts.get(name, Provisioned())) for name in counts.keys() | parts.keys()]
    lines_of.sort(key=lambda row: (-row[1].gross, -row[2].units, row[0]))
    shown = lines_of[:SHOWN]
    window = request.args.get("window", 30, int)
    window = window if window in WINDOWS else 30
    params = {"by": by, "every": every, "target": target if aim else None, "tolerance": tolerance if aim else None, "window": window}
    drawn = lines([point.on for point in points], _values(points, aim))
    return page(
        "licences.html",
        now,
        **{
            "licences": licences,
            "total": licences.value.total,
            "params": params,
            "shown": shown,
            "more": len(lines_of) - len(shown),
            "provisioned": total(parts) if parts else Provisioned(),
            "windows": WINDOWS,
            "kinds": list(LicenceBreakdown),
        },
        **{"level": LEVELS[level(licences.value.total.active, aim)] if aim else None, "aim": aim, "points": points, "drawn": drawn},
        **{
            "here": lambda **changes: here(params, **changes),
            "rows": lambda name: rows(by, name),
            "deployed": lambda name: deployed(by, name),
            "export": export(by, aim, window),
        },
    )


def here(params: dict[str, Any], **changes: Any) -> str:
    query = {name: str(value) for name, value in {**params, **changes}.items() if value is not None}
    return f"/licences?{urlencode(query)}"


def rows(by: LicenceBreakdown, name: str) -> str | None:
    """The address of the units on contract behind a row; None for products, which the fleet filters by maker too."""
    if by is LicenceBreakdown.SEGMENT:
        return fleet_address(FleetFilter(segment=name or NONE, cells="111 101"))
    return fleet_address(FleetFilter(account=name, cells="111 101")) if by is LicenceBreakdown.ACCOUNT and name else None


def deployed(by: LicenceBreakdown, name: str) -> str | None:
    """The address of the deployed units behind a row, as `rows`."""
    if by is LicenceBreakdown.SEGMENT:
        return fleet_address(FleetFilter(segment=name or NONE, lifecycle=Lifecycle.DEPLOYED))
    return fleet_address(FleetFilter(account=name, lifecycle=Lifecycle.DEPLOYED)) if by is LicenceBreakdown.ACCOUNT and name else None


def export(by: LicenceBreakdown, aim: LicenceTarget | None, window: int) -> str:
    query = {"by": by, "window": str(window), **({"target": str(aim.licences), "tolerance": str(aim.tolerance)} if aim else {})}
    return f"/api/v1/licences?{urlencode(query)}"


def _values(points: list[TrendPoint], aim: LicenceTarget | None) -> dict[str, list[int]]:
    counts: list[LicenceCount] = [point.total for point in points]
    values = {"gross": [count.gross for count in counts], "active": [count.active for count in counts]}
    return {**values, "target": [aim.licences] * len(counts)} if aim else values
