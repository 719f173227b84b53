"""The exports of twenty further systems are read with right values, with at most a value or zone set for the whole file."""

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from musterroll.readers.columns import Choices
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentRow
from musterroll.usecases.imports.document_kinds import KINDS

from tests.server.readers.layouts import LAYOUTS, Layout


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: f"{layout.system} as {layout.kind}")
def test_a_layout_is_read_with_right_values(layout: Layout) -> None:
    given = dict(layout.given)
    zone = given.pop("zone", "")
    choices = Choices(given=given, zone=ZoneInfo(zone) if zone else None)
    rows = list(Document(io.BytesIO(layout.text.encode()), KINDS[layout.kind], choices).rows())
    assert len(rows) == len(layout.rows), rows
    for row, values in zip(rows, layout.rows, strict=True):
        assert isinstance(row, DocumentRow), row
        assert {name: shown(name, row.values.get(name)) for name in values} == values


def shown(name: str, value: Any) -> Any:
    """A value as the layouts write it: instants to the minute, everything else as text."""
    if value is not None and name.endswith("_at"):
        return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M}"
    return None if value is None else str(value)
