"""A unit and its history as the API says them. Instants are UTC (RFC 3339), spans are seconds."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from musterroll.api.http.schemas import Named, Shape, named
from musterroll.domain.liveness import Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.units.history import Change, Heard
from musterroll.usecases.units.unit_card import UnitCard


class Vitals(Shape):
    """What the last heartbeat said; null where the unit cannot tell."""

    uptime: int | None = Field(description="Seconds since the unit started.")
    operating: int | None = Field(description="Seconds it operated in its life.")
    cpu: int | None = Field(description="Percent.")
    memory: int | None = Field(description="Percent.")
    disk: int | None = Field(description="Percent.")
    temperature: int | None = Field(description="Degrees Celsius.")
    clock_offset: int | None = Field(description="Seconds the unit's clock is ahead of the registry's.")


class UnitOut(Shape):
    id: str
    serial: str = Field(description="As written.")
    maker: str
    model: str
    lifecycle: Lifecycle
    liveness: Liveness
    liveness_since: datetime | None
    heard_at: datetime | None = Field(description="By the registry's clock.")
    first_heard_at: datetime | None
    epoch: int
    interval: int = Field(description="Seconds between heartbeats; 0 where the unit was never heard.")
    late_after: int
    stale_after: int
    account: Named | None
    site: Named | None
    shipped_on: date | None
    installed_on: date | None
    warranty_months: int | None
    firmware: str
    agent: str
    born_at: datetime | None
    card: dict[str, Any] | None = Field(description="The unit's own warranty card: a claim.")
    evidence: dict[str, Any]
    vitals: Vitals
    held_at: datetime | None
    enrolled: bool = Field(description="It has a credential in use.")
    pending: bool = Field(description="A further credential waits for a person.")


class UnitPage(Shape):
    items: list[UnitOut]
    next: str | None = Field(description="Cursor of the following page; null at the end.")


class LookUpOut(Shape):
    """`units` are exact; `twins` only look like it and, where there is neither, `near` are one slip away: suggestions for a person."""

    key: str = Field(description="The serial as compared; empty where the code was a unit id or a link.")
    units: list[UnitOut]
    twins: list[UnitOut]
    near: list[UnitOut]
    problem: str | None = Field(description="Why there is no unit, in a sentence.")


class ChangeOut(Shape):
    at: datetime
    axis: str = Field(description="lifecycle, liveness or identity.")
    old: str | None
    new: str
    cause: str
    actor: str


class ChangePage(Shape):
    items: list[ChangeOut]
    next: str | None


class MessageOut(Shape):
    epoch: int
    seq: int
    about: str
    at: int = Field(description="Unix seconds by the unit's own clock, which may be wrong.")
    received_at: datetime
    body: str = Field(description="The payload, as it came.")


class MessagePage(Shape):
    items: list[MessageOut]
    next: str | None


def unit_out(card: UnitCard) -> UnitOut:
    said = card._asdict()
    for name in _INSTANTS:
        said[name] = _instant(said[name])
    return UnitOut(
        **{name: said[name] for name in _AS_THEY_ARE},
        id=card.uid,
        account=named(card.account_ref, card.account),
        site=named(card.site_ref, card.site),
        vitals=Vitals(**{name: said[name] for name in Vitals.model_fields}),
    )


def change_out(change: Change) -> ChangeOut:
    return ChangeOut(at=from_ms(change.at), axis=change.axis, old=change.old, new=change.new, cause=change.cause, actor=change.actor)


def message_out(message: Heard) -> MessageOut:
    return MessageOut(**message._asdict() | {"received_at": from_ms(message.received_at)})


def _instant(ms: int | None) -> datetime | None:
    return None if ms is None else from_ms(ms)


_INSTANTS = ("liveness_since", "heard_at", "first_heard_at", "held_at")
_AS_THEY_ARE = [name for name in UnitOut.model_fields if name not in ("id", "account", "site", "vitals")]
