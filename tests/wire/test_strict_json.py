"""The fast JSON decoder and the strict one give the same value or the same error."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from musterroll_wire.strict_json import InvalidPayload, _load_strictly, loads

TEXT = st.text(st.characters(codec="utf-8"), max_size=4) | st.sampled_from(['a":', "\\", ":", '"', "\x00", "a: b", "[{"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=12)
TOKENS = [*'{}[]",:ab19 .-\\', "NaN", "1e999", '"a":', "null", '{"a":1,"a":2}', "\\u0000", "\n"]
RAW = st.lists(st.sampled_from(TOKENS), max_size=16).map("".join)


def outcome(read: Any, payload: bytes) -> object:
    try:
        return repr(read(payload))
    except InvalidPayload as error:
        return error.code, error.detail


@settings(max_examples=600, deadline=None)
@given(VALUES.map(lambda value: json.dumps(value, ensure_ascii=False)) | VALUES.map(json.dumps) | RAW)
@example("1e999")
@example('{"a":1,"a":2}')
@example('{"a":1,"a":2,"b" :3}')
@example("[" * 7 + "]" * 7)
@example("[" * 6 + "]" * 6)
@example("[" * 100_000)
@example('{"a":{"b":1e400}}')
@example('"\\ud800"')
def test_the_fast_decoder_agrees_with_the_strict_one(text: str) -> None:
    payload = text.encode()
    assert outcome(lambda raw: loads(raw, 1_000_000), payload) == outcome(_load_strictly, payload)
