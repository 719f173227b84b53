"""Units that report, and their messages, for tests from the wire to the database."""

from datetime import UTC, datetime
from typing import Any

from musterroll.domain.units.serials import name_key, new_uid, serial_key, twin_key
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.usecases.messages.receive import Arrival, UplinkMessage, ensure_status_rows
from musterroll_wire.messages import Birth, Heartbeat, Record, encode
from sqlmodel import Session, select

ENROLLED = datetime(2026, 10, 1, tzinfo=UTC)


class Reporter:
    """A unit on the roll and the messages it would send."""

    def __init__(self, uid: str, unit_id: int, serial: str) -> None:
        self.uid = uid
        self.id = unit_id
        self.serial = serial

    def arrival(self, message: UplinkMessage) -> Arrival:
        return Arrival(self.id, self.uid, message, encode(message))

    def birth(self, epoch: int = 1, seq: int = 1, **fields: Any) -> Birth:
        given = {"oldest": 1, "at": 1_793_534_400, "serial": self.serial, "maker": "Acme", "model": "Pump 3", "interval": 60, **fields}
        return Birth(epoch, seq, **given)

    def heartbeat(self, epoch: int = 1, beat: int = 1, **fields: Any) -> Heartbeat:
        return Heartbeat(epoch, beat, 1_793_534_400, **{"uptime": 60 * beat, "operating": 60 * beat, **fields})

    def record(self, epoch: int = 1, seq: int = 1, oldest: int = 1, **data: Any) -> Record:
        return Record(epoch, seq, oldest, 1_793_534_400, "event", data)


def enrol(database: Database, count: int = 1, prefix: str = "SN") -> list[Reporter]:
    """So many new units of one product on the roll."""
    with database.transaction() as session:
        product = _product(session)
        serials = [f"{prefix}{number:06}" for number in range(1, count + 1)]
        units = [
            Unit(
                uid=new_uid(),
                serial=serial,
                serial_key=serial_key(serial),
                twin_key=twin_key(serial_key(serial)),
                maker_key=product.maker_key,
                family_key=product.family_key,
                product_id=product.id,
                created_at=ENROLLED,
            )
            for serial in serials
        ]
        session.add_all(units)
        session.flush()
        known = ensure_status_rows(session, [unit.uid for unit in units])
        return [Reporter(unit.uid, known[unit.uid], unit.serial) for unit in units]


def voice(database: Database, reporter: Reporter) -> UnitStatus:
    with database.snapshot() as session:
        return session.exec(select(UnitStatus).where(UnitStatus.unit_id == reporter.id)).one()


def _product(session: Session) -> Product:
    found = session.exec(select(Product)).first()
    if found is None:
        found = Product(
            maker="Acme",
            model="Pump 3",
            family="Pump 3",
            maker_key=name_key("Acme"),
            model_key=name_key("Pump 3"),
            family_key=name_key("Pump 3"),
            created_at=ENROLLED,
        )
        session.add(found)
        session.flush()
    return found
