"""The house keeps its own rules: files stay short, rooms keep their names, nothing happens at import."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [path for room in ("agent", "server", "tests") for path in (ROOT / room).rglob("*.py") if "migrations/versions" not in str(path)]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_stays_under_400_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def test_no_room_is_a_drawer() -> None:
    drawers = {"utils", "helpers", "services", "core", "common"}
    assert not [path for path in SOURCES if drawers & {path.stem, *path.relative_to(ROOT).parts}]


def test_importing_the_registry_starts_nothing() -> None:
    code = (
        "import threading; from musterroll.cli import cli; from musterroll.commands import COMMANDS\n"
        "[cli.get_command(None, name) for name in COMMANDS]; assert threading.active_count() == 1, threading.enumerate()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_command_loads_no_web_server_and_the_list_of_commands_no_database() -> None:
    code = (
        "import sys; from musterroll.cli import cli; cli(['{}', '--help'], standalone_mode=False)\n"
        "assert not set('{}'.split()) & set(sys.modules)"
    )
    for words in (("units", "flask musterroll.api musterroll.web"), ("--help", "sqlalchemy pydantic duckdb musterroll.storage")):
        subprocess.run([sys.executable, "-c", code.format(*words)], check=True, stdout=subprocess.DEVNULL)


def test_the_agent_imports_with_nothing_of_the_server() -> None:
    server = "sqlalchemy,sqlmodel,flask,pydantic,click,musterroll"
    code = f"import sys, musterroll_agent.cli; assert not set('{server}'.split(',')) & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
