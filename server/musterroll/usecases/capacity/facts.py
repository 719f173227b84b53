"""Gathering facts for planning: exposure, incidents, the live fleet, its cover, renewals and revenue at risk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.capacity.exposure import DAY, OLDEST
from musterroll.domain.capacity.facts import ALL, BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.history import log_start, suspected_start
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.capacity import facts as stored_facts
from musterroll.storage.capacity import log_start as stored_log_start
from musterroll.storage.capacity import units as plan_units
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import Columns
from musterroll.storage.reconciliation import run as run_statements
from musterroll.usecases.capacity import backtests, facts_contracts, facts_fleet
from musterroll.usecases.capacity import exposure as capacity_exposure
from musterroll.usecases.capacity.exposure import Outstanding
from musterroll.usecases.capacity.facts_contracts import ContractRecords
from musterroll.usecases.capacity.facts_fleet import LiveFleet
from musterroll.usecases.capacity.facts_incidents import BAND, IncidentColumns, Lived, summarise
from musterroll.usecases.capacity.facts_incidents import columns as incident_columns
from musterroll.usecases.reconciliation.run import run_at

_EPOCH = date(1970, 1, 1)
_TELLING = 5  # incidents a family or maker needs to be pooled with

Sums = Mapping[str, NDArray[Any]]  # `storage.capacity.exposure.by_age`


def gather(session: Session, now: datetime, on: datetime | None = None, outstanding: Outstanding | None = None) -> PlanFacts:
    """The facts as of now, from the stored sums of exposure and what is `outstanding`, or as of an instant `on`, measured for it; with
    back-tests."""
    facts, lived, happened, records = _gathered(session, now, on, outstanding)
    renewed = backtests.of_renewals(facts_contracts.ended(records, facts.on), len(facts.months) - facts.log_starts)
    return replace(facts, trials={**backtests.run(facts, lived, happened), **renewed})


def untested(session: Session, now: datetime) -> PlanFacts:
    """The facts without back-tests."""
    return _gathered(session, now, None, None)[0]


def _gathered(
    session: Session, now: datetime, on: datetime | None, outstanding: Outstanding | None
) -> tuple[PlanFacts, Lived, IncidentColumns, ContractRecords]:
    """The facts without back-tests, and what back-tests need."""
    at = min(on or now, now).astimezone(UTC)
    columns, months = _units(session, at, now, outstanding, staged=on is not None), _whole_months(session, at.date())
    summed = on is None and not account_scope.limited(session)
    sums = _stored(columns, outstanding) if summed else _measured(session, columns, months, at)
    lived, this = _by_product(sums, months), at.date().replace(day=1)
    happened = incident_columns(stored_facts.incidents(columns, months[0] if months else this, this), months)
    records = facts_contracts.read(session, at.date())
    return _facts(session, at, months, lived, happened, columns, records), lived, happened, records


def _units(session: Session, at: datetime, now: datetime, outstanding: Outstanding | None, *, staged: bool) -> Columns:
    """The units as the last reconciliation left them, or as of another instant."""
    if not staged and stored_facts.matches_last_run(session, at.date()):
        return outstanding.columns if outstanding else capacity_exposure.stored_units(session)
    columns = run_statements.of_seen(session, run_at(at, now), to_ms(now))
    plan_units.read_units(session, columns)
    plan_units.take_computed(columns)
    return columns


def _whole_months(session: Session, on: date) -> list[date]:
    """The whole months since the first report."""
    first, this = stored_exposure.first_heard(session), on.replace(day=1)
    begin = this if first is None else (_EPOCH + timedelta(days=first // 1000 // DAY)).replace(day=1)
    count = (this.year - begin.year) * 12 + this.month - begin.month
    return [add_months(begin, number) for number in range(count)]


def _stored(columns: Columns, outstanding: Outstanding | None) -> list[Sums]:
    """The stored sums, and those outstanding."""
    missing = [stored_exposure.by_age(outstanding.columns)] if outstanding else []
    if outstanding and outstanding.anew:
        return missing
    stored_exposure.read_stored(columns)
    return [stored_exposure.by_age(columns), *missing]


def _measured(session: Session, columns: Columns, months: list[date], at: datetime) -> list[Sums]:
    if not months:
        return []
    until = at.date().replace(day=1)
    since, end = (to_ms(datetime.combine(day, time(), UTC)) for day in (months[0], until))
    capacity_exposure.measure(session, columns, since, end)
    return [stored_exposure.by_age(columns)]


def _by_product(sums: Sequence[Sums], months: Sequence[date]) -> Lived:
    """Unit-months of operation. A month counts as one, whatever its length."""
    by_product: Lived = {}
    if not months:
        return by_product
    length = np.array([(add_months(month, 1) - month).days * DAY for month in months])
    for rows in sums:
        number = rows["month"] - (months[0].year * 12 + months[0].month - 1)
        counted = (number >= 0) & (number < len(months))
        for product in np.unique(rows["product_id"][counted]).tolist():
            mine = counted & (rows["product_id"] == product)
            lived = by_product.setdefault(product, np.zeros((len(months), OLDEST + 1)))
            np.add.at(lived, (number[mine], rows["age"][mine]), rows["seconds"][mine] / length[number[mine]])
    return by_product


def _facts(
    session: Session, at: datetime, months: list[date], lived: Lived, happened: IncidentColumns, columns: Columns, records: ContractRecords
) -> PlanFacts:
    on = at.date()
    known = stored_facts.products(session)
    live = facts_fleet.live(session, columns, on, [row.id for row in known])
    kin = _kin(known, happened)
    products = [_product(row, kin[row.id], lived, happened, len(months), live[row.id]) for row in known]
    unheard, silent = stored_facts.silent(columns)
    chosen = stored_log_start.chosen(session)
    recorded = [(lived[product.id], product.events) for product in products if product.id in lived and any(map(any, product.events))]
    start = _log_start(chosen, months, recorded)
    doubtful = suspected_start(recorded) if recorded and not chosen and not start else 0
    return PlanFacts(
        on=on,
        months=months,
        log_starts=start,
        log_words=_log_words(start, months, int((happened.month < start).sum()), chosen, doubtful),
        log_chosen=chosen,
        products=[product for product in products if product.operating or product.shipped or any(map(any, product.exposure))],
        **summarise(happened, start, len(months))._asdict(),
        strangers=stored_facts.unmatched_incidents(session, months[start], on) if start < len(months) else 0,
        unheard=unheard,
        silent=silent,
        **facts_contracts.gather(session, columns, records, on, to_ms(at))._asdict(),
    )


def _log_start(chosen: str, months: Sequence[date], recorded: Sequence[tuple[Any, Any]]) -> int:
    """The month chosen by a person, else the one that the incidents of the products speak for."""
    if chosen:
        return sum(f"{month:%Y-%m}" < chosen for month in months)
    return log_start(recorded) if recorded else len(months)


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


def _log_words(start: int, months: Sequence[date], before: int, chosen: str, doubtful: int) -> str:
    if start >= len(months):
        return f"Incidents are counted since {chosen}, as chosen: no whole month yet." if chosen else "No incidents on record yet."
    begins = f"{months[start]:%B %Y}"
    tickets = "ticket is" if before == 1 else "tickets are"
    left_out = f"{before:,} earlier {tickets} left out"
    if chosen:
        return f"Incidents are counted since {begins}, as chosen" + (f"; {left_out}." if before else ".")
    if not start:
        if not doubtful:
            return f"Incidents are counted since {begins}, when units were first heard."
        fewer = f"until {months[doubtful]:%B %Y} units had less than a third of the incidents they had since"
        return f"Incidents are counted since {begins}; {fewer}. If the record was incomplete then, count from that month."
    why = "earlier months have next to no incidents for the units that operated then: the record seems to begin here"
    return f"Incidents are counted since {begins}; {left_out + ', as ' if before else ''}{why}."
