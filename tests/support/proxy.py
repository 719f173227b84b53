"""A TCP proxy in front of a server that can stop passing bytes on while every connection stays open, as a lost mobile link does."""

import selectors
import socket
import threading
from collections.abc import Callable
from urllib.parse import urlsplit


class Proxy:
    """`swallow()` makes the present connections half-open; later ones pass. `change` may alter what the server sends."""

    def __init__(self, url: str, host: str = "127.0.0.1", change: Callable[[bytes], bytes] = bytes) -> None:
        self._server = ("127.0.0.1", urlsplit(url).port or 1883)
        self._change = change
        family, _, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]  # understands the zone of a link-local address
        self._listener = socket.create_server(place, family=family)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self._swallowed: set[socket.socket] = set()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._devices: set[socket.socket] = set()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def swallow(self) -> None:
        self._swallowed = set(self._peers)

    def close(self) -> None:
        self._closed = True
        self._thread.join()
        for open_socket in (*self._peers, self._listener):
            open_socket.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._closed:
            for key, _ in self._selector.select(0.05):
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._pass_on(key.fileobj)

    def _accept(self) -> None:
        device, _ = self._listener.accept()
        broker = socket.create_connection(self._server)
        self.accepted += 1
        self._devices.add(device)
        self._peers |= {device: broker, broker: device}
        for end in (device, broker):
            self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, source: socket.socket) -> None:
        try:
            content = source.recv(65536)
        except OSError:
            content = b""
        if not content:
            self._selector.unregister(source)
        if source in self._swallowed:
            return
        if content:
            self._peers[source].sendall(content if source in self._devices else self._change(content))
        else:
            self._peers[source].shutdown(socket.SHUT_WR)
