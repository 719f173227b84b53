"""The local servers of the documentation: each starts with records that its source brings."""

import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.storage.engine.database import Database

from tests.support.apis.__main__ import SAMPLES
from tests.support.instances import end
from tests.support.sources import SourceBench

SETTINGS: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "salesforce": ("accounts", {"client_id": "client"}, {"client_secret": "s3cret"}),
    "hubspot": ("accounts", {}, {"token": "pat-s3cret"}),
    "stripe": ("accounts", {}, {"key": "rk_live_s3cret"}),
    "zendesk": ("incidents", {"user": "admin@acme.example"}, {"token": "zd-token"}),
    "servicenow": ("units", {"user": "reader"}, {"password": "pw"}),
    "glpi": ("units", {}, {"user_token": "user-token", "app_token": "app-token"}),
    "snipe-it": ("units", {}, {"token": "snipe-token"}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_source_brings_the_records_of_its_local_server(sqlite_database: Database, tmp_path: Path, now: datetime, name: str) -> None:
    bench, (kind, settings, secrets) = SourceBench(sqlite_database, tmp_path, now), SETTINGS[name]
    server = subprocess.Popen([sys.executable, "-m", "tests.support.apis", name], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        url = server.stdout.readline().strip()
        named = {setting: bench.secret(value, setting) for setting, value in secrets.items()}
        source = bench.put(name, kind, {"url": url, **settings, **named})
        assert bench.take(source).counts["new"] == 5
    finally:
        end(server, signal.SIGINT)
        server.stdout.close()
    assert server.returncode == 0
