"""Rows that were rejected: a source that only gives what changed does not give them again, so they are tried again with its next rows.

They are kept as the source gave them, beside its documents, and written before the transaction that moves the cursor: a row that comes
twice does no harm.
"""

from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

NAME = "rejected.jsonl"
_NEW = ".rejected"
_MOST = 10_000  # rows


def append_to(file: BinaryIO, folder: Path) -> int:
    """Add the rows kept in a folder to a file of new ones, behind them: a newer version of a record comes first. Returns their number."""
    if not (folder / NAME).exists():
        return 0
    file.seek(0)
    given = set(map(hash, file))
    with (folder / NAME).open("rb") as kept:
        rows = [row for row in kept if hash(row) not in given]
    file.writelines(rows)
    return len(rows)


def keep(file: BinaryIO, folder: Path, lines: Collection[int]) -> None:
    """Keep these lines (from 1) of a file, instead of those kept before."""
    wanted = set(sorted(lines)[:_MOST])
    file.seek(0)
    with (folder / _NEW).open("wb") as new:
        new.writelines(row for number, row in enumerate(file, 1) if number in wanted)
    (folder / _NEW).replace(folder / NAME)
    if not wanted:
        (folder / NAME).unlink()
