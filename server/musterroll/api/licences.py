"""Licences on contract lines in force, units provisioned and units active: by segment, product, account or all three."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import HttpError
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import DayOrInstant, RequestSchema, Schema
from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.installed_base.positions import LONGEST_WINDOW, PositionRow
from musterroll.domain.installed_base.targets import TargetLevel
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values import cursors
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base import positions as licence_positions
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.installed_base.positions import PARTS, PositionBreakdown
from musterroll.usecases.liveness import window_settings

api = guarded("licences", "licences")


class SeatsOut(Schema):
    active: int = Field(description="Assigned to an operating unit.")
    gross: int = Field(description="Sold.")
    listed: int = Field(description="Of the active: assigned to units known from imported lists only.")


class LicenceOut(SeatsOut):
    """`segment`, `maker`, `model` and `account` are null where the list is not broken down by them, and empty where unknown.

    Of past days only the name, `active`, `gross` and `listed` are known.
    """

    name: str = Field(description="Segment, product or account; of `each`, all three; empty if unknown.")
    segment: str | None = None
    maker: str | None = None
    model: str | None = None
    account: str | None = None
    kind: UnitKind | None = Field(default=None, description="Of the product.")
    licence_rule: LicenceRule | None = Field(default=None, description="How units of the product count: each, each host, or its cores.")
    provisioned: int | None = Field(default=None, description="Units deployed, or enrolled and neither returned nor retired.")
    licences: int | None = Field(default=None, description="Licences that the provisioned units take, by the rule of each product.")
    active_units: int | None = Field(default=None, description="Provisioned units that have reported in the window.")
    over: int | None = Field(default=None, description="Licences in use beyond those sold.")
    under: int | None = Field(default=None, description="Licences sold that no provisioned unit uses.")
    units_over: int | None = Field(default=None, description="The part of `over` that is a unit each.")


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
    by: PositionBreakdown = PositionBreakdown.SEGMENT
    kind: UnitKind | None = Field(default=None, description="Only products of this kind; not for past days.")
    window: int | None = Field(
        default=None, ge=1, le=LONGEST_WINDOW, description="Days in which active units have reported; default: as admins have set it."
    )
    on: DayOrInstant | None = Field(default=None, description="A day, or an instant such as 2026-11-01T12:00Z; default: now.")


class LicenceTrendQuery(RequestSchema):
    months: int = Field(default=12, ge=1, le=24)
    every: Literal["month", "quarter"] = "month"


@listing(api, "/licences", LicencePage, "Licences sold, provisioned and active, by name", 400)
def list_licences(query: LicenceQuery) -> Response:
    now = clock()
    with snapshot() as session:
        on, total, every = _past(session, query, query.on, now) if query.on else _present(session, query, now)
        target = targets.fleet_licences(session)

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        after = cursors.number(cursor) or 0
        behind = list(enumerate(every, 1))[after:]
        numbered, following = cursors.cut(behind, limit, lambda pair: (pair[0],))
        return [item for _, item in numbered], following

    summary = {"on": on, "total": total, "level": target.level_of(on, total.active)}
    return listed(LicencePage, query, "licences", fetch, lambda: summary)


def _present(session: Session, query: LicenceQuery, now: datetime) -> tuple[date, SeatsOut, list[LicenceOut]]:
    table = licence_positions.table(session, query.by, query.kind, now)
    total = SeatsOut(active=table.total.active, gross=table.total.sold, listed=table.total.listed)
    window = query.window or window_settings.active_days(session)
    items = [_out(row, PARTS[query.by], window) for row in table.rows]
    return now.date(), total, sorted(items, key=lambda item: item.name)


def _past(session: Session, query: LicenceQuery, on: date | datetime, now: datetime) -> tuple[date, SeatsOut, list[LicenceOut]]:
    if query.by is PositionBreakdown.EACH or query.kind:
        raise HttpError(400, "not_for_past_days", "past days are counted by segment, product or account, of all kinds together")
    licences = base_licences.licences(session, on, LicenceBreakdown(query.by), now)
    items = [LicenceOut(name=name, **count._asdict()) for name, count in licences.counts.items()]
    return licences.on, SeatsOut(**licences.total._asdict()), items


@api.get("/licences/trend", summary="Licences sold and active by month or quarter", responses={200: LicenceTrend})
def get_licence_trend(query: LicenceTrendQuery) -> Response:
    with snapshot() as session:
        trend = licence_trend.trend(session, query.months, 3 if query.every == "quarter" else 1, clock())
        target = targets.fleet_licences(session)
    levels = [target.level_of(point.on, point.total.active) for point in trend.value]
    points = zip(trend.value, levels, strict=True)
    items = [LicenceDay(on=point.on, level=level, **point.total._asdict()) for point, level in points]
    return answer(LicenceTrend(at=trend.at, items=items))


def _out(row: PositionRow, parts: Sequence[str], window: int) -> LicenceOut:
    position, key = row.position, {name: getattr(row.key, name) for name in parts}
    named = [key[name] for name in ("segment", "model", "account") if name in key]
    return LicenceOut(
        name=" / ".join(named),
        **key,
        kind=UnitKind(row.kind) if row.kind else None,
        licence_rule=LicenceRule(row.rule) if row.rule else None,
        active=position.active,
        gross=position.sold,
        listed=position.listed,
        provisioned=position.units,
        licences=position.licences,
        active_units=position.active_units(window),
        over=position.over,
        under=position.under,
        units_over=position.units_over,
    )
