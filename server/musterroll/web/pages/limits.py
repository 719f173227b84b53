"""Limits of contract lines: those that are near or reached, and setting one."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.contracts.limits import Limit, LimitKind, LimitLevel, LimitPeriod, plain
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.contracts import limits
from musterroll.usecases.coverage.limits import LineLimitUse
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("limits", __name__)

SHOWN, _SCANNED = 100, 5_000  # limits on the page, and looked at for it
LEVELS = {LimitLevel.REACHED: "Used up", LimitLevel.NEAR: "80 % used or more", LimitLevel.WITHIN: "Below 80 %"}


class _Shown(NamedTuple):
    uses: list[LineLimitUse]
    whole: bool  # whether all limits were looked at


@pages.get("/limits")
def overview() -> str:
    level = LimitLevel(request.args["level"]) if request.args.get("level") in set(LimitLevel) else None
    with read_only() as session:
        shown = _first(session, level)
    export = f"/api/v1/limits?{urlencode({'format': 'csv', **({'level': level} if level else {})})}"
    return page("limits.html", clock(), uses=shown.uses, whole=shown.whole, level=level, levels=LEVELS, export=export, plain=plain)


@pages.post("/contracts/<ref>/limits")
@needs(Role.PLANNER)
def set_limit(ref: str) -> Response:
    kind, period, now = _field("kind"), _field("period"), clock()
    if kind not in set(LimitKind) or period not in set(LimitPeriod):
        raise Conflict("choose what the limit counts, and a period", "bad_limit")
    limit = Limit(
        LimitKind(kind),
        _amount(_field("amount")),
        LimitPeriod(period),
        _field("carried") == "yes",
        _field("counter"),
        _field("pooled") == "yes",
    )
    with transaction() as session:
        limits.set_limit(session, ref, _field("line"), limit, actor().name, now)
    return redirect(request.path.removesuffix("/limits"), 303)


def _first(session: Session, level: LimitLevel | None) -> _Shown:
    uses: list[LineLimitUse] = []
    now, after = clock(), 0
    for _ in range(_SCANNED // 500):
        part = limits.limits(session, now, None, level, after, 500)
        uses += part.uses
        if part.next is None:
            return _Shown(uses[:SHOWN], len(uses) <= SHOWN)
        if len(uses) > SHOWN:
            break
        after = part.next
    return _Shown(uses[:SHOWN], False)


def _amount(text: str) -> Decimal | None:
    if text.lower() == "unlimited":
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Conflict("enter the limit as a number such as 4, or as unlimited", "bad_number") from None


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:80]
