"""Images of rows and their one text."""

from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.audit import canonical, canonical_rows, column_heads, image
from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.units.lifecycle import Lifecycle

_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))])
_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.dates(),
    st.datetimes(timezones=_ZONES),
    st.decimals(-(10**9), 10**9, places=2),
    st.sampled_from([*Lifecycle, *LineScope]),
    st.dictionaries(st.text(), st.integers()),
    st.lists(st.text()),
)


_NAMES = st.lists(st.text(), unique=True, min_size=1, max_size=4)
_ROWS = _NAMES.flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, _VALUES)), min_size=1))


@given(_ROWS)
def test_rows_written_at_once_read_as_the_canonical_texts_of_their_images(rows: list[dict[str, object]]) -> None:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    assert canonical_rows(columns, column_heads(columns)) == [canonical(image(row)) for row in rows]
