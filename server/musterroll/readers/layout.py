"""How a person says a file is laid out, where it does not show this itself."""

import codecs
import re
from typing import NamedTuple

from musterroll.readers.table import BadFile

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
KEEP_ALL = "none"
ENCODINGS = (  # offered; any other that Python knows is accepted
    *("utf-8", "utf-16", "windows-1252", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "iso-8859-15", "iso-8859-2"),
    *("mac-roman", "cp850", "cp852", "koi8-r", "shift-jis", "gbk", "big5", "euc-kr"),
)
_RANGE = re.compile(r"([0-9]{1,9})(?:-([0-9]{1,9}))?")
_UNICODE_ONLY = frozenset(("idna", "punycode", "raw_unicode_escape", "unicode_escape", "undefined", "mbcs", "oem"))


class Layout(NamedTuple):
    """Empty and None: found out from the file. `heading_row` 0: the file has no headings. `skip`: rows left out; `none` keeps every row."""

    sheet: str = ""  # of a workbook; also a list of a JSON file, a table of a page, a file of an archive
    encoding: str = ""
    separator: str = ""
    heading_row: int | None = None
    skip: str = ""

    def skips(self, row: int) -> bool:
        return any(first <= row <= last for first, last in _ranges(self.skip))


def layout(sheet: str | None = "", encoding: str | None = "", separator: str | None = "", heading_row: str = "", skip: str = "") -> Layout:
    """A layout as written by a person. Raises BadFile, in one sentence."""
    _ranges(skip)
    return Layout((sheet or "").strip(), _encoding(encoding or ""), _separator(separator or ""), _row(heading_row), skip.strip())


def _encoding(name: str) -> str:
    try:
        codec = codecs.lookup(name.strip()) if name.strip() else None
    except (LookupError, ValueError):
        codec = None
    if name.strip() and (codec is None or not codec._is_text_encoding or codec.name.replace("-", "_") in _UNICODE_ONLY):
        raise BadFile(f"the encoding {name.strip()[:40]!r} is not known; use a name such as utf-8, windows-1252 or mac-roman")
    return codec.name if codec else ""


def _separator(text: str) -> str:
    separator = SEPARATORS.get(text.strip().lower(), "\t" if text in ("\t", "\\t") else text.strip())
    if len(separator) > 1 or separator in ('"', "\r", "\n", "\0") or separator.isalnum():
        raise BadFile(f"the separator {text[:20]!r} is not one character; use comma, semicolon, tab, pipe or a sign such as ^")
    return separator


def _row(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal() or int(text.strip()[:10]) > 1_000_000:
        raise BadFile(f"the heading row {text.strip()[:20]!r} is not a row number; use 0 where the file has no headings")
    return int(text)


def _ranges(text: str) -> list[tuple[int, int]]:
    if text.strip().lower() in ("", KEEP_ALL):
        return []
    ranges = [_RANGE.fullmatch(part.strip()) for part in text.split(",")]
    if not all(ranges):
        raise BadFile(f"the rows to skip {text.strip()[:40]!r} are not row numbers; use the format 3,12-14, or none to keep every row")
    return [(int(match[1]), int(match[2] or match[1])) for match in ranges if match]
