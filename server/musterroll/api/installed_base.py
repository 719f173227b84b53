"""The installed base now or on any day, as recorded then or later, broken down; and its changes in a month."""

from datetime import date, datetime
from typing import Annotated

from flask import Response
from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from musterroll.api.accounts import CountsOut
from musterroll.api.http.context import answer, clock, latest_base, read_only
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, RequestSchema, Schema, Text, day
from musterroll.domain.installed_base.bridge import BridgeStep
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.usecases.fleet.pages import InstalledBase
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import Base, BasePart, BaseScope, Slice

api = guarded("installed-base", "installed base")

Month = Annotated[date, BeforeValidator(lambda value: day(f"{value}-01")), WithJsonSchema({"type": "string", "pattern": r"^\d{4}-\d{2}$"})]


class ScopeQuery(RequestSchema):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    site: Text | None = Field(default=None, max_length=80, description="Site number.")
    maker: Text | None = Field(default=None, max_length=200, description="Together with model.")
    model: Text | None = Field(default=None, max_length=200)
    segment: Text | None = Field(default=None, max_length=80)
    country: Text | None = Field(default=None, max_length=60)

    @model_validator(mode="after")
    def _whole_product(self) -> "ScopeQuery":
        if (self.maker is None) != (self.model is None):
            raise ValueError("give maker and model together")
        return self

    def scope(self) -> BaseScope:
        return BaseScope(**self.model_dump(include=set(BaseScope._fields)))


class KnownQuery(ScopeQuery):
    known: Day | None = Field(default=None, description="As recorded at the end of this day (UTC).")


class BaseQuery(KnownQuery):
    on: Day | None = Field(default=None, description="As of the end of this day (UTC); default: now.")
    by: Slice | None = None


class MonthQuery(KnownQuery):
    month: Month = Field(description="Month, such as 2026-10.")


class PartOut(Schema):
    """Counts of an account include its subsidiaries; `own` excludes them."""

    ref: str = Field(description="Empty: units without one. For a product, its maker.")
    name: str
    parent: str
    counts: CountsOut
    own: CountsOut


class InstalledBaseOut(Schema):
    """`lifecycle` and `liveness` each sum to `registered`; present only without day and breakdown."""

    at: datetime = Field(description="Time of the count.")
    known: datetime
    registered: int
    deployed: int
    operating: int = Field(description="Deployed units that are operating or late.")
    listed: int = Field(description="Of the operating units: known from imported lists only, not yet too old.")
    unknown: int = Field(description="Deployed units known from imported lists only, which are too old to say whether they operate.")
    undated: int = Field(
        default=0,
        description="Units that may have been deployed on that day as well: no record says when they were returned or retired. "
        "They are not in `deployed`.",
    )
    lifecycle: dict[Lifecycle, int] | None
    liveness: dict[Liveness, int] | None
    parts: list[PartOut] = Field(description="Breakdown by `by`; the parts add up (for accounts, their `own`).")


class BridgeOut(Schema):
    """opening + steps = closing."""

    month: str
    opening: int
    steps: dict[BridgeStep, int]
    closing: int


@api.get("/installed-base", summary="Installed base, now or on a day", responses={200: InstalledBaseOut, **documented(404)})
def get_installed_base(query: BaseQuery) -> Response:
    """Without parameters, counts of a large fleet may be some seconds old; see `at`."""
    plain = query == BaseQuery()
    with read_only() as session:
        if plain:
            return answer(_now(*latest_base()(session, clock())))
        return answer(_base(base_as_of.base(session, clock(), on=query.on, known=query.known, by=query.by, scope=query.scope())))


@api.get("/installed-base/bridge", summary="Changes in a month", responses={200: BridgeOut, **documented(404)})
def get_bridge(query: MonthQuery) -> Response:
    """From the installed base at the end of the previous month, step by step, to that at the end of the month."""
    with read_only() as session:
        bridge = base_as_of.bridge(session, query.month, clock(), known=query.known, scope=query.scope())
    return answer(BridgeOut(month=f"{query.month:%Y-%m}", opening=bridge.opening, steps=bridge.steps, closing=bridge.closing))


def _now(base: InstalledBase, at: datetime) -> InstalledBaseOut:
    return InstalledBaseOut(at=at, known=at, **base._asdict(), parts=[])


def _base(base: Base) -> InstalledBaseOut:
    counts = base.all
    return InstalledBaseOut(
        at=base.on,
        known=base.known,
        registered=counts.units,
        deployed=counts.deployed,
        operating=counts.operating,
        listed=counts.listed,
        unknown=counts.unknown,
        undated=base.undated,
        lifecycle=None,
        liveness=None,
        parts=[_part(part) for part in base.parts],
    )


def _part(part: BasePart) -> PartOut:
    counts, own = (CountsOut(**counted._asdict()) for counted in (part.counts, part.own))
    return PartOut(ref=part.ref, name=part.name, parent=part.parent, counts=counts, own=own)
