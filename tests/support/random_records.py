"""Random small fleets with all their records in a database, and what the pure rules compute for them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from musterroll.domain.contracts.terms import ContractState, LineScope, Payment, line_ended_on, line_in_force
from musterroll.domain.coverage.seat_allocation import Candidate, SeatAllocation, allocate_seats
from musterroll.domain.coverage.verdict import Cover
from musterroll.domain.findings.kinds import Finding
from musterroll.domain.findings.line_rules import LineCase, line_findings
from musterroll.domain.findings.unit_rules import DoubtFacts, UnitCase, unit_findings
from musterroll.domain.liveness import OPERATING, ListeningWindow, LivenessFacts, assess_liveness, reported_by_import_only
from musterroll.domain.messages.identity import Doubt
from musterroll.domain.reconciliation.cells import Flags, flags
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.periods import CoveragePeriod, PeriodKind, in_warranty
from musterroll.domain.warranty.unit_claims import disagreement, read_claim
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.findings import FindingAmount
from musterroll.storage.tables.findings import FindingRow as Stored
from musterroll.storage.tables.identity import IdentityCase
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.warranty import periods as stored_periods
from sqlmodel import Session, col, select

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = NOW.date()
_MINUTE = 60_000
_APART = "x"  # ends the mark of a fleet in its numbers and serials


class Fleet(NamedTuple):
    """What the rules make of a database: seats, flags and findings."""

    seats: SeatAllocation
    flags: dict[int, Flags]
    findings: list[Finding]


class _Draft:
    """One fleet as it is made up. Its rows name each other only."""

    def __init__(self, dice: Random, mark: str) -> None:
        self.dice, self.mark = dice, mark
        self.accounts: list[Account] = []
        self.sites: list[Site] = []
        self.products: list[Product] = []
        self.units: list[Unit] = []
        self.contracts: list[Contract] = []


def some_day(dice: Random, spread: int = 500) -> date:
    return DAY + timedelta(days=dice.choice([-1, 0, 1, dice.randint(-spread, spread)]))


def fill(session: Session, dice: Random, fleets: int = 1) -> None:
    """So many fleets that have nothing to do with each other, in an empty database.

    Each has a handful of accounts, sites, products and contracts, some thirty units and a dozen lines of every kind.
    """
    since = to_ms(NOW) - dice.choice([0, 1, 10, 10_000]) * _MINUTE
    registry = session.get_one(RegistryState, 1)
    registry.since, registry.until = (since, to_ms(NOW) - dice.choice([0, 0, 2 * _MINUTE])) if dice.random() < 0.7 else (0, 0)
    drafts = [_Draft(Random(dice.random()), f"{number}{_APART}") for number in range(fleets)]
    for step in (*[_account] * 5, _places, _units, _of_units, _contracts, _of_contracts):
        session.add_all([row for draft in drafts for row in step(draft)])
        session.flush()


def _account(draft: _Draft) -> Iterable[Account]:
    parent = draft.dice.choice([None, *draft.accounts])
    draft.accounts.append(Account(ref=f"{draft.mark}A{len(draft.accounts)}", name="A", parent_id=_id(parent), created_at=NOW))
    return draft.accounts[-1:]


def _places(draft: _Draft) -> Iterable[Any]:
    dice = draft.dice
    for number in range(5):
        owner = dice.choice([None, *draft.accounts])
        draft.sites.append(Site(ref=f"{draft.mark}S{number}", name="S", account_id=_id(owner), created_at=NOW))
    for number in range(2):
        keys = {"maker_key": f"{draft.mark}M{number}", "model_key": f"P{number}", "family_key": f"P{number}"}
        price = dice.choice([None, Decimal("90.5")])
        draft.products.append(
            Product(maker="M", model="P", family="P", list_price=price, currency=dice.choice(["EUR", "JPY"]), created_at=NOW, **keys)
        )
    return [*draft.sites, *draft.products]


def _id(row: Any) -> int | None:
    return None if row is None else row.id


def _units(draft: _Draft) -> Iterable[Unit]:
    dice, seen = draft.dice, set()
    for number in range(dice.randint(1, 30)):
        product, serial = dice.choice(draft.products), f"{draft.mark}SN{dice.randint(1, 25):03}"
        if (product.id, serial) in seen:
            continue
        seen.add((product.id, serial))
        unit = Unit(
            **{"uid": f"{draft.mark}{number}", "serial": serial, "serial_key": serial, "twin_key": serial, "product_id": product.id},
            **{"maker_key": product.maker_key, "family_key": product.family_key, "created_at": NOW},
            **{"lifecycle": dice.choice([*Lifecycle, *["deployed"] * 4]), "card": None},
            **{"account_id": _id(dice.choice([None, *draft.accounts])), "site_id": _id(dice.choice([None, *draft.sites]))},
            **{"installed_on": dice.choice([None, some_day(dice)]), "warranty_months": dice.choice([None, 12])},
        )
        draft.units.append(unit)
    return draft.units


def _of_units(draft: _Draft) -> Iterable[Any]:
    dice = draft.dice
    for unit in draft.units:
        if dice.random() < 0.8:
            yield _status(dice, unit.id or 0)
        yield from _warranty(dice, unit)
        if (unit.id or 0) % 17 == 0:
            doubt = list(Doubt)[(unit.id or 0) // 17 % len(Doubt)]
            yield IdentityCase(unit_id=unit.id, doubt=doubt, since=0, at=0, says=f"signs of {doubt}", facts=f"{doubt} {unit.serial}")
        if dice.random() < 0.1:
            status = [CredentialStatus.ACTIVE, dice.choice(list(CredentialStatus))]
            for one in status if status[1] is not CredentialStatus.ACTIVE else status[:1]:
                yield Credential(unit_id=unit.id, secret_hash="x", status=one, created_at=NOW)
    for unit in dice.sample(draft.units, len(draft.units) // 10):
        unit.merged_into_id = _other(unit, draft.units)


def _other(unit: Unit, units: list[Unit]) -> int | None:
    return next((one.id for one in units if one is not unit), None)


def _status(dice: Random, unit_id: int) -> UnitStatus:
    heard = dice.choice([None, to_ms(NOW) - dice.choice([0, 59_999, 66_000, 185_999, 186_000, 10_000_000, 3_000_000_000])])
    was = {"first_heard_at": heard, "held_at": dice.choice([None, None, heard]), "death_at": dice.choice([None, None, heard])}
    was["listed_at"] = (None, to_ms(NOW), to_ms(NOW) - 8 * 86_400_000)[unit_id % 3]
    return UnitStatus(unit_id=unit_id, beat=dice.choice([-1, 0, 7]), heard_at=heard, stale_since=dice.choice([None, None, heard]), **was)


def _warranty(dice: Random, unit: Unit) -> Iterable[WarrantyPeriod]:
    for kind in dice.choice([[], [PeriodKind.STANDARD], [PeriodKind.STANDARD, PeriodKind.EXTENDED], [PeriodKind.REPAIR]]):
        starts_on = some_day(dice)
        voided_on = dice.choice([None, None, some_day(dice)])
        ends_on = dice.choice([None, add_months(starts_on, 12)])
        yield WarrantyPeriod(unit_id=unit.id, kind=kind, starts_on=starts_on, ends_on=ends_on, rule="x", evidence="e", voided_on=voided_on)
        if dice.random() < 0.3:
            unit.card = dice.choice(
                [
                    {"starts_on": starts_on.isoformat(), "months": 12},
                    {"starts_on": starts_on.isoformat(), "ends_on": dice.choice([ends_on, starts_on, "soon"]) and str(ends_on)},
                    {"starts_on": str(some_day(dice))},
                    {"months": 36},
                    {"policy": "P"},
                ]
            )


def _contracts(draft: _Draft) -> Iterable[Contract]:
    dice = draft.dice
    for number in range(dice.randint(0, 5)):
        starts_on = some_day(dice) if dice.random() < 0.3 else DAY - timedelta(days=dice.randint(0, 300))
        ends_on = dice.choice([None, starts_on + timedelta(days=dice.randint(1, 700))])
        contract = Contract(
            **{"ref": f"{draft.mark}C{number}", "account_id": _id(dice.choice([None, *draft.accounts]))},
            **{
                "state": dice.choice([*ContractState, ContractState.ACTIVE, ContractState.ACTIVE]),
                "starts_on": starts_on,
                "ends_on": ends_on,
            },
            **{"auto_renew": dice.random() < 0.5, "renewal_months": dice.choice([1, 12])},
            **{"notice_days": dice.choice([0, 30]), "notice_on": dice.choice([None, None, some_day(dice)]), "created_at": NOW},
            **{"ended_on": dice.choice([None, None, some_day(dice)]), "currency": dice.choice(["EUR", "EUR", "USD"])},
        )
        draft.contracts.append(contract)
    return draft.contracts


def _of_contracts(draft: _Draft) -> Iterable[Any]:
    for contract in draft.contracts:
        if draft.dice.random() < 0.6:
            yield Invoice(contract_id=contract.id, payment=draft.dice.choice(list(Payment)))
        for number in range(draft.dice.randint(0, 5)):
            yield _line(draft, contract, number)
        if contract.id % 3 == 0 and draft.units:  # so that now and then two contracts name one unit
            serial = draft.units[0].serial_key
            named = {"scope": LineScope.SERIAL, "serial": serial, "serial_key": serial, "price": Decimal(75)}
            yield ContractLine(contract_id=contract.id, number="also", **named)


def _line(draft: _Draft, contract: Contract, number: int) -> ContractLine:
    dice = draft.dice
    scope, serial = dice.choice([LineScope.SERIAL, *LineScope]), f"{draft.mark}SN{dice.randint(1, 30):03}"
    named = scope is LineScope.SERIAL
    last = contract.ends_on or contract.starts_on + timedelta(days=900)
    starts_on = dice.choice([None, None, contract.starts_on, contract.starts_on + (last - contract.starts_on) * dice.random()])
    ends_on = dice.choice([None, None, contract.ends_on, last if starts_on is None else starts_on + (last - starts_on) * dice.random()])
    places: list[Any] = list(draft.sites if scope is LineScope.SITE else draft.accounts)
    return ContractLine(
        **{"contract_id": contract.id, "number": str(number), "scope": scope, "starts_on": starts_on, "ends_on": ends_on},
        **{"serial": serial if named else "", "serial_key": serial if named else "", "quantity": 1 if named else dice.randint(1, 4)},
        place_id=None if named else _id(dice.choice(places)),
        product_id=_id(dice.choice([None, *draft.products] if named else draft.products)),
        price=dice.choice([None, Decimal(120), Decimal("12.3456")]),
        currency=dice.choice(["", "", "GBP"]),
    )


def edit(session: Session, dice: Random) -> set[int]:
    """Change some units of each fleet as verbs might: move, merge, silence, revive, deploy or return them. Returns their rows."""
    accounts, sites = _by_mark(session, Account), _by_mark(session, Site)
    statuses = {status.unit_id: status for status in session.exec(select(UnitStatus))}
    changed: set[int] = set()
    for mark, units in _by_mark(session, Unit).items():
        for unit in dice.sample(units, min(len(units), dice.randint(1, 4))):
            changed.add(unit.id)
            match dice.randint(0, 5):
                case 0:
                    unit.account_id, unit.site_id = _id(dice.choice([None, *accounts[mark]])), _id(dice.choice([None, *sites[mark]]))
                case 1:
                    unit.lifecycle = dice.choice(list(Lifecycle))
                case 2:
                    unit.merged_into_id = None if unit.merged_into_id else _other(unit, units)
                case 3:
                    unit.installed_on = some_day(dice)
                case _ if unit.id in statuses:
                    status = statuses[unit.id]
                    status.heard_at = None if dice.random() < 0.5 else to_ms(NOW)
                    status.stale_since = status.death_at = status.held_at = None
                case _:
                    session.add(UnitStatus(unit_id=unit.id, heard_at=to_ms(NOW), first_heard_at=to_ms(NOW)))
    session.flush()
    return changed


def _by_mark(session: Session, table: Any) -> dict[str, list[Any]]:
    """Rows by the fleet they are of, in order."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.exec(select(table).order_by(table.id)):
        found[(row.uid if table is Unit else row.ref).partition(_APART)[0]].append(row)
    return found


