"""What happened to a unit: its changes of state and the messages it sent, newest first."""

from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.units import history as stored_history
from musterroll.storage.units.queries import unit_id


class StateChange(NamedTuple):
    """One transition on one axis (lifecycle, liveness, identity). `id` is the cursor of the next page, `at` is ms."""

    id: int
    at: int
    axis: str
    old: str | None
    new: str
    cause: str
    actor: str


class UnitMessage(NamedTuple):
    """One durable message. (epoch, seq) is the cursor of the next page; `at` is the unit's clock (s), `received_at` ours (ms)."""

    epoch: int
    seq: int
    about: str
    at: int
    received_at: int
    body: str


def transitions(session: Session, uid: str, before: int | None, limit: int) -> list[StateChange]:
    """Changes of a unit that come before row `before`, newest first. Raises NotFound."""
    return [StateChange._make(row) for row in stored_history.transitions(session, _found(session, uid), before, limit)]


def messages(session: Session, uid: str, before: tuple[int, int] | None, limit: int) -> list[UnitMessage]:
    """Messages of a unit that come before (epoch, seq) `before`, newest first. Raises NotFound."""
    return [UnitMessage._make(row) for row in stored_history.messages(session, _found(session, uid), before, limit)]


def _found(session: Session, uid: str) -> int:
    row_id = unit_id(session, uid)
    if row_id is None:
        raise NotFound(f"no unit has the id {uid[:64]!r}")
    return row_id
