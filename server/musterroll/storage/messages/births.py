"""Births, on the unit's row."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Birth
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from musterroll.domain.enrolment.claim_rules import tidy
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.units.mac_addresses import mac_key
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.units import Unit


class Enrolled(NamedTuple):
    """The enrolled unit that a birth is compared with, and the evidence of the birth before."""

    id: int
    serial: str
    serial_key: str
    maker: str
    model: str
    maker_key: str
    model_key: str
    reporting: ReportingClass
    evidence: dict[str, str]
    interval: int | None  # seconds, as set for it or its product


def enrolled(session: Session, unit_ids: Collection[int]) -> dict[int, Enrolled]:
    query = (
        select(col(Unit.id), col(Unit.serial), col(Unit.serial_key))
        .add_columns(*(col(column) for column in (Product.maker, Product.model, Product.maker_key, Product.model_key)))
        .add_columns(col(Product.reporting), col(Unit.evidence), func.coalesce(col(Unit.interval), col(Product.interval)))
        .join(Product, col(Product.id) == col(Unit.product_id))
        .where(col(Unit.id).in_(unit_ids))
    )
    return {unit.id: unit for unit in (Enrolled(*row) for row in session.execute(query))}


def describe(session: Session, births: Mapping[int, Birth], now: datetime) -> None:
    """Overwrite each unit's description with its newest birth."""
    rows = [
        {
            "id": unit_id,
            "firmware": birth.firmware,
            "agent": birth.agent,
            "card": birth.card,
            "evidence": birth.evidence,
            "mac": mac_key(str(birth.evidence.get("mac", ""))),
            "born_at": now,
            **_host(birth.evidence),
        }
        for unit_id, birth in births.items()
    ]
    if rows:
        session.execute(update(Unit), rows)


def _host(evidence: Mapping[str, str]) -> dict[str, str | int]:
    """The host that a birth names, and its processor cores where they are a number; else what is known stays."""
    host, cores = tidy(str(evidence.get("host", "")))[:120], str(evidence.get("cores", ""))
    counted = {"cores": int(cores)} if cores.isascii() and cores.isdigit() and 0 < len(cores) < 7 else {}
    return {**({"host": host} if host else {}), **counted}
