"""Faults that devices report of themselves, told to people: a disk that fails, messages that were lost, settings or topics refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.domain.messages.device_faults import fault_in_words
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage.messages import identity as stored_units
from musterroll.storage.messages.durable import MessageRow
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent


def record_faults(session: Session, rows: Sequence[MessageRow], now: datetime) -> None:
    """One event for each kind of fault that a unit reports for the first time that day. `rows` are records about events."""
    faults = {(row.unit_id, data["event"]): says for row in rows if (data := _data(row)) and (says := fault_in_words(data))}
    if not faults:
        return
    units = stored_units.units(session, {unit_id for unit_id, _ in faults})
    events = []
    for (unit_id, fault), says in faults.items():
        unit = units[unit_id]
        where: dict[str, Any] = {"account_id": unit.account_id, "site_id": unit.site_id, "serial": unit.serial, "uid": unit.uid}
        key = f"device_fault:{unit.uid}:{fault}:{now:%Y-%m-%d}"
        events.append(NewEvent(EventKind.DEVICE_FAULT, to_ms(now), key, variant=fault, detail=says, **where))
    stored_events.record(session, events)


def _data(row: MessageRow) -> dict[str, Any] | None:
    data = json.loads(row.body).get("data")
    return data if isinstance(data, dict) and isinstance(data.get("event"), str) else None
