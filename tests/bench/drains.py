"""What the ingest is measured against: a subscriber with stock paho that only counts, and one that commits every message by itself.

Run as `python -m tests.bench.drains counting|committing PORT USER PASSWORD MESSAGES [DATABASE_URL]`. Says `{"ready": true}` when
subscribed, and at the end when the last message came (CLOCK_MONOTONIC).
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from musterroll_wire.messages import Record, decode
from musterroll_wire.topics import parse, topic_filter
from paho.mqtt.enums import CallbackAPIVersion

Take = Callable[[paho.MQTTMessage], None]


def committing(url: str) -> Take:
    """Each message decoded, and inserted with a SQLModel session of its own."""
    from musterroll.storage.engine.database import Database
    from musterroll.storage.tables.messages import DurableMessage
    from musterroll.storage.tables.units import Unit
    from sqlmodel import Session, select

    engine = Database(url).engine
    with Session(engine) as session:
        ids = {uid: number for uid, number in session.exec(select(Unit.uid, Unit.id)) if number is not None}

    def take(message: paho.MQTTMessage) -> None:
        topic = parse(message.topic)
        assert topic
        record = decode(topic.kind, bytes(message.payload))
        assert isinstance(record, Record)
        with Session(engine) as session:
            body = message.payload.decode()
            where = {"unit_id": ids[topic.unit], "epoch": record.epoch, "seq": record.seq}
            session.add(DurableMessage(**where, about=record.about, at=record.at, received_at=int(time.time() * 1000), body=body))
            session.commit()

    return take


def main(kind: str, port: str, user: str, password: str, messages: str, url: str = "") -> None:
    heard: list[bytes | bytearray] = []
    take: Take = committing(url) if kind == "committing" else lambda message: heard.append(message.payload)
    left = int(messages)
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=user, clean_session=False)
    client.username_pw_set(user, password)

    def on_message(_client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        nonlocal left
        take(message)
        left -= 1
        if not left:
            print(json.dumps({"ended": time.monotonic(), "cpu": time.process_time()}), flush=True)
            client.disconnect()

    def on_connect(*_: Any) -> None:
        client.subscribe(topic_filter("record"), 1)

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: print(json.dumps({"ready": True}), flush=True)
    client.on_message = on_message
    client.connect("127.0.0.1", int(port), keepalive=600)
    client.loop_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