def by_the_rules(session: Session, on: date = DAY, now: datetime = NOW) -> Fleet:
    """The whole reconciliation by the pure rules, from the rows of the tables."""
    units = list(session.exec(select(Unit).where(col(Unit.merged_into_id).is_(None)).order_by(col(Unit.id))))
    statuses = {status.unit_id: status for status in session.exec(select(UnitStatus))}
    products = {product.id: product for product in session.exec(select(Product))}
    lines = {cover.line.id: cover for cover in contract_lines._covers(session, contract_lines._COVERS)}
    parents = dict(session.exec(select(Account.id, Account.parent_id)).all())
    sites = dict(session.exec(select(Site.id, Site.account_id)).all())
    periods, credentials, doubts = _periods(session), _credentials(session), _doubts(session)
    hearing = _hearing(session)
    live = {unit.id: assess_liveness(_facts(statuses.get(unit.id or 0)), hearing, to_ms(now)).liveness for unit in units}
    candidates = [
        Candidate(
            unit.id or 0,
            unit.serial_key,
            unit.product_id,
            unit.account_id or sites.get(unit.site_id),
            unit.site_id,
            unit.lifecycle is Lifecycle.DEPLOYED,
            live[unit.id] in OPERATING,
            unit.installed_on,
        )
        for unit in units
    ]
    force = [cover for cover in lines.values() if line_in_force(cover.line, cover.contract, on) is not None]
    seats = allocate_seats([cover.line for cover in force], candidates, parents)
    named = allocate_seats([one.line for one in lines.values() if one.line.scope is LineScope.SERIAL], candidates, {}).lines
    found: list[Finding] = []
    flagged: dict[int, Flags] = {}
    for unit in units:
        unit_id = unit.id or 0
        mine = tuple(lines[line] for line in seats.lines.get(unit_id, ()))
        flagged[unit_id] = flags(bool(mine), unit.lifecycle, live[unit_id])
        status, product = statuses.get(unit_id), products[unit.product_id]
        case = UnitCase(
            unit_id,
            unit.serial,
            unit.lifecycle,
            live[unit_id],
            from_ms(status.heard_at) if status and status.heard_at is not None else None,
            mine,
            tuple(_ended([lines[line] for line in named.get(unit_id, ())], on)),
            _in_warranty(periods[unit_id], on),
            Money(product.list_price, product.currency) if product.list_price is not None else None,
            disagreement(read_claim(unit.card), tuple(periods[unit_id])),
            {CredentialStatus.ACTIVE, CredentialStatus.PENDING} <= credentials[unit_id],
            doubts[unit_id],
            accounts=tuple(_lineage(unit.account_id or sites.get(unit.site_id), parents)),
        )
        found += unit_findings(case)
    for cover in force:
        found += line_findings(LineCase(cover, seats.left_over.get(cover.line.id, 0), seats.over.get(cover.line.id, ())))
    return Fleet(seats, flagged, found)


