"""The registry's own epoch: it grows after a restore, as the restored database may lack messages it once confirmed."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from musterroll.storage.tables.operations import Registry


def current(session: Session) -> int:
    return session.exec(select(Registry.epoch)).one()


def advance(session: Session) -> int:
    session.execute(update(Registry).values(epoch=col(Registry.epoch) + 1))
    return current(session)
