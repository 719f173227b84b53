import re
import socket

import pytest
from musterroll.api.http.probes import Probes
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.access import api_tokens
from sqlalchemy import text

from tests.server.api.conftest import RestClient, clock, make_rest
from tests.support.deployment import ROOT
from tests.support.unit_rows import unit


def test_ready_says_the_state_of_every_check(rest: RestClient) -> None:
    rest.checks["broker"] = lambda: True
    answer = rest.client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "checks": {"database": "ok", "broker": "ok"}})


def test_one_red_check_is_503_and_named(rest: RestClient) -> None:
    def broken() -> bool:
        raise OSError("mqtt://registry:secret@host")

    rest.checks.update(broker=lambda: False, ingest=broken)
    answer = rest.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["checks"] == {"database": "ok", "broker": "not working", "ingest": "failed"}


def test_a_database_of_another_revision_is_not_ready_and_says_what_helps(rest: RestClient) -> None:
    with rest.database.transaction() as session:
        session.execute(text("DELETE FROM alembic_version"))
    answer = rest.client.get("/readyz")
    assert answer.status_code == 503
    assert "musterroll db upgrade" in answer.json["checks"]["database"]


def test_a_database_that_cannot_be_reached_is_not_ready_while_the_process_lives() -> None:
    rest = make_rest(Database("postgresql://nobody@127.0.0.1:1/none"))
    answer = rest.client.get("/readyz")
    assert (answer.status_code, answer.json["checks"]["database"]) == (503, "cannot be reached")
    assert rest.client.get("/healthz").status_code == 503
    assert rest.client.get("/livez").status_code == 200
    assert "musterroll_messages_total" in rest.client.get("/metrics").text


def test_a_database_that_accepts_and_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        database = Database(f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none")
        probes = Probes({"database": lambda: bool(database.engine.connect()), "disk": lambda: True}, seconds=0.2)
        assert probes.states() == probes.states() == {"database": "does not answer", "disk": "ok"}


def test_metrics_count_units_by_both_axes(rest: RestClient) -> None:
    with rest.database.transaction() as session:
        unit(session, "SN1", lifecycle="deployed")
    metrics = rest.client.get("/metrics", headers=rest.bearer("read")).text
    assert 'musterroll_units_by_lifecycle{lifecycle="deployed"} 1.0' in metrics
    assert 'musterroll_units_by_liveness{liveness="never_heard"} 1.0' in metrics


def test_metrics_of_the_fleet_are_for_those_who_may_read_all_of_it(small_rest: RestClient) -> None:
    with small_rest.database.transaction() as session:
        session.add(Account(ref="A1", name="Alder", created_at=clock()))
        session.flush()
        _, limited = api_tokens.create(session, label="limited", scopes=["read"], expires_at=None, actor="test", now=clock(), within=["A1"])
    stranger = small_rest.client.get("/metrics")
    assert "musterroll_messages_total" in stranger.text
    assert "musterroll_units" not in stranger.text
    refused = [small_rest.client.get("/metrics", headers={"Authorization": f"Bearer {token}"}) for token in ("wrong", limited)]
    assert [(answer.status_code, "musterroll_units" in answer.text) for answer in refused] == [(401, False), (404, False)]


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json"])
def test_a_contract_is_asked_about_again_and_not_sent_again(small_rest: RestClient, path: str) -> None:
    first = small_rest.client.get(path)
    again = small_rest.client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_metrics_tell_how_long_ago_each_process_got_something_done(rest: RestClient) -> None:
    with rest.database.transaction() as session:
        process_heartbeats.beat(session, "ingest:registry", 0)
    age = re.search(r'musterroll_pulse_age_seconds\{pulse="ingest:registry"\} (\S+)', rest.client.get("/metrics").text)
    assert age is not None
    assert float(age[1]) > 1.7e9


@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
def test_what_is_watched_in_production_is_really_counted(small_rest: RestClient, file: str) -> None:
    watched = set(re.findall(r"musterroll_\w+", (ROOT / "deploy" / "monitoring" / file).read_text()))
    counted = set(
        re.findall(r"^# TYPE (musterroll_\w+)", small_rest.client.get("/metrics", headers=small_rest.bearer("read")).text, re.MULTILINE)
    )
    assert {name.removesuffix("_bucket") for name in watched} <= counted
