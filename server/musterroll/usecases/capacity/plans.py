"""Plans from facts, which are kept up to date, and assumptions."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.capacity import facts as shapes
from musterroll.domain.capacity import plan as rules
from musterroll.domain.capacity.assumptions import BadAssumption, assume
from musterroll.domain.capacity.backtest import BacktestRow, BacktestVerdict, verdict
from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.capacity.plan import Plan
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.capacity import exposure as stored_exposure
from musterroll.storage.capacity import log_start as stored_log_start
from musterroll.storage.capacity import plans as stored_plans
from musterroll.storage.engine import account_scope
from musterroll.storage.imports import runs as import_runs
from musterroll.usecases.capacity import deliveries as capacity_deliveries
from musterroll.usecases.capacity import exposure as capacity_exposure
from musterroll.usecases.capacity import facts as plan_facts
from musterroll.usecases.capacity.exposure import Outstanding

_FRESH = timedelta(hours=6)  # facts older than this are gathered again, and those from before midnight


class GatheredFacts(NamedTuple):
    facts: PlanFacts
    at: datetime


class Backtest(NamedTuple):
    """The back-test of an estimate: its past periods and their verdict (None: no periods yet)."""

    of: str
    rows: list[BacktestRow]
    verdict: BacktestVerdict | None


class PreparedFacts(NamedTuple):
    """Facts gathered as of now, to be stored."""

    at: datetime
    outstanding: Outstanding | None
    facts: PlanFacts


def due(session: Session, now: datetime, patience: timedelta = timedelta()) -> bool:
    """Whether the facts are of another day, some hours old, or older than an import or a change of history (which may wait: `patience`)."""
    stored, (_, seen) = stored_plans.facts(session), stored_exposure.counted(session)
    if stored is None:
        return True
    age = now - from_ms(stored.at)
    chosen = stored.facts.get("log_chosen", "") != stored_log_start.chosen(session)
    changed = seen != stored_exposure.last_change(session)
    imported = (import_runs.last_imported_at(session) or 0) > stored.at
    return from_ms(stored.at).date() != now.date() or age > _FRESH or imported or chosen or (changed and age >= patience)


def prepare(session: Session, now: datetime) -> PreparedFacts:
    """Measure and gather as of now: slow, and writes nothing."""
    outstanding = capacity_exposure.outstanding(session, now)
    return PreparedFacts(now, outstanding, plan_facts.gather(session, now, outstanding=outstanding))


def keep(session: Session, prepared: PreparedFacts) -> GatheredFacts:
    """Store what was prepared. The facts returned have the planned deliveries."""
    if prepared.outstanding is not None:
        capacity_exposure.keep(session, prepared.outstanding)
    stored_plans.keep_facts(session, to_ms(prepared.at), prepared.facts.plain())
    return GatheredFacts(capacity_deliveries.with_planned(session, prepared.facts), prepared.at)


def gathered(session: Session, now: datetime, on: datetime | None = None) -> GatheredFacts:
    """The stored facts with the deliveries planned now; for an earlier instant, or a user limited to some accounts, they are gathered now.

    Raises Conflict if there are none yet, and DomainError for a future instant.
    """
    if on is not None and on > now:
        raise DomainError(f"{on:%Y-%m-%d %H:%M} is in the future; a plan starts today or earlier", "day_to_come")
    if on is not None or account_scope.limited(session):
        return GatheredFacts(plan_facts.gather(session, now, on), on or now)
    stored = stored_plans.facts(session)
    if stored is None:
        raise Conflict("no planning data yet; it is gathered within a minute, or by running musterroll plan", "not_gathered")
    facts = capacity_deliveries.with_planned(session, shapes.read_facts(stored.facts))
    return GatheredFacts(facts, from_ms(stored.at))


def plan(facts: PlanFacts, values: Mapping[str, Any]) -> Plan:
    """The plan from facts and assumptions (other than the defaults). Raises BadAssumption."""
    assumed = assume(values)
    if assumed.recalled and not any(assumed.recalled in (product.name, product.model) for product in facts.products):
        raise BadAssumption(f"no product {assumed.recalled!r} in the plan")
    return rules.make_plan(facts, assumed)


def backtests(facts: PlanFacts) -> list[Backtest]:
    """The back-tests of all estimates."""
    return [Backtest(of, rows, verdict(rows)) for of, rows in facts.trials.items()]
