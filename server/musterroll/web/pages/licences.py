"""Licences: active beside sold, against a target; by segment, product and account."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.domain.installed_base.provisioned import WINDOWS, Provisioned, total
from musterroll.domain.installed_base.targets import Measure
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.usecases.fleet.pages import NONE, FleetFilter
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import provisioned as provisioned_units
from musterroll.usecases.installed_base.licence_trend import TrendPoint
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.installed_base.targets import TargetCourse
from musterroll.web.charts.lines import lines
from musterroll.web.http.context import clock, page, snapshot
from musterroll.web.pages.fleet import address as fleet_address

pages = Blueprint("licences", __name__)

SHOWN = 20
_NONE = LicenceCount(0, 0)


@pages.get("/licences")
def overview() -> str:
    now = clock()
    by = LicenceBreakdown(request.args["by"]) if request.args.get("by") in set(LicenceBreakdown) else LicenceBreakdown.SEGMENT
    every = "quarter" if request.args.get("every") == "quarter" else "month"
    with snapshot() as session:
        licences = licence_trend.licences(session, now)
        units = provisioned_units.provisioned(session, now)
        target = targets.fleet_licences(session)
        points = licence_trend.stored_trend(session, now, 3 if every == "quarter" else 1)
    counts = licences.value.by[by]
    aim, level = target.aim(now.date()), target.level_of(now.date(), licences.value.total.active)
    parts = units.value[by]
    lines_of = [(name, counts.get(name, _NONE), parts.get(name, Provisioned())) for name in counts.keys() | parts.keys()]
    lines_of.sort(key=lambda row: (-row[1].gross, -row[2].units, row[0]))
    shown = lines_of[:SHOWN]
    window = request.args.get("window", 30, int)
    window = window if window in WINDOWS else 30
    params = {"by": by, "every": every, "window": window}
    drawn = lines([point.on for point in points], _values(points, target))
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
        **{"level": level, "aim": aim, "aim_words": aim and wording.aim(Measure.ACTIVE_LICENCES, aim), "points": points, "drawn": drawn},
        **{
            "here": lambda **changes: here(params, **changes),
            "rows": lambda name: rows(by, name),
            "deployed": lambda name: deployed(by, name),
            "export": export(by, window),
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


def export(by: LicenceBreakdown, window: int) -> str:
    return f"/api/v1/licences?{urlencode({'by': by, 'window': str(window)})}"


def _values(points: list[TrendPoint], target: TargetCourse) -> dict[str, list[int]]:
    """The target is drawn where it held on all days shown."""
    counts = [point.total for point in points]
    values = {"gross": [count.gross for count in counts], "active": [count.active for count in counts]}
    aims = [aim for point in points if (aim := target.aim(point.on))]
    return {**values, "target": [int(aim.value) for aim in aims]} if len(aims) == len(points) else values
