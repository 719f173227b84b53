"""Stored proposals, and the records compared for possible duplicates."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.matching import AccountFacts, LineFacts, Match, UnitFacts, domain, name_words, phone, postcode
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.matching import Proposal
from musterroll.storage.tables.units import Unit

_MOST_TWINS = 20  # a serial shared by more units is no evidence
_CHUNK = 5_000

ProposalKey = tuple[str, int, int]  # kind, left, right


def accounts(session: Session) -> Iterator[AccountFacts]:
    """All accounts that are not merged, as compared."""
    a = Account
    columns = (col(a.id), col(a.parent_id), col(a.name), col(a.website), col(a.phone), col(a.postcode), col(a.country))
    for id_, parent, name, website, number, code, country in session.execute(select(*columns).where(col(a.merged_into_id).is_(None))):
        compared = (name_words(name), domain(website), phone(number), postcode(code), country.casefold().strip())
        yield AccountFacts(id_, parent, name, *compared)


def unit_twins(session: Session) -> Iterator[list[UnitFacts]]:
    """Groups of units whose serials are the same or easily confused."""
    u = Unit
    shared = select(col(u.twin_key)).where(col(u.merged_into_id).is_(None), func.length(col(u.twin_key)) >= 4).group_by(col(u.twin_key))
    twins = shared.having(func.count().between(2, _MOST_TWINS)).subquery()
    query = _units().where(col(u.twin_key).in_(select(twins.c.twin_key))).order_by(col(u.twin_key), col(u.id))
    together: list[UnitFacts] = []
    last = None
    for twin, facts in _facts(session, query):
        if twin != last and together:
            yield together
            together = []
        together, last = [*together, facts], twin
    if together:
        yield together


def units_by_host(session: Session) -> dict[str, list[tuple[UnitFacts, str]]]:
    """Units, each with its asset tag, by hostname; hostnames of several units of which one has an asset tag."""
    u = Unit
    shared = select(col(u.hostname)).where(col(u.merged_into_id).is_(None), col(u.hostname).is_not(None)).group_by(col(u.hostname))
    hosts = shared.having(func.count().between(2, _MOST_TWINS), func.count(col(u.asset_tag)) > 0).subquery()
    query = _units().add_columns(col(u.hostname), col(u.asset_tag)).where(col(u.hostname).in_(select(hosts.c.hostname))).order_by(col(u.id))
    by_host: dict[str, list[tuple[UnitFacts, str]]] = {}
    for *row, host, tag in session.execute(query):
        by_host.setdefault(host, []).extend((facts, tag or "") for _, facts in _read([row]))
    return by_host


def lines_without_unit(session: Session) -> list[LineFacts]:
    """Contract lines for a serial that no unit has."""
    line, unit = ContractLine, Unit
    has_unit = exists().where(col(unit.serial_key) == col(line.serial_key))
    columns = (col(line.id), col(line.serial), col(line.serial_key), col(line.product_id), col(Contract.account_id), col(line.place_id))
    query = select(*columns).join_from(line, Contract, col(Contract.id) == col(line.contract_id))
    return [LineFacts(*row) for row in session.execute(query.where(col(line.scope) == LineScope.SERIAL, ~has_unit).order_by(col(line.id)))]


def units_by_twin(session: Session, twins: Sequence[str]) -> dict[str, list[UnitFacts]]:
    """Units by twin key."""
    by_twin: dict[str, list[UnitFacts]] = {}
    for start in range(0, len(twins), _CHUNK):
        for twin, facts in _facts(session, _units().where(col(Unit.twin_key).in_(twins[start : start + _CHUNK]))):
            by_twin.setdefault(twin, []).append(facts)
    return by_twin


def namesakes(session: Session, unit_ids: Collection[int]) -> list[tuple[UnitFacts, UnitFacts]]:
    """Pairs of units of one serial, the older first, of which at least one is among these."""
    mine, other = aliased(Unit), aliased(Unit)
    query = select(col(mine.id), col(other.id)).join_from(mine, other, col(other.serial_key) == col(mine.serial_key))
    unmerged = (col(mine.merged_into_id).is_(None), col(other.merged_into_id).is_(None))
    rows = session.execute(query.where(col(mine.id).in_(unit_ids), col(other.id) != col(mine.id), *unmerged))
    pairs = {(min(row), max(row)) for row in rows}
    ids = {unit_id for pair in pairs for unit_id in pair}
    facts = {unit.id: unit for _, unit in _facts(session, _units().where(col(Unit.id).in_(ids)))} if ids else {}
    return [(facts[left], facts[right]) for left, right in sorted(pairs)]


def propose(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add those proposals that were never made before."""
    if rows:
        dialect = postgresql if postgres(session) else sqlite
        session.execute(dialect.insert(Proposal).on_conflict_do_nothing(), rows)


