"""A topic that is built parses to the same parts, and other topics are not mistaken for ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll_wire.topics import KINDS, build, parse, topic_filter, valid_unit

units = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(units, st.sampled_from(sorted(KINDS)))
def test_a_built_topic_parses_to_its_parts(unit: str, kind: str) -> None:
    assert parse(build(unit, kind)) == (unit, kind)


@pytest.mark.parametrize("unit", ["", "a/b", "+", "#", "a b", "ü", "a" * 65, "a\n", "a\0", "$SYS"])
def test_a_unit_that_would_break_out_of_its_topic_is_rejected(unit: str) -> None:
    assert not valid_unit(unit)
    with pytest.raises(ValueError, match="no topic"):
        build(unit, "birth")


@given(st.text())
def test_other_topics_are_not_ours(topic: str) -> None:
    parts = parse(topic)
    assert parts is None or build(*parts) == topic


def test_a_kind_outside_the_contract_has_no_topic() -> None:
    assert parse("musterroll/1/u1/verdict") is None
    assert topic_filter("birth") == "musterroll/1/+/birth"
