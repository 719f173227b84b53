"""What imported lists report of units: status, firmware and counters of a unit as one row, to be read, written and audited.

An image of it has unit_id, the columns below, `firmware` and `usage`, the counters as JSON. A unit that was never heard has none.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from musterroll.domain.audit import Image, canonical
from musterroll.domain.audit import image as plain_image
from musterroll.domain.liveness import ReportingClass
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness.states import reported_by_import_only
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitStatus, UnitUsage
from musterroll.storage.tables.units import Unit

_STATUS: Any = UnitStatus.__table__  # type: ignore[attr-defined]
_UNIT: Any = Unit.__table__  # type: ignore[attr-defined]
_USAGE: Any = UnitUsage.__table__  # type: ignore[attr-defined]
COLUMNS = (
    "heard_at",
    "first_heard_at",
    "interval",
    "late_after",
    "stale_after",
    "stale_since",
    "death_at",
    "operating",
    "listed_at",
    "unknown_since",
)


def images(session: Session, unit_ids: Collection[int]) -> dict[int, Image]:
    """What is known of those of these units that were heard."""
    statuses = select(_STATUS.c.unit_id, *(_STATUS.c[name] for name in COLUMNS), _UNIT.c.firmware)
    query = statuses.join_from(_STATUS, _UNIT, _UNIT.c.id == _STATUS.c.unit_id).where(among(session, _STATUS.c.unit_id, unit_ids))
    by_unit = {row["unit_id"]: {**row, "usage": {}} for row in session.execute(query).mappings()}
    counters = select(_USAGE.c.unit_id, _USAGE.c.name, _USAGE.c.value, _USAGE.c.at).where(among(session, _USAGE.c.unit_id, by_unit))
    for unit_id, name, value, at in session.execute(counters.order_by(_USAGE.c.name)):
        by_unit[unit_id]["usage"][name] = [value, at]
    return {unit_id: image | {"usage": counters_text(image["usage"])} for unit_id, image in by_unit.items()}


def counters_text(usage: Mapping[str, Any]) -> str:
    """Counters, `{name: [value, at]}`, as an image has them."""
    return json.dumps(usage, sort_keys=True)


def reporting(session: Session, unit_ids: Collection[int]) -> dict[int, ReportingClass]:
    query = select(col(Unit.id), col(Product.reporting)).join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
    return {row[0]: row[1] for row in session.execute(query.where(among(session, col(Unit.id), unit_ids)))}


def self_reporting(session: Session, unit_ids: Collection[int]) -> set[int]:
    """Those of these units that reported to the registry themselves."""
    query = select(_STATUS.c.unit_id).where(among(session, _STATUS.c.unit_id, unit_ids), ~reported_by_import_only())
    return set(session.execute(query).scalars())


def write(session: Session, rows: Sequence[tuple[Image | None, Image]]) -> None:
    """Write images, each with the one before it. What the unit itself has reported meanwhile stays."""
    new = [after for before, after in rows if before is None]
    if new:
        statuses = [{"unit_id": image["unit_id"], **{name: image.get(name) for name in COLUMNS}} for image in new]
        session.connection().execute(insert(_STATUS), [{**_NEVER_REPORTED, **status} for status in statuses])
    changed = [(before, after) for before, after in rows if before is not None and before != after]
    if changed:
        fields: dict[str, Any] = {name: bindparam(name) for name in COLUMNS}
        as_it_was = _STATUS.c.heard_at.is_not_distinct_from(bindparam("was"))
        statement = update(_STATUS).where(_STATUS.c.unit_id == bindparam("row_key"), as_it_was).values(fields)
        session.connection().execute(
            statement,
            [{"row_key": a["unit_id"], "was": b["heard_at"], **{name: a.get(name) for name in COLUMNS}} for b, a in changed],
        )
    _write_firmware(
        session, [(after["unit_id"], after["firmware"]) for before, after in rows if (before or _BLANK)["firmware"] != after["firmware"]]
    )
    _write_usage(session, [after for before, after in rows if (before or _BLANK)["usage"] != after["usage"]])


_BLANK: Mapping[str, Any] = {"firmware": "", "usage": "{}"}
_NEVER_REPORTED = {"epoch": 0, "beat": -1, "birth_epoch": -1, "birth_seq": 0}


def _write_firmware(session: Session, rows: Sequence[tuple[int, str]]) -> None:
    if rows:
        statement = update(_UNIT).where(_UNIT.c.id == bindparam("row_key")).values(firmware=bindparam("version"))
        session.connection().execute(statement, [{"row_key": unit_id, "version": firmware} for unit_id, firmware in rows])


def _write_usage(session: Session, rows: Sequence[Image]) -> None:
    if not rows:
        return
    connection = session.connection()
    connection.execute(delete(_USAGE).where(_USAGE.c.unit_id == bindparam("row_key")), [{"row_key": row["unit_id"]} for row in rows])
    counters = [
        {"unit_id": row["unit_id"], "name": name, "value": value, "at": at}
        for row in rows
        for name, (value, at) in json.loads(row["usage"]).items()
    ]
    if counters:
        connection.execute(insert(_USAGE), counters)


class TelemetryRows:
    """These rows as the audit reads and writes them, by the text of their unit's row id."""

    name = "telemetry"

    def image_of(self, row: Mapping[str, Any], *, whole: bool) -> Image:
        return plain_image(row)

    def texts_of(self, columns: Mapping[str, Sequence[Any]]) -> list[str]:
        return [canonical(plain_image(dict(zip(columns, row, strict=True)))) for row in zip(*columns.values(), strict=True)]

    def images(self, session: Session, keys: Iterable[str]) -> dict[str, Image]:
        return {str(unit_id): plain_image(row) for unit_id, row in images(session, [int(key) for key in keys]).items()}

    def insert(self, session: Session, rows: Sequence[Image]) -> None:
        write(session, [(None, row) for row in rows])

    def update(self, session: Session, rows: Sequence[tuple[str, Image]]) -> None:
        """Each image has at least the columns that change."""
        current = images(session, [int(key) for key, _ in rows])
        write(session, [(current[int(key)], {**current[int(key)], **row}) for key, row in rows])

    def delete(self, session: Session, keys: Sequence[str]) -> None:
        """Make it as if these units had never been heard."""
        unit_ids = [int(key) for key in keys]
        _write_usage(session, [{"unit_id": unit_id, "usage": "{}"} for unit_id in unit_ids])
        _write_firmware(session, [(unit_id, "") for unit_id in unit_ids])
        statement = delete(_STATUS).where(_STATUS.c.unit_id == bindparam("row_key"))
        session.connection().execute(statement, [{"row_key": unit_id} for unit_id in unit_ids])

    def all_referring(self, session: Session, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        return iter(())

    def referring(self, session: Session, keys: Sequence[str]) -> tuple[str, str] | None:
        return None
