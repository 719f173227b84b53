"""How commands print data: lists as aligned tables, or as JSON with `--json`."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import click

Row = TypeVar("Row")
Command = TypeVar("Command", bound=Callable[..., Any])
json_option = click.option("--json", "as_json", is_flag=True, help="JSON output.")


def limit_option(noun: str, default: int = 50, most: int = 10_000) -> Callable[[Command], Command]:
    """The option `--limit` of a command that lists `noun`."""
    return click.option("--limit", default=default, show_default=True, type=click.IntRange(1, most), help=f"Maximum number of {noun}.")


class Column(NamedTuple, Generic[Row]):
    """One column of a table. `cell` gives a row's value, None for an empty cell; numbers are aligned to the right."""

    heading: str
    cell: Callable[[Row], object]
    right: bool = False


Columns = Sequence[Column[Row]]


def print_list(rows: Sequence[Row], columns: Columns[Row], *, empty: str, as_json: bool, shape: Callable[[Row], Any]) -> None:
    """Print a list: a JSON array with the shape of each row, or a table, or the sentence `empty` if there are no rows."""
    if as_json:
        print_json([shape(row) for row in rows])
    elif rows:
        print_table(rows, columns)
    else:
        click.echo(empty)


def print_table(rows: Sequence[Row], columns: Columns[Row]) -> None:
    """Print aligned columns under their headings."""
    lines = [[column.heading for column in columns]]
    lines += [[_text(column.cell(row)) for column in columns] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for line in lines:
        cells = (f"{cell:{'>' if column.right else '<'}{width}}" for cell, column, width in zip(line, columns, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _text(value: object) -> str:
    return "" if value is None else " ".join(str(value).splitlines())


def print_json(value: Any) -> None:
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))
