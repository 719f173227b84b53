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


_ROWS = st.lists(st.text(), unique=True, max_size=4).flatmap(lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, _VALUES))))


@given(_ROWS)
def test_rows_written_at_once_read_as_the_canonical_texts_of_their_images(rows: list[dict[str, object]]) -> None:
    assert canonical_rows(rows, column_heads(rows[0] if rows else ())) == [canonical(image(row)) for row in rows]
