"""What a source consists of."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.sources.policy import SourceSettings


class SourceProblem(DomainError):
    """Why nothing could be fetched, in one sentence without secrets."""

    code = "source_problem"


class Setting(NamedTuple):
    """A setting of a source, as forms and commands name it. A secret is written `env:NAME` or `file:NAME`, never itself."""

    name: str
    label: str
    hint: str = ""
    required: bool = False
    secret: bool = False


class Request(NamedTuple):
    """What one run asks for: settings with their secrets, the cursor that the last committed run left, and the kind of document."""

    settings: Mapping[str, str]
    cursor: Mapping[str, Any]
    policy: SourceSettings
    kind: str = ""

    def get(self, name: str, otherwise: str = "") -> str:
        return self.settings.get(name) or otherwise


class Delivery(NamedTuple):
    """What was written to the file. `cursor` holds once the rows are imported.

    `whole`: the file has every row there is, so that those missing are gone. `more`: another run would bring more at once.
    `rows`: how many were written, where the source gives rows rather than a file. `passing`: the cursor with which the next run brings
    other documents first, where this one turns out to be unreadable; none: there is only this one.
    """

    file: str
    cursor: Mapping[str, Any]
    whole: bool = True
    more: bool = False
    rows: int | None = None
    passing: Mapping[str, Any] | None = None


class SourceType(NamedTuple):
    """A type of source. `kinds`: the kinds of documents it gives; empty: any.

    `fetch(request, file)`: write the next document to the file; None where there is nothing new. Raises SourceProblem.
    `check(settings, policy)`: raises DomainError for settings that cannot be right or are not allowed.
    """

    name: str  # the stored value, at most 24 characters
    label: str
    about: str
    settings: tuple[Setting, ...]
    fetch: Callable[[Request, BinaryIO], Delivery | None]
    check: Callable[[Mapping[str, str], SourceSettings], None]
    kinds: tuple[str, ...] = ()


def write_rows(rows: Iterable[Mapping[str, Any]], file: BinaryIO) -> int:
    """Write rows as JSON Lines. Returns their number."""
    number = 0
    for row in rows:
        file.write(json.dumps(row, ensure_ascii=False, default=_as_text).encode() + b"\n")
        number += 1
    return number


def _as_text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
