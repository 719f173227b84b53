"""Secrets of sources are nowhere but in the requests: not in logs, messages, files or any table, which pages and REST read from."""

import logging
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.sources.source import SourceProblem
from musterroll.storage.engine.database import Database
from sqlalchemy import inspect

from tests.support.api_server import Answer
from tests.support.apis.api import Api
from tests.support.apis.hubspot import HubSpot
from tests.support.apis.salesforce import Salesforce
from tests.support.apis.stripe import Stripe
from tests.support.sources import SourceBench

SECRET = "s3cret"
SYSTEMS: dict[str, tuple[type[Api], str, dict[str, str]]] = {
    "salesforce": (Salesforce, "client_secret", {"client_id": "client"}),
    "hubspot": (HubSpot, "token", {}),
    "stripe": (Stripe, "key", {}),
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_secret_is_nowhere(
    sqlite_database: Database, tmp_path: Path, now: datetime, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    bench, (server, secret, settings) = SourceBench(sqlite_database, tmp_path, now), SYSTEMS[name]
    with server().running() as api:
        value = {"hubspot": "pat-s3cret", "stripe": "rk_live_s3cret"}.get(name, SECRET)
        fill(api)
        source = bench.put(name, "accounts", {"url": api.url, **settings, secret: bench.secret(value)})
        assert bench.take(source).counts["new"] == 2
        for status in (400, 401, 403):
            body = {"error": {"message": f"no {value}"}, "message": value, "error_description": value}
            api.faults = [Answer(body, status)] * 2
            assert SECRET not in bench.fails(source)
        api.faults = []
        bench.run(source)
        sent = [str(asked) for asked in api.asked if SECRET in str(asked)]
    assert sent
    written = [path.read_text(errors="replace") for path in bench.settings.data_dir.rglob("*") if path.is_file()]
    assert SECRET not in "".join([caplog.text, *capfd.readouterr(), *written, *tables(sqlite_database)])


def fill(api: Api) -> None:
    if isinstance(api, Salesforce):
        empty = dict.fromkeys(("ParentId", "Website", "Phone", "BillingPostalCode", "BillingCountry", "Industry"))
        for number in range(2):
            api.put("Account", f"001A{number}", Name="Acme", **empty)
    elif isinstance(api, HubSpot):
        for number in range(2):
            api.put("companies", number + 1, name="Acme")
    elif isinstance(api, Stripe):
        for number in range(2):
            api.customer(f"cus_{number}", name="Acme")


def tables(database: Database) -> list[str]:
    with database.snapshot() as session:
        connection = session.connection()
        return [str(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in inspect(connection).get_table_names()]


def test_a_secret_that_is_written_out_is_refused(sqlite_database: Database, tmp_path: Path, now: datetime) -> None:
    for name, (_, secret, settings) in SYSTEMS.items():
        with pytest.raises(Exception, match="is a secret: name it as env:") as error:
            SourceBench(sqlite_database, tmp_path, now).put(name, "accounts", {"url": "https://example.com", **settings, secret: SECRET})
        assert not isinstance(error.value, SourceProblem)
        assert SECRET not in str(error.value)
