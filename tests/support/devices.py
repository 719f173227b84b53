"""Devices that keep messages until the registry sends a receipt, as the agent does, but many per process and in memory."""

import threading
import time

from musterroll_wire import topics
from musterroll_wire.messages import Birth, Heartbeat, Receipt, Record, decode, encode
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

RESEND = 2.0  # seconds without news after which what is not receipted is sent again


class Device:
    """Speaks on a thread of its own from `start` on; `stop_saying` ends new messages, `settled` is when all are receipted."""

    def __init__(
        self,
        uid: str,
        port: int,
        every: float = 0.01,
        heartbeat: float = 0.2,
        birth: Birth | None = None,
        password: str = "secret",
    ) -> None:
        self.uid = uid
        self._birth = birth  # said first, where it is given
        self.said = 0
        self.receipted = 0
        self.sent = 0  # durable messages put on the wire, repetitions included
        self._every = every
        self._heartbeat = heartbeat
        self._outbox: dict[int, bytes] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._saying = True
        self._reconnected = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, uid)
        self._client.username_pw_set(uid, password)
        self._client.max_inflight_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect_async("127.0.0.1", port)
        self._thread = threading.Thread(target=self._run, name=f"device-{uid}", daemon=True)

    def start(self) -> None:
        self._client.loop_start()
        self._thread.start()

    def stop_saying(self) -> None:
        self._saying = False

    def settled(self) -> bool:
        with self._lock:
            return not self._outbox and self.receipted == self.said

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)
        self._client.disconnect()
        self._client.loop_stop()
        self._client._reset_sockets()  # paho would leave two to the collector

    def _run(self) -> None:
        beat = beaten = moved = 0.0
        receipted = 0
        while not self._ending.wait(self._every):
            now = time.monotonic()
            if self._saying:
                self._say()
            if now - beaten >= self._heartbeat:
                beaten, beat = now, beat + 1
                self._publish("heartbeat", encode(Heartbeat(1, int(beat), int(time.time()), int(beat), int(beat))))
            if self.receipted != receipted:
                receipted, moved = self.receipted, now
            if self._reconnected.is_set() or now - moved > RESEND:
                self._reconnected.clear()
                moved = now
                self._send_again()

    def _say(self) -> None:
        with self._lock:
            self.said += 1
            seq, oldest = self.said, min(self._outbox, default=self.said)
            first = self._birth if seq == 1 else None
            self._outbox[seq] = payload = encode(first or Record(1, seq, oldest, int(time.time()), "event", {"n": seq}))
        self._send(seq, payload)

    def _send_again(self) -> None:
        with self._lock:
            kept = list(self._outbox.items())
        for seq, payload in kept:
            self._send(seq, payload)

    def _send(self, seq: int, payload: bytes) -> None:
        if self._publish("birth" if self._birth and seq == 1 else "record", payload):
            self.sent += 1

    def _publish(self, kind: str, payload: bytes) -> bool:
        return self._client.is_connected() and self._client.publish(topics.build(self.uid, kind), payload, 1).rc == 0

    def _on_connect(self, client: Client, *_: object) -> None:
        client.subscribe([(topics.build(self.uid, kind), 1) for kind in topics.DOWN])
        self._reconnected.set()

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if message.topic != topics.build(self.uid, "receipt"):
            return
        receipt = decode("receipt", message.payload)
        assert isinstance(receipt, Receipt)
        with self._lock:
            self.receipted = max(self.receipted, receipt.seq)
            self._outbox = {seq: payload for seq, payload in self._outbox.items() if seq > receipt.seq}
