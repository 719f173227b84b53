"""Many sockets in one process that publish frames made beforehand, at QoS 1 and no faster than they are acknowledged.

Run as `python -m tests.bench.generator`, with a `Load` as JSON on the first line of standard input. It says `{"ready": ...}` when all are
connected, begins at the next line, and ends by saying when it began and when the last acknowledgement came (CLOCK_MONOTONIC).
"""

import json
import select
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from musterroll.mqtt import packets, writer
from musterroll_wire.messages import Heartbeat, Record, encode
from musterroll_wire.topics import build

AT_ONCE = 50


class Load(NamedTuple):
    """`each` messages of `kind` from every unit; `window` go out unacknowledged; `rate` a second over all, 0 for as fast as it goes."""

    port: int
    units: list[str]
    passwords: list[str]
    each: int
    epoch: int
    kind: str = "record"
    window: int = 10
    rate: float = 0.0
    receipts: bool = False


class Line:
    """One unit's socket, its frames in windows, and how many acknowledgements it waits for."""

    __slots__ = ("outstanding", "receipts", "rest", "socket", "windows")

    def __init__(self, connected: socket.socket, windows: list[bytes]) -> None:
        self.socket = connected
        self.windows = windows
        self.outstanding = 0
        self.receipts = 0
        self.rest = b""

    def acknowledged(self) -> int:
        """Reads what came; how many of it are acknowledgements of the broker. Receipts are counted."""
        data = self.rest + self.socket.recv(65536)
        if 0x30 not in data and len(data) % 4 == 0:  # no PUBLISH can be among them: only PUBACKs, of 4 bytes
            self.rest = b""
            return len(data) // 4
        buffer, count = bytearray(data), 0
        while (packet := packets.take_packet(buffer)) is not None:
            count += packet.kind == packets.PUBACK
            self.receipts += packet.kind == packets.PUBLISH
        self.rest = bytes(buffer)
        return count


def frames(load: Load, unit: str) -> list[bytes]:
    """Every frame of one unit, in order."""
    topic, at = build(unit, load.kind), 1_793_534_400
    return [writer.publish(topic, _payload(load, seq, at), seq) for seq in range(1, load.each + 1)]


def _payload(load: Load, seq: int, at: int) -> bytes:
    if load.kind == "heartbeat":
        vitals = {"cpu": 12, "memory": 47, "disk": 33, "temperature": 41}
        return encode(Heartbeat(load.epoch, seq, at, 5_000_000 + seq, 90_000_000 + seq, vitals))
    summaries = {"cpu": [4, 11.5, 30], "memory": [40, 47.0, 52], "disk": [33, 33.0, 33], "temperature": [38, 41.2, 45]}
    counts = {"from": at - 3600, "seconds": 3600, "connected": 3600, "beats": 60, "operating": 90_000_000 + seq, "boots": 3}
    return encode(Record(load.epoch, seq, 1, at, "hour", {**counts, "vitals": summaries}))


def connect(load: Load) -> list[Line]:
    """Connected and accepted, some at a time: with more than its backlog at once the broker's kernel would drop some."""
    lines: list[Line] = []
    for start in range(0, len(load.units), AT_ONCE):
        fresh = [_connecting(load, number) for number in range(start, min(start + AT_ONCE, len(load.units)))]
        for line in fresh:
            if line.socket.recv(4) != b"\x20\x02\x00\x00":
                raise ConnectionRefusedError("the broker refused a generator's credential")
        lines += fresh
    if load.receipts:
        for line, unit in zip(lines, load.units, strict=True):
            line.socket.sendall(writer.subscribe(1, [build(unit, "receipt")], qos=0))
            line.socket.recv(5)
    return lines


def _connecting(load: Load, number: int) -> Line:
    connection = socket.create_connection(("127.0.0.1", load.port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.sendall(writer.connect(load.units[number], load.passwords[number], 0))
    ready = frames(load, load.units[number])
    return Line(connection, [b"".join(ready[i : i + load.window]) for i in range(0, load.each, load.window)][::-1])


def run(load: Load, lines: list[Line]) -> int:
    """Send everything and wait for every acknowledgement; how many came."""
    poll = select.epoll()
    by_number = {line.socket.fileno(): line for line in lines}
    for number in by_number:
        poll.register(number, select.EPOLLIN)
    began = time.monotonic()
    due: Iterator[tuple[float, Line]] = iter([])
    if load.rate:
        due = iter([(began + i * load.window / load.rate, lines[i % len(lines)]) for i in range(len(lines) * len(lines[0].windows))])
    else:
        for line in lines:
            _send(line, load.window)
    following = next(due, None)
    wanted = len(lines) * load.each
    acknowledged = 0
    while acknowledged < wanted:
        while following and following[0] <= time.monotonic():
            _send(following[1], load.window)
            following = next(due, None)
        for number, _ in poll.poll(max(0.0, following[0] - time.monotonic()) if following else 5.0):
            line = by_number[number]
            count = line.acknowledged()
            acknowledged += count
            line.outstanding -= count
            if not load.rate and line.outstanding == 0 and line.windows:
                _send(line, load.window)
    return acknowledged


def _send(line: Line, window: int) -> None:
    frame = line.windows.pop()
    line.outstanding += window
    line.socket.sendall(frame)


def main() -> None:
    load = Load(*json.loads(sys.stdin.readline()))
    lines = connect(load)
    _report({"ready": len(lines)})
    sys.stdin.readline()
    cpu, began = time.process_time(), time.monotonic()
    acknowledged = run(load, lines)
    _report({"began": began, "ended": time.monotonic(), "acknowledged": acknowledged, "cpu": time.process_time() - cpu})
    sys.stdin.readline()  # stay connected until whoever counts is done
    _report({"receipts": sum(line.receipts for line in lines)})


def _report(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
