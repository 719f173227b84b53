"""The ingest against a private Mosquitto: what goes in, what comes back, and what must never be lost on the way."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import trustme
from musterroll.broker import EmbeddedBroker
from musterroll.domain.values.errors import DomainError
from musterroll.ingest import Ingest, canary, inbox, reconnect
from musterroll.ingest.connection import Connection
from musterroll.metrics import Metrics
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.messages import DurableMessage, QuarantinedMessage
from musterroll_wire import topics
from musterroll_wire.messages import encode
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client.parser import text_string_to_metric_families
from sqlmodel import select

from tests.support.devices import Device
from tests.support.enrolment import enrol_unit
from tests.support.instances import until
from tests.support.mosquitto import Mosquitto
from tests.support.reporting import Reporter, enrol, voice

pytestmark = pytest.mark.mosquitto
Broker = Callable[..., Mosquitto]


def url(broker: Mosquitto, user: str = "registry") -> str:
    return f"mqtt://{user}:secret@127.0.0.1:{broker.port}"


@contextmanager
def ingesting(database: Database, address: str, metrics: Metrics | None = None, ready: bool = True, **options: object) -> Iterator[Ingest]:
    ingest = Ingest(database, address, metrics or Metrics(), **options)  # type: ignore[arg-type]
    ingest.start()
    try:
        if ready:
            until(ingest.healthy, "the ingest gets its canary")
        yield ingest
    finally:
        ingest.stop()


@contextmanager
def client(broker: Mosquitto) -> Iterator[Client]:
    publisher = Client(CallbackAPIVersion.VERSION2)
    publisher.max_inflight_messages_set(0)
    publisher.connect("127.0.0.1", broker.port)
    publisher.loop_start()
    try:
        yield publisher
    finally:
        publisher.disconnect()
        publisher.loop_stop()
        publisher._reset_sockets()  # paho would leave two to the collector


def publish(broker: Mosquitto, messages: list[tuple[str, bytes]]) -> None:
    with client(broker) as publisher:
        for topic, payload in messages:
            waiting = publisher.publish(topic, payload, 1)
        waiting.wait_for_publish(10)


def records(unit: Reporter, count: int, first: int = 1) -> list[tuple[str, bytes]]:
    return [(topics.build(unit.uid, "record"), encode(unit.record(seq=seq))) for seq in range(first, first + count)]


def stored_seqs(database: Database) -> list[int]:
    with database.snapshot() as session:
        return sorted(session.exec(select(DurableMessage.seq)))


def quarantined(database: Database) -> list[tuple[str, str]]:
    with database.snapshot() as session:
        return [(row.unit, row.code) for row in session.exec(select(QuarantinedMessage).order_by(QuarantinedMessage.id))]  # type: ignore[arg-type]


def metric(metrics: Metrics, name: str) -> float:
    families = text_string_to_metric_families(metrics.text().decode())
    return sum(sample.value for family in families for sample in family.samples if sample.name == f"musterroll_{name}")


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Nobody else may write meanwhile."""
    with database.transaction() as session:
        session.connection().exec_driver_sql("SELECT 1")
        yield


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "stock"])
@pytest.mark.parametrize("mqtt5", [True, False], ids=["5", "3.1.1"])
def test_messages_of_a_device_are_stored_and_receipted(database: Database, mosquitto: Broker, mqtt5: bool, fast: bool) -> None:
    (unit,) = enrol(database)
    broker = mosquitto()
    device = Device(unit.uid, broker.port)
    with ingesting(database, url(broker), mqtt5=mqtt5, fast=fast):
        device.start()
        until(lambda: device.receipted >= 20, "twenty records are receipted")
        device.stop_saying()
        until(device.settled, "everything is receipted")
        device.stop()
    assert stored_seqs(database) == list(range(1, device.said + 1))
    assert voice(database, unit).heard_at is not None


