"""Rows below the headings that are no records: totals, footers, ruled lines, headings repeated on every page."""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter

from musterroll.readers.layout import KEEP_ALL, Layout
from musterroll.readers.table import Line, Remarks

_TOTAL = re.compile(
    r"(?:grand |overall |report |sub ?-?)?(?:totals?|totale|totali|totaux|totaal|totales|summen?|gesamt(?:summe)?|zwischensumme|insgesamt|"
    r"sum|somme|sous-total|suma|razem|og[oó]łem|celkem|spolu|összesen|toplam|yhteensä|i alt|totalt|итого|всего|σύνολο|合計|总计|合计|"
    r"count|anzahl|nombre|average|durchschnitt)"
    r"(?:\s+(?:of\s+)?[^\W\d_]+)?\s*[:=(.]?\s*[\d.,' ]*\s*[^\W\d_]*\)?[:.]?",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"copyright|©|\(c\) |confidential|generated|created (?:on|by|at)|exported|printed|gedruckt|erstellt|exportiert|stand:|page \d|seite \d|"
    r"report |source:|quelle:|legend|legende|note:|notes:|hinweis|remark|\*|\(?\d+ (?:rows?|records?|entries|items|assets)|end of |"
    r"[^\d\W][^:]{0,40}:(?:\s|$)",
    re.IGNORECASE,
)
_RULED = re.compile(r"[-=_+| ]*[-=_]{2,}[-=_+| ]*")
_AMOUNT = re.compile(r"\(?[-+]?\s*(?:[A-Z]{3}|[^\w\s])?\s*[\d.,'\s]*\d[\d.,'\s]*(?:[A-Z]{3}|[^\w\s])?\)?")
_RULES = frozenset(("--", "==", "__"))
_LONG = 40  # characters of a sentence


class LeftOutRows:
    """Recognises rows that are no records by what is missing in them: a cell that the other rows of the file fill."""

    def __init__(self, header: list[str], sample: list[Line], layout: Layout, remarks: Remarks, titles: Sequence[Line] = ()) -> None:
        self._header, self._layout, self._remarks = header, layout, remarks
        self._width = len(header)
        self._hardly_any = max(1, self._width - 1)  # empty cells
        self._keep_all = layout.skip.strip().lower() == KEEP_ALL
        self._always = _always_filled(sample, self._width)
        self._cells = _getter(self._always, self._width)
        self._in_footer = False
        self._titles = {_content(line.cells) for line in titles}

    def includes(self, line: Line) -> bool:
        """Whether the row is left out; then it is remarked on."""
        cells = line.cells
        if self._is_full(cells) and not self._layout.skip:
            self._in_footer = False
            return False
        if (self._layout.skip and self._layout.skips(line.number)) or (not self._keep_all and self._is_no_record(line)):
            self._remarks.left_out(line)
            return True
        return False

    def _is_full(self, cells: list[str]) -> bool:
        """The short way for nearly every row: it fills what the others fill, and repeats no heading."""
        return (
            len(cells) == self._width
            and cells[0] != self._header[0]
            and "" not in self._cells(cells)
            and cells.count("") < self._hardly_any
            and cells[0][:2] not in _RULES
        )

    def _is_no_record(self, line: Line) -> bool:
        cells = line.cells
        filled = [cell.strip() for cell in cells if cell.strip()]
        self._in_footer = self._is_repeated(cells) or self._is_total(cells, filled) or self._is_footer(line, filled)
        return self._in_footer

    def _is_repeated(self, cells: list[str]) -> bool:
        filled = [cell for cell in cells if cell.strip()]
        if _content(cells) in self._titles:
            return True
        ruled = len(filled) > 0 and all(_RULED.fullmatch(cell) for cell in filled)
        return ruled or (len(filled) > 1 and [" ".join(cell.split()) for cell in cells[: self._width]] == self._header)

    def _is_total(self, cells: list[str], filled: list[str]) -> bool:
        if not filled or not _TOTAL.fullmatch(filled[0]) or not all(map(_AMOUNT.fullmatch, filled[1:])):
            return False
        return self._width > 1 and (len(filled) == 1 or self._lacks(cells))

    def _is_footer(self, line: Line, filled: list[str]) -> bool:
        """One cell that is a sentence, stands apart, or goes on below another such row."""
        if len(filled) != 1 or self._width < 2 or not self._lacks(line.cells):
            return False
        return self._in_footer or line.below_gap or len(filled[0]) > _LONG or _FOOTER.match(filled[0]) is not None

    def _lacks(self, cells: list[str]) -> bool:
        return any(place >= len(cells) or not cells[place].strip() for place in self._always)


def _content(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(cell.split()) for cell in cells if cell.strip())


def _getter(places: list[int], width: int) -> Callable[[list[str]], Sequence[str]]:
    if len(places) == width:
        return lambda cells: cells
    return itemgetter(*places, *places[:1]) if places else lambda cells: ()


def _always_filled(sample: list[Line], width: int) -> list[int]:
    """The columns that every row of the sample fills, but for rows that hardly fill any."""
    filled = [[place for place, cell in enumerate(line.cells[:width]) if cell.strip()] for line in sample]
    most = max(map(len, filled), default=0)
    records = [set(places) for places in filled if len(places) * 2 > most]
    return sorted(set.intersection(*records)) if records else []
