"""Everything that is audited, by name: the tables that people and documents write, and what imported lists report of units."""

from functools import cache
from typing import Any

from sqlmodel import SQLModel

from musterroll.storage.audit.audited_table import AuditedTable
from musterroll.storage.liveness.telemetry import TelemetryRows
from musterroll.storage.tables.columns import Audited


def audited(name: str) -> AuditedTable | TelemetryRows:
    return audited_tables()[name]


@cache
def audited_tables() -> dict[str, AuditedTable | TelemetryRows]:
    """Tables that are referred to come before those that refer to them."""
    models: dict[Any, type[Audited]] = {model.__table__: model for model in Audited.__subclasses__()}  # type: ignore[attr-defined]
    tables = [AuditedTable(models[table]) for table in SQLModel.metadata.sorted_tables if table in models]
    return {**{table.name: table for table in tables}, TelemetryRows.name: TelemetryRows()}
