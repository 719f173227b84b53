"""The embedded broker over real sockets: logins, sessions, revoked credentials, and hostile input."""

import random
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from musterroll.broker import EmbeddedBroker
from musterroll.domain.values.errors import DomainError
from musterroll.mqtt.packets import BAD_CLIENT_ID, BAD_LOGIN, BAD_VERSION, NOT_AUTHORISED, UNAVAILABLE
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import revocation
from musterroll.usecases.enrolment.enrol import EnrolResult
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.enrolment import accept_latest, enrol_unit
from tests.support.instances import until
from tests.support.mqtt import CANARY, RawClient, Received, connect_packet, packet, text

Join = Callable[..., RawClient]


def test_the_messages_of_an_enrolled_unit_reach_the_registry_only(join: Join, unit: EnrolResult, other: EnrolResult) -> None:
    registry, device, bystander = join(), join(unit), join(other)
    registry.subscribe("musterroll/1/+/birth")
    bystander.subscribe(f"musterroll/1/{other.uid}/receipt")
    assert device.publish(f"musterroll/1/{unit.uid}/birth", b"here")
    assert registry.next() == Received(f"musterroll/1/{unit.uid}/birth", b"here")
    device.subscribe(f"musterroll/1/{unit.uid}/receipt")
    for one in (unit, other):
        assert registry.publish(f"musterroll/1/{one.uid}/receipt", one.uid.encode())
    assert device.next() == Received(f"musterroll/1/{unit.uid}/receipt", unit.uid.encode())
    assert bystander.next() == Received(f"musterroll/1/{other.uid}/receipt", other.uid.encode())


def test_wrong_names_and_secrets_are_rejected(broker: EmbeddedBroker, unit: EnrolResult, other: EnrolResult) -> None:
    def code(user: str, password: str, client_id: str | None = None) -> int | None:
        return RawClient(broker.port, user, password, client_id).code

    assert code(unit.uid, other.secret) == BAD_LOGIN
    assert code(unit.uid, "") == BAD_LOGIN
    assert code("nobody", unit.secret) == BAD_LOGIN
    assert code("registry", unit.secret) == BAD_LOGIN
    assert code("", "") == BAD_LOGIN
    assert code(unit.uid, unit.secret, other.uid) == BAD_CLIENT_ID
    assert code(unit.uid, unit.secret, "registry") == BAD_CLIENT_ID
    assert code(unit.uid, unit.secret, "") == BAD_CLIENT_ID


def test_a_pending_credential_is_rejected_until_a_person_accepts_it(
    database: Database, now: datetime, join: Join, unit: EnrolResult
) -> None:
    second = enrol_unit(database, now, "ONE-1")
    device = join(unit)
    assert (second.uid, join(second).code) == (unit.uid, BAD_LOGIN)
    accept_latest(database, now)
    assert device.closed()
    assert join(second).code == 0
    assert join(unit).code == BAD_LOGIN


def test_a_revoked_unit_is_disconnected_within_seconds_without_its_will(
    database: Database, now: datetime, join: Join, unit: EnrolResult, other: EnrolResult
) -> None:
    registry, device, unharmed = join(), join(unit, will=f"musterroll/1/{unit.uid}/death"), join(other)
    registry.subscribe("musterroll/1/+/death")
    began = time.monotonic()
    with database.transaction() as session:
        revocation.revoke(session, unit.uid, reason="lost", actor="ann", now=now)
    assert device.closed()
    assert time.monotonic() - began < 4
    assert unharmed.publish(f"musterroll/1/{other.uid}/birth")
    registry.publish("musterroll/1/registry/death", b"marker")
    assert registry.next() == Received("musterroll/1/registry/death", b"marker")


def test_a_will_is_published_when_a_connection_is_lost_and_not_after_a_disconnect(join: Join, unit: EnrolResult) -> None:
    will = f"musterroll/1/{unit.uid}/death"
    registry = join()
    registry.subscribe(will)
    join(unit, will=will).drop()
    assert registry.next() == Received(will, b"{}")
    join(unit, will=will).leave()
    join(unit, will=will).drop()
    assert registry.next() == Received(will, b"{}")
    registry.publish(will, b"marker")
    assert registry.next() == Received(will, b"marker")


def test_a_will_under_another_name_is_rejected(join: Join, unit: EnrolResult, other: EnrolResult) -> None:
    assert join(unit, will=f"musterroll/1/{other.uid}/death").code == NOT_AUTHORISED
    assert join(unit, will="musterroll/1/registry/canary").code == NOT_AUTHORISED


def test_a_unit_silent_beyond_its_keep_alive_is_disconnected(join: Join, unit: EnrolResult) -> None:
    registry = join()
    registry.subscribe("musterroll/1/+/death")
    device = join(unit, keep_alive=1, will=f"musterroll/1/{unit.uid}/death")
    began = time.monotonic()
    assert registry.next() == Received(f"musterroll/1/{unit.uid}/death", b"{}")
    assert 1.2 < time.monotonic() - began < 5
    assert device.closed()


