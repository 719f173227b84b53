"""Licences: sold, provisioned and active, by product, segment and account; over and under; against a target."""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base.positions import LONGEST_WINDOW, WINDOWS, PositionKey, PositionRow
from musterroll.domain.installed_base.targets import Measure
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values import cursors
from musterroll.storage.access import users as stored_users
from musterroll.storage.contracts.sold_lines import SoldFilter
from musterroll.usecases.contracts import sold_lines
from musterroll.usecases.fleet.pages import NONE, FleetFilter
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import positions as licence_positions
from musterroll.usecases.installed_base.licence_trend import TrendPoint
from musterroll.usecases.installed_base.positions import PARTS, PositionBreakdown
from musterroll.usecases.installed_base.targets import TargetCourse
from musterroll.usecases.liveness import window_settings
from musterroll.web.charts.lines import lines, marks
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, snapshot
from musterroll.web.pages.fleet import address as fleet_address

pages = Blueprint("licences", __name__)

SHOWN, LINES = 20, 50
_UNCOVERED = "011 010 001 000"


class RowLinks(NamedTuple):
    """Where the numbers of a row lead: each to exactly what it counts."""

    sold: str
    provisioned: str
    active: str
    over: str | None  # of products whose units count each


@pages.get("/licences")
def overview() -> str:
    now, args = clock(), request.args
    by = PositionBreakdown(args["by"]) if args.get("by") in set(PositionBreakdown) else PositionBreakdown.PRODUCT
    kind = UnitKind(args["kind"]) if args.get("kind") in set(UnitKind) else None
    every = "quarter" if args.get("every") == "quarter" else "month"
    with snapshot() as session:
        window = _window(session)
        figure = licence_positions.overview(session, now)
        target = targets.fleet_licences(session)
        points = licence_trend.stored_trend(session, now, 3 if every == "quarter" else 1)
        changes = window_settings.changes(session, points[0].on)
    aim = target.aim(now.date())
    table = figure.value.get(kind or licence_positions.EVERY_KIND, {}).get(by, licence_positions.NOTHING)
    params = {"by": by, "kind": kind, "every": every, "window": window}
    everything = figure.value.get(licence_positions.EVERY_KIND, {}).get(by, licence_positions.NOTHING).total
    return page(
        "licences.html",
        now,
        **{"figure": figure, "total": table.total, "params": params, "shown": table.rows[:SHOWN], "more": table.names - SHOWN},
        **{"windows": WINDOWS, "longest": LONGEST_WINDOW, "breakdowns": list(PositionBreakdown), "present": _present(figure.value)},
        **{"level": target.level_of(now.date(), everything.active), "points": points, "changes": changes},
        **{"marks": marks([point.on for point in points], [change.on for change in changes])},
        **{"aim": aim, "aim_words": aim and wording.aim(Measure.ACTIVE_LICENCES, aim)},
        **{"drawn": lines([point.on for point in points], _values(points, target)), "here": lambda **changes: here(params, **changes)},
        **{"links": lambda row: links(row, by, kind, window), "export": export(params)},
    )


@pages.post("/licences/window")
@needs(Role.VIEWER)
def choose_window() -> Response:
    """Remember the window of this user."""
    days = min(max(request.form.get("window", 30, int), 1), LONGEST_WINDOW)
    with context().database.transaction() as session:
        stored_users.set_licence_window(session, actor().user_id, days)
    view = {name: request.form.get(name, "")[:80] for name in ("by", "kind", "every")}
    return redirect(here({**{name: value for name, value in view.items() if value}, "window": days}) + "#by", 303)


@pages.get("/licences/lines")
def sold() -> str:
    """The contract lines behind a number of licences sold."""
    now, args = clock(), request.args
    filters = SoldFilter(**{name: args[name].strip()[:200] for name in SoldFilter._fields if name in args and "\0" not in args[name]})
    with read_only() as session:
        rows = sold_lines.in_force(session, filters, cursors.number(args.get("after") or None) or 0, LINES + 1, now)
    shown, following = cursors.cut(rows, LINES, lambda row: (row.id,))
    query = urlencode({name: value for name, value in filters._asdict().items() if value is not None})
    return page("sold_lines.html", now, rows=shown, filters=filters, query=query, after=args.get("after"), following=following)


def here(params: dict[str, Any], **changes: Any) -> str:
    query = {name: str(value) for name, value in {**params, **changes}.items() if value is not None}
    return f"/licences?{urlencode(query)}"


def links(row: PositionRow, by: PositionBreakdown, kind: UnitKind | None, window: int) -> RowLinks:
    key = row.key
    units = _units_of(key, by)._replace(provisioned=True, kind=kind)
    over = fleet_address(units._replace(cells=_UNCOVERED)) if row.position.units_over == row.position.over else None
    lines_of = {name: getattr(key, name) for name in PARTS[by]} | ({"kind": kind} if kind else {})
    return RowLinks(f"/licences/lines?{urlencode(lines_of)}", fleet_address(units), fleet_address(units._replace(heard=window)), over)


def export(params: dict[str, Any]) -> str:
    query = {name: str(value) for name, value in params.items() if value is not None and name != "every"}
    return f"/api/v1/licences?{urlencode(query)}"


def _units_of(key: PositionKey, by: PositionBreakdown) -> FleetFilter:
    """The filter of the units of a row."""
    parts = PARTS[by]
    return FleetFilter(
        segment=(key.segment or NONE) if "segment" in parts else None,
        maker=key.maker if "maker" in parts else None,
        model=key.model if "model" in parts else None,
        owner=(key.account or NONE) if "account" in parts else None,
    )


def _window(session: Session) -> int:
    """The days in the address, else those that the user last chose, else those that admins have set."""
    days = (
        request.args.get("window", None, int)
        or stored_users.licence_window(session, actor().user_id)
        or window_settings.active_days(session)
    )
    return min(max(days, 1), LONGEST_WINDOW)


def _present(value: licence_positions.ByKind) -> list[UnitKind]:
    """The kinds there are, if there is more than one."""
    kinds = [kind for kind in UnitKind if kind in value]
    return kinds if len(kinds) > 1 else []


def _values(points: list[TrendPoint], target: TargetCourse) -> dict[str, list[int]]:
    """The target is drawn where it held on all days shown."""
    counts = [point.total for point in points]
    values = {"gross": [count.gross for count in counts], "active": [count.active for count in counts]}
    aims = [aim for point in points if (aim := target.aim(point.on))]
    return {**values, "target": [int(aim.value) for aim in aims]} if len(aims) == len(points) else values
