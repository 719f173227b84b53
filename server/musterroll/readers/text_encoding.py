"""The encoding of a text file, found from its bytes."""

import codecs
from collections.abc import Iterator
from typing import BinaryIO

from musterroll.readers.table import BadFile

_CHUNK = 1 << 20  # bytes
_UNDEFINED_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"\xd0\xcf\x11\xe0", "an old Office document; save its sheet as CSV"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF; ask for the table as CSV"),
)


def encoding_of(file: BinaryIO) -> str:
    """UTF-8, UTF-16 or, where it is neither, Windows-1252. Raises BadFile for what is not text."""
    file.seek(0)
    head = file.read(4096)
    for mark, kind in _NOT_TEXT:
        if head.startswith(mark):
            raise BadFile(f"the file is {kind}")
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 8 and head[start::2].count(0) > len(head) // 3:
            return encoding
    if b"\0" in head.partition(b"\n")[0]:
        raise BadFile("the file is not text: it contains NUL bytes; save the table as CSV")
    return "utf-8" if _is_utf8(file) else _require_windows(file)


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _require_windows(file: BinaryIO) -> str:
    if any(_UNDEFINED_1252.intersection(chunk) for chunk in _chunks(file)):
        raise BadFile("the file is neither UTF-8, UTF-16 nor Windows-1252 text; save it again as UTF-8")
    return "cp1252"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