def test_a_second_connection_of_one_unit_takes_over_from_the_first(join: Join, unit: EnrolResult) -> None:
    first = join(unit)
    second = join(unit)
    assert first.closed()
    assert second.publish(f"musterroll/1/{unit.uid}/birth")


def test_a_wrong_login_with_the_registrys_name_disturbs_nothing(broker: EmbeddedBroker, join: Join, unit: EnrolResult) -> None:
    registry = join(clean=False)
    registry.subscribe("musterroll/1/+/birth")
    for clean in (True, False):
        assert RawClient(broker.port, "registry", "guess", clean=clean).code == BAD_LOGIN
    join(unit).publish(f"musterroll/1/{unit.uid}/birth")
    assert registry.next() == Received(f"musterroll/1/{unit.uid}/birth", b"{}")


def test_a_registry_that_was_offline_gets_what_it_missed_and_what_it_never_acknowledged(join: Join, unit: EnrolResult) -> None:
    registry, device, birth = join(clean=False), join(unit), f"musterroll/1/{unit.uid}/birth"
    registry.subscribe("musterroll/1/+/birth")
    device.publish(birth, b"0")
    assert registry.next(acknowledge=False) == Received(birth, b"0")
    registry.drop()
    for number in range(1, 400):
        device.publish(birth, b"%d" % number)
    back = join(clean=False)
    assert back.present
    received = [back.next() for _ in range(400)]
    assert [one.payload for one in received if one] == [b"%d" % number for number in range(400)]
    assert received[0] == Received(birth, b"0", repeated=True)


def test_a_clean_session_starts_with_nothing(join: Join, unit: EnrolResult) -> None:
    first = join(unit, clean=False)
    first.subscribe(f"musterroll/1/{unit.uid}/receipt")
    first.leave()
    again = join(unit, clean=True)
    assert not again.present
    registry = join()
    registry.publish(f"musterroll/1/{unit.uid}/receipt", b"unheard")
    again.subscribe(f"musterroll/1/{unit.uid}/receipt")
    registry.publish(f"musterroll/1/{unit.uid}/receipt", b"heard")
    assert again.next() == Received(f"musterroll/1/{unit.uid}/receipt", b"heard")


def test_nothing_is_retained(join: Join, unit: EnrolResult) -> None:
    birth = f"musterroll/1/{unit.uid}/birth"
    join(unit).publish(birth, retain=True)
    registry = join()
    registry.publish(CANARY, b"old", retain=True)
    registry.subscribe("musterroll/1/#")
    registry.publish(CANARY, b"new")
    assert registry.next() == Received(CANARY, b"new")


def test_the_lower_quality_of_service_counts(join: Join, unit: EnrolResult) -> None:
    registry, device = join(), join(unit)
    assert registry.subscribe("musterroll/1/+/birth", qos=2) == [1]
    assert registry.subscribe("musterroll/1/+/heartbeat", qos=0) == [0]
    device.publish(f"musterroll/1/{unit.uid}/birth", qos=0)
    device.publish(f"musterroll/1/{unit.uid}/heartbeat", qos=1)
    assert [(one.topic[-5:], one.qos) for one in (registry.next(), registry.next()) if one] == [("birth", 0), ("tbeat", 0)]


def test_nothing_is_sent_after_an_unsubscribe(join: Join, unit: EnrolResult) -> None:
    registry = join()
    registry.subscribe("musterroll/1/+/birth", CANARY)
    registry.send(packet(0xA2, b"\0\x63" + text("musterroll/1/+/birth")))
    assert registry.read() == (0xB0, b"\0\x63")
    join(unit).publish(f"musterroll/1/{unit.uid}/birth")
    registry.publish(CANARY)
    assert registry.until(CANARY) == []


def test_mqtt_5_is_answered_that_this_is_3_1_1(broker: EmbeddedBroker, unit: EnrolResult) -> None:
    reasons: list[str] = []
    client = Client(CallbackAPIVersion.VERSION2, unit.uid, protocol=MQTTv5)
    client.username_pw_set(unit.uid, unit.secret)
    client.on_connect = lambda _client, _data, _flags, reason, _properties: reasons.append(str(reason))
    client.connect("127.0.0.1", broker.port)
    until(lambda: client.loop(0.1) != 0 or bool(reasons), "an answer to the CONNECT")
    assert reasons == ["Unsupported protocol version"]
    assert RawClient(broker.port, first=packet(0x10, text("MQIsdp") + b"\x03\x02\0\x3c" + text("u"))).code == BAD_VERSION


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00" + bytes(600),  # a TLS hello
        b"\x10\xff\xff\xff\xff\xff",
        b"\x10\xff\xff\xff\x7f",
        packet(0xC0),
        packet(0x10, b""),
        packet(0x10, text("MQTT") + b"\x04\xc2\0\x3c" + text(b"\xff\xfe")),
        packet(0x10, text("MQTT") + b"\x04\x02\0\x3c" + text("x" * 2000)),
    ],
)
def test_a_client_that_does_not_speak_mqtt_is_disconnected(broker: EmbeddedBroker, raw: bytes) -> None:
    assert RawClient(broker.port, first=raw).code is None
    assert broker.healthy()


