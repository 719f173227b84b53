"""A small sample fleet for the pages: every state, a history, twins, hostile text, tokens and a pending enrolment."""

import json
import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.units.serials import name_key, serial_key, twin_key
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest
from musterroll.usecases.liveness import pause_alerts
from musterroll.usecases.messages.quarantine import RejectedMessage, store_rejected
from musterroll_wire.vitals import VITALS
from sqlmodel import Session

from tests.support import sample_records

PASSWORD = "correct horse battery staple"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
OPERATING, STALE, LATE, NEVER, HELD = "K400MVX7", "TN5520QDMMRTSK", "HB0672VRK3WXLE", "VX-QRR7B1205687", "R6D0PWJT"
TWIN, SHARED, RETIRED = "K4O0MVX7", "100200300", "K2207TRA"

_PRODUCTS = [
    ("Halden", sample_records.DRIVE),
    ("Corvid", "Corvid CX-640 Controller"),
    ("Tessel", "Tessel TS-3010 Meter"),
    ("Brightwell", "BW30 Relay"),
    ("Aurora Controls", sample_records.GATEWAY),
]
_PLACES = [("Marram Freight B.V.", "Essen 1"), ("Skerry Pumps AG", "Cork 2"), ("Larkspur Hospitals", "Lyon Nord")]
HOUR, DAY = 3_600_000, 86_400_000


def fill(database: Database, now: datetime, others: int = 70) -> None:
    """Write the fleet as it would be at `now`. The named units are above; `others` operate quietly."""
    with database.transaction() as session:
        access_sessions.ensure_admin(session, PASSWORD, now)
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(now) - 400 * DAY, to_ms(now)  # silence stands still from here on
        products, sites = _makers(session, now), _sites(session, now)
        add = Adder(session, products, sites, to_ms(now))
        add.unit(OPERATING, 0, heard=12_000, card={"starts_on": "2025-02-15", "months": 36, "policy": "Standard", "reference": "W-88-1204"})
        add.unit(STALE, 1, heard=19 * HOUR, stale_since=to_ms(now) - 19 * HOUR + 186_000)
        add.unit(LATE, 2, heard=100_000)
        add.unit(NEVER, 3, heard=None, lifecycle=Lifecycle.SHIPPED)
        add.unit(HELD, 0, heard=5 * HOUR, stale_since=to_ms(now) - 5 * HOUR + 186_000)
        add.unit(TWIN, 1, heard=9_000)
        add.unit(SHARED, 0, heard=30_000)
        add.unit(SHARED, 4, heard=None, lifecycle=Lifecycle.STOCK)
        for n in range(others):
            heard = None if n % 17 == 16 else 3 * HOUR if n % 13 == 12 else 1000 * (n % 55)
            others_of = Lifecycle.STOCK if n % 23 == 22 else Lifecycle.DEPLOYED
            add.unit(f"AC{n:03}{(n * 7919) % 99991:05}K", n % 5, heard, others_of, installed=date(2021 + n % 6, 2, 15))
        add.unit(RETIRED, 0, heard=None, installed=date(2020, 5, 1))
        sample_records.replace(session, add.ids[RETIRED], add.ids[OPERATING])
        _past(session, add.ids[OPERATING], to_ms(now))
        _past(session, add.ids[STALE], to_ms(now), silent=True)
        _hours(session, add.ids[OPERATING], now)
        _enrolments(session, now)
        _misfits(session, now)
        covered = [OPERATING, *(serial for n, serial in enumerate(add.ids) if serial.startswith("AC") and n % 3)]
        sample_records.fill(session, now, sample_records.documents(now, covered, LATE, STALE))
    with database.transaction() as session:
        pause_alerts.pause_alerts(session, add.uids[HELD], "admin", now - timedelta(hours=4))


class Adder:
    """Adds units and remembers their ids."""

    def __init__(self, session: Session, products: list[Product], sites: list[Site], now: int) -> None:
        self._session, self._products, self._sites, self._now = session, products, sites, now
        self.ids: dict[str, int] = {}
        self.uids: dict[str, str] = {}

    def unit(
        self,
        serial: str,
        product: int,
        heard: int | None,
        lifecycle: Lifecycle = Lifecycle.DEPLOYED,
        stale_since: int | None = None,
        card: dict[str, object] | None = None,
        installed: date = date(2025, 2, 15),
    ) -> None:
        made, site = self._products[product], self._sites[len(self.ids) % len(self._sites)]
        uid = f"u{len(self.ids):03}{serial_key(serial).lower()}"[:24]
        placed = lifecycle is Lifecycle.DEPLOYED
        unit = Unit(
            uid=uid,
            serial=serial,
            serial_key=serial_key(serial),
            twin_key=twin_key(serial_key(serial)),
            maker_key=made.maker_key,
            family_key=made.family_key,
            product_id=made.id or 0,
            account_id=site.account_id if placed else None,
            site_id=site.id if placed else None,
            lifecycle=lifecycle,
            shipped_on=installed - timedelta(days=41),
            installed_on=installed if placed else None,
            warranty_months=36,
            firmware="1.4.2" if heard is not None else "",
            agent="musterroll-agent 0.1.0" if heard is not None else "",
            born_at=datetime.fromtimestamp(self._now / 1000, UTC) - timedelta(days=3) if heard is not None else None,
            card=card,
            evidence={"machine_id": "4f1c9a", "mac": "02:42:ac:11:00:02"} if heard is not None else {},
            created_at=datetime.fromtimestamp(self._now / 1000, UTC) - timedelta(days=300),
        )
        self._session.add(unit)
        self._session.flush()
        self.ids[serial], self.uids[serial] = unit.id or 0, uid
        if heard is not None:
            self._voice(unit.id or 0, self._now - heard, stale_since)

    def _voice(self, unit_id: int, heard_at: int, stale_since: int | None) -> None:
        self._session.add(
            UnitStatus(
                unit_id=unit_id,
                heard_at=heard_at,
                first_heard_at=self._now - 200 * DAY,
                epoch=4,
                beat=4711,
                birth_epoch=4,
                stale_since=stale_since,
                clock_offset=0,
                uptime=277_000,
                operating=17_280_000 - unit_id * 1000,
                **{name: middle + unit_id % 9 for name, (middle, _) in _WAVES.items()},
            )
        )


