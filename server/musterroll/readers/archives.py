"""A document in a ZIP or GZIP archive, unpacked within bounds."""

import gzip
import tempfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from musterroll.readers.table import BadFile, NeedsChoice

_MOST_BYTES = 1 << 30
_MOST_RATIO = 200  # unpacked to packed, of what is large
_LARGE = 16 << 20
_IN_MEMORY = 8 << 20
_CHUNK = 1 << 20
_MOST_NAMED = 12
_DOCUMENTS = frozenset((".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xls", ".ods", ".json", ".jsonl", ".ndjson", ".htm", ".html"))


def unpack_gzip(file: BinaryIO) -> BinaryIO:
    """Raises BadFile."""
    size = file.seek(0, 2)
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as packed:
            return _copy(cast(IO[bytes], packed), size)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"the compressed file is damaged: {str(error)[:80]}") from None


def unpack_zip(file: BinaryIO, wanted: str) -> tuple[BinaryIO, str, str]:
    """The document in an archive, its name, and what is wanted of it. Raises BadFile, and NeedsChoice where there are several."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            member, rest = _member(archive.infolist(), wanted)
            with archive.open(member) as packed:
                return _copy(packed, member.compress_size), member.filename, rest
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error) as error:
        raise BadFile(f"the ZIP archive is damaged or password-protected: {str(error)[:80]}; unpack it and use the table itself") from None


def _member(members: list[zipfile.ZipInfo], wanted: str) -> tuple[zipfile.ZipInfo, str]:
    files = {member.filename: member for member in members if not member.is_dir() and not _is_hidden(member.filename)}
    for name, member in files.items():
        if wanted == name or wanted.startswith(name + "/"):
            return member, wanted[len(name) + 1 :]
    documents = [name for name in files if PurePosixPath(name).suffix.lower() in _DOCUMENTS] or list(files)
    listed = ", ".join(repr(name[:60]) for name in documents[:_MOST_NAMED])
    if len(documents) == 1:
        return files[documents[0]], wanted
    if not documents:
        raise BadFile("the ZIP archive is empty")
    if wanted:
        raise BadFile(f"the archive has no file {wanted[:60]!r}; it has {listed}")
    raise NeedsChoice(f"the archive has {len(documents)} files: {listed}; choose one (--sheet {documents[0][:60]!r})", "sheet", documents)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _copy(packed: IO[bytes], size: int) -> BinaryIO:
    unpacked = _Unpacked(_IN_MEMORY)
    total = 0
    while chunk := packed.read(_CHUNK):
        total += len(chunk)
        if total > _MOST_BYTES or (total > _LARGE and total > _MOST_RATIO * max(size, 1)):
            raise BadFile("the archive unpacks to a suspicious size; unpack it and use the table itself")
        unpacked.write(chunk)
    return cast(BinaryIO, unpacked)


class _Unpacked(tempfile.SpooledTemporaryFile[bytes]):
    """Is gone with the last that reads it."""

    def __del__(self) -> None:
        self.close()
