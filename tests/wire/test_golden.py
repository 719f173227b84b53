"""Payloads as release 0.1.0 writes them. Files are only ever added: what was once on the wire must always decode to the same message."""

from pathlib import Path

import pytest
from musterroll_wire.messages import Birth, Command, Death, Heartbeat, Message, Receipt, Record, decode, encode

FOLDER = Path(__file__).parent / "golden" / "v1"
GOLDEN: dict[str, Message] = {
    "birth.least": Birth(
        epoch=1,
        seq=1,
        oldest=1,
        at=1790000000,
        serial="00017",
        maker="Acme",
        model="M1",
        interval=60,
        firmware="",
        agent="",
        uptime=0,
        boots=0,
        clock=None,
        card=None,
        evidence={},
    ),
    "birth.full": Birth(
        epoch=41,
        seq=7,
        oldest=3,
        at=1790000000,
        serial="TN5520QDMMRTSK",
        maker="HGST",
        model="HMS5C4040BLE640",
        interval=300,
        firmware="Debian GNU/Linux 12 (bookworm)",
        agent="0.1.0",
        uptime=86400,
        boots=12,
        clock=True,
        card={"starts_on": "2026-01-01", "months": 36, "policy": "standard", "reference": "INV-1"},
        evidence={"board_serial": "B-77", "mac": "02:00:5e:10:00:01"},
    ),
    "birth.clock_wrong": Birth(
        epoch=2,
        seq=1,
        oldest=1,
        at=12,
        serial="Ünit-7",
        maker="Müller & Söhne",
        model="Größe 3",
        interval=60,
        firmware="",
        agent="",
        uptime=0,
        boots=0,
        clock=False,
        card=None,
        evidence={},
    ),
    "birth.run": Birth(
        epoch=42,
        seq=1,
        oldest=1,
        at=1790000000,
        serial="00017",
        maker="Acme",
        model="M1",
        interval=60,
        evidence={"mac": "02:00:5e:10:00:01"},
        run="9f0c2d7be1a45388",
    ),
    "heartbeat.least": Heartbeat(epoch=1, beat=1, at=1790000060, uptime=60, operating=60, vitals={}, usage={}),
    "heartbeat.steady": Heartbeat(
        epoch=41,
        beat=12345,
        at=1790000060,
        uptime=86460,
        operating=90000000,
        vitals={"cpu": 12, "memory": 43, "disk": 71, "temperature": 48},
        usage={},
    ),
    "heartbeat.gaps": Heartbeat(
        epoch=41, beat=12346, at=1790000120, uptime=86520, operating=90000060, vitals={"memory": 43, "temperature": -20}, usage={}
    ),
    "heartbeat.usage": Heartbeat(
        epoch=41,
        beat=12347,
        at=1790000180,
        uptime=86580,
        operating=90000120,
        vitals={"cpu": 0, "memory": 0, "disk": 0},
        usage={"pages": 123456, "litres": 0.5},
    ),
    "record.hour": Record(
        epoch=41,
        seq=8,
        oldest=8,
        at=1790003600,
        about="hour",
        data={
            "from": 1790000000,
            "seconds": 3600,
            "connected": 3590,
            "beats": 60,
            "operating": 90003600,
            "boots": 12,
            "vitals": {"cpu": [1, 12.5, 99]},
        },
    ),
    "record.change": Record(epoch=41, seq=9, oldest=8, at=1790003601, about="change", data={"firmware": ["1.0", "1.1"]}),
    "record.event": Record(epoch=41, seq=10, oldest=8, at=1790003602, about="event", data={"event": "clock_stepped", "seconds": -3600}),
    "record.warranty": Record(
        epoch=41, seq=11, oldest=8, at=1790003603, about="warranty", data={"card": {"starts_on": "2026-01-01", "ends_on": "2029-01-01"}}
    ),
    "death": Death(epoch=41),
    "receipt.least": Receipt(epoch=41, seq=11, registry=1, at=0),
    "receipt.full": Receipt(epoch=41, seq=11, registry=3, at=1790003604),
    "command.rebirth": Command(name="rebirth", data={}),
    "command.interval": Command(name="interval", data={"seconds": 300}),
    "command.epoch": Command(name="epoch", data={"epoch": 1, "above": 41}),
    "command.coverage": Command(name="coverage", data={"words": "covered by warranty until 31 December 2028", "heard": 1790003604}),
}


def test_every_golden_file_has_its_expected_message() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_golden_payload_decodes_to_its_message(name: str) -> None:
    assert decode(name.partition(".")[0], (FOLDER / f"{name}.json").read_bytes()) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_message_encodes_to_its_golden_payload(name: str) -> None:
    assert encode(GOLDEN[name]) == (FOLDER / f"{name}.json").read_bytes()