def test_messages_of_a_device_are_stored_and_receipted_through_the_embedded_broker(sqlite_database: Database, now: datetime) -> None:
    unit = enrol_unit(sqlite_database, now, "EMB1")
    broker = EmbeddedBroker(sqlite_database, ("127.0.0.1", 0), "secret")
    broker.start()
    device = Device(unit.uid, broker.port, password=unit.secret)
    try:
        with ingesting(sqlite_database, f"mqtt://registry:secret@127.0.0.1:{broker.port}", mqtt5=False):
            device.start()
            until(lambda: device.receipted >= 20, "twenty records are receipted")
            device.stop_saying()
            until(device.settled, "everything is receipted")
    finally:
        device.stop()
        broker.stop()
    assert stored_seqs(sqlite_database) == list(range(1, device.said + 1))


def test_messages_are_batched_even_where_the_broker_lets_few_be_in_flight(sqlite_database: Database, mosquitto: Broker) -> None:
    (unit,) = enrol(sqlite_database)
    broker, metrics = mosquitto("allow_anonymous true\nmax_inflight_messages 20\n"), Metrics()
    with ingesting(sqlite_database, url(broker), metrics):
        before = metric(metrics, "batches_total")
        publish(broker, records(unit, 1000))
        until(lambda: len(stored_seqs(sqlite_database)) == 1000, "all are stored", 15)
    assert metric(metrics, "batches_total") - before <= 200


def test_of_a_hundred_messages_an_undecodable_one_is_quarantined_and_the_others_are_stored(database: Database, mosquitto: Broker) -> None:
    (unit,) = enrol(database)
    broker = mosquitto()
    messages = records(unit, 100)
    messages[40] = (messages[40][0], b'{"epoch":1,"seq":41,"about":"event","data":NaN}')
    with ingesting(database, url(broker)):
        publish(broker, messages)
        until(lambda: len(stored_seqs(database)) == 100, "all are processed")
    assert quarantined(database) == [(unit.uid, "not_finite")]


POISON = {
    "sqlite": """CREATE TRIGGER poison BEFORE INSERT ON message WHEN NEW.body LIKE '%poison%' BEGIN SELECT RAISE(ABORT, 'no'); END""",
    "postgresql": """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN IF NEW.body LIKE '%poison%' THEN RAISE check_violation; END IF; RETURN NEW; END$$;
        CREATE TRIGGER poison BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION refuse()""",
}


def test_of_a_hundred_messages_one_the_database_rejects_is_quarantined_and_the_others_are_stored(
    database: Database, mosquitto: Broker
) -> None:
    (unit,) = enrol(database)
    broker = mosquitto()
    with database.transaction() as session:
        session.connection().exec_driver_sql(POISON[database.dialect].replace("%", "%%" if database.dialect == "postgresql" else "%"))
    messages = records(unit, 100)
    messages[60] = (messages[60][0], encode(unit.record(seq=61, text="poison")))
    with ingesting(database, url(broker)):
        publish(broker, messages)
        until(lambda: len(stored_seqs(database)) == 100, "all are processed")
        until(lambda: len(quarantined(database)) == 1, "one is quarantined")
    assert quarantined(database) == [(unit.uid, "unstorable")]


def test_messages_not_from_a_registered_unit_are_quarantined_with_the_reason(sqlite_database: Database, mosquitto: Broker) -> None:
    broker = mosquitto()
    with ingesting(sqlite_database, url(broker)):
        publish(
            broker,
            [
                ("musterroll/1/stranger/record", b'{"epoch":1,"seq":1,"oldest":1,"at":1,"about":"event","data":{}}'),
                ("musterroll/1/né/heartbeat", b"[1,1,1,1,1]"),
                ("musterroll/1/stranger/birth", b"[" * 100_000),
            ],
        )
        until(lambda: len(quarantined(sqlite_database)) == 3, "three are quarantined")
    assert quarantined(sqlite_database) == [("stranger", "unknown_unit"), ("", "foreign_topic"), ("stranger", "unknown_unit")]


def test_a_unit_that_enrols_is_known_soon_after(sqlite_database: Database, mosquitto: Broker) -> None:
    broker = mosquitto()
    with ingesting(sqlite_database, url(broker)):
        (unit,) = enrol(sqlite_database)
        publish(broker, records(unit, 1))
        until(lambda: stored_seqs(sqlite_database) == [1], "the record is kept")


