"""Images of rows and their one text."""

from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.audit import canonical, heads, image, written
from musterroll.domain.contract import Scope
from musterroll.domain.lifecycle import Lifecycle

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
    st.sampled_from([*Lifecycle, *Scope]),
    st.dictionaries(st.text(), st.integers()),
    st.lists(st.text()),
)


@given(st.dictionaries(st.text(), _VALUES))
def test_a_row_written_at_once_reads_as_the_canonical_text_of_its_image(row: dict[str, object]) -> None:
    assert written(row, heads(row)) == canonical(image(row))
