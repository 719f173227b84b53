"""One unit cannot publish, subscribe or enrol as another, on either broker.

MQTT 3.1.1 cannot express a refusal: a denied publish may be acknowledged, a denied subscription granted. So these tests subscribe as the
registry and as the victim, and prove by a later marker in the same session that nothing else came.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

import pytest
from musterroll.broker import EmbeddedBroker
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import revocation
from musterroll.usecases.enrolment.enrol import EnrolResult

from tests.support.deployed_mosquitto import PASSWORD, DeployedMosquitto
from tests.support.enrolment import accept_latest, enrol_unit
from tests.support.instances import until
from tests.support.mqtt import CANARY, RawClient, Received

Join = Callable[..., RawClient]


class Embedded:
    """The embedded broker, which reads credentials from the database."""

    def __init__(self, database: Database) -> None:
        self._broker = EmbeddedBroker(database, ("127.0.0.1", 0), PASSWORD)
        self._broker.start()

    @property
    def port(self) -> int:
        return self._broker.port

    def settle(self) -> bool:
        return True

    def stop(self) -> None:
        self._broker.stop()


class Broker(Protocol):
    @property
    def port(self) -> int: ...
    def settle(self) -> bool: ...
    def stop(self) -> None: ...


@pytest.fixture(params=[Embedded, pytest.param(DeployedMosquitto, marks=pytest.mark.mosquitto)], ids=["embedded", "mosquitto"])
def broker(request: pytest.FixtureRequest, sqlite_database: Database) -> Iterator[Broker]:
    running: Broker = request.param(sqlite_database)
    yield running
    running.stop()


@pytest.fixture
def enrolled(sqlite_database: Database, now: datetime, broker: Broker) -> Callable[[str], EnrolResult]:
    """Enrols a serial and waits until the broker accepts its credential."""

    def enrol_serial(serial: str) -> EnrolResult:
        unit = enrol_unit(sqlite_database, now, serial)
        until(broker.settle, "the credentials are provisioned")
        if unit.status == "active":
            until(lambda: RawClient(broker.port, unit.uid, unit.secret).code == 0, "the unit can log in")
        return unit

    return enrol_serial


@pytest.fixture
def unit(enrolled: Callable[[str], EnrolResult]) -> EnrolResult:
    return enrolled("ROGUE-1")


@pytest.fixture
def victim(enrolled: Callable[[str], EnrolResult]) -> EnrolResult:
    return enrolled("VICTIM-2")


@pytest.fixture
def join(broker: Broker) -> Join:
    def connect(unit: EnrolResult | None = None, **options: object) -> RawClient:
        user, password = (unit.uid, unit.secret) if unit else ("registry", PASSWORD)
        return RawClient(broker.port, user, password, **options)  # type: ignore[arg-type]

    return connect


@pytest.fixture
def registry(join: Join) -> RawClient:
    """Subscribed to every topic of the contract."""
    client = join()
    client.subscribe("musterroll/1/#")
    return client


def received(registry: RawClient) -> list[Received]:
    """Every message that reached the registry up to now."""
    registry.publish(CANARY, b"now")
    return registry.until(CANARY)


@pytest.mark.parametrize(
    "topic",
    [
        "musterroll/1/{victim}/birth",
        "musterroll/1/{victim}/heartbeat",
        "musterroll/1/{victim}/record",
        "musterroll/1/{victim}/death",
        "musterroll/1/{victim}/receipt",
        "musterroll/1/{victim}/command",
        "musterroll/1/{unit}/receipt",
        "musterroll/1/{unit}/command",
        "musterroll/1/{unit}/birth/more",
        "musterroll/1/{unit}",
        "musterroll/1//birth",
        "musterroll/1/registry/canary",
        "/musterroll/1/{victim}/birth",
        "musterroll/2/{unit}/birth",
    ],
)
@pytest.mark.parametrize("qos", [0, 1])
def test_a_unit_cannot_publish_to_another_topic(
    join: Join, registry: RawClient, unit: EnrolResult, victim: EnrolResult, topic: str, qos: int
) -> None:
    listening = join(victim)
    listening.subscribe(f"musterroll/1/{victim.uid}/receipt", f"musterroll/1/{victim.uid}/command")
    join(unit).publish(topic.format(unit=unit.uid, victim=victim.uid), b"forged", qos)
    assert received(registry) == []
    registry.publish(f"musterroll/1/{victim.uid}/receipt", b"marker")
    assert listening.next() == Received(f"musterroll/1/{victim.uid}/receipt", b"marker")


def test_a_unit_can_publish_to_its_own_topics(join: Join, registry: RawClient, unit: EnrolResult) -> None:
    device = join(unit)
    own = [f"musterroll/1/{unit.uid}/{kind}" for kind in ("birth", "heartbeat", "record", "death")]
    assert all(device.publish(topic, b"own") for topic in own)
    assert [message.topic for message in received(registry)] == own


@pytest.mark.parametrize(
    "topic_filter",
    [
        "#",
        "+/+/+/+",
        "musterroll/#",
        "musterroll/1/#",
        "musterroll/1/+/receipt",
        "musterroll/1/{victim}/receipt",
        "musterroll/1/{victim}/#",
        "musterroll/1/{victim}/birth",
        "musterroll/1/+/birth",
        "$share/registry/musterroll/1/+/birth",
        "$share/x/musterroll/1/{victim}/receipt",
        "$SYS/#",
    ],
)
def test_a_unit_gets_no_messages_of_another(
    join: Join, registry: RawClient, unit: EnrolResult, victim: EnrolResult, topic_filter: str
) -> None:
    spy = join(unit)
    spy.subscribe(topic_filter.format(victim=victim.uid))
    spy.subscribe(f"musterroll/1/{unit.uid}/receipt")
    join(victim).publish(f"musterroll/1/{victim.uid}/birth", b"private")
    for kind in ("receipt", "command"):
        registry.publish(f"musterroll/1/{victim.uid}/{kind}", b"private")
    registry.publish(f"musterroll/1/{unit.uid}/receipt", b"marker")
    assert spy.next() == Received(f"musterroll/1/{unit.uid}/receipt", b"marker")


@pytest.mark.parametrize("name", ["victim", "registry"])
@pytest.mark.parametrize("clean", [True, False])
def test_a_foreign_client_id_takes_over_no_session(
    join: Join, registry: RawClient, unit: EnrolResult, victim: EnrolResult, name: str, clean: bool
) -> None:
    listening = join(victim)
    listening.subscribe(f"musterroll/1/{victim.uid}/receipt")
    rogue = join(unit, client_id=victim.uid if name == "victim" else "registry", clean=clean)
    registry.publish(f"musterroll/1/{victim.uid}/receipt", b"yours")
    assert listening.next() == Received(f"musterroll/1/{victim.uid}/receipt", b"yours")
    assert listening.publish(f"musterroll/1/{victim.uid}/birth", b"mine")
    rogue.publish(f"musterroll/1/{victim.uid}/birth", b"forged")
    assert [message.payload for message in received(registry) if message.topic.endswith("birth")] == [b"mine"]


def test_a_rejected_connect_leaves_the_registrys_session_alone(broker: Broker, join: Join, unit: EnrolResult) -> None:
    registry = join(clean=False)
    registry.subscribe("musterroll/1/+/birth")
    for password in ("", "guess", unit.secret):
        for clean in (True, False):
            assert RawClient(broker.port, "registry", password, clean=clean).code != 0
            assert RawClient(broker.port, "", "", "registry", clean=clean).code != 0
    join(unit).publish(f"musterroll/1/{unit.uid}/birth", b"still received")
    assert registry.next() == Received(f"musterroll/1/{unit.uid}/birth", b"still received")


@pytest.mark.parametrize("topic", ["musterroll/1/{victim}/death", "musterroll/1/{victim}/receipt", "musterroll/1/registry/canary"])
def test_a_will_cannot_be_published_to_another_topic(
    join: Join, registry: RawClient, unit: EnrolResult, victim: EnrolResult, topic: str
) -> None:
    join(unit, will=topic.format(victim=victim.uid)).drop()
    own = f"musterroll/1/{unit.uid}/death"
    join(unit, will=own).drop()
    assert registry.next() == Received(own, b"{}")
    assert received(registry) == []


def test_nothing_a_unit_sends_is_retained(join: Join, unit: EnrolResult) -> None:
    join(unit).publish(f"musterroll/1/{unit.uid}/birth", b"kept?", retain=True)
    join(unit, will=f"musterroll/1/{unit.uid}/death", will_retain=True).drop()
    later = join()
    later.subscribe("musterroll/1/#")
    assert [message for message in received(later) if message.retained] == []


def test_one_units_secret_is_not_anothers(broker: Broker, unit: EnrolResult, victim: EnrolResult) -> None:
    for password in (unit.secret, "", victim.secret[:-1], victim.secret + "A", victim.uid):
        assert RawClient(broker.port, victim.uid, password).code != 0
    assert RawClient(broker.port, victim.uid, victim.secret).code == 0


def test_a_second_enrolment_of_a_serial_only_waits_for_approval(
    sqlite_database: Database, now: datetime, broker: Broker, join: Join, victim: EnrolResult, enrolled: Callable[[str], EnrolResult]
) -> None:
    clone = enrol_unit(sqlite_database, now, "VICTIM-2")
    assert (clone.uid, clone.status) == (victim.uid, "pending")
    enrolled("BYSTANDER-3")  # the broker has reloaded all credentials
    assert join(clone).code != 0
    assert join(victim).publish(f"musterroll/1/{victim.uid}/birth")
    accept_latest(sqlite_database, now)
    until(broker.settle, "the credentials are provisioned")
    until(lambda: join(clone).code == 0, "the accepted credential can log in")
    until(lambda: join(victim).code != 0, "the replaced credential cannot log in")


def test_a_revoked_unit_is_disconnected(
    sqlite_database: Database, now: datetime, broker: Broker, join: Join, registry: RawClient, unit: EnrolResult, victim: EnrolResult
) -> None:
    inside, unharmed = join(unit), join(victim)
    with sqlite_database.transaction() as session:
        revocation.revoke(session, unit.uid, reason="stolen", actor="ann", now=now)
    until(broker.settle, "the credentials are provisioned")
    assert inside.closed()
    assert join(unit).code != 0
    assert unharmed.publish(f"musterroll/1/{victim.uid}/birth")
    assert [message.topic for message in received(registry)] == [f"musterroll/1/{victim.uid}/birth"]
