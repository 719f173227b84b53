"""A document that says again what it said before does not undo what a person did since: a move, a merge, a replacement."""

from collections.abc import Iterable, Sequence
from typing import Any

from musterroll.readers.fields import Row
from musterroll.storage.audit import audited_rows
from musterroll.storage.imports import manual_edits
from musterroll.usecases.imports.importer import Facts, Taker


class Overruling:
    """Lets stand what people did. Made for one file."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._table = str(taker.model.__tablename__)
        self._touched = manual_edits.touched(taker.session, self._table) if taker.shared else set()

    def let_stand(self, rows: Iterable[Row]) -> dict[int, str]:
        """Take out of these rows, which the taker has learnt, what stands otherwise. Returns what was left out, by line."""
        if not self._touched:
            return {}
        found = [(row, known) for row in rows if (known := self._taker.known(row)) and known.id in self._touched]
        words = manual_edits.last_words(self._taker.session, self._table, {known.id for _, known in found})
        left = {row.line: self._left_out(row, known.facts, words[known.id]) for row, known in found if known.id in words}
        return {line: f"{' and '.join(names)} kept as edited in the registry since" for line, names in left.items() if names}

    def _left_out(self, row: Row, facts: Facts, words: dict[str, Any]) -> Sequence[str]:
        said = {name: value for name, value in row.said.items() if name in facts and value != facts[name]}
        again = {name for name, value in said.items() if self._same(name, value, words)}
        for group in self._taker.together:
            if not again.issuperset(name for name in group if name in said):
                again -= set(group)
        self._taker.leave_out(row, again, words)
        return sorted(name.removesuffix("_key") for name in again)

    def _same(self, name: str, value: Any, words: dict[str, Any]) -> bool:
        column, stored = self._taker.column(name, value)
        if column not in words:
            return False
        image = audited_rows.image_of(self._table, {column: stored}, whole=False)
        return image is not None and image[column] == words[column]
