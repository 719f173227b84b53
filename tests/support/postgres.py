"""A private PostgreSQL on a free port, run as `postgres` where we are root (it refuses root)."""

import glob
import os
import shutil
import signal
import subprocess

import psycopg

from tests.support.instances import answers, end, free_port, program, scratch, until

PLACES = sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)  # where Debian keeps its programs
_SETTINGS = {"listen_addresses": "127.0.0.1", "shared_buffers": "256MB", "max_connections": "120", "log_min_messages": "fatal"}


class PostgresServer:
    """Started at once; `kill()` is kill -9 of all of it, `start()` brings it back on the same port and files."""

    def __init__(self, **settings: str) -> None:
        self._settings = {**_SETTINGS, **settings}
        self._owner = "postgres" if os.geteuid() == 0 else None
        self.folder = scratch(self._owner)
        self.port = free_port()
        self._made = 0
        self._run("initdb", "-D", str(self.folder / "data"), "-A", "trust", "-U", "musterroll", "--no-sync")
        self.start()

    def start(self) -> None:
        options = [arg for name, value in self._settings.items() for arg in ("-c", f"{name}={value}")]
        command = [
            program("postgres", *PLACES),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
            "-k",
            str(self.folder),
            *options,
        ]
        self._server = subprocess.Popen(
            command, user=self._owner, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until(self._ready, "PostgreSQL takes connections", 60)

    def kill(self) -> None:
        os.killpg(self._server.pid, signal.SIGKILL)
        self._server.wait()
        until(lambda: not answers(self.port), "the killed PostgreSQL lets go of its port")

    def stop(self) -> None:
        end(self._server, signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str = "postgres") -> str:
        return f"postgresql://musterroll@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> str:
        """The URL of a new database, a copy of `template`."""
        self._made += 1
        name = f"t{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")  # type: ignore[call-overload]
        return self.url(name)

    def drop(self, url: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]} WITH (FORCE)")  # type: ignore[call-overload]

    def _ready(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, name: str, *arguments: str) -> None:
        subprocess.run([program(name, *PLACES), *arguments], user=self._owner, cwd=self.folder, check=True, stdout=subprocess.DEVNULL)
