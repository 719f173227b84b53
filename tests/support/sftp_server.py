"""A local SFTP server over one folder, with a key of its own and one user."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import paramiko
from musterroll.sources.host_keys import fingerprint

USER, PASSWORD = "lists", "s3cret"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username: str, password: str) -> int:
        return paramiko.AUTH_SUCCESSFUL if (username, password) == (USER, PASSWORD) else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def get_allowed_auths(self, username: str) -> str:
        return "password"


class _Files(paramiko.SFTPServerInterface):
    """`/` is the folder. A file whose mode is 0 is not given out."""

    def __init__(self, server: Any, folder: Path) -> None:
        super().__init__(server)
        self._folder = folder

    def _path(self, path: str) -> Path:
        return self._folder / self.canonicalize(path).lstrip("/")

    def list_folder(self, path: str) -> Any:
        entries = sorted(self._path(path).iterdir())
        return [paramiko.SFTPAttributes.from_stat(os.stat(entry), entry.name) for entry in entries]

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(self._path(path)))
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(self, path: str, flags: int, attr: Any) -> Any:
        if not self._path(path).stat().st_mode & 0o400:
            return paramiko.SFTP_PERMISSION_DENIED
        handle: Any = paramiko.SFTPHandle(flags)
        handle.readfile = self._path(path).open("rb")
        handle.stat = lambda: self.stat(path)
        return handle


class SftpServer:
    def __init__(self, folder: Path) -> None:
        key = paramiko.ECDSAKey.generate()
        self.fingerprint = fingerprint(key.asbytes())
        self._key, self._folder = key, folder
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"sftp://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                transport = paramiko.Transport(connection)
                transport.add_server_key(self._key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, self._folder)
                self._transports.append(transport)
                with suppress(paramiko.SSHException, EOFError):  # the client did not like the key
                    transport.start_server(server=_Login())

    def stop(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for transport in self._transports:
            transport.close()


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    server = SftpServer(folder)
    try:
        yield server
    finally:
        server.stop()
