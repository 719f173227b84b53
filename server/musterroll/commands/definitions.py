"""`musterroll definitions`: what each headline figure means."""

from collections.abc import Iterator

import click

from musterroll.commands.tables import json_option, print_json
from musterroll.domain.definitions import DEFINITIONS, GROUPS

_INTRODUCTION = """# Definitions of figures

<!-- Made by `musterroll definitions`: change domain/definitions.py, not this page. -->

What each headline figure counts, of what, and over which time. Pages show the same behind the mark beside a figure, and all of it on the
page *Definitions*; `musterroll definitions --json` and `/api/v1/definitions` give it to programs.
"""


@click.command("definitions")
@json_option
def definitions(as_json: bool) -> None:
    """Print what each headline figure means, its numerator, denominator and window, as Markdown."""
    if as_json:
        print_json([definition._asdict() for definition in DEFINITIONS.values()])
    else:
        click.echo(reference(), nl=False)


def reference() -> str:
    return "\n".join([_INTRODUCTION, *_lines()])


def _lines() -> Iterator[str]:
    for group, figures in GROUPS.items():
        yield f"## {group}\n"
        for figure in figures:
            yield f"### {figure.name}\n\n{figure.means}\n"
            yield from (f"- {label}: {text}" for label, text in figure.parts)
            yield ""
