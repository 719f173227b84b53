"""A topic is built and taken apart the same, and nobody else's topic is taken for ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll_wire.topics import KINDS, build, every_unit, parse, valid_unit

units = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@given(units, st.sampled_from(sorted(KINDS)))
def test_what_is_built_is_parsed(unit: str, kind: str) -> None:
    assert parse(build(unit, kind)) == (unit, kind)


@pytest.mark.parametrize("unit", ["", "a/b", "+", "#", "a b", "ü", "a" * 65, "a\n", "a\0", "$SYS"])
def test_a_unit_that_would_break_out_of_its_topic_is_refused(unit: str) -> None:
    assert not valid_unit(unit)
    with pytest.raises(ValueError, match="no topic"):
        build(unit, "birth")


@given(st.text())
def test_other_topics_are_none_of_ours(topic: str) -> None:
    found = parse(topic)
    assert found is None or build(*found) == topic


def test_a_kind_that_is_not_of_the_contract_has_no_topic() -> None:
    assert parse("musterroll/1/u1/verdict") is None
    assert every_unit("birth") == "musterroll/1/+/birth"
