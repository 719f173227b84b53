"""Commands as users type them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from musterroll.cli import main
from musterroll.storage.engine.database import Database

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command over the database of the test: exit status, standard output, standard error."""
    monkeypatch.delenv("MUSTERROLL_DATABASE_URL", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(["--data-dir", str(tmp_path), *arguments])
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out, output.err

    return run
