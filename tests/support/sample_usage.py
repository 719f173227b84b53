"""Use of a sample fleet over 100 days: every unit that was heard counts pages and doors, one account ever less."""

from datetime import datetime, timedelta

from musterroll.domain.usage import days as rules
from musterroll.domain.usage.days import OPERATING, Change, CounterUse, Reading
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.usage import readings
from musterroll.storage.usage.readings import UnitCounters

_DAYS = 100


def fill(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        units = readings.next_units(session, 0, 1_000)
        ids = readings.counter_ids(session, {OPERATING, "pages", "doors"})
        uses, sums = dict[tuple[int, int], CounterUse](), dict[tuple[int, int, int, int], Change]()
        falling = min((unit.account_id for unit in units if unit.account_id), default=0)
        for unit in units:
            for name, counter_id in ids.items():
                known = None
                for reading in _readings(unit, name, now, ends=unit.account_id == falling):
                    known, changes = rules.read(known, reading, reading.at)
                    for day, change in changes.items():
                        key = (unit.account_id, unit.product_id, counter_id, day)
                        before = sums.get(key, Change(0.0, 0))
                        sums[key] = Change(before.use + change.use, before.units + change.units)
                if known is not None:
                    uses[unit.unit_id, counter_id] = known
        readings.store(session, uses, [unit.unit_id for unit in units])
        readings.add_to_sums(session, sums.items())


def _readings(unit: UnitCounters, name: str, now: datetime, *, ends: bool) -> list[Reading]:
    """A reading a day, with a gap of five days; of doors by some units only."""
    if name == "doors" and unit.unit_id % 3:
        return []
    value, readings_ = 0.0, list[Reading]()
    for n in range(_DAYS, -1, -1):
        usual = 3600 * 8 if name == OPERATING else 20 + unit.unit_id % 30
        value += usual * (0.1 + 0.9 * n / _DAYS if ends else 1) * (1.2 if n % 7 < 5 else 0.4)
        if not 20 < n < 25:
            readings_.append(Reading(to_ms(now - timedelta(days=n)), round(value)))
    return readings_
