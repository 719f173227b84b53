"""Limits of contract lines: calls, hours, credits, use of a counter or seats per period, and what is left of them."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from flask import Response
from pydantic import Field, PlainSerializer
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RefPath, RequestSchema, Schema, Text, last_day_of
from musterroll.domain.access import Role, needs
from musterroll.domain.contracts.limits import MOST, Limit, LimitKind, LimitLevel, LimitPeriod
from musterroll.domain.values import cursors
from musterroll.usecases.contracts import limits
from musterroll.usecases.coverage.limits import LineLimitUse

api = guarded("limits", "contracts")
Number = Annotated[Decimal, PlainSerializer(lambda value: f"{value.normalize():f}", return_type=str)]


class LimitOut(Schema):
    """A limit counts for all units of its line together, or pooled over its account. An incident is a call, and a visit where a
    part was used; its hours are hours, its credits are credits; use (and credits with a counter) is the
    growth of a counter; named seats are deployed units, floating seats the most units that used a counter on one day."""

    line: str = Field(description="Contract number and line.")
    kind: LimitKind
    amount: Number | None = Field(description="Per period; null: unlimited.")
    period: LimitPeriod
    carried: bool = Field(description="Whether what is left is added to the next period of the term.")
    counter: str = Field(description="Of use and floating seats, maybe of credits.")
    pooled: bool = Field(description="Over the account of the contract with its subsidiaries, and the product of the line.")
    since: date
    last_day: date | None = Field(description="Last day of the period; null: no end.")
    allowed: Number | None
    used: Number
    left: Number | None
    level: LimitLevel = Field(description="near: 80 % used or more; reached: 100 % or more.")
    used_up_on: date | None = Field(description="Day on which it is used up at this pace, if that is within the period.")
    says: str = Field(description="The same in words.")


class LimitPage(Schema):
    items: list[LimitOut]
    next: str | None


class LimitQuery(ListQuery):
    contract: Text | None = Field(default=None, max_length=80, description="Contract number.")
    level: LimitLevel | None = None


class LimitBody(RequestSchema):
    line: Text = Field(min_length=1, max_length=40, description="Number of the line within the contract.")
    kind: LimitKind
    amount: Decimal | None = Field(ge=0, le=MOST, decimal_places=4, description="Per period; 0 removes the limit, null is unlimited.")
    period: LimitPeriod = LimitPeriod.YEAR
    carried: bool = False
    counter: Text = Field(default="", max_length=80, description="For use, floating seats and credits, such as `pages` or `operating`.")
    pooled: bool = Field(default=False, description="Count all units of the account with its subsidiaries, of the product of the line.")


@listing(api, "/limits", LimitPage, "Limits of contract lines in force, with what is used of them", 404)
def list_limits(query: LimitQuery) -> Response:
    """A page may have fewer items than asked for, as lines that are not in force are left out."""
    now = clock()

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        page = limits.limits(session, now, query.contract, query.level, cursors.number(cursor) or 0, limit)
        return list(map(_out, page.uses)), None if page.next is None else cursors.encode(page.next)

    return listed(LimitPage, query, "limits", fetch)


@api.put(
    "/contracts/<ref>/limits",
    summary="Set a limit of a contract line",
    responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER)
def put_limit(path: RefPath, body: LimitBody) -> Response:
    """Can be undone. 204: nothing to change."""
    to = Limit(body.kind, body.amount, body.period, body.carried, body.counter, body.pooled)
    with transaction() as session:
        change = limits.set_limit(session, path.ref, body.line, to, actor(), clock())
        return answer(change_out(change)) if change else no_content()


def _out(of: LineLimitUse) -> LimitOut:
    use = of.use
    return LimitOut(
        **use.limit._asdict(),
        **{name: getattr(use, name) for name in ("used", "left", "level", "used_up_on")},
        line=of.cover.line.ref,
        since=use.allowance.span.starts_on,
        last_day=last_day_of(use.allowance.span.ends_on),
        allowed=use.allowance.amount,
        says=of.says,
    )