def _lineage(account: int | None, parents: dict[int | None, int | None]) -> Iterable[int]:
    while account is not None:
        yield account
        account = parents.get(account)


def _periods(session: Session) -> dict[int, list[CoveragePeriod]]:
    found: dict[int, list[CoveragePeriod]] = defaultdict(list)
    for row in session.exec(select(WarrantyPeriod).order_by(col(WarrantyPeriod.starts_on), col(WarrantyPeriod.id))):
        found[row.unit_id].append(stored_periods.period_of(row))
    return found


def _credentials(session: Session) -> dict[int, set[CredentialStatus]]:
    found: dict[int, set[CredentialStatus]] = defaultdict(set)
    for unit_id, status in session.exec(select(Credential.unit_id, Credential.status)):
        found[unit_id].add(status)
    return found


def _doubts(session: Session) -> dict[int, dict[Doubt, DoubtFacts]]:
    found: dict[int, dict[Doubt, DoubtFacts]] = defaultdict(dict)
    for case in session.exec(select(IdentityCase)):
        found[case.unit_id][case.doubt] = DoubtFacts(case.says, case.facts)
    return found


def _hearing(session: Session) -> ListeningWindow:
    registry = session.get_one(RegistryState, 1)
    return ListeningWindow(registry.since, registry.until)


