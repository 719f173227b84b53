"""Workers as processes (`musterroll schedule --worker`), and a table that holds them up in the middle of a part."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musterroll.storage.engine.database import Database
from sqlalchemy import text

from tests.support.instances import end, until

_SECONDS = 120
_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'invoice'::regclass")
# On a slow machine a test may hold up others for longer than the registry lets anything wait.
PATIENT = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c timezone=UTC"
# The lease of a part is given in milliseconds.
_PROGRAM = f"""
import sys
from musterroll.storage.engine import database
from musterroll.storage.reconciliation import parts
database._POSTGRES_OPTIONS = {PATIENT!r}
parts.LEASE = int(sys.argv.pop(1))
from musterroll.cli import main
main()
"""


class WorkerProcess:
    def __init__(self, database: Database, folder: Path, lease: int = 30_000) -> None:
        folder.mkdir(exist_ok=True)
        environment = {**os.environ, "MUSTERROLL_DATABASE_URL": database.url, "MUSTERROLL_DATA_DIR": str(folder)}
        command = [sys.executable, "-c", _PROGRAM, str(lease), "schedule", "--worker"]
        self._log = (folder / "worker.log").open("w+")
        self.process = subprocess.Popen(command, env=environment, stderr=self._log)

    def send(self, signal_: signal.Signals) -> None:
        self.process.send_signal(signal_)

    def ended(self) -> int:
        """Wait for the end. Returns the status."""
        return self.process.wait(_SECONDS)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
        end(self.process, signal.SIGKILL)
        self._log.close()


@contextmanager
def held_up(database: Database) -> Iterator[None]:
    """As long as this lasts, whoever computes a part waits in the middle of it, for invoices."""
    with database.engine.connect() as connection, connection.begin() as holding:
        connection.execute(text("LOCK TABLE invoice IN ACCESS EXCLUSIVE MODE"))
        yield
        holding.rollback()


def wait_for(database: Database, processes: int) -> None:
    """Until so many are in the middle of a part."""

    def waiting() -> bool:
        with database.snapshot() as session:
            return bool(session.execute(_WAITING).scalar_one() == processes)

    until(waiting, f"{processes} processes are in the middle of a part", _SECONDS)


def wait_for_pulse(database: Database) -> None:
    """Until a worker has shown itself."""

    def shown() -> bool:
        with database.snapshot() as session:
            return bool(session.execute(text("SELECT count(*) FROM process_heartbeat WHERE name LIKE 'worker:%'")).scalar_one())

    until(shown, "a worker has shown itself", _SECONDS)
