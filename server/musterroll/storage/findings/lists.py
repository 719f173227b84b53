"""Lists of stored findings, each with its state on a day, which is derived and never stored."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Select,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.values.money import Money, totals
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.audit import AuditEntry
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.findings import FindingAmount, FindingDecision, FindingRow, FindingSum
from musterroll.storage.tables.units import Unit

_F, _D, _A = FindingRow, FindingDecision, FindingAmount
# The value by which findings are sorted, written as in their index.
_rank: ColumnElement[int] = func.coalesce(type_coerce(col(_F.value), BigInteger), literal_column("-1", BigInteger))


class FindingCriteria(NamedTuple):
    """Which findings; all given fields must match."""

    state: FindingState | None = None
    kinds: Collection[str] = ()
    account_id: int | None = None  # includes subsidiaries
    product_id: int | None = None
    unit_id: int | None = None
    site_id: int | None = None
    segment: str | None = None  # of the account
    country: str | None = None  # of the unit's site, else of the account


class FindingTotal(NamedTuple):
    """Number of findings, those of them that have a price, and their value without what other findings count."""

    findings: int
    priced: int
    worth: tuple[Money, ...]


def _newest() -> Any:
    """The newest decision of each finding that has one.

    Not `id IN (SELECT max(id) ...)`: SQLite would try each of those for each finding.
    """
    later: Any = aliased(_D)
    return select(_D).where(~exists().where(later.finding_id == col(_D.finding_id), later.id > col(_D.id))).subquery("decision")


def _state(decision: Any, on: date) -> ColumnElement[str]:
    """`domain.findings.decisions.state_on` as SQL."""
    lapsed = or_(decision.c.id.is_(None), decision.c.facts != col(_F.facts), and_(decision.c.until.is_not(None), decision.c.until <= on))
    return case((col(_F.present).is_(False), FindingState.RESOLVED.value), (lapsed, FindingState.OPEN.value), else_=decision.c.state)


def _of_accounts(of: type[FindingRow | FindingSum], criteria: FindingCriteria) -> list[ColumnElement[bool]]:
    """The conditions on kind and account."""
    where: list[ColumnElement[bool]] = []
    if criteria.kinds:
        where.append(col(of.kind).in_(criteria.kinds))
    if criteria.account_id is not None:
        where.append(col(of.account_id).in_(hierarchy.subtree(criteria.account_id)))
    if criteria.segment is not None:
        where.append(col(of.account_id).in_(select(col(Account.id)).where(col(Account.segment) == criteria.segment)))
    return where


def _conditions(criteria: FindingCriteria, state: ColumnElement[str]) -> list[ColumnElement[bool]]:
    where = _of_accounts(_F, criteria)
    if criteria.state is not None:
        where.append(state == criteria.state.value)
    if criteria.state not in (None, FindingState.RESOLVED):
        where.append(col(_F.present).is_(True))
    if criteria.product_id is not None:
        where.append(func.coalesce(col(Unit.product_id), col(ContractLine.product_id)) == criteria.product_id)
    if criteria.unit_id is not None:
        where += [col(_F.subject) == "unit", col(_F.subject_id) == criteria.unit_id]
    if criteria.site_id is not None:
        where.append(criteria.site_id == _SITE_ID)
    if criteria.country is not None:
        where.append(_country(criteria.country))
    return where


# The site of a finding's unit, or of its line.
_SITE_ID: Any = case(
    (col(_F.subject) == "unit", col(Unit.site_id)),
    (col(ContractLine.scope).in_((LineScope.SITE, LineScope.SERIAL)), col(ContractLine.place_id)),
)


def _country(country: str) -> ColumnElement[bool]:
    there = select(col(Site.id)).where(col(Site.country) == country)
    elsewhere = select(col(Site.id)).where(col(Site.country) != "", col(Site.country) != country)
    at_home = col(_F.account_id).in_(select(col(Account.id)).where(col(Account.country) == country))
    return or_(_SITE_ID.in_(there), and_(at_home, or_(_SITE_ID.is_(None), _SITE_ID.not_in(elsewhere))))


# In ten-thousandths, as `USD 12000000 GBP 990000`.
_FURTHER: Any = (
    select(func.string_agg(col(_A.currency) + " " + cast(type_coerce(col(_A.value), BigInteger), Text), " "))
    .where(col(_A.finding_id) == col(_F.id))
    .correlate(_F)
    .scalar_subquery()
)


def amounts(row: Row[Any]) -> tuple[Money, ...]:
    """What a finding is worth, a row of `page`: one amount for each currency, in the order of their names."""
    words = (row.further or "").split()
    further = [Money(Decimal(value).scaleb(-4), currency) for currency, value in zip(words[::2], words[1::2], strict=True)]
    return () if row.value is None else totals([Money(row.value, row.currency), *further])


def _joined(columns: Sequence[Any], decision: Any) -> Select[Any]:
    """Findings joined with their unit or line and their decision."""
    return _with_subject(_decided(columns, decision))


def _decided(columns: Sequence[Any], decision: Any) -> Select[Any]:
    return select(*columns).select_from(_F).outerjoin(decision, decision.c.finding_id == col(_F.id))


def _with_subject(query: Select[Any]) -> Select[Any]:
    query = query.outerjoin(Unit, and_(col(_F.subject) == "unit", col(Unit.id) == col(_F.subject_id)))
    return query.outerjoin(ContractLine, and_(col(_F.subject) == "line", col(ContractLine.id) == col(_F.subject_id)))


def _filtered(columns: Sequence[Any], decision: Any, criteria: FindingCriteria) -> Select[Any]:
    """Findings to be filtered; joined with their unit or line only if needed, as that is slow for many."""
    return _joined(columns, decision) if _by_subject(criteria) else _decided(columns, decision)


def _by_subject(criteria: FindingCriteria) -> bool:
    """Whether the criteria are about the unit or line of a finding."""
    return any(value is not None for value in (criteria.product_id, criteria.unit_id, criteria.site_id, criteria.country))


def _shown(decision: Any, on: date) -> Select[Any]:
    """Findings with all columns shown."""
    columns = (
        *FindingRow.__table__.columns,  # type: ignore[attr-defined]
        _FURTHER.label("further"),
        *(_state(decision, on).label("state"), _rank.label("rank"), decision.c.reason, decision.c.until),
        *(decision.c.by.label("decided_by"), decision.c.at.label("decided_at")),
        *(col(Unit.serial), col(Unit.uid), (col(Contract.ref) + "/" + col(ContractLine.number)).label("line")),
        *(col(Account.name).label("account"), col(Account.ref).label("account_ref"), col(Product.model)),
    )
    return (
        _joined(columns, decision)
        .outerjoin(Contract, col(Contract.id) == col(ContractLine.contract_id))
        .outerjoin(Account, col(Account.id) == col(_F.account_id))
        .outerjoin(Product, col(Product.id) == func.coalesce(col(Unit.product_id), col(ContractLine.product_id)))
    )


def page(session: Session, criteria: FindingCriteria, on: date, after: tuple[int, int] | None, limit: int) -> list[Row[Any]]:
    """Findings by descending value, after `after` (value in ten-thousandths, id).

    Columns: those of the table; `state`, `reason`, `decided_by`, `decided_at`, `until`; `serial` and `uid` or `line`; `account`,
    `account_ref`, `model`; `further` for `amounts`; `rank`, the value by which they are sorted (-1: unknown).
    """
    decision = _newest()
    picks = _filtered((col(_F.id),), decision, criteria).where(*_conditions(criteria, _state(decision, on)))
    if after is not None:
        picks = picks.where(or_(_rank < after[0], and_(_rank == after[0], col(_F.id) > after[1])))
    ids = list(session.execute(picks.order_by(_rank.desc(), col(_F.id)).limit(limit)).scalars())
    shown = _shown(decision, on).where(bulk.among(session, col(_F.id), ids))
    return list(session.execute(shown.order_by(_rank.desc(), col(_F.id)))) if ids else []


def by_id(session: Session, finding_id: int, on: date) -> Row[Any] | None:
    """A finding with the columns of `page`."""
    return session.execute(_shown(_newest(), on).where(col(_F.id) == finding_id)).one_or_none()


def total(session: Session, criteria: FindingCriteria, on: date) -> FindingTotal:
    """The number and value of findings. Open ones are those present, without those of them on which a decision holds: these are few."""
    decision = _newest()
    state = _state(decision, on)
    if criteria.state is FindingState.OPEN and not _by_subject(criteria):
        closed = (col(_F.present).is_(True), decision.c.id.is_not(None), state != FindingState.OPEN.value)
        less = _counted(session, criteria, decision, [*_of_accounts(_F, criteria), *closed])
        rows = [*_present(session, criteria), *((currency, *(-(number or 0) for number in of)) for currency, *of in less)]
    else:
        rows = _counted(session, criteria, decision, _conditions(criteria, state))
    worth = totals(Money(Decimal(int(row[3])).scaleb(-4), row[0]) for row in rows if row[3])
    findings, priced = (sum(int(row[n]) for row in rows) for n in (1, 2))
    return FindingTotal(findings, priced, tuple(money for money in worth if money.amount))


def _present(session: Session, criteria: FindingCriteria) -> list[Any]:
    """By currency: number, those with a price, and value of the findings that are present, of accounts and kinds."""
    s = FindingSum
    query = select(col(s.currency), func.sum(col(s.findings)), func.sum(col(s.priced)), func.sum(col(s.worth)))
    return list(session.execute(query.where(*_of_accounts(s, criteria)).group_by(col(s.currency))))


def _counted(session: Session, criteria: FindingCriteria, decision: Any, where: Sequence[ColumnElement[bool]]) -> list[Any]:
    """The same, counted finding by finding."""
    amount = func.sum(case((col(_F.counted), type_coerce(col(_F.value), BigInteger))))
    query = _filtered((col(_F.currency), func.count(), func.count(col(_F.value)), amount), decision, criteria)
    rows: list[Any] = list(session.execute(query.where(*where).group_by(col(_F.currency))))
    extra = func.sum(case((col(_F.counted), type_coerce(col(_A.value), BigInteger))))
    more = _filtered((col(_A.currency), literal(0), literal(0), extra), decision, criteria).join(_A, col(_A.finding_id) == col(_F.id))
    return [*rows, *session.execute(more.where(*where).group_by(col(_A.currency)))]


def by_ids(session: Session, ids: Collection[int]) -> list[tuple[FindingRow, FindingDecision | None]]:
    """Findings with their newest decision, by id."""
    last = select(func.max(col(_D.id))).where(col(_D.finding_id).in_(ids)).group_by(col(_D.finding_id))
    decided = {row.finding_id: row for row in session.scalars(select(_D).where(col(_D.id).in_(last)))}
    rows = session.scalars(select(_F).where(col(_F.id).in_(ids)).order_by(col(_F.id)).execution_options(populate_existing=True))
    return [(row, decided.get(row.id or 0)) for row in rows]


def history(session: Session, finding_id: int) -> list[FindingDecision]:
    """The decisions on a finding, newest first."""
    return list(session.scalars(select(_D).where(col(_D.finding_id) == finding_id).order_by(col(_D.id).desc())))


def decided_by(session: Session, decision_id: int) -> tuple[int, int]:
    """The change that made a decision, and the number of decisions it made."""
    e = AuditEntry
    ours = col(e.table_name) == str(_D.__tablename__)
    change: int = session.execute(select(func.max(col(e.change_id))).where(ours, col(e.row_key) == str(decision_id))).scalar_one()
    return change, session.execute(select(func.count()).select_from(e).where(ours, col(e.change_id) == change)).scalar_one()


class LineFinding(NamedTuple):
    """A present finding of a contract line."""

    id: int
    kind: str
    fact: str  # in a few words
    value: Decimal | None  # per year
    currency: str


def by_line(session: Session, line_ids: Collection[int]) -> dict[int, list[LineFinding]]:
    f = FindingRow
    query = select(col(f.subject_id), col(f.id), col(f.kind), col(f.facts), col(f.value), col(f.currency))
    query = query.where(col(f.subject) == "line", bulk.among(session, col(f.subject_id), line_ids), col(f.present).is_(True))
    by_line: dict[int, list[LineFinding]] = {}
    for line, row_id, kind, facts, value, currency in session.execute(query.order_by(col(f.id))) if line_ids else ():
        by_line.setdefault(line, []).append(LineFinding(row_id, kind, facts.rpartition("\n")[2], value, currency))
    return by_line
