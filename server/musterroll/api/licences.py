"""Licences on active contract lines: sold, and active (assigned to an operating unit)."""

from datetime import date, datetime
from typing import Literal

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import DayOrInstant, RequestSchema, Schema
from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.domain.installed_base.provisioned import Provisioned
from musterroll.domain.installed_base.targets import TargetLevel
from musterroll.domain.values import cursors
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base import provisioned as provisioned_units
from musterroll.usecases.installed_base.licences import LicenceBreakdown

api = guarded("licences", "licences")


class SeatsOut(Schema):
    active: int = Field(description="Assigned to an operating unit.")
    gross: int = Field(description="Sold.")
    listed: int = Field(description="Of the active: assigned to units known from imported lists only.")


class LicenceOut(SeatsOut):
    name: str = Field(description="Segment, product or account; empty if unknown.")
    provisioned: int | None = Field(description="Units deployed, or enrolled and neither returned nor retired; null for past days.")
    active_units: int | None = Field(description="Of these, units that have reported in the window; null for past days.")
    over: int | None = Field(description="Units provisioned beyond the licences sold; below zero: licences without a unit.")


class LicencePage(Schema):
    items: list[LicenceOut]
    next: str | None
    on: date
    total: SeatsOut
    level: TargetLevel | None = Field(description="Active licences beside the monthly target of the whole fleet; null: no target.")


class LicenceDay(SeatsOut):
    on: date
    level: TargetLevel | None = Field(description="Active licences beside the monthly target of the whole fleet; null: no target.")


class LicenceTrend(Schema):
    at: datetime = Field(description="When they were counted; of a large fleet past days are counted once a day and after imports.")
    items: list[LicenceDay] = Field(description="Month or quarter ends, then today.")


class LicenceQuery(ListQuery):
    by: LicenceBreakdown = LicenceBreakdown.SEGMENT
    window: Literal["7", "30", "90", "365"] = Field(default="30", description="Days in which active units have reported.")
    on: DayOrInstant | None = Field(default=None, description="A day, or an instant such as 2026-11-01T12:00Z; default: now.")


class LicenceTrendQuery(RequestSchema):
    months: int = Field(default=12, ge=1, le=24)
    every: Literal["month", "quarter"] = "month"


@listing(api, "/licences", LicencePage, "Licences sold and active on a day, by name")
def list_licences(query: LicenceQuery) -> Response:
    now = clock()
    with snapshot() as session:
        licences = base_licences.licences(session, query.on or now, query.by, now)
        target = targets.fleet_licences(session)
        units = None if query.on else provisioned_units.provisioned(session, now).value[query.by]
    every = sorted(licences.counts.keys() | (units or {}).keys())

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        after = cursors.text(cursor)
        behind = [name for name in every if after is None or name > after]
        names, following = cursors.cut(behind, limit, lambda name: (name,))
        return [_out(name, licences.counts.get(name, LicenceCount(0, 0)), units, int(query.window)) for name in names], following

    summary = {
        "on": licences.on,
        "total": SeatsOut(**licences.total._asdict()),
        "level": target.level_of(licences.on, licences.total.active),
    }
    return listed(LicencePage, query, "licences", fetch, lambda: summary)


@api.get("/licences/trend", summary="Licences sold and active by month or quarter", responses={200: LicenceTrend})
def get_licence_trend(query: LicenceTrendQuery) -> Response:
    with snapshot() as session:
        trend = licence_trend.trend(session, query.months, 3 if query.every == "quarter" else 1, clock())
        target = targets.fleet_licences(session)
    levels = [target.level_of(point.on, point.total.active) for point in trend.value]
    points = zip(trend.value, levels, strict=True)
    items = [LicenceDay(on=point.on, level=level, **point.total._asdict()) for point, level in points]
    return answer(LicenceTrend(at=trend.at, items=items))


def _out(name: str, count: LicenceCount, units: provisioned_units.ByName | None, window: int) -> LicenceOut:
    if units is None:
        return LicenceOut(name=name, **count._asdict(), provisioned=None, active_units=None, over=None)
    part = units.get(name, Provisioned())
    facts = {"provisioned": part.units, "active_units": part.active(window), "over": part.beyond(count.gross)}
    return LicenceOut(name=name, **count._asdict(), **facts)
