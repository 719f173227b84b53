"""`musterroll sources` from end to end, as the README shows it."""

import json
from pathlib import Path

from click.testing import CliRunner
from musterroll.cli import cli

from tests.support.api_server import Answer, api_server


def test_a_source_from_the_readme(tmp_path: Path) -> None:
    environ = {"MUSTERROLL_DATA_DIR": str(tmp_path / "data"), "MUSTERROLL_SOURCE_HOSTS": "127.0.0.1", "MUSTERROLL_SOURCE_CRM": "k"}

    def run(*words: str, status: int = 0) -> str:
        result = CliRunner().invoke(cli, ["sources", *words], env=environ)
        assert result.exit_code == status, result.output + str(result.exception)
        return result.output

    rows = [{"Account ID": f"A{n}", "Account Name": f"Account {n}"} for n in range(3)]
    with api_server(lambda _: Answer({"data": rows})) as server:
        settings = ["--with", f"url={server.url}/accounts", "--with", "rows=data", "--with", "token=env:MUSTERROLL_SOURCE_CRM"]
        assert "saved" in run("add", "crm", "rest", "accounts", *settings)
        assert "Ready: 3 new, 0 changed, 0 unchanged, 0 rejected" in run("run", "crm")
        assert "waits for approval" in run("list")
        assert "Imported: 3 new" in run("approve", "crm")
        rows.append({"Account ID": "", "Account Name": "No ID"})
        assert "rejected" in run("run", "crm")
        assert "Discarded." in run("approve", "crm", "--discard")
        assert server.asked[0].headers["Authorization"] == "Bearer k"
    listed = json.loads(run("list", "--json"))
    assert listed[0]["settings"]["token"] == "env:MUSTERROLL_SOURCE_CRM"
    (tmp_path / "sources.json").write_text(json.dumps([{**listed[0], "name": "again"}]))
    assert "again" in run("load", str(tmp_path / "sources.json"))
    url = ["--with", "url=https://crm.example.com/accounts", "--with", "user=ann"]
    assert "Its next document waits" in run("edit", "again", "--name", "second", *url, "--every", "60", "--zone", "Europe/Berlin")
    run("edit", "second", "--name", "again", "--with", "user=")
    edited = next(source for source in json.loads(run("list", "--json")) if source["name"] == "again")
    assert edited["settings"] == {"url": "https://crm.example.com/accounts", "rows": "data", "token": "env:MUSTERROLL_SOURCE_CRM"}
    assert (edited["every"], edited["reading"]) == (3600, {"zone": "Europe/Berlin"})
    assert "Paused." in run("pause", "again")
    assert "Removed." in run("remove", "again")
    assert [row["state"] for row in json.loads(run("history", "crm", "--json"))] == ["discarded", "imported"]
    assert "starting_after" in run("types")
