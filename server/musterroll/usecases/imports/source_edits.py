"""Editing a source: what a person changes of it; the rest, and every secret they leave empty, stays as it is."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from musterroll.sources import source_type
from musterroll.storage.tables.imports import DocumentSource
from musterroll.usecases.imports.sources import Wanted


class Edit(NamedTuple):
    """Whatever is None or not in a mapping stays. A setting that is None is removed, and so is an empty one that is no secret."""

    name: str | None = None
    kind: str | None = None
    settings: Mapping[str, str | None] = {}
    reading: Mapping[str, Any] = {}
    every: int | None = None
    most_changed: int | None = None


def edited(source: DocumentSource, edit: Edit) -> Wanted:
    """The source as it is to be."""
    secrets = {setting.name for setting in source_type(source.type).settings if setting.secret}
    unchanged = {name for name, value in edit.settings.items() if name in secrets and value is not None and not value.strip()}
    new = {name: value or "" for name, value in edit.settings.items() if name not in unchanged}
    return Wanted(
        source.name if edit.name is None else edit.name,
        source.type,
        edit.kind or source.kind,
        {**source.settings, **new},
        {**source.reading, **edit.reading},
        source.every if edit.every is None else edit.every,
        source.most_changed if edit.most_changed is None else edit.most_changed,
    )
