"""The rules of the ready-made segments: from facts of the whole fleet to members."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from math import ceil
from typing import NamedTuple

from musterroll.domain.contracts.book import rank
from musterroll.domain.segments import ready_made as numbers
from musterroll.domain.segments.pairs import LearnedPair
from musterroll.domain.segments.standing import Standing
from musterroll.domain.values.dates import add_months, in_words, last_day
from musterroll.domain.values.exchange import Exchange
from musterroll.domain.values.money import Money, totals
from musterroll.storage.contracts.renewals import ContractWorth
from musterroll.storage.fleet import segments as fleet_sums
from musterroll.storage.fleet.segments import OwnerSums
from musterroll.storage.segments.facts import Evidence, PairMember
from musterroll.storage.segments.members import Member
from musterroll.usecases.coverage.limits import LineLimitUse
from musterroll.usecases.installed_base.renewals import DueContract
from musterroll.usecases.usage.declining import DecliningAccount
from musterroll.usecases.usage.history import amount, label


class Names(NamedTuple):
    accounts: Mapping[str, int]  # row ids by number
    products: Mapping[int, str]
    counters: Mapping[int, str]


def members(sums: Iterable[OwnerSums], why: Mapping[int, str] | None = None) -> list[Member]:
    """A member for each account of these sums; with `why`, only of those that have a reason."""
    by_owner: dict[int, list[OwnerSums]] = defaultdict(list)
    for row in sums:
        if why is None or row.owner in why:
            by_owner[row.owner].append(row)
    return [
        Member(owner, sum(row.units for row in rows), sum(row.priced for row in rows), fleet_sums.worth(rows), (why or {}).get(owner, ""))
        for owner, rows in sorted(by_owner.items())
    ]


def valuable_dormant(deployed: list[OwnerSums], silent: list[OwnerSums], exchange: Exchange) -> list[Member]:
    """The top quarter is of the accounts whose deployed units have a value, in the reporting currency."""
    all_units, quiet = {row.account_id: row for row in members(deployed)}, {row.account_id: row for row in members(silent)}
    values = {account: rank(row.worth, exchange) for account, row in all_units.items() if row.worth}
    if not values:
        return []
    least = sorted(values.values(), reverse=True)[ceil(len(values) / numbers.VALUABLE_SHARE) - 1]
    return [
        row._replace(why=f"{row.units:,} of {all_units[account].units:,} deployed units do not report")
        for account, row in quiet.items()
        if values.get(account, 0) >= least and row.units >= numbers.DORMANT_SHARE * all_units[account].units
    ]


def at_risk(declining: Iterable[DecliningAccount], deployed: list[OwnerSums], names: Names) -> list[Member]:
    why: dict[int, list[str]] = defaultdict(list)
    for row in declining:
        if row.many and row.ref in names.accounts:
            why[names.accounts[row.ref]].append(f"{label(row.counter)} fell by {row.trend.fall:.0%}; {row.tickets:,} tickets in 90 days")
    return members(deployed, _joined(why))


def lapsed_contracts(standings: Mapping[int, Standing], covered: Callable[[int], int], on: date) -> dict[int, Standing]:
    since = add_months(on, -numbers.LAPSED_MONTHS)
    return {
        account: standing
        for account, standing in standings.items()
        if standing.ended_on is not None and standing.ended_on > since and not covered(account)
    }


def lapsed(standings: Mapping[int, Standing], worth: Mapping[int, ContractWorth]) -> list[Member]:
    rows = []
    for account, standing in sorted(standings.items()):
        parts = [worth.get(contract.id, ContractWorth()) for contract in standing.ended]
        seats = sum(part.seats for part in parts)
        value = totals(money for part in parts for money in part.value)
        ended = last_day(standing.ended_on) if standing.ended_on else None
        names = " and ".join(sorted(contract.ref for contract in standing.ended)[:3])
        why = f"{names} ended on {in_words(ended)}" if ended else names
        rows.append(Member(account, seats, seats - sum(part.unpriced for part in parts), value, why))
    return rows


def near_end(due: Iterable[DueContract], names: Names, on: date) -> list[Member]:
    until = on + timedelta(numbers.ENDING_DAYS)
    ending = [row for row in due if not row.ending.renews and row.ending.last_day <= until]
    return _due(ending, names, lambda row: f"{row.ref} ends on {in_words(row.ending.last_day)}")


def notice_due(due: Iterable[DueContract], names: Names, on: date) -> list[Member]:
    until = on + timedelta(numbers.NOTICE_DAYS)
    noticed = [row for row in due if row.ending.notice_by and on <= row.ending.notice_by <= until]
    return _due(noticed, names, lambda row: f"notice for {row.ref} by {in_words(row.ending.notice_by or on)}")


def _due(due: Iterable[DueContract], names: Names, words: Callable[[DueContract], str]) -> list[Member]:
    by_account: dict[int, list[DueContract]] = defaultdict(list)
    for row in due:
        if row.account_ref in names.accounts:
            by_account[names.accounts[row.account_ref]].append(row)
    return [
        Member(
            account,
            sum(row.seats for row in rows),
            sum(row.seats - row.unpriced for row in rows),
            totals(money for row in rows for money in row.worth),
            _listed([words(row) for row in rows]),
        )
        for account, rows in sorted(by_account.items())
    ]


def upsell(uses: Iterable[LineLimitUse]) -> list[Member]:
    """Of limits that are near or reached; a line with two of them counts once."""
    by_account: dict[int, list[LineLimitUse]] = defaultdict(list)
    for of in uses:
        if of.cover.contract.account is not None:
            by_account[of.cover.contract.account].append(of)
    rows = []
    for account, limits in sorted(by_account.items()):
        lines = {of.cover.line.id: of.cover.line for of in limits}.values()
        worth = totals(_worth(line.price, line.quantity) for line in lines)
        priced = sum(line.quantity for line in lines if line.price)
        rows.append(Member(account, sum(line.quantity for line in lines), priced, worth, _listed([of.says for of in limits])))
    return rows


def cross_sell(
    lacking: Iterable[PairMember], units: list[OwnerSums], pairs: Mapping[tuple[int, int], LearnedPair], names: Names
) -> list[Member]:
    why: dict[int, list[str]] = defaultdict(list)
    for row in lacking:
        pair = pairs.get((row.a_id, row.b_id))
        share = f"; {pair.confidence:.0%} of accounts with it have it" if pair else ""
        a, b = names.products.get(row.a_id, "?"), names.products.get(row.b_id, "?")
        why[row.account_id].append(f"{row.units:,} {a}, no {b}{share}")
    return members(units, _joined(why))


def unused_features(evidence: Iterable[Evidence], units: list[OwnerSums], names: Names) -> list[Member]:
    def words(of: Evidence) -> str:
        counter, product = label(names.counters[of.counter_id]), names.products.get(of.product_id, "?")
        return f"{counter} of {product} ({of.units:,} units), which {of.compared:.0%} of {of.accounts:,} accounts use"

    return _by_evidence(evidence, units, words, strongest=lambda of: -of.compared)


def engagement(evidence: Iterable[Evidence], units: list[OwnerSums], names: Names, *, low: bool) -> list[Member]:
    def words(of: Evidence) -> str:
        counter, product = names.counters[of.counter_id], names.products.get(of.product_id, "?")
        measured, usual = (_plain(amount(counter, value)) for value in (of.measured, of.compared))
        return f"{label(counter)} of {product}: {measured} per unit, median {usual} of {of.accounts:,} accounts"

    sign = 1 if low else -1
    return _by_evidence(evidence, units, words, strongest=lambda of: sign * of.measured / of.compared)


def frequent_buyers(months: Mapping[int, int], units: list[OwnerSums]) -> list[Member]:
    why = {account: f"bought in {count} months of the last {numbers.BUYING_MONTHS}" for account, count in months.items()}
    return members(units, why)


def _by_evidence(
    evidence: Iterable[Evidence], units: list[OwnerSums], words: Callable[[Evidence], str], strongest: Callable[[Evidence], float]
) -> list[Member]:
    by_account: dict[int, list[Evidence]] = defaultdict(list)
    for of in evidence:
        by_account[of.account_id].append(of)
    ordered = {account: sorted(rows, key=lambda of: (strongest(of), of)) for account, rows in by_account.items()}
    return members(units, {account: _listed([words(of) for of in rows]) for account, rows in ordered.items()})


def _joined(why: Mapping[int, list[str]]) -> dict[int, str]:
    return {account: _listed(reasons) for account, reasons in why.items()}


def _listed(reasons: list[str]) -> str:
    """The first reason, and how many more there are."""
    return reasons[0] + (f" (and {len(reasons) - 1:,} more)" if len(reasons) > 1 else "")


def _plain(use: float) -> str:
    return f"{use:,.1f}" if use >= 1 or not use else f"{use:.2g}"


def _worth(price: Money | None, quantity: int) -> Money | None:
    return price.times(quantity) if price else None
