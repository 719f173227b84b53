"""An embedded broker on a free port, over a database with two units in it."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from musterroll.broker import EmbeddedBroker
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment.enrol import Enrolled

from tests.support.enrolment import enrol_unit
from tests.support.mqtt import RawClient

SECRET = "the registry's"


@pytest.fixture
def broker(database: Database) -> Iterator[EmbeddedBroker]:
    found = EmbeddedBroker(database, ("127.0.0.1", 0), SECRET)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def unit(database: Database, now: datetime) -> Enrolled:
    return enrol_unit(database, now, "ONE-1")


@pytest.fixture
def other(database: Database, now: datetime) -> Enrolled:
    return enrol_unit(database, now, "TWO-2")


@pytest.fixture
def join(broker: EmbeddedBroker) -> Iterator[Callable[..., RawClient]]:
    """Connects a unit, or the registry where none is named."""
    made: list[RawClient] = []

    def one(unit: Enrolled | None = None, **said: object) -> RawClient:
        user, password = (unit.uid, unit.secret) if unit else ("registry", SECRET)
        made.append(RawClient(broker.port, user, password, **said))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for client in made:
        client.socket.close()
