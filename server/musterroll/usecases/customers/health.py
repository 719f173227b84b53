"""The health of accounts: what is known of each, and its parts with their sources."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.contracts.terms import ContractTerms, Payment, term_on
from musterroll.domain.customers import health as rules
from musterroll.domain.customers.health import TICKET_DAYS, DueTerm, HealthFacts, HealthPart, HealthSources, Weeks
from musterroll.domain.usage.decline import WEEKS
from musterroll.domain.usage.periods import Period, day_of, start_of
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import Money
from musterroll.storage.accounts import hierarchy as stored_hierarchy
from musterroll.storage.contracts import invoices
from musterroll.storage.contracts import retention as stored_contracts
from musterroll.storage.customers import facts as stored
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.usage import readings, sums, tickets
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.installed_base.renewals import DueContract
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import Figure

T = TypeVar("T")


class AccountHealth(NamedTuple):
    """`subsidiaries`: how many are counted with the account."""

    subsidiaries: int
    parts: list[HealthPart]


def account_health(
    session: Session, ref: str, now: datetime, *, alone: bool = False, due: Sequence[DueContract] | None = None
) -> AccountHealth:
    """Of an account and its subsidiaries, or of itself `alone`. `due`: their contracts due, where they are known. Raises NotFound."""
    account_id = account(session, ref).id or 0
    refs = {node.ref: node.id for node in stored_hierarchy.tree(session, account_id)} | {ref: account_id}
    refs = {ref: account_id} if alone else refs
    due = renewals.due_contracts(session, now, ref).value.due if due is None else due
    contracts = stored_contracts.contracts(session, refs.values())
    known = facts(session, now, contracts, {refs[row.account_ref]: row for row in reversed(due) if row.account_ref in refs}, refs.values())
    whole = rules.together(known.values())
    return AccountHealth(len(refs) - 1, rules.parts(whole, rules.use_trend(whole), sources(session, now)))


def facts(
    session: Session,
    now: datetime,
    contracts: Mapping[int, ContractTerms],
    due: Mapping[int, DueContract],
    some: Collection[int] | None = None,
) -> dict[int, HealthFacts]:
    """By account, of all that the session sees or of some. `contracts`: theirs; `due`: the contract of each whose term ends first."""
    today = now.astimezone(UTC).date()
    units, warranted = stored.units(session, some), stored.in_warranty_only(session, some, today)
    opened = stored.tickets(session, some, today - timedelta(TICKET_DAYS - 1), today)
    in_force = {number: contract for number, contract in contracts.items() if contract.account and term_on(contract, today) is not None}
    owned = _by_account((contract.account or 0, number) for number, contract in in_force.items())
    billed = _payments(session, in_force, some is not None)
    weeks, owed = _weeks(session, today, some), _owed(session, today, some)
    known: dict[int, HealthFacts] = {}
    for number in units.keys() | opened.keys() | owed.keys() | owned.keys() | weeks.keys() | due.keys():
        of, paid = units.get(number, stored.UnitCounts(0, 0, 0)), billed.get(number, [])
        term = DueTerm(due[number].ending, due[number].ref) if number in due else None
        overdue = sum(payment is Payment.OVERDUE for payment in paid)
        covered, owns = of.contracted + warranted.get(number, 0), len(owned.get(number, []))
        counts = (of.deployed, of.operating, covered, opened.get(number, 0), owns, len(paid), overdue)
        money, since = owed.get(number, ((), None))
        known[number] = HealthFacts(*counts, money, since, weeks.get(number, ()), term)
    return known


def sources(session: Session, now: datetime) -> HealthSources:
    today, run = now.astimezone(UTC).date(), cell_counters.last_run(session)
    usual = cached_figures.counted_figure(session, USUAL_TICKETS, now).value
    imported = {kind: from_ms(at) for kind, at in stored.imported_at(session).items()}
    until = start_of(today, Period.WEEK) - timedelta(1)
    return HealthSources(today, from_ms(run.at) if run else None, until, usual, imported)


def _usual_tickets(session: Session, now: datetime) -> float:
    today = now.astimezone(UTC).date()
    return tickets.tickets_per_unit(session, today - timedelta(TICKET_DAYS - 1), today)


USUAL_TICKETS = Figure[float]("usual_tickets", TypeAdapter(float), _usual_tickets)


def _payments(session: Session, in_force: Mapping[int, ContractTerms], some: bool) -> dict[int, list[Payment]]:
    rows = stored.payments(session, list(in_force) if some else None)
    return _by_account((row.account_id, row.payment) for row in rows if row.contract_id in in_force)


def _owed(session: Session, today: date, some: Collection[int] | None) -> dict[int, tuple[tuple[Money, ...], date]]:
    """Overdue invoices by account: what is left to pay, and since when."""
    rows = _by_account((number, (money, since)) for number, money, since in invoices.owed(session, today, some))
    return {number: (tuple(money for money, _ in of), min(since for _, since in of)) for number, of in rows.items()}


def _weeks(session: Session, today: date, some: Collection[int] | None) -> dict[int, tuple[tuple[str, Weeks], ...]]:
    """The use of complete weeks by account, and by the name of the counter."""
    since, names = day_of(start_of(today, Period.WEEK) - timedelta(weeks=WEEKS)), readings.names(session)
    weekly = sums.weekly(session, since, WEEKS, some).items()
    uses = _by_account((number, (names[counter], tuple(of.get(n, 0.0) for n in range(WEEKS)))) for (number, counter), of in weekly)
    return {number: tuple(sorted(of)) for number, of in uses.items()}


def _by_account(pairs: Iterable[tuple[int, T]]) -> dict[int, list[T]]:
    groups: dict[int, list[T]] = defaultdict(list)
    for number, value in pairs:
        groups[number].append(value)
    return groups
