"""What is known about a unit, as pages, API and commands show it."""

from datetime import date, datetime
from typing import Any, NamedTuple

from musterroll_wire.vitals import VITAL_NAMES
from sqlalchemy import Row

from musterroll.domain.liveness import ListeningWindow, Liveness, LivenessFacts, assess_liveness
from musterroll.domain.units.details import details_of
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle


class UnitCard(NamedTuple):
    """A unit. `liveness_since` and integer instants are ms since 1970; windows, `uptime` and `operating` are seconds."""

    uid: str
    serial: str  # as written
    maker: str
    model: str
    kind: UnitKind
    lifecycle: Lifecycle
    liveness: Liveness
    liveness_since: int | None
    heard_at: int | None
    first_heard_at: int | None
    epoch: int
    interval: int  # 0 without a status, as are the two windows
    interval_set: int | None  # seconds, as set for the unit or its product
    late_after: int
    stale_after: int
    account: str | None
    account_ref: str | None
    site: str | None
    site_ref: str | None
    shipped_on: date | None
    installed_on: date | None
    purchased_on: date | None
    left_on: date | None
    warranty_months: int | None
    warranty_ends_on: date | None  # first day without, where records say
    asset_tag: str | None
    hostname: str | None
    host: str | None  # what it runs on
    cores: int | None  # of the host
    details: dict[str, str]  # contact, location, cost and provider, as records have them
    firmware: str
    agent: str
    born_at: datetime | None
    card: dict[str, Any] | None
    evidence: dict[str, Any]
    uptime: int | None
    operating: int | None
    vitals: dict[str, int | None]  # of the last heartbeat, by name
    clock_offset: int | None
    held_at: int | None
    quiet_since: int | None
    pace: int  # seconds between two reports, as measured; 0: not known, as `usual`
    usual: int  # seconds: the longest silence that is usual
    reported_by_import_only: bool
    listed_at: int | None
    list_file: str | None
    enrolled: bool
    pending: bool


_COPIED = [name for name in UnitCard._fields if name not in ("liveness", "liveness_since", "vitals", "details")]


def unit_card_of(row: Row[Any], hearing: ListeningWindow, now: int) -> UnitCard:
    """The card of a row of `storage.units.unit_card`, assessed at `now` (ms)."""
    facts = LivenessFacts(**{name: row._mapping[name] for name in LivenessFacts._fields})
    judgement = assess_liveness(facts, hearing, now)
    values = row._mapping
    vitals = {name: values[name] for name in VITAL_NAMES}
    copied = {name: values[name] for name in _COPIED}
    details = details_of(row.details)
    return UnitCard(liveness=judgement.liveness, liveness_since=judgement.since, vitals=vitals, details=details, **copied)