def row(key: ProposalKey, match: Match) -> dict[str, Any]:
    """The columns of a proposal that its match decides."""
    evidence = [{"field": name, "left": left, "right": right, "weight": weight} for name, left, right, weight in match.fields]
    return {"kind": key[0], "left_id": key[1], "right_id": key[2], "weight": round(match.probability, 4), "evidence": evidence}


def _units() -> Any:
    u = Unit
    active = exists().where(col(Credential.unit_id) == col(u.id), col(Credential.status) == CredentialStatus.ACTIVE)
    columns = (col(u.twin_key), col(u.id), col(u.serial), col(u.serial_key), col(Product.maker), col(Product.model), col(u.product_id))
    reporting = or_(col(UnitStatus.heard_at).is_not(None), active)
    query = select(*columns, col(u.account_id), col(u.site_id), col(u.lifecycle), reporting, col(u.evidence))
    joined = query.join_from(u, Product, col(Product.id) == col(u.product_id)).outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(u.id))
    return joined.where(col(u.merged_into_id).is_(None))


def _facts(session: Session, query: Any) -> Iterator[tuple[str, UnitFacts]]:
    return _read(session.execute(query))


def _read(rows: Iterable[Any]) -> Iterator[tuple[str, UnitFacts]]:
    for twin, *facts, lifecycle, reporting, evidence in rows:
        yield twin, UnitFacts._make((*facts, lifecycle is not Lifecycle.UNRECORDED, bool(reporting), evidence))


def states(session: Session) -> dict[ProposalKey, tuple[int, str]]:
    """Number and state of all proposals."""
    p = Proposal
    columns = (col(p.kind), col(p.left_id), col(p.right_id), col(p.id), col(p.state))
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in session.execute(select(*columns))}


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(Proposal), rows)


def change(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Update proposals by their `id`."""
    if rows:
        session.execute(update(Proposal), rows)
        session.expire_all()


def page(session: Session, state: str | None, kind: str | None, after: tuple[float, int] | None, limit: int) -> list[Proposal]:
    """Proposals by weight, the most likely first."""
    p = Proposal
    where: list[ColumnElement[bool]] = []
    if state is not None:
        where.append(col(p.state) == state)
    if kind is not None:
        where.append(col(p.kind) == kind)
    if after is not None:
        where.append(or_(col(p.weight) < after[0], (col(p.weight) == after[0]) & (col(p.id) > after[1])))
    query = select(p).where(*where).order_by(col(p.weight).desc(), col(p.id)).limit(limit)
    return list(session.execute(query).scalars())


def names(session: Session, kind: str, ids: Sequence[int]) -> dict[int, str]:
    """Display names of accounts, lines or units."""
    query: Any
    if kind == "account":
        query = select(col(Account.id), col(Account.ref) + " " + col(Account.name)).where(col(Account.id).in_(ids))
    elif kind == "line":
        ref = col(Contract.ref) + "/" + col(ContractLine.number)
        query = select(col(ContractLine.id), ref).join(Contract, col(Contract.id) == col(ContractLine.contract_id))
        query = query.where(col(ContractLine.id).in_(ids))
    else:
        query = select(col(Unit.id), col(Unit.serial)).where(col(Unit.id).in_(ids))
    return {row[0]: row[1] for row in session.execute(query)}
