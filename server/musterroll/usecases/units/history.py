"""History of a unit: state changes and messages, newest first."""

from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.values.errors import NotFound
from musterroll.storage.units import history as stored_history
from musterroll.storage.units.unit_card import unit_id


class StateChange(NamedTuple):
    """A state change on an axis (lifecycle, liveness, identity). `id`: the cursor of the next page; `at`: ms."""

    id: int
    at: int
    axis: str
    old: str | None
    new: str
    cause: str
    actor: str


class UnitMessage(NamedTuple):
    """A durable message. (epoch, seq): the cursor of the next page; `at`: by the unit's clock (s); `received_at`: by ours (ms)."""

    epoch: int
    seq: int
    about: str
    at: int
    received_at: int
    body: str


def transitions(session: Session, uid: str, before: int | None, limit: int) -> list[StateChange]:
    """State changes of a unit before row `before`, newest first. Raises NotFound."""
    return [StateChange._make(row) for row in stored_history.transitions(session, _unit_id(session, uid), before, limit)]


def messages(session: Session, uid: str, before: tuple[int, int] | None, limit: int) -> list[UnitMessage]:
    """Messages of a unit before (epoch, seq) `before`, newest first. Raises NotFound."""
    return [UnitMessage._make(row) for row in stored_history.messages(session, _unit_id(session, uid), before, limit)]


def _unit_id(session: Session, uid: str) -> int:
    row_id = unit_id(session, uid)
    if row_id is None:
        raise NotFound(f"no unit has the ID {uid[:64]!r}")
    return row_id