@pytest.mark.parametrize(
    "raw",
    [
        packet(0x30, b"\0\x01" + b"x" * 20_000),
        packet(0x34, text("musterroll/1/x/birth") + b"\0\1"),  # QoS 2
        packet(0x36, text("musterroll/1/x/birth") + b"\0\1"),  # QoS 3
        packet(0x32, text("a/#") + b"\0\1"),
        packet(0x32, b"\xff\xff"),
        packet(0x82, b"\0\1"),
        packet(0x80, b"\0\1" + text("t") + b"\1"),
        packet(0x10, text("MQTT") + b"\x04\x02\0\x3c" + text("u")),  # a second CONNECT
        packet(0xF0),
        packet(0x00),
        packet(0x40, b"\0"),
    ],
)
def test_a_unit_that_breaks_the_protocol_is_disconnected(broker: EmbeddedBroker, join: Join, unit: EnrolResult, raw: bytes) -> None:
    device = join(unit)
    device.send(raw)
    assert device.closed()
    assert join(unit).code == 0


def test_random_bytes_never_stop_the_broker(broker: EmbeddedBroker, join: Join, unit: EnrolResult) -> None:
    rng = random.Random(7)
    for _ in range(150):
        with socket.create_connection(("127.0.0.1", broker.port)) as connection:
            connection.sendall(b"\x10" + rng.randbytes(rng.randrange(200)))
    for _ in range(30):
        device = join(unit)
        device.send(rng.randbytes(rng.randrange(1, 3000)))
        device.socket.close()
    assert broker.healthy()
    assert join(unit).publish(f"musterroll/1/{unit.uid}/birth")


def test_half_a_packet_blocks_nobody(broker: EmbeddedBroker, join: Join, unit: EnrolResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.broker.connection._CONNECT_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as slow:
        slow.sendall(b"\x10\x20half")
        assert join(unit).code == 0
        assert slow.recv(10) == b""


def test_a_pipelined_client_is_understood(broker: EmbeddedBroker, unit: EnrolResult) -> None:
    birth = packet(0x32, text(f"musterroll/1/{unit.uid}/birth") + b"\0\x07{}")
    client = RawClient(broker.port, first=connect_packet(unit.uid, unit.uid, unit.secret) + birth + packet(0xC0))
    assert (client.code, client.read(), client.read()) == (0, (0x40, b"\0\7"), (0xD0, b""))


def test_a_flood_is_read_at_the_rate_limit(join: Join, unit: EnrolResult, other: EnrolResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.broker.connection._BURST", 50.0)
    device, calm = join(unit), join(other)
    began = time.monotonic()
    flood = threading.Thread(target=lambda: [device.publish(f"musterroll/1/{unit.uid}/heartbeat") for _ in range(200)])
    flood.start()
    assert calm.publish(f"musterroll/1/{other.uid}/heartbeat")
    assert time.monotonic() - began < 1
    flood.join()
    assert 1.2 < time.monotonic() - began < 5


def test_one_connection_too_many_is_rejected(database: Database, unit: EnrolResult, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.broker.embedded._MAX_CONNECTIONS", 1)
    broker = EmbeddedBroker(database, ("127.0.0.1", 0), "secret")
    broker.start()
    first = RawClient(broker.port, unit.uid, unit.secret)
    assert (first.code, RawClient(broker.port, "registry", "secret").code) == (0, UNAVAILABLE)
    broker.stop()


def test_a_port_in_use_is_one_clear_sentence(database: Database, broker: EmbeddedBroker) -> None:
    second = EmbeddedBroker(database, ("127.0.0.1", broker.port), "secret")
    with pytest.raises(DomainError, match=f"127.0.0.1:{broker.port}: another program listens there; set MUSTERROLL_MQTT_LISTEN"):
        second.start()
    assert not second.healthy()


def test_it_stops_within_five_seconds_whoever_is_connected(database: Database, unit: EnrolResult) -> None:
    broker = EmbeddedBroker(database, ("127.0.0.1", 0), "secret")
    broker.start()
    assert broker.healthy()
    device = RawClient(broker.port, unit.uid, unit.secret)
    stuck = RawClient(broker.port, "registry", "secret")  # subscribes and never reads
    stuck.subscribe("musterroll/1/#")
    for _ in range(100):
        device.publish(f"musterroll/1/{unit.uid}/birth", b"x" * 16_000, qos=0)
    began = time.monotonic()
    broker.stop()
    broker.stop()
    assert time.monotonic() - began < 5
    assert device.closed()
    assert not broker.healthy()


def test_without_its_database_it_rejects_logins_for_now_and_keeps_connections(
    database: Database, broker: EmbeddedBroker, join: Join, unit: EnrolResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = join()
    closed = Database("sqlite:////nowhere/at/all.db")
    monkeypatch.setattr(broker, "_database", closed)
    assert join(unit).code == UNAVAILABLE
    registry.subscribe(CANARY)
    registry.publish(CANARY)
    assert registry.next() == Received(CANARY, b"{}")
    monkeypatch.setattr(broker, "_database", database)
    assert join(unit).code == 0
