"""An embedded broker on a free port, over a database with two units in it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from musterroll.broker import EmbeddedBroker
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment.enrol import EnrolResult

from tests.support.enrolment import enrol_unit
from tests.support.mqtt import RawClient

SECRET = "the registry's"


@pytest.fixture
def broker(database: Database) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(database, ("127.0.0.1", 0), SECRET)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def unit(database: Database, now: datetime) -> EnrolResult:
    return enrol_unit(database, now, "ONE-1")


@pytest.fixture
def other(database: Database, now: datetime) -> EnrolResult:
    return enrol_unit(database, now, "TWO-2")


@pytest.fixture
def join(broker: EmbeddedBroker) -> Iterator[Callable[..., RawClient]]:
    """Connects a unit, or the registry where none is named."""
    clients: list[RawClient] = []

    def connect(unit: EnrolResult | None = None, **options: object) -> RawClient:
        user, password = (unit.uid, unit.secret) if unit else ("registry", SECRET)
        clients.append(RawClient(broker.port, user, password, **options))  # type: ignore[arg-type]
        return clients[-1]

    yield connect
    for client in clients:
        client.socket.close()
