"""The pages on a small sample fleet, and a visitor that submits forms as a browser would."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from musterroll.metrics import Metrics
from musterroll.runtime.app import create_app
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from werkzeug.test import TestResponse

from tests.support import sample_fleet

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """A browser without JavaScript: keeps cookies, sends the form token of the page it last saw."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **rest: Any) -> TestResponse:
        return self.client.get(address, **rest)

    def post(self, address: str, /, seen: str = "/sign-in", **form: str | list[str]) -> TestResponse:
        token = _TOKEN.search(self.client.get(seen, follow_redirects=True).text)
        assert token, f"{seen} has no form"
        return self.client.post(address, data={"csrf_token": token[1], **form})

    def sign_in(self, password: str = sample_fleet.PASSWORD, name: str = "admin", **form: str) -> TestResponse:
        return self.post("/sign-in", name=name, password=password, **form)


@pytest.fixture
def fleet_database(sqlite_database: Database) -> Database:
    sample_fleet.fill(sqlite_database, datetime.now(UTC))
    return sqlite_database


@pytest.fixture
def make_app(fleet_database: Database, tmp_path: Path) -> Callable[..., Flask]:
    """Creates the real application on the fleet, with the given settings."""

    def make(**settings: Any) -> Flask:
        return create_app(
            Settings(data_dir=tmp_path, **settings), fleet_database, Metrics(), {"broker": lambda: True, "ingest": lambda: False}
        )

    return make


@pytest.fixture
def stranger(make_app: Callable[..., Flask]) -> Iterator[Visitor]:
    """A visitor who has not signed in."""
    with make_app().test_client() as client:
        yield Visitor(client)


@pytest.fixture
def visitor(stranger: Visitor) -> Visitor:
    """The signed-in admin."""
    assert stranger.sign_in().status_code == 303
    return stranger
