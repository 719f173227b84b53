"""Gathering facts for planning: exposure, incidents, the live fleet, its cover, renewals and revenue at risk."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.capacity.exposure import DAY, OLDEST
from musterroll.domain.capacity.facts import ALL, BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.history import log_start
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity.facts import UnitColumns
from musterroll.storage.engine import account_scope
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation import unit_states
from musterroll.usecases.capacity import backtests, facts_contracts, facts_fleet
from musterroll.usecases.capacity import exposure as capacity_exposure
from musterroll.usecases.capacity.exposure import Outstanding
from musterroll.usecases.capacity.facts_fleet import LiveFleet
from musterroll.usecases.capacity.facts_incidents import BAND, IncidentColumns, Lived, columns, summarise
from musterroll.usecases.reconciliation.run import run_at

_EPOCH = date(1970, 1, 1)
_SILENT = 2  # deployed and not operating, in the lower bits of a cell
_TELLING = 5  # incidents a family or maker needs to be pooled with


def gather(session: Session, now: datetime, on: datetime | None = None, outstanding: Outstanding | None = None) -> PlanFacts:
    """The facts as of now, from the stored sums of exposure and what is `outstanding`, or as of an instant `on`, measured for it; with
    back-tests."""
    facts, lived, happened = untested(session, now, on, outstanding)
    renewed = backtests.of_renewals(facts_contracts.ended(session, facts.on), len(facts.months) - facts.log_starts)
    return replace(facts, trials={**backtests.run(facts, lived, happened), **renewed})


def untested(
    session: Session, now: datetime, on: datetime | None = None, outstanding: Outstanding | None = None
) -> tuple[PlanFacts, Lived, IncidentColumns]:
    """The facts without back-tests, and what back-tests need."""
    at = min(on or now, now).astimezone(UTC)
    seats = _seats(session, at, now, staged=on is not None)
    units, months = stored_facts.units(session, seats), _whole_months(session, at.date())
    summed = on is None and not account_scope.limited(session)
    rows = _stored(session, months, outstanding) if summed else _measured(session, months, at, now, seats)
    lived = _by_product(rows, months)
    happened = columns(stored_facts.incidents(session, at.date().replace(day=1)), months)
    return _facts(session, at.date(), months, lived, happened, units, to_ms(at)), lived, happened


def _seats(session: Session, at: datetime, now: datetime, *, staged: bool) -> str:
    """The table with the state of units: of the last reconciliation, or staged for this."""
    if not staged and stored_facts.matches_last_run(session, at.date()):
        return "unit_reconciliation"
    columns = run_statements.of_all(session, run_at(at, now), to_ms(now))
    return unit_states.send_cells(columns)


def _whole_months(session: Session, on: date) -> list[date]:
    """The whole months since the first report."""
    first, this = stored_exposure.first_heard(session), on.replace(day=1)
    begin = this if first is None else (_EPOCH + timedelta(days=first // 1000 // DAY)).replace(day=1)
    count = (this.year - begin.year) * 12 + this.month - begin.month
    return [add_months(begin, number) for number in range(count)]


def _stored(session: Session, months: list[date], outstanding: Outstanding | None) -> Iterable[Any]:
    before = stored_exposure.stored(session, months[0]) if months and (outstanding is None or not outstanding.anew) else []
    return chain(before, outstanding.rows if outstanding else [])


def _measured(session: Session, months: list[date], at: datetime, now: datetime, seats: str) -> Iterable[Any]:
    if not months:
        return []
    since, until = (to_ms(datetime.combine(day, time(), UTC)) for day in (months[0], at.date().replace(day=1)))
    return capacity_exposure.measure(session, since, until, now, seats).rows()


def _by_product(rows: Iterable[Any], months: Sequence[date]) -> Lived:
    """Unit-months of operation. A month counts as one, whatever its length."""
    number = {month: n for n, month in enumerate(months)}
    length = [(add_months(month, 1) - month).days * DAY for month in months]
    by_product: Lived = {}
    for month, product, age, _, seconds in rows:
        n = number.get(month)
        if n is not None:
            lived = by_product.get(product)
            if lived is None:
                lived = by_product[product] = np.zeros((len(months), OLDEST + 1))
            lived[n, age] += seconds / length[n]
    return by_product


def _facts(
    session: Session, on: date, months: list[date], lived: Lived, happened: IncidentColumns, units: UnitColumns, at: int
) -> PlanFacts:
    events = np.bincount(happened.month, minlength=len(months)) if months else np.zeros(0, dtype=np.int64)
    exposed = np.sum([product.sum(axis=1) for product in lived.values()], axis=0) if lived else np.zeros(len(months))
    start = min(log_start(events.tolist(), exposed.tolist()), len(months))
    known = stored_facts.products(session)
    live = facts_fleet.live(session, units, on, [row.id for row in known])
    kin = _kin(known, happened)
    products = [_product(row, kin[row.id], lived, happened, len(months), live[row.id]) for row in known]
    silent = (units.cell & 3) == _SILENT
    return PlanFacts(
        on=on,
        months=months,
        log_starts=start,
        log_words=_log_words(start, months, int((happened.month < start).sum())),
        products=[product for product in products if product.operating or product.shipped or any(map(any, product.exposure))],
        **summarise(happened, start, len(months))._asdict(),
        strangers=stored_facts.unmatched_incidents(session, months[start], on) if start < len(months) else 0,
        unheard=int((silent & (units.first_heard < 0)).sum()),
        silent=int((silent & (units.first_heard >= 0)).sum()),
        **facts_contracts.gather(session, units, on, at)._asdict(),
    )


def _product(row: Row[Any], kin: str, lived: Lived, happened: IncidentColumns, months: int, live: LiveFleet) -> ProductFacts:
    mine, exposed = happened.product == row.id, lived.get(row.id)
    by_band = np.zeros((months, BANDS)) if exposed is None else np.stack([exposed[:, b == BAND].sum(axis=1) for b in range(BANDS)], axis=1)
    events, visits = np.zeros((months, BANDS), dtype=np.int64), np.zeros((months, BANDS), dtype=np.int64)
    np.add.at(events, (happened.month[mine], happened.band[mine]), 1)
    visited = mine & (happened.parts > 0)
    np.add.at(visits, (happened.month[visited], happened.band[visited]), 1)
    seen = (np.round(by_band, 8).tolist(), events.tolist(), visits.tolist())
    return ProductFacts(row.id, row.maker, row.model, kin, *seen, **live._asdict())


def _kin(products: Sequence[Row[Any]], happened: IncidentColumns) -> dict[int, str]:
    """The group each product is pooled with: its family if it has other products, else its maker's products; with too few incidents or no
    other product, the products of all such makers."""
    seen = Counter(happened.product.tolist())
    family = {p.id: (p.maker_key, p.family_key) for p in products}
    size, incidents = Counter(family.values()), Counter[Any]()
    own = {p.id: family[p.id] if size[family[p.id]] > 1 else p.maker_key for p in products}
    members = Counter(own.values())
    for product, count in seen.items():
        incidents[own[product]] += count
    names = {p.id: f"{p.maker} {p.family}" if own[p.id] == family[p.id] else p.maker for p in products}
    return {p.id: names[p.id] if members[own[p.id]] > 1 and incidents[own[p.id]] >= _TELLING else ALL for p in products}


def _log_words(start: int, months: Sequence[date], before: int) -> str:
    if start >= len(months):
        return "No incidents on record yet."
    begins = f"{months[start]:%B %Y}"
    if not before:
        return f"Incidents on record since {begins}."
    tickets = "ticket is" if before == 1 else "tickets are"
    return f"Incidents are counted since {begins}; {before:,} earlier {tickets} left out because the record is incomplete."