def _makers(session: Session, now: datetime) -> list[Product]:
    made = [
        Product(maker=a, model=b, family=b, maker_key=name_key(a), model_key=name_key(b), family_key=name_key(b), created_at=now)
        for a, b in _PRODUCTS
    ]
    session.add_all(made)
    session.flush()
    return made


def _sites(session: Session, now: datetime) -> list[Site]:
    sites = []
    for n, (account, site) in enumerate(_PLACES, 1):
        owner = Account(ref=f"A{n:05}", name=account, created_at=now)
        session.add(owner)
        session.flush()
        sites.append(Site(ref=f"S{n:05}", account_id=owner.id, name=site, created_at=now))
    session.add_all(sites)
    session.flush()
    return sites


def _past(session: Session, unit_id: int, now: int, silent: bool = False) -> None:
    turns = [(200 * DAY, "never_heard", "operating", "first heartbeat")]
    for fell, rose in ((5 * DAY + 3 * HOUR, 5 * DAY - 4 * HOUR), (2 * DAY, 2 * DAY - 2 * HOUR)):
        turns += [(fell, "operating", "stale", _SILENCE), (rose, "stale", "operating", "heard again")]
    if silent:
        turns.append((19 * HOUR - 186_000, "operating", "stale", _SILENCE))
    for before, old, new, cause in turns:
        of: dict[str, Any] = {"unit_id": unit_id, "axis": "liveness", "recorded_at": now - before}
        session.add(UnitStateChange(**of, at=now - before, old=old, new=new, cause=cause, actor="sweep"))
        session.flush()


_SILENCE = "no heartbeat for 186 s"


def _hours(session: Session, unit_id: int, now: datetime) -> None:
    for n in range(60):
        at = int(now.timestamp()) - (60 - n) * 3600
        wave = math.sin(n / 4)
        vitals = {name: [mid - 4, round(mid + wave * swing, 1), mid + 9] for name, (mid, swing) in _WAVES.items()}
        body = json.dumps({"epoch": 4, "seq": n + 2, "oldest": 2, "at": at, "about": "hour", "data": {"seconds": 3600, "vitals": vitals}})
        session.add(DurableMessage(unit_id=unit_id, epoch=4, seq=n + 2, about="hour", at=at, received_at=at * 1000 + 900, body=body))
    body = json.dumps({"epoch": 4, "seq": 1, "serial": OPERATING, "firmware": HOSTILE})
    session.add(DurableMessage(unit_id=unit_id, epoch=4, seq=1, about="birth", at=at - DAY, received_at=(at - 4) * 1000, body=body))


_WAVES = {vital.name: ((vital.least + vital.most) // 2, 5.0) for vital in VITALS} | {
    "cpu": (14, 9.0),
    "memory": (41, 5.0),
    "disk": (62, 1.5),
    "temperature": (39, 3.0),
}


def _enrolments(session: Session, now: datetime) -> None:
    def token(label: str, uses: int, serials: list[str], at: datetime = now) -> str:
        made = enrol.create_token(
            session, label=label, life=timedelta(days=7), uses=uses, serials=serials, account=None, site=None, actor="admin", now=at
        )
        return made[1]

    token("Rollout Essen, spring", 50, [], now - timedelta(days=60))
    plain = token("Rollout Essen, team 2", 50, [])
    for machine in ("4f1c9a77e2", "b7730e15c4"):
        marks = {"machine_id": machine, "mac": "02:42:ac:11:00:09"}
        request = EnrolRequest(plain, "Halden", sample_records.DRIVE, "K4009999", marks, "musterroll-agent 0.1.0")
        enrol.enroll(session, request, now - timedelta(minutes=9))
    token(HOSTILE[:90], 1, ["A1B2C3"])


def _misfits(session: Session, now: datetime) -> None:
    unit, body = "u000k400mvx7", f'{{"seq":"{HOSTILE}"}}'.encode()
    found = [
        RejectedMessage(f"musterroll/1/{unit}/record", unit, "wrong_type", f'field "seq" must be a whole number, not {HOSTILE}', body),
        RejectedMessage(
            "musterroll/1/nobody/heartbeat", "nobody", "unknown_unit", "unknown unit 'nobody'; it must enrol first", b"[1,2,3]"
        ),
        RejectedMessage(f"musterroll/1/{unit}/heartbeat", unit, "not_utf8", "not valid UTF-8 at byte 1", b"\x00\xff\xfe\x10" * 40),
    ]
    store_rejected(session, found, now - timedelta(minutes=31))