def _facts(status: UnitStatus | None) -> LivenessFacts:
    if status is None:
        return LivenessFacts(None, 0, 0)
    imported = reported_by_import_only(status.birth_epoch, status.beat)
    marks = (status.death_at, status.stale_since, status.held_at)
    lists = (status.listed_at, status.quiet_since, status.unknown_since)
    return LivenessFacts(status.heard_at, status.late_after, status.stale_after, *marks, imported, *lists)


def _ended(named: list[Cover], on: date) -> list[Cover]:
    found = [(end, cover) for cover in named if (end := line_ended_on(cover.line, cover.contract, on)) is not None]
    return [cover for _, cover in sorted(found, key=lambda one: (one[0], one[1].line.ref, one[1].line.id))]


def _in_warranty(periods: list[CoveragePeriod], on: date) -> bool | None:
    if in_warranty(periods, on):
        return True
    return False if any(one.kind is PeriodKind.STANDARD for one in periods) else None


def stored(session: Session, present: bool = True) -> set[tuple[Any, ...]]:
    """Every stored finding as it can be compared: key, facts, variant, worth."""
    r = Stored
    further: dict[int, set[Money]] = defaultdict(set)
    for finding, value, currency in session.exec(select(FindingAmount.finding_id, FindingAmount.value, FindingAmount.currency)):
        further[finding].add(Money(value, currency))
    facts: Any = (r.kind, r.subject, r.subject_id, r.facts, r.variant, r.value, r.currency, r.counted, r.id)
    rows = session.execute(select(*facts).where(col(r.present) == present))
    return {(*row[:-1], frozenset(further.get(row.id, ()))) for row in rows}


def comparable(findings: list[Finding]) -> set[tuple[Any, ...]]:
    """The same of findings the rules made."""
    return {
        (
            *(str(one.key.kind), str(one.key.subject), one.key.id, "\n".join(one.facts), one.variant),
            *((one.worth.value.amount, one.worth.value.currency) if one.worth.value else (None, "")),
            one.worth.counted,
            frozenset(one.worth.further),
        )
        for one in findings
    }
