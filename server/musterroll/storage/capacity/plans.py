"""Stored planning data: the last facts, and scenarios by name."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from musterroll.storage.tables.capacity import PlanFactsRow, Scenario


def keep_facts(session: Session, at: int, facts: dict[str, Any]) -> None:
    session.execute(delete(PlanFactsRow))
    session.add(PlanFactsRow(id=1, at=at, facts=facts))
    session.flush()


def facts(session: Session) -> PlanFactsRow | None:
    return session.get(PlanFactsRow, 1)


def scenarios(session: Session) -> list[Scenario]:
    """All scenarios, by name."""
    return list(session.exec(select(Scenario).order_by(col(Scenario.name))))


def scenario(session: Session, name: str) -> Scenario | None:
    return session.exec(select(Scenario).where(col(Scenario.name) == name)).one_or_none()
