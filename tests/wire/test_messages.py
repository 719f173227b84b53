"""Messages survive encoding and decoding, and what the contract does not allow is rejected with a reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll_wire.messages import (
    LIMITS,
    MAX_INTEGER,
    MAX_INTERVAL,
    MAX_NAME,
    Birth,
    Command,
    Death,
    Heartbeat,
    Message,
    Receipt,
    Record,
    decode,
    encode,
)
from musterroll_wire.strict_json import InvalidPayload
from musterroll_wire.topics import build
from musterroll_wire.vitals import MAX_READING, VITAL_NAMES, VITALS

naturals = st.integers(0, MAX_INTEGER)
positives = st.integers(1, MAX_INTEGER)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
scalars = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False, allow_infinity=False) | texts
data = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3), max_size=5)

births = st.builds(
    Birth,
    *(naturals, positives, positives, naturals, texts, texts, texts, st.integers(1, MAX_INTERVAL), texts, texts, naturals, naturals),
    clock=st.none() | st.booleans(),
    card=st.none() | data,
    evidence=st.dictionaries(texts, texts, max_size=4),
    run=texts,
)
usages = st.dictionaries(
    st.text("abc_é", max_size=MAX_NAME), st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(-(2.0**53) + 1, 2.0**53 - 1), max_size=16
)
vitals = st.fixed_dictionaries({}, optional=dict.fromkeys(VITAL_NAMES, st.integers(-MAX_READING, MAX_READING)))
heartbeats = st.builds(Heartbeat, *[naturals] * 5, vitals, usages)
records = st.builds(Record, naturals, positives, positives, naturals, texts, data)
deaths = st.builds(Death, naturals)
receipts = st.builds(Receipt, naturals, naturals, naturals, naturals)
commands = st.builds(Command, texts, data)


@given(births | heartbeats | records | deaths | receipts | commands)
def test_an_encoded_message_decodes_to_the_same(message: Message) -> None:
    payload = encode(message)
    kind = type(message).__name__.lower()
    if len(payload) <= LIMITS[kind]:
        assert decode(kind, payload) == message


@given(st.sampled_from(sorted(LIMITS)), st.binary(max_size=200))
def test_random_bytes_are_decoded_or_rejected(kind: str, payload: bytes) -> None:
    try_decode(kind, payload)


@given(st.sampled_from(sorted(LIMITS)), st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20))
def test_random_json_is_decoded_or_rejected(kind: str, value: Any) -> None:
    try_decode(kind, json.dumps(value).encode())


def try_decode(kind: str, payload: bytes) -> Message | None:
    try:
        return decode(kind, payload)
    except InvalidPayload:
        return None


BIRTH = {"epoch": 1, "seq": 1, "oldest": 1, "at": 1, "serial": "S1", "maker": "A", "model": "M", "interval": 60}
HOUR = {"epoch": 1, "seq": 1, "oldest": 1, "at": 1, "about": "hour", "data": {}}
RECORD = '{"epoch":1,"seq":1,"oldest":1,"at":1,"about":"hour","data":%s}'


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        ("heartbeat", b"[1,1,1,1,NaN]", "not_finite"),
        ("heartbeat", b"[1,1,1,1,-Infinity]", "not_finite"),
        ("record", RECORD.encode() % b'{"x":1e400}', "not_finite"),
        ("record", RECORD.encode() % b'{"x":1,"x":2}', "duplicate_key"),
        ("record", RECORD.encode() % (b"[" * 100 + b"]" * 100), "too_deep"),
        ("record", b"[" * 8000, "too_deep"),
        ("record", b"[" * 100_000, "too_large"),
        ("record", RECORD.encode() % b'{"x":"\\u0000"}', "bad_text"),
        ("record", RECORD.encode() % b'{"x":"\\ud800"}', "bad_text"),
        ("record", RECORD.encode() % b'{"\\udfff":1}', "bad_text"),
        ("record", RECORD.encode() % b'{"x":"\xff"}', "not_utf8"),
        ("record", RECORD.encode() % b'{"x":"\xed\xa0\x80"}', "not_utf8"),
        ("record", RECORD.encode() % b'{"x":"\x00"}', "not_json"),
        ("record", RECORD.encode() % b"[]", "wrong_type"),
        ("record", b'{"epoch":1}', "missing_field"),
        ("record", b"", "not_json"),
        ("record", b"\xef\xbb\xbf{}", "not_json"),
        ("heartbeat", b"[1,1,1,1]", "missing_field"),
        ("heartbeat", b"[true,1,1,1,1]", "wrong_type"),
        ("heartbeat", b"[1.0,1,1,1,1]", "wrong_type"),
        ("heartbeat", b"[-1,1,1,1,1]", "wrong_type"),
        ("heartbeat", b"[1,1,1,1,9007199254740992]", "wrong_type"),
        ("heartbeat", b"[1,1,1,1," + b"9" * 900 + b"]", "wrong_type"),
        ("record", b'{"epoch":' + b"9" * 8000 + b"}", "not_json"),
        ("heartbeat", b"[1,1,1,1,1,[1001]]", "out_of_range"),
        ("heartbeat", b"[1,1,1,1,1,[null,true]]", "out_of_range"),
        ("heartbeat", b"[1,1,1,1,1,7]", "wrong_type"),
        ("heartbeat", b"[1,1,1,1,1,[],[]]", "wrong_type"),
        ("heartbeat", b'[1,1,1,1,1,[],{"x":true}]', "wrong_type"),
        ("heartbeat", b'[1,1,1,1,1,[],{"x":9007199254740992}]', "out_of_range"),
        ("heartbeat", b'[1,1,1,1,1,[],{"' + b"x" * 81 + b'":1}]', "out_of_range"),
        ("heartbeat", b"[" + b"1," * 600 + b"1]", "too_large"),
        ("heartbeat", b"{}", "wrong_type"),
        ("birth", b"[]", "wrong_type"),
        ("birth", json.dumps({**BIRTH, "seq": True}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "seq": 0}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "interval": MAX_INTERVAL + 1}).encode(), "out_of_range"),
        ("birth", json.dumps({**BIRTH, "serial": 17}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "serial": "S" * 257}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "clock": 1}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "card": []}).encode(), "wrong_type"),
        ("birth", json.dumps({**BIRTH, "evidence": {"mac": 1}}).encode(), "wrong_type"),
        ("death", b'{"epoch":"1"}', "wrong_type"),
        ("receipt", b'{"epoch":1,"seq":1}', "missing_field"),
        ("command", b'{"name":"interval","data":[]}', "wrong_type"),
    ],
)
def test_what_the_contract_does_not_allow_is_rejected_with_its_code(kind: str, payload: bytes, code: str) -> None:
    with pytest.raises(InvalidPayload) as error:
        decode(kind, payload)
    assert error.value.code == code
    assert error.value.detail


@pytest.mark.parametrize("kind", sorted(LIMITS))
def test_one_byte_over_the_limit_is_rejected_before_parsing(kind: str) -> None:
    with pytest.raises(InvalidPayload, match="the limit is") as error:
        decode(kind, b"[" * (LIMITS[kind] + 1))
    assert error.value.code == "too_large"


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_at_is_a_label_that_never_refuses_a_message(at: float) -> None:
    label = max(0, min(MAX_INTEGER, int(at)))
    birth, record = (decode(kind, json.dumps({**fields, "at": at}).encode()) for kind, fields in (("birth", BIRTH), ("record", HOUR)))
    heartbeat = decode("heartbeat", json.dumps([1, 2, at, 4, 5]).encode())
    assert [message.at for message in (birth, record, heartbeat)] == [label] * 3  # type: ignore[union-attr]
    assert birth.clock is (None if at == label else False)  # type: ignore[union-attr]


@pytest.mark.parametrize("at", [None, True, "2026-11-30", []])
def test_at_must_still_be_a_number(at: object) -> None:
    for kind, value in (("birth", {**BIRTH, "at": at}), ("record", {**HOUR, "at": at}), ("heartbeat", [1, 2, at, 4, 5])):
        with pytest.raises(InvalidPayload, match='"at" must be a number'):
            decode(kind, json.dumps(value).encode())


def test_unknown_fields_are_ignored() -> None:
    assert decode("birth", json.dumps({**BIRTH, "colour": "red"}).encode()) == decode("birth", json.dumps(BIRTH).encode())
    assert decode("heartbeat", b'[1,2,3,4,5,[6],{},"more"]') == decode("heartbeat", b"[1,2,3,4,5,[6]]")


def test_vitals_of_a_newer_sender_are_ignored_and_of_an_older_one_missing() -> None:
    newer = b'[1,2,3,4,5,[%s,["new"]]]' % b",".join([b"7"] * len(VITALS))
    assert decode("heartbeat", newer).vitals == dict.fromkeys(VITAL_NAMES, 7)  # type: ignore[union-attr]
    assert decode("heartbeat", b"[1,2,3,4,5,[7]]").vitals == {VITAL_NAMES[0]: 7}  # type: ignore[union-attr]


def test_brackets_inside_text_do_not_count_as_depth() -> None:
    record = decode("record", RECORD.encode() % (b'{"x":"' + b"[{" * 50 + b'"}'))
    assert isinstance(record, Record)
    assert record.data == {"x": "[{" * 50}


def test_a_number_that_is_not_finite_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(Record(1, 1, 1, 1, "hour", {"x": float("nan")}))


def test_a_steady_heartbeat_frame_is_at_most_110_bytes() -> None:
    payload = encode(Heartbeat(9_999, 525_600, 1_790_000_060, 31_536_000, 315_360_000, dict.fromkeys(VITAL_NAMES, 100)))
    topic = build("k3v9x2m7qd", "heartbeat").encode()
    remaining = 2 + len(topic) + 2 + len(payload)  # topic length, topic, packet id, payload
    assert 1 + 1 + remaining <= 110
