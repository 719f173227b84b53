"""The published contract says what the code does."""

from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll_wire.messages import LIMITS, Heartbeat, decode, encode
from musterroll_wire.schema import DESCRIPTIONS, MESSAGE_TYPES, asyncapi, json_schema
from musterroll_wire.strict_json import InvalidPayload, dumps, loads
from musterroll_wire.topics import DOWN, UP, build
from musterroll_wire.vitals import VITALS

from tests.wire.test_messages import births, commands, deaths, heartbeats, receipts, records

GOLDEN = sorted((Path(__file__).parent / "golden" / "v1").glob("*.json"))


def fits(kind: str, value: object) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema(kind)).is_valid(value))


def test_every_message_has_a_valid_schema() -> None:
    assert set(MESSAGE_TYPES) == set(LIMITS) == {*UP, *DOWN}
    for kind in MESSAGE_TYPES:
        jsonschema.Draft202012Validator.check_schema(json_schema(kind))


def test_every_field_has_a_description_and_every_description_a_field() -> None:
    assert {field for message_type in MESSAGE_TYPES.values() for field in message_type._fields} == set(DESCRIPTIONS)


def test_the_schema_of_a_heartbeat_names_every_vital_in_order() -> None:
    readings = json_schema("heartbeat")["prefixItems"][Heartbeat._fields.index("vitals")]["prefixItems"]
    assert [(reading["title"], reading["description"]) for reading in readings] == [(vital.name, vital.description) for vital in VITALS]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_payloads_fit_their_schema(path: Path) -> None:
    assert fits(path.stem.partition(".")[0], loads(path.read_bytes(), 8192))


@given(births | heartbeats | records | deaths | receipts | commands)
def test_encoded_messages_fit_the_schema(message: object) -> None:
    payload = encode(message)  # type: ignore[arg-type]
    assert fits(type(message).__name__.lower(), loads(payload, len(payload)))


values: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-2, 2**53) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3) | st.just({})
)


@given(st.sampled_from(sorted(set(MESSAGE_TYPES) - {"heartbeat"})), st.data())
def test_decoded_messages_fit_the_schema(kind: str, data: st.DataObject) -> None:
    shape = dict.fromkeys(MESSAGE_TYPES[kind]._fields, values)
    value = data.draw(st.fixed_dictionaries({}, optional=shape))
    try:
        decode(kind, dumps(value))
    except InvalidPayload:
        return
    assert fits(kind, value)


def test_the_asyncapi_document_has_every_topic_and_no_dangling_reference() -> None:
    document = asyncapi("1.2.3")
    assert document["asyncapi"] == "3.0.0"
    for kind in MESSAGE_TYPES:
        channel = document["channels"][kind]
        assert channel["address"].replace("{unit}", "u1") == build("u1", kind)
        assert document["operations"][kind]["channel"]["$ref"] == f"#/channels/{kind}"
        assert channel["messages"][kind]["$ref"] == f"#/components/messages/{kind}"
        assert document["components"]["messages"][kind]["payload"]["schema"] == json_schema(kind)
