"""The unit's own warranty card: read from TOML or JSON, or rejected in one sentence."""

import re
from pathlib import Path
from typing import Any

import pytest
from musterroll_agent import AgentError
from musterroll_agent.warranty_card import read_card


def card(folder: Path, content: str, name: str = "card.toml") -> dict[str, Any]:
    (folder / name).write_text(content)
    return read_card(folder / name)


@pytest.mark.parametrize("day", ["2026-01-31", '"2026-01-31"'])
def test_dates_may_be_toml_dates_or_text(tmp_path: Path, day: str) -> None:
    assert card(tmp_path, f"starts_on = {day}\nmonths = 36") == {"starts_on": "2026-01-31", "months": 36}


def test_json_is_read_too(tmp_path: Path) -> None:
    content = '{"starts_on": "2026-01-01", "ends_on": "2029-01-01", "policy": "p", "reference": "r"}'
    assert card(tmp_path, content, "card.json")["ends_on"] == "2029-01-01"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("months = 36\nends_on = 2029-01-01", "both ends_on and months"),
        ("starts_on = 2026-01-01", "does not say how long it lasts"),
        ("starts_on = 2026-01-01\nends_on = 2026-01-01", "not after its start"),
        ("starts_on = 2026-01-01T00:00:00\nmonths = 1", "starts_on must be a day in the form YYYY-MM-DD"),
        ('starts_on = "01.02.2026"\nmonths = 1', "starts_on must be a day in the form YYYY-MM-DD, not '01.02.2026'"),
        ('starts_on = "2026-02-30"\nmonths = 1', "starts_on must be a day"),
        ("months = 0", "months must be a whole number from 1 to 600"),
        ("months = true", "months must be a whole number from 1 to 600"),
        ("months = 1\npolicy = 3", "policy must be text"),
        ("months = 1\ncolour = 3", "has the key 'colour'; the keys are starts_on"),
        ("months = ", "is neither TOML nor"),
        ("x" * 5000, "has 5000 bytes; the limit is 4096"),
    ],
)
def test_an_invalid_card_gives_one_sentence_naming_the_file(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(AgentError, match=re.escape(sentence)) as error:
        card(tmp_path, content)
    assert str(tmp_path / "card.toml") in str(error.value)


@pytest.mark.parametrize("content", ["[" * 4000, "[]", "\0", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_a_hostile_json_card_gives_one_sentence(tmp_path: Path, content: str) -> None:
    with pytest.raises(AgentError, match=re.escape("card.json")):
        card(tmp_path, content, "card.json")


def test_a_missing_card_is_reported(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="cannot be read: No such file"):
        read_card(tmp_path / "none.toml")
