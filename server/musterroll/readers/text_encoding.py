"""The encoding of a text file: Unicode by its bytes, an older one by the words it gives."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from musterroll.readers.encoding_guess import guess
from musterroll.readers.table import BadFile

_CHUNK = 1 << 20  # bytes
_HEAD = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"%PDF", "a PDF; ask for the table as CSV"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"PAR1", "a Parquet file; export it as CSV"),
    (b"SQLite format 3", "a database; export the table as CSV"),
)


def encoding_of(file: BinaryIO, chosen: str = "") -> tuple[str, str]:
    """The encoding, and a remark where it was guessed. Raises BadFile for what is not text, NeedsChoice where a person must choose."""
    head = _head(file)
    for mark, kind in _NOT_TEXT:
        if head.startswith(mark):
            raise BadFile(f"the file is {kind}")
    unicode = _unicode(head)
    if chosen:
        return (unicode or chosen if chosen.startswith("utf") else _require(file, chosen)), ""
    if unicode:
        return unicode, ""
    if b"\0" in head.partition(b"\n")[0]:
        raise BadFile("the file is not text: it contains NUL bytes; save the table as CSV")
    if _fits(file, "utf-8"):
        return "utf-8", ""
    reading = guess(_lines(file))
    return reading.encoding, f"the file was read as {reading.name}: {reading.shown}; choose another encoding if this is wrong"


def head_of(file: BinaryIO) -> str:
    """How a text file begins, to tell its format."""
    head = _head(file)
    return head.decode(_unicode(head) or "latin-1", "ignore")


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_HEAD)


def _unicode(head: bytes) -> str:
    """UTF-8, UTF-16 or UTF-32 by its mark, or UTF-16 by its many zeros; else nothing."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 8 and head[start::2].count(0) > len(head) // 3:
            return encoding
    return ""


def _require(file: BinaryIO, chosen: str) -> str:
    if not _fits(file, chosen):
        raise BadFile(f"the file is not {chosen}: it has characters that this encoding does not know; choose another one")
    return chosen


def _fits(file: BinaryIO, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines, or parts of long ones."""
    file.seek(0)
    while line := file.readline(_CHUNK):
        yield line


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
