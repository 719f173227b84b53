"""Scenarios: named assumptions; changes are audited."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.domain.capacity.assumptions import assume
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.capacity import plans as stored_plans
from musterroll.storage.tables.capacity import Scenario
from musterroll.usecases.audit import record as audit_record

_MOST = 200
TABLE = "scenario"
DEFAULTS = "defaults"  # name of a plan without a scenario
_TAKEN = (DEFAULTS, "compare", "backtest", "log-start")


def save(session: Session, name: str, assumptions: Mapping[str, Any], *, note: str = "", actor: str, now: datetime) -> Scenario:
    """Save assumptions under a name, replacing that scenario. Raises BadAssumption, and DomainError for an invalid name."""
    name, changed = _name(name), assume(assumptions).changed()
    scenario = stored_plans.scenario(session, name)
    if scenario is None and len(stored_plans.scenarios(session)) >= _MOST:
        raise Conflict(f"the limit of {_MOST} scenarios is reached; delete one first", "too_many")
    change = audit_record.begin(session, actor=actor, kind="scenario", subject=f"scenario {name}", reason=note, now=now)
    if scenario is None:
        scenario = Scenario(name=name, assumptions=changed, note=note[:500])
        session.add(scenario)
        session.flush()
        audit_record.added(session, change, TABLE, [scenario.id or 0])
    else:
        with audit_record.watching(session, change, TABLE, [scenario.id or 0]):
            scenario.assumptions, scenario.note = changed, note[:500]
    return scenario


def delete(session: Session, name: str, *, actor: str, now: datetime) -> None:
    """Delete a scenario. Raises NotFound."""
    scenario = get(session, name)
    change = audit_record.begin(session, actor=actor, kind="scenario", subject=f"scenario {name} deleted", now=now)
    with audit_record.watching(session, change, TABLE, [scenario.id or 0]):
        session.delete(scenario)


def get(session: Session, name: str) -> Scenario:
    """Raises NotFound."""
    scenario = stored_plans.scenario(session, name.strip())
    if scenario is None:
        raise NotFound(f"there is no scenario {name.strip()[:80]!r}")
    return scenario


def all_scenarios(session: Session) -> list[Scenario]:
    return stored_plans.scenarios(session)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise DomainError("a scenario needs a name of 1 to 80 characters", "bad_name")
    if name.lower() in _TAKEN:
        raise DomainError(f"{name!r} is a reserved name; choose another", "bad_name")
    return name
