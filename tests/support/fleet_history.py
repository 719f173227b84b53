"""A fleet with a history: units of two products that were deployed, went silent, came back and retired, and their incidents."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Incident, Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.usecases.audit import record as audit_record
from sqlmodel import Session

from tests.support import unit_rows

DAY = 86_400_000
START = datetime(2024, 1, 1, tzinfo=UTC)
RATES = {"Pump 3": 0.06, "Pump 4": 0.02}  # incidents a unit-month; every other one needs a part


def fill(database: Database, now: datetime, units: int = 60, seed: int = 1) -> None:
    """Write it as known at `now`. Of ten units one is silent in between, one silent for good, one retired; one was never heard."""
    random = Random(seed)
    with database.transaction() as session:
        unit_rows.listening(session, to_ms(START), to_ms(now))
        account, site = unit_rows.place(session, "A1", "S1")
        for number in range(units):
            _unit(session, random, number, to_ms(now), account, site)
        audit_record.begin(session, actor="test", kind="import", subject="a fleet with a past", now=now)


def _unit(session: Session, random: Random, number: int, now: int, account: int, site: int) -> None:
    model = list(RATES)[number % 2]
    began = to_ms(START) + random.randrange(0, 500) * DAY + random.randrange(DAY)
    silent, gone = number % 10 == 3, number % 10 == 4
    life = Lifecycle.RETIRED if gone else Lifecycle.DEPLOYED
    of = {"account_id": account, "site_id": site, "lifecycle": life, "installed_on": _day(began)}
    if number % 10 == 5:
        unit_rows.unit(session, f"PF{number:05}", model=model, **of)
        return
    end = now - random.randrange(20, 90) * DAY if silent or gone else None
    status = {"heard_at": end or now - 1000, "first_heard_at": began, "stale_since": end, "epoch": 1, "beat": 1}
    unit = unit_rows.unit(session, f"PF{number:05}", model=model, status=status, **of)
    moves = [(began, None, "operating"), *([(end, "operating", "stale")] if end else [])]
    if number % 10 == 2:
        moves += [(began + 40 * DAY, "operating", "stale"), (began + 55 * DAY + 7, "stale", "operating")]
    moves.sort()
    told = [Transition(unit.id or 0, at, "liveness", old, new, "test", "test") for at, old, new in moves]
    if gone and end:
        told.append(Transition(unit.id or 0, end - 10 * DAY, "lifecycle", "deployed", "retired", "test", "test"))
    transitions.add(session, told, recorded_at=now)
    session.add(warranty(unit, began))
    _tickets(session, random, unit, began, end or now, RATES[model])


def warranty(unit: Unit, began: int, days: int = 365) -> WarrantyPeriod:
    starts = _day(began)
    assert unit.id
    dates = {"starts_on": starts, "ends_on": starts + timedelta(days)}
    return WarrantyPeriod(unit_id=unit.id, kind=PeriodKind.STANDARD, rule="installed", evidence="so many days", **dates)


def _tickets(session: Session, random: Random, unit: Unit, began: int, end: int, rate: float) -> None:
    at = began + int(random.expovariate(rate) * 30.4375 * DAY)
    while at < end:
        opened, visit = _day(at), random.random() < 0.5
        session.add(
            Incident(
                ref=f"T{unit.id}-{at}",
                unit_id=unit.id,
                serial=unit.serial,
                opened_on=opened,
                closed_on=opened + timedelta(3),
                category="power" if visit else "question",
                hours=Decimal("2.50") if visit else Decimal("0.50"),
                parts=int(visit),
            )
        )
        at += int(random.expovariate(rate) * 30.4375 * DAY)


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()
