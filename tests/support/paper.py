"""Random small fleets with all their paper in a database, and what the pure rules make of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

from musterroll.domain.assignment import Assignment, Candidate, assign
from musterroll.domain.claims import disagreement, read_claim
from musterroll.domain.contract import Payment, Scope, State, ended, line_on
from musterroll.domain.coverage import Cover
from musterroll.domain.dates import add_months
from musterroll.domain.findings import Finding
from musterroll.domain.instants import from_ms, to_ms
from musterroll.domain.lifecycle import Lifecycle
from musterroll.domain.line_findings import LineCase, of_line
from musterroll.domain.liveness import Facts, Hearing, judge
from musterroll.domain.money import Money
from musterroll.domain.reconciliation import OPERATING, Flags, flags
from musterroll.domain.unit_findings import UnitCase, of_unit
from musterroll.domain.warranty import Period, PeriodKind, in_warranty
from musterroll.registry.reconciling import CLONE
from musterroll.storage import covers, warranties
from musterroll.storage.paper_tables import Contract, ContractLine, Invoice, WarrantyPeriod
from musterroll.storage.tables import Account, Credential, CredentialStatus, Product, Registry, Site, Unit, Voice
from sqlmodel import Session, col, select

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = NOW.date()
_MINUTE = 60_000


class Fleet(NamedTuple):
    """What the rules make of a database: seats, flags and findings."""

    seats: Assignment
    flags: dict[int, Flags]
    findings: list[Finding]


def some_day(dice: Random, spread: int = 500) -> date:
    return DAY + timedelta(days=dice.choice([-1, 0, 1, dice.randint(-spread, spread)]))


def fill(session: Session, dice: Random) -> None:
    """A handful of accounts, sites, products and contracts, some thirty units and a dozen lines of every kind."""
    since = to_ms(NOW) - dice.choice([0, 1, 10, 10_000]) * _MINUTE
    registry = session.get_one(Registry, 1)
    registry.since, registry.until = (since, to_ms(NOW) - dice.choice([0, 0, 2 * _MINUTE])) if dice.random() < 0.7 else (0, 0)
    _places(session, dice)
    _units(session, dice)
    _contracts(session, dice)
    session.flush()


def _add(session: Session, rows: list[Any]) -> list[int]:
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def _places(session: Session, dice: Random) -> None:
    accounts: list[int] = []
    for number in range(5):
        parent = dice.choice([None, *accounts])
        accounts += _add(session, [Account(ref=f"A{number}", name="A", parent_id=parent, created_at=NOW)])
    _add(session, [Site(ref=f"S{number}", name="S", account_id=dice.choice([None, *accounts]), created_at=NOW) for number in range(5)])
    for number in range(2):
        price = dice.choice([None, Decimal("90.5")])
        keys = {"maker_key": f"M{number}", "model_key": f"P{number}", "family_key": f"P{number}"}
        _add(session, [Product(maker="M", model="P", family="P", list_price=price, created_at=NOW, **keys)])


def _ids(session: Session, table: Any) -> list[int]:
    return list(session.exec(select(table.id).order_by(table.id)))


def _units(session: Session, dice: Random) -> None:
    accounts, sites, products = _ids(session, Account), _ids(session, Site), _ids(session, Product)
    seen: set[tuple[int, str]] = set()
    for number in range(dice.randint(1, 30)):
        product, serial = dice.choice(products), f"SN{dice.randint(1, 25):03}"
        if (product, serial) in seen:
            continue
        seen.add((product, serial))
        unit = Unit(
            **{"uid": f"u{number}", "serial": serial, "serial_key": serial, "twin_key": serial, "product_id": product, "created_at": NOW},
            **{"maker_key": f"M{product}", "family_key": f"P{product}", "lifecycle": dice.choice([*Lifecycle, *["deployed"] * 4])},
            **{"account_id": dice.choice([None, *accounts]), "site_id": dice.choice([None, *sites])},
            **{"installed_on": dice.choice([None, some_day(dice)]), "warranty_months": dice.choice([None, 12])},
        )
        (unit_id,) = _add(session, [unit])
        if dice.random() < 0.8:
            session.add(_voice(dice, unit_id))
        _warranty(session, dice, unit)
        if dice.random() < 0.1:
            status = [CredentialStatus.ACTIVE, dice.choice(list(CredentialStatus))]
            for one in status if status[1] is not CredentialStatus.ACTIVE else status[:1]:
                session.add(Credential(unit_id=unit_id, secret_hash="x", status=one, created_at=NOW))
    units = _ids(session, Unit)
    for unit_id in dice.sample(units, len(units) // 10):
        session.get_one(Unit, unit_id).merged_into_id = next((one for one in units if one != unit_id), None)


def _voice(dice: Random, unit_id: int) -> Voice:
    heard = dice.choice([None, to_ms(NOW) - dice.choice([0, 59_999, 66_000, 185_999, 186_000, 10_000_000, 3_000_000_000])])
    was = {"first_heard_at": heard, "held_at": dice.choice([None, None, heard]), "death_at": dice.choice([None, None, heard])}
    return Voice(unit_id=unit_id, heard_at=heard, stale_since=dice.choice([None, None, heard]), **was)


def _warranty(session: Session, dice: Random, unit: Unit) -> None:
    for kind in dice.choice([[], [PeriodKind.STANDARD], [PeriodKind.STANDARD, PeriodKind.EXTENDED], [PeriodKind.REPAIR]]):
        starts_on = some_day(dice)
        voided_on = dice.choice([None, None, some_day(dice)])
        ends_on = dice.choice([None, add_months(starts_on, 12)])
        session.add(
            WarrantyPeriod(unit_id=unit.id, kind=kind, starts_on=starts_on, ends_on=ends_on, rule="x", evidence="e", voided_on=voided_on)
        )
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


def _contracts(session: Session, dice: Random) -> None:
    accounts, sites, products = _ids(session, Account), _ids(session, Site), _ids(session, Product)
    for number in range(dice.randint(0, 5)):
        starts_on = some_day(dice) if dice.random() < 0.3 else DAY - timedelta(days=dice.randint(0, 300))
        ends_on = dice.choice([None, starts_on + timedelta(days=dice.randint(1, 700))])
        contract = Contract(
            **{
                "ref": f"C{number}",
                "account_id": dice.choice([None, *accounts]),
                "state": dice.choice([*State, State.ACTIVE, State.ACTIVE]),
            },
            **{"starts_on": starts_on, "ends_on": ends_on, "auto_renew": dice.random() < 0.5, "renewal_months": dice.choice([1, 12])},
            **{"notice_days": dice.choice([0, 30]), "notice_on": dice.choice([None, None, some_day(dice)]), "created_at": NOW},
            **{"ended_on": dice.choice([None, None, some_day(dice)]), "currency": dice.choice(["EUR", "EUR", "USD"])},
        )
        (contract_id,) = _add(session, [contract])
        if dice.random() < 0.6:
            session.add(Invoice(contract_id=contract_id, payment=dice.choice(list(Payment))))
        for line in range(dice.randint(0, 5)):
            session.add(_line(dice, contract, line, accounts, sites, products))


def _line(dice: Random, contract: Contract, number: int, accounts: list[int], sites: list[int], products: list[int]) -> ContractLine:
    scope, serial = dice.choice([Scope.SERIAL, *Scope]), f"SN{dice.randint(1, 30):03}"
    named = scope is Scope.SERIAL
    last = contract.ends_on or contract.starts_on + timedelta(days=900)
    starts_on = dice.choice([None, None, contract.starts_on, contract.starts_on + (last - contract.starts_on) * dice.random()])
    ends_on = dice.choice([None, None, contract.ends_on, last if starts_on is None else starts_on + (last - starts_on) * dice.random()])
    return ContractLine(
        **{"contract_id": contract.id, "number": str(number), "scope": scope, "starts_on": starts_on, "ends_on": ends_on},
        **{"serial": serial if named else "", "serial_key": serial if named else "", "quantity": 1 if named else dice.randint(1, 4)},
        place_id=None if named else dice.choice(sites if scope is Scope.SITE else accounts),
        product_id=dice.choice([None, *products]) if named else dice.choice(products),
        price=dice.choice([None, Decimal(120), Decimal("12.3456")]),
    )


def edit(session: Session, dice: Random) -> set[int]:
    """Change some units as verbs might: move, merge, silence, revive, deploy or return them. Returns their rows."""
    units = _ids(session, Unit)
    accounts, sites = _ids(session, Account), _ids(session, Site)
    changed = set(dice.sample(units, min(len(units), dice.randint(1, 4))))
    for unit_id in changed:
        unit, voice = session.get_one(Unit, unit_id), session.get(Voice, unit_id)
        match dice.randint(0, 5):
            case 0:
                unit.account_id, unit.site_id = dice.choice([None, *accounts]), dice.choice([None, *sites])
            case 1:
                unit.lifecycle = dice.choice(list(Lifecycle))
            case 2:
                unit.merged_into_id = None if unit.merged_into_id else next((one for one in units if one != unit_id), None)
            case 3:
                unit.installed_on = some_day(dice)
            case _ if voice:
                silent = dice.random() < 0.5
                voice.heard_at = None if silent else to_ms(NOW)
                voice.stale_since = voice.death_at = voice.held_at = None
            case _:
                session.add(Voice(unit_id=unit_id, heard_at=to_ms(NOW), first_heard_at=to_ms(NOW)))
    session.flush()
    return changed


def by_the_rules(session: Session, on: date = DAY, now: datetime = NOW) -> Fleet:
    """The whole reconciliation by the pure rules, from the rows of the tables."""
    units = list(session.exec(select(Unit).where(col(Unit.merged_into_id).is_(None)).order_by(col(Unit.id))))
    voices = {voice.unit_id: voice for voice in session.exec(select(Voice))}
    lines = {cover.line.id: cover for cover in covers._covers(session, col(ContractLine.id).is_not(None))}
    parents = dict(session.exec(select(Account.id, Account.parent_id)).all())
    sites = dict(session.exec(select(Site.id, Site.account_id)).all())
    live = {unit.id: _judged(session, voices.get(unit.id or 0), now) for unit in units}
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
    force = [cover for cover in lines.values() if line_on(cover.line, cover.contract, on) is not None]
    seats = assign([cover.line for cover in force], candidates, parents)
    named = assign([one.line for one in lines.values() if one.line.scope is Scope.SERIAL], candidates, {}).lines
    found: list[Finding] = []
    flagged: dict[int, Flags] = {}
    for unit in units:
        unit_id = unit.id or 0
        mine = tuple(lines[line] for line in seats.lines.get(unit_id, ()))
        flagged[unit_id] = flags(bool(mine), unit.lifecycle, live[unit_id])
        voice = voices.get(unit_id)
        periods = tuple(map(warranties.period_of, warranties.periods(session, unit_id)))
        product = session.get_one(Product, unit.product_id)
        case = UnitCase(
            unit_id,
            unit.serial,
            unit.lifecycle,
            live[unit_id],
            from_ms(voice.heard_at) if voice and voice.heard_at is not None else None,
            mine,
            tuple(_ended([lines[line] for line in named.get(unit_id, ())], on)),
            _in_warranty(periods, on),
            Money(product.list_price, product.currency) if product.list_price is not None else None,
            disagreement(read_claim(unit.card), periods),
            CLONE if _cloned(session, unit_id) else "",
        )
        found += of_unit(case)
    for cover in force:
        found += of_line(LineCase(cover, seats.left_over.get(cover.line.id, 0), seats.over.get(cover.line.id, ())))
    return Fleet(seats, flagged, found)


def _judged(session: Session, voice: Voice | None, now: datetime) -> Any:
    registry = session.get_one(Registry, 1)
    hearing = Hearing(registry.since, registry.until) if registry.until else Hearing(0, to_ms(now))
    facts = voice and Facts(voice.heard_at, voice.late_after, voice.stale_after, voice.death_at, voice.stale_since, voice.held_at)
    return judge(facts or Facts(None, 0, 0), hearing, to_ms(now)).liveness


def _ended(named: list[Cover], on: date) -> list[Cover]:
    found = [(end, cover) for cover in named if (end := ended(cover.line, cover.contract, on)) is not None]
    return [cover for _, cover in sorted(found, key=lambda one: (one[0], one[1].line.ref, one[1].line.id))]


def _in_warranty(periods: tuple[Period, ...], on: date) -> bool | None:
    if in_warranty(periods, on):
        return True
    return False if any(one.kind is PeriodKind.STANDARD for one in periods) else None


def _cloned(session: Session, unit_id: int) -> bool:
    held = set(session.exec(select(Credential.status).where(Credential.unit_id == unit_id)))
    return {CredentialStatus.ACTIVE, CredentialStatus.PENDING} <= held


def stored(session: Session, present: bool = True) -> set[tuple[Any, ...]]:
    """Every stored finding as it can be compared: key, facts, variant, worth."""
    from musterroll.storage.paper_tables import Finding as Row

    rows = session.exec(select(Row).where(Row.present == present))
    return {(row.kind, row.subject, row.subject_id, row.facts, row.variant, row.value, row.currency, row.counted) for row in rows}


def comparable(findings: list[Finding]) -> set[tuple[Any, ...]]:
    """The same of findings the rules made."""
    return {
        (
            *(str(one.key.kind), str(one.key.subject), one.key.id, "\n".join(one.facts), one.variant),
            *((one.worth.value.amount, one.worth.value.currency) if one.worth.value else (None, "")),
            one.worth.counted,
        )
        for one in findings
    }
