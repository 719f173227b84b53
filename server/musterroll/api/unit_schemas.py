"""Units and their history in the API. Instants are UTC (RFC 3339), durations are in seconds."""

from datetime import date, datetime
from typing import Any

from musterroll_wire.vitals import VITALS
from pydantic import Field, create_model

from musterroll.api.http.schemas import NamedRef, Schema, last_day_of, named_ref
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.units.history import StateChange, UnitMessage
from musterroll.usecases.units.unit_card import UnitCard

_VITALS: dict[str, str] = {
    "uptime": "Seconds since the unit started.",
    "operating": "Lifetime operating seconds.",
    **{vital.name: f"{vital.description[0].upper()}{vital.description[1:]}." for vital in VITALS},
    "clock_offset": "Seconds by which the unit's clock is ahead of the registry's.",
}
_FIELDS: dict[str, Any] = {name: (int | None, Field(description=description)) for name, description in _VITALS.items()}
Vitals: Any = create_model(
    "Vitals", __base__=Schema, __doc__="Values of the last heartbeat; null if the unit does not report them.", **_FIELDS
)


class UnitOut(Schema):
    id: str
    serial: str = Field(description="Serial as written.")
    maker: str
    model: str
    kind: UnitKind = Field(description="What it is: a device, or something without hardware.")
    lifecycle: Lifecycle
    liveness: Liveness
    liveness_since: datetime | None
    listed_at: datetime | None = Field(description="Date of the newest imported list that names it.")
    list_file: str | None = Field(description="Name of that list.")
    heard_at: datetime | None = Field(description="Time of the last heartbeat, by the registry's clock.")
    first_heard_at: datetime | None
    epoch: int
    interval: int = Field(description="Seconds between heartbeats; 0 if never heard.")
    interval_set: int | None = Field(
        description="Seconds set for the unit or its product; not confirmed by the device while `interval` differs; null: as configured."
    )
    late_after: int
    stale_after: int
    account: NamedRef | None
    site: NamedRef | None
    shipped_on: date | None
    installed_on: date | None
    purchased_on: date | None
    left_on: date | None = Field(description="Day it was returned or retired, where records say.")
    warranty_months: int | None
    warranty_last_day: date | None = Field(description="Last day of the warranty, where records say so.")
    asset_tag: str | None
    hostname: str | None
    host: str | None = Field(description="What it runs on, where records or its agent say.")
    cores: int | None = Field(description="Processor cores of the host.")
    details: dict[str, str] = Field(description="Contact, location, cost and provider, as records have them.")
    firmware: str
    agent: str
    born_at: datetime | None
    card: dict[str, Any] | None = Field(description="Warranty card reported by the unit, not confirmed.")
    evidence: dict[str, Any]
    vitals: Vitals
    held_at: datetime | None
    quiet_since: datetime | None = Field(description="Since when its silence is unusual for this unit.")
    pace: int = Field(description="Seconds that usually pass between two reports, as measured; 0 if not known.")
    usual: int = Field(description="Seconds of the longest silence that is usual for it, learned from the last 28 days; 0 if not known.")
    enrolled: bool = Field(description="The unit has an active credential.")
    pending: bool = Field(description="A repeat enrolment is waiting for approval.")


class UnitPage(Schema):
    items: list[UnitOut]
    next: str | None = Field(description="Cursor of the next page; null on the last page.")


class LookUpOut(Schema):
    """`units` match exactly. `twins` look alike; if there are neither, `near` differ by one typing error. Both are suggestions only."""

    key: str = Field(description="Normalised serial; empty if the code was a unit ID or a link.")
    units: list[UnitOut]
    twins: list[UnitOut]
    near: list[UnitOut]
    problem: str | None = Field(description="Why no unit was found.")


class StateChangeOut(Schema):
    at: datetime
    axis: str = Field(description="lifecycle, liveness or identity.")
    old: str | None
    new: str
    cause: str
    actor: str


class StateChangePage(Schema):
    items: list[StateChangeOut]
    next: str | None


class MessageOut(Schema):
    epoch: int
    seq: int
    about: str
    at: int = Field(description="Unix seconds by the unit's clock, which may be wrong.")
    received_at: datetime
    body: str = Field(description="The payload as received.")


class MessagePage(Schema):
    items: list[MessageOut]
    next: str | None


def unit_out(card: UnitCard) -> UnitOut:
    columns = card._asdict()
    for name in _INSTANTS:
        columns[name] = _instant(columns[name])
    return UnitOut(
        **{name: columns[name] for name in _COPIED},
        id=card.uid,
        account=named_ref(card.account_ref, card.account),
        site=named_ref(card.site_ref, card.site),
        warranty_last_day=last_day_of(card.warranty_ends_on),
        vitals=Vitals(**card.vitals, uptime=card.uptime, operating=card.operating, clock_offset=card.clock_offset),
    )


def state_change_out(change: StateChange) -> StateChangeOut:
    return StateChangeOut(at=from_ms(change.at), axis=change.axis, old=change.old, new=change.new, cause=change.cause, actor=change.actor)


def message_out(message: UnitMessage) -> MessageOut:
    return MessageOut(**message._asdict() | {"received_at": from_ms(message.received_at)})


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


_INSTANTS = ("liveness_since", "listed_at", "heard_at", "first_heard_at", "held_at", "quiet_since")
_COPIED = [name for name in UnitOut.model_fields if name not in ("id", "account", "site", "vitals", "warranty_last_day")]
