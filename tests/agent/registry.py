"""A stand-in for the registry on a real broker: keeps what it hears, then receipts it. And its enrolment door."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from musterroll_wire.messages import Birth, Command, Message, Receipt, Record, decode, encode
from musterroll_wire.topics import UP, build, every_unit, parse
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.instances import until


class Registry:
    """`heard` in order of arrival; receipts are sent while `receipting`, for the unbroken run of each epoch from its `oldest`."""

    def __init__(self, url: str, epoch: int = 1) -> None:
        self.epoch, self.receipting = epoch, True
        self.heard: list[Message] = []
        self.receipted: dict[int, int] = {}
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="registry")
        self._ready = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe([(every_unit(kind), 1) for kind in UP])
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", urlsplit(url).port or 1883)
        self._client.loop_start()
        assert self._ready.wait(10)

    def _on_message(self, client: mqtt.Client, userdata: Any, packet: mqtt.MQTTMessage) -> None:
        topic = parse(packet.topic)
        assert topic
        message = decode(topic.kind, bytes(packet.payload))
        with self._lock:
            self.heard.append(message)
            if isinstance(message, Birth | Record) and self.receipting:
                seq = self._committed(message)
                self.receipted[message.epoch] = seq
                client.publish(build(topic.unit, "receipt"), encode(Receipt(message.epoch, seq, self.epoch, 1)))

    def _committed(self, message: Birth | Record) -> int:
        """As the real one does it: up to the first gap, and over a gap below `oldest`."""
        have = {m.seq for m in self.durable() if m.epoch == message.epoch}
        seq = max(self.receipted.get(message.epoch, 0), message.oldest - 1)
        while seq + 1 in have:
            seq += 1
        return seq

    def durable(self) -> list[Birth | Record]:
        return [m for m in self.heard if isinstance(m, Birth | Record)]

    def of(self, kind: type) -> list[Any]:
        return [m for m in list(self.heard) if isinstance(m, kind)]

    def hears(self, kind: type, count: int = 1, seconds: float = 10.0) -> list[Any]:
        """The messages of a kind once there are `count`."""
        until(lambda: len(self.of(kind)) >= count, f"the registry hears {count} {kind.__name__}", seconds)
        return self.of(kind)

    def say(self, unit: str, name: str, **data: Any) -> None:
        self._client.publish(build(unit, "command"), encode(Command(name, data)), qos=1)

    def send(self, unit: str, kind: str, payload: bytes) -> None:
        self._client.publish(build(unit, kind), payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class EnrolmentDoor:
    """Answers POST with one prepared answer, over HTTP or TLS; `asked` is what was posted."""

    def __init__(self, status: int, body: dict[str, Any], context: Any = None) -> None:
        door = self
        self.asked: list[tuple[str, dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                door.asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
