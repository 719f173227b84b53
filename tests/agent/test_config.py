"""File, then environment, then flags; an error is one sentence naming file and key."""

import re
from pathlib import Path

import pytest
from musterroll_agent import AgentError
from musterroll_agent.config import load


def write(folder: Path, content: str) -> str:
    (folder / "agent.toml").write_text(content)
    return str(folder / "agent.toml")


def test_the_last_one_given_wins(tmp_path: Path) -> None:
    file = write(tmp_path, 'serial = "file"\nmaker = "file"\nmodel = "file"\n')
    environ = {"MUSTERROLL_AGENT_MAKER": "environment", "MUSTERROLL_AGENT_MODEL": "environment"}
    settings = load({"model": "flag", "ca": None}, environ, file)
    assert (settings.serial, settings.maker, settings.model, settings.ca) == ("file", "environment", "flag", "")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('serail = "x"', "agent.toml: serail is not a setting; the settings are registry, token"),
        ("serial = 17", 'agent.toml: serial must be text in quotes, as in serial = "..."'),
        ('log_level = "loud"', "agent.toml: log_level is 'loud'; it must be one of debug, info, warning, error"),
        ("serial = ", "agent.toml is not TOML"),
    ],
)
def test_an_invalid_file_gives_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(AgentError, match=re.escape(sentence)):
        load({}, {}, write(tmp_path, content))


def test_an_invalid_variable_is_named() -> None:
    with pytest.raises(AgentError, match="MUSTERROLL_AGENT_LOG_FORMAT is 'xml'"):
        load({}, {"MUSTERROLL_AGENT_LOG_FORMAT": "xml"}, "")


def test_a_file_named_explicitly_must_exist(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="does not exist"):
        load({}, {}, str(tmp_path / "none.toml"))


def test_the_service_manager_may_set_the_state_directory() -> None:
    assert load({}, {"STATE_DIRECTORY": "/var/lib/x"}).state_dir == "/var/lib/x"
    assert load({"state_dir": "/y"}, {"STATE_DIRECTORY": "/var/lib/x"}).state_dir == "/y"


def test_the_example_file_is_valid() -> None:
    example = Path(__file__).parents[2] / "deploy" / "agent.toml.example"
    commented = re.sub(r"^# (?=\w+ = )", "", example.read_text(), flags=re.MULTILINE)
    settings = load({}, {}, str(example))
    assert settings.log_level == "info"
    assert commented.count(" = ") >= 10
