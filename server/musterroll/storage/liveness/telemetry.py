"""What another platform told of units: voice, firmware and counters of one unit as one row, to be read, written and put back.

An image of it has unit_id, the columns below, `firmware` and `usage`, the counters as JSON. No image: never heard.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from musterroll.domain.liveness import ReportingClass
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness.states import reported_by_import_only
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitStatus, UnitUsage
from musterroll.storage.tables.units import Unit

TABLE = "telemetry"  # the name audit entries call it by
_VOICE: Any = UnitStatus.__table__  # type: ignore[attr-defined]
_UNIT: Any = Unit.__table__  # type: ignore[attr-defined]
_USAGE: Any = UnitUsage.__table__  # type: ignore[attr-defined]
COLUMNS = ("heard_at", "first_heard_at", "interval", "late_after", "stale_after", "stale_since", "death_at", "operating")

Image = dict[str, Any]


def images(session: Session, unit_ids: Collection[int]) -> dict[int, Image]:
    """What is known of those of these units that have a voice."""
    statuses = select(_VOICE.c.unit_id, *(_VOICE.c[name] for name in COLUMNS), _UNIT.c.firmware)
    query = statuses.join_from(_VOICE, _UNIT, _UNIT.c.id == _VOICE.c.unit_id).where(among(session, _VOICE.c.unit_id, unit_ids))
    found = {row["unit_id"]: {**row, "usage": {}} for row in session.execute(query).mappings()}
    counters = select(_USAGE.c.unit_id, _USAGE.c.name, _USAGE.c.value, _USAGE.c.at).where(among(session, _USAGE.c.unit_id, found))
    for unit_id, name, value, at in session.execute(counters.order_by(_USAGE.c.name)):
        found[unit_id]["usage"][name] = [value, at]
    return {unit_id: image | {"usage": counters_text(image["usage"])} for unit_id, image in found.items()}


def counters_text(usage: Mapping[str, Any]) -> str:
    """Counters, `{name: [value, at]}`, as an image has them."""
    return json.dumps(usage, sort_keys=True)


def reporting(session: Session, unit_ids: Collection[int]) -> dict[int, ReportingClass]:
    query = select(col(Unit.id), col(Product.reporting)).join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
    return {row[0]: row[1] for row in session.execute(query.where(among(session, col(Unit.id), unit_ids)))}


def heard_themselves(session: Session, unit_ids: Collection[int]) -> set[int]:
    """Those that the registry has heard itself."""
    query = select(_VOICE.c.unit_id).where(among(session, _VOICE.c.unit_id, unit_ids), ~reported_by_import_only())
    return set(session.execute(query).scalars())


def write(session: Session, rows: Sequence[tuple[Image | None, Image]]) -> None:
    """Write images, each with the one before it. Where the unit itself was heard meanwhile, its own word stands."""
    new = [after for before, after in rows if before is None]
    if new:
        statuses = [{"unit_id": image["unit_id"], **{name: image[name] for name in COLUMNS}} for image in new]
        session.connection().execute(insert(_VOICE), [{**_SILENT, **status} for status in statuses])
    changed = [(before, after) for before, after in rows if before is not None and before != after]
    if changed:
        fields: dict[str, Any] = {name: bindparam(name) for name in COLUMNS}
        as_it_was = _VOICE.c.heard_at.is_not_distinct_from(bindparam("was"))
        statement = update(_VOICE).where(_VOICE.c.unit_id == bindparam("row_key"), as_it_was).values(fields)
        session.connection().execute(
            statement,
            [{"row_key": a["unit_id"], "was": b["heard_at"], **{name: a[name] for name in COLUMNS}} for b, a in changed],
        )
    _write_firmware(
        session, [(after["unit_id"], after["firmware"]) for before, after in rows if (before or _MUTE)["firmware"] != after["firmware"]]
    )
    _write_usage(session, [after for before, after in rows if (before or _MUTE)["usage"] != after["usage"]])


def put_back(session: Session, rows: Sequence[tuple[int, Image]]) -> None:
    """Write some columns of units that have a voice."""
    standing = images(session, [unit_id for unit_id, _ in rows])
    write(session, [(standing[unit_id], {**standing[unit_id], **image}) for unit_id, image in rows])


def remove(session: Session, unit_ids: Collection[int]) -> None:
    """Make it as if these units had never been heard."""
    _write_usage(session, [{"unit_id": unit_id, "usage": "{}"} for unit_id in unit_ids])
    _write_firmware(session, [(unit_id, "") for unit_id in unit_ids])
    session.connection().execute(delete(_VOICE).where(_VOICE.c.unit_id == bindparam("row_key")), [{"row_key": one} for one in unit_ids])


_MUTE: Mapping[str, Any] = {"firmware": "", "usage": "{}"}
_SILENT = {"epoch": 0, "beat": -1, "birth_epoch": -1, "birth_seq": 0}


def _write_firmware(session: Session, rows: Sequence[tuple[int, str]]) -> None:
    if rows:
        statement = update(_UNIT).where(_UNIT.c.id == bindparam("row_key")).values(firmware=bindparam("said"))
        session.connection().execute(statement, [{"row_key": unit_id, "said": firmware} for unit_id, firmware in rows])


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
