"""Further evidence of a unit's findings: warranty periods, warranty card, credentials, list price, messages."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Row, select
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import ContractTerms
from musterroll.domain.findings.evidence import Evidence
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.dates import in_words, last_day
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import Money
from musterroll.domain.warranty.unit_claims import describe_claim, read_claim
from musterroll.storage.coverage import unit_facts
from musterroll.storage.enrolment import credentials
from musterroll.storage.messages import identity
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.enrolment import Credential
from musterroll.storage.tables.identity import IdentityCase
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.warranty import periods as stored_periods

_MESSAGES, _SHOWN = 10, 600  # of a unit as evidence, and characters of each


class UnitDoubts(NamedTuple):
    """The open cases about which device reports as a unit, and what came from it."""

    cases: tuple[IdentityCase, ...] = ()
    evidence: tuple[Evidence, ...] = ()


def unit_doubts(session: Session, unit_id: int | None) -> UnitDoubts:
    """Empty where there is no case."""
    cases = () if unit_id is None else tuple(identity.cases(session, [unit_id]).values())
    return UnitDoubts(cases, tuple(_messages(session, cases[0].unit_id))) if cases else UnitDoubts()


def evidence_by_kind(session: Session, unit: Row[Any], contracts: Collection[ContractTerms]) -> dict[FindingKind, tuple[Evidence, ...]]:
    """Further evidence by kind of finding. `unit`: a row of `storage.coverage.unit_facts`; `contracts`: those of its lines in force."""
    periods = tuple(Evidence("warranty", row.id or 0, _period(row)) for row in stored_periods.periods(session, unit.id))
    claim = read_claim(unit.card)
    card = (Evidence("card", unit.id, describe_claim(claim)),) if claim else ()
    price = () if unit.list_price is None else (Evidence("product", unit.product_id, _price(unit)),)
    marks = tuple(Evidence("credential", row.id or 0, _credential(row)) for row in credentials.of_unit(session, unit.id))
    messages = unit_doubts(session, unit.id).evidence
    return {
        FindingKind.OPERATING_UNCOVERED: periods + price,
        FindingKind.WARRANTY_CONFLICT: periods + card,
        FindingKind.CLONE_CASE: marks + messages,
        FindingKind.STATE_WENT_BACK: messages,
        FindingKind.FOREIGN_IDENTITY: marks + messages,
        FindingKind.PAID_BY_ANOTHER: tuple(_accounts(session, unit, contracts)),
    }


def _accounts(session: Session, unit: Row[Any], contracts: Collection[ContractTerms]) -> Iterator[Evidence]:
    """The account of the unit and those of its contracts, as far as the user may see them."""
    owned = [(unit_facts.account(unit), unit.serial), *((contract.account, f"contract {contract.ref}") for contract in contracts)]
    for account_id, what in dict.fromkeys(owned):
        query = select(col(Account.ref), col(Account.name)).where(col(Account.id) == account_id)
        if account_id and (account := session.execute(query).one_or_none()):
            yield Evidence("account", account_id, f"{what} belongs to account {account.ref}, {account.name}")


def _messages(session: Session, unit_id: int) -> Iterator[Evidence]:
    """What the unit sent under numbers that were taken, each beside what is stored under its number, and its latest births."""
    for row, body in identity.set_aside(session, unit_id, _MESSAGES):
        name = "heartbeat" if row.about == "heartbeat" else f"{row.about} {row.seq}"
        taken = f"; stored under this number: {_shown(body)}" if body is not None else ""
        says = f"{name} of epoch {row.epoch}, set aside on {_when(row.received_at)}: {_shown(row.body)}{taken}"
        yield Evidence("message", unit_id, says)
    for birth in sorted(identity.births(session, unit_id), key=lambda birth: -birth.received_at)[:_MESSAGES]:
        marks = {**birth.hardware, **({"run": birth.run} if birth.run else {})}
        listed = "".join(f", {name} {value}" for name, value in sorted(marks.items()))
        yield Evidence("message", unit_id, f"birth {birth.seq} of epoch {birth.epoch}, received on {_when(birth.received_at)}{listed}")


def _shown(body: str) -> str:
    return body if len(body) <= _SHOWN else body[:_SHOWN] + "..."


def _when(at: int) -> str:
    return f"{in_words(from_ms(at).date())} at {from_ms(at):%H:%M:%S} UTC"


def _period(row: WarrantyPeriod) -> str:
    until = f" to {in_words(last_day(row.ends_on))}" if row.ends_on else ""
    void = f", void from {in_words(row.voided_on)}: {row.void_reason}" if row.voided_on else ""
    return f"{row.kind} warranty from {in_words(row.starts_on)}{until}, {row.evidence}{void}"


def _price(unit: Row[Any]) -> str:
    return f"list price of cover: {Money(unit.list_price, unit.currency)} per unit per year"


def _credential(row: Credential) -> str:
    marks = ", ".join(f"{name} {value}" for name, value in sorted(row.evidence.items()))
    asked = f"requested on {in_words(row.created_at)} at {row.created_at:%H:%M} UTC"
    return f"credential {row.id}, {row.status}, {asked}" + (f": {marks}" if marks else "")
