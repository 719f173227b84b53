"""The registry's own epoch: it grows after a restore, as the restored database may lack messages it once confirmed."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from musterroll.storage.tables.operations import RegistryState


def current(session: Session) -> int:
    return session.exec(select(RegistryState.epoch)).one()


def advance(session: Session) -> int:
    session.execute(update(RegistryState).values(epoch=col(RegistryState.epoch) + 1))
    return current(session)
