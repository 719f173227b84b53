from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from flask import Request
from flask.testing import FlaskClient
from musterroll import api
from musterroll.api.http.application import Application
from musterroll.metrics import Metrics
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access.sessions import Actor
from musterroll.usecases.enrolment import enrol


class SignedInUser:
    """The user signed in with a browser; none until a test sets one."""

    actor: Actor | None = None

    def __call__(self, request: Request) -> Actor | None:
        return self.actor


class RestClient(NamedTuple):
    app: Application
    client: FlaskClient
    database: Database
    user: SignedInUser
    checks: dict[str, Callable[[], bool]]

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Headers of a fresh API token."""
        with self.database.transaction() as session:
            _, plain = api_tokens.create(session, label="test", scopes=list(scopes), expires_at=None, actor="test", now=clock())
        return {"Authorization": f"Bearer {plain}"}

    def claim_token(self, uses: int = 1) -> str:
        with self.database.transaction() as session:
            life, place = timedelta(days=1), {"account": None, "site": None}
            _, plain = enrol.create_token(session, label="test", life=life, uses=uses, serials=[], **place, actor="test", now=clock())
        return plain


def clock() -> datetime:
    return datetime.now(UTC)


def make_rest(database: Database) -> RestClient:
    app, user = api.new_app("musterroll.api"), SignedInUser()
    checks: dict[str, Callable[[], bool]] = {}
    app.config["MQTT_URL"] = "mqtt://broker.example:1883"
    api.build(app, database, Settings(), Metrics(), checks, user)
    return RestClient(app, app.test_client(), database, user, checks)


@pytest.fixture
def rest(database: Database) -> RestClient:
    return make_rest(database)


@pytest.fixture
def small_rest(sqlite_database: Database) -> RestClient:
    """On SQLite only: for what does not depend on the database."""
    return make_rest(sqlite_database)
