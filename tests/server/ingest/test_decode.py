"""What messages are taken for, before the database is asked."""

import pytest
from musterroll.ingest import decode
from musterroll.ingest.decode import Acquaintances, read, settled
from musterroll.storage.messages.durable import Stream
from musterroll_wire.messages import Heartbeat, encode

BEAT = encode(Heartbeat(1, 2, 3, 4, 5))


def topic(unit: str, kind: str) -> bytes:
    return f"musterroll/1/{unit}/{kind}".encode()


def test_a_message_that_can_be_read_is_read() -> None:
    (word,) = read([(topic("u1", "heartbeat"), BEAT, b"")], "registry").words
    assert (word.unit, word.message, word.refused) == ("u1", Heartbeat(1, 2, 3, 4, 5), None)


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
def test_a_message_that_cannot_be_read_says_why(name: bytes, payload: bytes, code: str) -> None:
    (word,) = read([(name, payload, b"")], "registry").words
    assert word.message is None
    assert word.refused is not None
    assert word.refused[0] == code


def test_a_hole_in_the_decoding_is_one_misfit_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(kind: str, payload: bytes) -> object:
        raise ZeroDivisionError("a hole")

    monkeypatch.setattr(decode, "decode", broken)
    (word,) = read([(topic("u1", "record"), b"{}", b"")], "registry").words
    assert word.refused == ("undecodable", "decoding failed: ZeroDivisionError: a hole")


def test_the_newest_of_our_own_canaries_counts() -> None:
    heard = read([(topic("registry", "canary"), b"5", b""), (topic("registry", "canary"), b"7", b"")], "registry")
    assert (heard.words, heard.canary) == ([], 7)


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
def test_the_number_of_a_refused_message_is_made_out_where_it_can_be(payload: bytes, expected: object) -> None:
    assert settled(1, "record", payload) == expected
    assert settled(1, "heartbeat", payload) is None
    assert settled(None, "record", payload) is None


def test_strangers_are_asked_about_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    words = read([(topic("new", "heartbeat"), BEAT, b"")], "registry").words
    known = Acquaintances()
    assert known.unmet(words) == ["new"]
    known.learn(["new"], {})
    assert known.unmet(words) == []
    monkeypatch.setattr(decode, "_STRANGER_SECONDS", 0.0)
    assert known.unmet(words) == ["new"]
    known.learn(["new"], {"new": 5})
    assert known.unmet(words) == []
    assert known.sort(words)[0][0].unit_id == 5