def test_canaries_prove_that_the_registry_is_listening(sqlite_database: Database, mosquitto: Broker) -> None:
    def ear() -> liveness_states.ListeningWindow:
        with sqlite_database.snapshot() as session:
            return liveness_states.hearing(session)

    with ingesting(sqlite_database, url(mosquitto())):
        first = ear()
        until(lambda: ear().until > first.until + 1500, "canaries go on")
    assert ear().since == first.since == first.until > (time.time() - 60) * 1000


def test_a_denied_subscription_is_noticed_even_if_the_broker_grants_it(
    sqlite_database: Database,
    mosquitto: Broker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(reconnect, "_SILENCE", 1.0)
    monkeypatch.setattr(canary, "TIMEOUT", 1.0)
    (tmp_path / "acl").write_text("user registry\ntopic write musterroll/#\n")
    broker = mosquitto(f"allow_anonymous true\nacl_file {tmp_path / 'acl'}\n")
    with caplog.at_level(logging.INFO, "musterroll"), ingesting(sqlite_database, url(broker), ready=False, mqtt5=False) as ingest:
        until(lambda: "the subscription is not in effect" in caplog.text, "the missing canary is noticed")
        assert not ingest.healthy()


def test_the_broker_may_come_later_and_go_away(
    sqlite_database: Database, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(canary, "TIMEOUT", 2.0)
    broker = mosquitto()
    broker.kill()
    with caplog.at_level(logging.INFO, "musterroll"), ingesting(sqlite_database, url(broker), ready=False) as ingest:
        until(lambda: "no broker answers" in caplog.text, "the absence is logged")
        assert not ingest.healthy()
        broker.start()
        until(ingest.healthy, "the ingest gets its canary")
        broker.kill()
        until(lambda: not ingest.healthy(), "the loss is noticed")
        broker.start()
        until(ingest.healthy, "the ingest gets its canary again")
    assert f"no broker answers at 127.0.0.1:{broker.port}: Connection refused; check MUSTERROLL_MQTT_URL" in caplog.text


def test_a_wrong_password_is_logged(sqlite_database: Database, mosquitto: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "passwords").write_text("")
    broker = mosquitto(f"allow_anonymous false\npassword_file {tmp_path / 'passwords'}\n")
    with caplog.at_level(logging.INFO, "musterroll"), ingesting(sqlite_database, url(broker), ready=False):
        until(lambda: "it refused the user registry: Not authorized" in caplog.text, "the rejection is logged")


@pytest.mark.parametrize("bad", ["http://x:y@broker", "mqtt://broker:1883", "mqtt://a:b@broker:99999", "broker"])
def test_a_bad_broker_url_is_rejected_in_one_sentence(sqlite_database: Database, bad: str) -> None:
    with pytest.raises(DomainError, match=r"^MUSTERROLL_MQTT_URL .*mqtt://"):
        Ingest(sqlite_database, bad, Metrics())


KEEPING = "allow_anonymous true\npersistence true\npersistence_location {}/\nautosave_interval 1800\n"


def test_a_message_of_a_lost_connection_is_never_acknowledged_on_the_next(
    sqlite_database: Database, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The broker goes while a batch waits for the database; the batch is answered afterwards, over a connection that is gone."""
    answered: list[bool] = []
    answer = Connection.answer
    monkeypatch.setattr(
        Connection, "answer", lambda connection, mids, down: (mids and answered.append(connection.open), answer(connection, mids, down))
    )
    units = enrol(sqlite_database, 3)
    broker, metrics = mosquitto(KEEPING.format(tmp_path)), Metrics()
    with ingesting(sqlite_database, url(broker), metrics):
        with locked(sqlite_database):
            publish(broker, [message for unit in units for message in records(unit, 50)])
            os.kill(broker.pid, signal.SIGUSR1)  # save what was handed out and not acknowledged
            until((tmp_path / "mosquitto.db").exists, "the broker has saved it")
            broker.restart()
            answered.clear()
        until(lambda: len(stored_seqs(sqlite_database)) == 150, "all are stored")
        until(lambda: False in answered and True in answered, "the first answer goes nowhere, the second to the new connection")
        until(lambda: metric(metrics, "redelivered_total") > 0, "the broker delivers again")
    assert len(stored_seqs(sqlite_database)) == 150


def test_two_ingests_share_the_work_and_lose_nothing(postgres_database: Database, mosquitto: Broker) -> None:
    units = enrol(postgres_database, 10)
    broker, first, second = mosquitto(), Metrics(), Metrics()
    devices = [Device(unit.uid, broker.port) for unit in units]
    a = ingesting(postgres_database, url(broker, "ingest-a"), first, share="registry")
    b = ingesting(postgres_database, url(broker, "ingest-b"), second, share="registry")
    with a, b:
        for device in devices:
            device.start()
        until(lambda: all(device.receipted > 50 for device in devices), "everyone is receipted")
        for device in devices:
            device.stop_saying()
        until(lambda: all(device.settled() for device in devices), "everything is receipted")
        for device in devices:
            device.stop()
    assert len(stored_seqs(postgres_database)) == sum(device.said for device in devices)
    assert min(metric(first, "messages_total"), metric(second, "messages_total")) > 100


def test_reading_waits_while_too_much_is_waiting_and_nothing_is_lost(
    sqlite_database: Database, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_MAX_MESSAGES", 50)
    (unit,) = enrol(sqlite_database)
    broker = mosquitto("allow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\n")
    sizes: list[int] = []
    put = inbox.Inbox.put
    monkeypatch.setattr(inbox.Inbox, "put", lambda box, read: (put(box, read), sizes.append(box._messages)))
    with ingesting(sqlite_database, url(broker)):
        with locked(sqlite_database):
            for first in range(1, 5001, 500):
                publish(broker, records(unit, 500, first))
                time.sleep(0.05)
        until(lambda: len(stored_seqs(sqlite_database)) == 5000, "all are stored")
    assert max(sizes) < 2500


def test_a_batch_is_kept_while_the_database_is_unavailable(mosquitto: Broker, postgres_server: object) -> None:
    from musterroll.storage.engine import migrate

    from tests.support.postgres import PostgresServer

    server = PostgresServer(fsync="off")
    broker = mosquitto()
    try:
        database = Database(server.create())
        migrate.upgrade(database)
        (unit,) = enrol(database)
        with ingesting(database, url(broker)):
            server.kill()
            publish(broker, records(unit, 300))
            time.sleep(0.5)
            server.start()
            until(lambda: len(stored_seqs(database)) == 300, "all are stored")
        database.close()
    finally:
        server.stop()


def test_after_an_unexpected_failure_the_broker_delivers_the_batch_again(
    sqlite_database: Database, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from musterroll.ingest.worker import Worker

    commit, failed = Worker._commit, threading.Event()

    def once(worker: Worker, batch: object) -> object:
        if batch.messages and not failed.is_set():  # type: ignore[attr-defined]
            failed.set()
            raise RuntimeError("unforeseen")
        return commit(worker, batch)  # type: ignore[arg-type]

    (unit,) = enrol(sqlite_database)
    broker = mosquitto()
    with ingesting(sqlite_database, url(broker)):
        monkeypatch.setattr(Worker, "_commit", once)
        publish(broker, records(unit, 10))
        until(lambda: len(stored_seqs(sqlite_database)) == 10, "all are stored")
    assert failed.is_set()


@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")  # paho leaves the socket of a failed handshake to the collector
def test_the_broker_is_reached_over_tls_and_its_certificate_is_checked(
    sqlite_database: Database, mosquitto: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    broker = mosquitto(f"certfile {tmp_path / 'cert.pem'}\nkeyfile {tmp_path / 'key.pem'}\nallow_anonymous true\n")
    secure = url(broker).replace("mqtt://", "mqtts://")
    with ingesting(sqlite_database, secure, ca=tmp_path / "ca.pem"):
        pass
    with caplog.at_level(logging.INFO, "musterroll"), ingesting(sqlite_database, secure, ready=False):
        until(lambda: "MUSTERROLL_MQTT_CA" in caplog.text, "the certificate is refused")
