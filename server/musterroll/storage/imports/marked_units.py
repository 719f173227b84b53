"""Units by what else identifies them in documents: unit id, asset tag, hostname, MAC address."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.units import Unit

_MAC = func.lower(func.replace(col(Unit.evidence)["mac"].as_string(), "-", ":"))  # as its agent reported it
MARKS: dict[str, Any] = {"uid": col(Unit.uid), "asset_tag": col(Unit.asset_tag), "hostname": col(Unit.hostname), "mac": _MAC}  # best first


def by_mark(session: Session, mark: str, values: Collection[str]) -> dict[str, list[int]]:
    """Row ids of units by the values of a mark. A merged unit stands for the one it was merged into."""
    units: dict[str, list[int]] = {}
    if not values:
        return units
    column, unit = MARKS[mark], func.coalesce(col(Unit.merged_into_id), col(Unit.id))
    for value, row_id in session.execute(select(column, unit).where(among(session, column, values)).distinct().order_by(unit)):
        units.setdefault(value, []).append(row_id)
    return units
