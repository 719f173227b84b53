"""The pages of the sample fleet behind a real server, for browsers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from playwright.sync_api import Page
from waitress.server import create_server

from tests.support import sample_fleet

PHONE, DESK = (390, 844), (1280, 860)


class Site(NamedTuple):
    url: str
    database: Database


@contextmanager
def served(folder: Path, fill: Callable[[Database, datetime], None] = sample_fleet.fill) -> Iterator[Site]:
    """The fleet of `roll`, or another, on a port of its own."""
    database = Database(f"sqlite:///{folder / 'roll.db'}")
    migrate.upgrade(database)
    fill(database, datetime.now(UTC))
    app = create_app(Settings(data_dir=folder), database, Metrics(), {"broker": lambda: True, "ingest": lambda: True})
    server = create_server(app, listen="127.0.0.1:0", threads=8)
    thread = threading.Thread(target=_run, args=(server,), daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{server.effective_port}", database)
    server.close()
    thread.join(5)
    database.close()


def _run(server: Any) -> None:
    with suppress(OSError):  # closed by another thread while it waits
        server.run()


def sign_in(page: Page, name: str = "admin", password: str = sample_fleet.PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
