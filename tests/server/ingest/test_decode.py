"""How messages are decoded, before the database is queried."""

import pytest
from musterroll.ingest import decode
from musterroll.ingest.decode import UnitIdCache, decode_batch, sequence_used
from musterroll.storage.messages.durable import Stream
from musterroll_wire.messages import Heartbeat, encode

BEAT = encode(Heartbeat(1, 2, 3, 4, 5))


def topic(unit: str, kind: str) -> bytes:
    return f"musterroll/1/{unit}/{kind}".encode()


def test_a_valid_message_is_decoded() -> None:
    (message,) = decode_batch([(topic("u1", "heartbeat"), BEAT, b"")], "registry").messages
    assert (message.unit, message.message, message.error) == ("u1", Heartbeat(1, 2, 3, 4, 5), None)


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        (b"other/1/u1/heartbeat", BEAT, "foreign_topic"),
        (b"musterroll/2/u1/heartbeat", BEAT, "foreign_topic"),
        (b"musterroll/1/\xff\xfe/heartbeat", BEAT, "foreign_topic"),
        (b"musterroll/1/u1/receipt", b"{}", "foreign_topic"),
        (b"musterroll/1/u1/canary", b"5", "foreign_topic"),
        (b"musterroll/1/u1/heartbeat", b"[1,1,1,1,NaN]", "not_finite"),
        (b"musterroll/1/u1/heartbeat", b"", "not_json"),
        (b"musterroll/1/u1/record", b'{"epoch":1,"epoch":2}', "duplicate_key"),
        (b"musterroll/1/u1/record", b"x" * 9000, "too_large"),
    ],
)
def test_an_invalid_message_has_an_error(name: bytes, payload: bytes, code: str) -> None:
    (message,) = decode_batch([(name, payload, b"")], "registry").messages
    assert message.message is None
    assert message.error is not None
    assert message.error[0] == code


def test_a_bug_in_the_decoding_costs_one_message_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(kind: str, payload: bytes) -> object:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(decode, "decode", broken)
    (message,) = decode_batch([(topic("u1", "record"), b"{}", b"")], "registry").messages
    assert message.error == ("undecodable", "decoding failed: ZeroDivisionError: a bug")


def test_the_newest_of_our_own_canaries_counts() -> None:
    batch = decode_batch([(topic("registry", "canary"), b"5", b""), (topic("registry", "canary"), b"7", b"")], "registry")
    assert (batch.messages, batch.canary) == ([], 7)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"epoch":3,"seq":9,"about":NaN}', (Stream(1, 3), 9)),
        (b'{"about":"x", "seq" : 9 , "epoch": 3', (Stream(1, 3), 9)),
        (b'{"epoch":3,"seq":0}', None),
        (b'{"epoch":3,"seq":9.5}', None),
        (b'{"epoch":3,"seq":-9}', None),
        (b'{"seq":9}', None),
        (b"", None),
    ],
)
def test_the_sequence_number_of_a_rejected_message_is_read_if_possible(payload: bytes, expected: object) -> None:
    assert sequence_used(1, "record", payload) == expected
    assert sequence_used(1, "heartbeat", payload) is None
    assert sequence_used(None, "record", payload) is None


def test_unknown_units_are_looked_up_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = decode_batch([(topic("new", "heartbeat"), BEAT, b"")], "registry").messages
    cache = UnitIdCache()
    assert cache.missing(messages) == ["new"]
    cache.add(["new"], {})
    assert cache.missing(messages) == []
    monkeypatch.setattr(decode, "_RETRY_SECONDS", 0.0)
    assert cache.missing(messages) == ["new"]
    cache.add(["new"], {"new": 5})
    assert cache.missing(messages) == []
    assert cache.split(messages)[0][0].unit_id == 5
