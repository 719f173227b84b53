"""Stand-ins for the registry: on a real broker it stores messages and sends receipts; over HTTP it answers enrolments."""

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from musterroll_wire.messages import Birth, Command, Message, Receipt, Record, decode, encode
from musterroll_wire.topics import UP, build, parse, topic_filter
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.instances import until


class Registry:
    """`received` in order of arrival; receipts are sent while `receipting`, up to the first gap of each epoch above its `oldest`."""

    def __init__(self, url: str, epoch: int = 1) -> None:
        self.epoch, self.receipting = epoch, True
        self.received: list[Message] = []
        self.receipted: dict[int, int] = {}
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="registry")
        self._ready = threading.Event()
        self._client.on_connect = lambda client, *_: client.subscribe([(topic_filter(kind), 1) for kind in UP])
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
            self.received.append(message)
            if isinstance(message, Birth | Record) and self.receipting:
                seq = self._committed(message)
                self.receipted[message.epoch] = seq
                client.publish(build(topic.unit, "receipt"), encode(Receipt(message.epoch, seq, self.epoch, 1)))

    def _committed(self, message: Birth | Record) -> int:
        """Like the real one: up to the first gap, ignoring gaps below `oldest`."""
        stored = {m.seq for m in self.durable() if m.epoch == message.epoch}
        seq = max(self.receipted.get(message.epoch, 0), message.oldest - 1)
        while seq + 1 in stored:
            seq += 1
        return seq

    def durable(self) -> list[Birth | Record]:
        return [m for m in self.received if isinstance(m, Birth | Record)]

    def of(self, kind: type) -> list[Any]:
        return [m for m in list(self.received) if isinstance(m, kind)]

    def wait_for(self, kind: type, count: int = 1, seconds: float = 10.0) -> list[Any]:
        """The messages of a kind, once there are `count` of them."""
        until(lambda: len(self.of(kind)) >= count, f"the registry receives {count} {kind.__name__}", seconds)
        return self.of(kind)

    def command(self, unit: str, name: str, **data: Any) -> None:
        self._client.publish(build(unit, "command"), encode(Command(name, data)), qos=1)

    def send(self, unit: str, kind: str, payload: bytes) -> None:
        self._client.publish(build(unit, kind), payload, qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class EnrolmentServer:
    """Gives every POST the same answer, over HTTP or HTTPS; `requests` is what was posted. While `losing`, answers are lost on the way."""

    def __init__(self, status: int, body: dict[str, Any], context: Any = None, host: str = "127.0.0.1") -> None:
        server = self
        self.losing = False
        self.requests: list[tuple[str, dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                server.requests.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
                if server.losing:
                    return
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(HTTPServer):
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self._server = Server((host, 0), Handler)
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
