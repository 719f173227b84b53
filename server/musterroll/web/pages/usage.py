"""Use of the fleet: by day, week or month, adoption, milestones and declining use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, request
from sqlmodel import Session

from musterroll.domain.usage.adoption import BREAKDOWNS, WINDOWS
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.periods import Period, PeriodUse
from musterroll.storage.accounts import sites
from musterroll.usecases.liveness import window_settings
from musterroll.usecases.usage import adoption, declining, history
from musterroll.usecases.usage.history import CounterTotal, UsageScope
from musterroll.web.charts.bars import PeriodBar, bars
from musterroll.web.http.context import clock, page, snapshot

pages = Blueprint("usage", __name__)

SHOWN = 12  # rows of a list
COUNTS = {Period.DAY: 30, Period.WEEK: 15, Period.MONTH: 12}
_PRODUCTS = 200  # to choose from


class UsageChart(NamedTuple):
    """A counter by period, and the other counters to choose from, the most used first."""

    counter: str
    period: Period
    counters: list[CounterTotal]
    bars: list[PeriodBar]
    total: str


@pages.get("/usage")
def overview() -> str:
    now = clock()
    product, by = request.args.get("product", 0, int), request.args.get("breakdown", "")
    site = request.args.get("site", "").strip()[:80] or None
    by = by if by in BREAKDOWNS else "firmware"
    days = request.args.get("days", 0, int)
    with snapshot() as session:
        engagement, falling = adoption.engagement(session, now), declining.declining(session, now)
        shown = chart(session, UsageScope(site=site) if site else UsageScope(product_id=product or None), request.args, now)
        products, usual = sites.product_names(session, _PRODUCTS), window_settings.adoption_days(session)
    days = days if days in WINDOWS else usual
    result = engagement.value
    counter = shown.counter if shown else next((row.counter for row in result.counters(product)), OPERATING)
    parts = result.parts(counter, by, product)
    parts = parts[-SHOWN:] if by == "cohort" else parts[:SHOWN]
    segment = request.args.get("segment") or None
    accounts = declining.some(falling.value, segment=segment)
    params = {"product": product or None, "counter": counter, "period": shown and shown.period.value, "breakdown": by, "segment": segment}
    params |= {"site": site, "days": None if days == usual else days}
    return page(
        "usage.html",
        now,
        **{"chart": shown, "counter": counter, "by": by, "breakdowns": BREAKDOWNS, "product_id": product, "products": products},
        **{
            "engagement": engagement,
            "counters": result.counters(product, days)[:SHOWN],
            "parts_of": parts,
            "days": days,
            "windows": WINDOWS,
        },
        **{"steps": result.steps(product)[:SHOWN], "falling": falling, "accounts": accounts[:SHOWN], "more": len(accounts) - SHOWN},
        **{"site": site, "segments": sorted({row.segment for row in falling.value.accounts if row.segment}), "segment": segment},
        **{"label": history.label, "step_label": adoption.step_label, "periods": list(Period)},
        here=lambda **changes: here(params, **changes),
    )


def here(params: dict[str, Any], **changes: Any) -> str:
    query = {name: str(value) for name, value in {**params, **changes}.items() if value is not None}
    return f"/usage?{urlencode(query)}"


def chart(session: Session, scope: UsageScope, args: Any, now: datetime) -> UsageChart | None:
    """The counter and the period that the address asks for, else operating time by day. None where nothing was used. Raises NotFound."""
    counters = history.counters(session, scope, now)
    if not counters:
        return None
    names = [total.name for total in counters]
    counter = args.get("counter", "")
    counter = counter if counter in names else OPERATING if OPERATING in names else names[0]
    period = Period(args["period"]) if args.get("period") in set(Period) else Period.DAY
    rows = history.usage(session, scope, counter, period, COUNTS[period], now)
    return UsageChart(counter, period, counters, _bars(rows, counter, period), _written(counter, sum(row.use for row in rows)))


def _bars(rows: Sequence[PeriodUse], counter: str, period: Period) -> list[PeriodBar]:
    def words(row: PeriodUse) -> str:
        when = f"{row.start:%b %Y}" if period is Period.MONTH else f"{'Week of ' * (period is Period.WEEK)}{row.start.day} {row.start:%b}"
        return f"{when}: {_written(counter, row.use)}{', averaged over a gap' * row.averaged}"

    return bars(rows, lambda row: history.amount(counter, row.use), words)


def _written(counter: str, use: float) -> str:
    value = history.amount(counter, use)
    return f"{value:,.{0 if value >= 100 or value == round(value) else 1}f} {'h' if counter == OPERATING else counter}"
