"""The published contract says what the code does."""

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll_wire.messages import LIMITS, decode, encode
from musterroll_wire.schema import CLASSES, MEANINGS, asyncapi, json_schema
from musterroll_wire.strict_json import Refused, dumps, loads
from musterroll_wire.topics import DOWN, UP, build

from tests.wire.test_messages import births, commands, deaths, heartbeats, receipts, records

GOLDEN = sorted((Path(__file__).parent / "golden" / "v1").glob("*.json"))


def fits(kind: str, value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema(kind)).is_valid(value))


def test_every_message_has_a_schema_that_is_one() -> None:
    assert set(CLASSES) == set(LIMITS) == {*UP, *DOWN}
    for kind in CLASSES:
        jsonschema.Draft202012Validator.check_schema(json_schema(kind))


def test_every_field_says_what_it_means_and_no_meaning_is_left_over() -> None:
    assert {field for made in CLASSES.values() for field in made._fields} == set(MEANINGS)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_payloads_fit_their_schema(path: Path) -> None:
    assert fits(path.stem.partition(".")[0], loads(path.read_bytes(), 8192))


@given(births | heartbeats | records | deaths | receipts | commands)
def test_what_we_write_fits_the_schema(message: object) -> None:
    payload = encode(message)  # type: ignore[arg-type]
    assert fits(type(message).__name__.lower(), loads(payload, len(payload)))


values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-2, 2**53) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.just({})
)


@given(st.sampled_from(sorted(set(CLASSES) - {"heartbeat"})), st.data())
def test_what_is_read_fits_the_schema(kind: str, data: st.DataObject) -> None:
    shape = dict.fromkeys(CLASSES[kind]._fields, values)
    value = data.draw(st.fixed_dictionaries({}, optional=shape))
    try:
        decode(kind, dumps(value))
    except Refused:
        return
    assert fits(kind, value)


def test_the_asyncapi_document_names_every_topic_and_refers_only_to_what_it_has() -> None:
    document = asyncapi("1.2.3")
    assert document["asyncapi"] == "3.0.0"
    for kind in CLASSES:
        channel = document["channels"][kind]
        assert channel["address"].replace("{unit}", "u1") == build("u1", kind)
        assert document["operations"][kind]["channel"]["$ref"] == f"#/channels/{kind}"
        assert channel["messages"][kind]["$ref"] == f"#/components/messages/{kind}"
        assert document["components"]["messages"][kind]["payload"]["schema"] == json_schema(kind)
