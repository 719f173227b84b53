"""The README says what is there."""

import re
import shlex
from pathlib import Path

import click
import pytest
from musterroll.cli import cli
from musterroll.commands import COMMANDS
from musterroll.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_readme(name: str) -> None:
    assert f"`MUSTERROLL_{name.upper()}`" in README


def test_the_readme_names_no_setting_that_is_not_there() -> None:
    named = {name.removesuffix("_FILE") for name in re.findall(r"MUSTERROLL_([A-Z_]+[A-Z])", README) if not name.startswith("AGENT")}
    secrets = {name.rstrip("_") for name in re.findall(r"env:MUSTERROLL_([A-Z_]+)", README)}  # named by sources
    known = {name.upper() for name in Settings.model_fields} | secrets
    assert {name for name in named if name not in known and f"{name}_FILE" not in known} == set()


def test_every_command_in_the_readme_is_there() -> None:
    """A line names a command, and after bars others that stand in its last place."""
    block = README.split("## The command line")[1].split("```")[1]
    for line in block.strip().splitlines():
        program, *rest = line.split("   ")[0].split(" ")
        first, *others = re.split(r"\s*\|\s*", " ".join(rest))
        words = shlex.split(first.split("[")[0])
        if program == "musterroll":
            _resolve(words)
            for other in others:
                _resolve([*words[:-1], other.split(" ")[0]])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert COMMANDS[name].summary == command.get_short_help_str(limit=500)


def _resolve(words: list[str]) -> None:
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            return
        found = command.get_command(click.Context(command), word)
        assert found is not None, f"`musterroll {' '.join(words)}` is in the README and not in the program"
        command = found


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(target: str) -> None:
    if target.startswith("#"):
        assert target in {f"#{heading.lower().replace(' ', '-')}" for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}
    else:
        assert (ROOT / target).exists()
