"""The month from which incidents count, where a person chose it."""

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.money import RegistryOption

NAME = "incident_log_starts"


def option(session: Session) -> RegistryOption | None:
    """Its value is a month such as 2026-01; empty: as the incidents say."""
    return session.scalars(select(RegistryOption).where(col(RegistryOption.name) == NAME)).one_or_none()


def chosen(session: Session) -> str:
    row = option(session)
    return row.value if row else ""
