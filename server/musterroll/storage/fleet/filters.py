"""Filter conditions of the fleet: owner, place, reconciliation, coverage."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select, tuple_
from sqlmodel import Session, col

from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.storage.accounts import hierarchy
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.usage import UnitUse, UsageCounter
from musterroll.storage.tables.warranty import WarrantyPeriod

_FEW = 2000  # units listed by id, as scanning the fleet for few is slow


def owned_by(accounts_wanted: Any) -> ColumnElement[bool]:
    """Units of these accounts; a unit without an account belongs to that of its site."""
    sites = select(col(Site.id)).where(col(Site.account_id).in_(accounts_wanted))
    return or_(col(Unit.account_id).in_(accounts_wanted), and_(col(Unit.account_id).is_(None), col(Unit.site_id).in_(sites)))


def under(session: Session, ref: str) -> ColumnElement[bool]:
    """Units of an account and its subsidiaries."""
    account = hierarchy.by_ref(session, ref)
    return owned_by(hierarchy.below(session, account.id or 0) if account else [])


def of_owner(ref: str) -> ColumnElement[bool]:
    """Units of an account, which may be that of their site; if empty, of none."""
    if ref:
        return owned_by(select(col(Account.id)).where(col(Account.ref) == ref))
    return ~func.coalesce(owned_by(select(col(Account.id))), False)


def of_segment(word: str) -> ColumnElement[bool]:
    """Units of accounts in a segment; if empty, of accounts without one."""
    if word:
        return owned_by(select(col(Account.id)).where(col(Account.segment) == word))
    return ~func.coalesce(owned_by(select(col(Account.id)).where(col(Account.segment) != "")), False)


def in_country(word: str) -> ColumnElement[bool]:
    """Units at sites in a country or, if the site has none, of accounts there."""
    here = select(col(Site.id)).where(col(Site.country) == word)
    with_country = select(col(Site.id)).where(col(Site.country) != "")
    unknown = or_(col(Unit.site_id).is_(None), col(Unit.site_id).not_in(with_country))
    if word:
        return or_(col(Unit.site_id).in_(here), and_(unknown, owned_by(select(col(Account.id)).where(col(Account.country) == word))))
    return and_(unknown, ~func.coalesce(owned_by(select(col(Account.id)).where(col(Account.country) != "")), False))


def of_kind(kind: UnitKind) -> ColumnElement[bool]:
    return col(Unit.product_id).in_(select(col(Product.id)).where(col(Product.kind) == kind))


def provisioned() -> ColumnElement[bool]:
    """Units that are deployed, or enrolled and neither returned nor retired."""
    active = (col(Credential.unit_id) == col(Unit.id)) & (col(Credential.status) == CredentialStatus.ACTIVE)
    enrolled = exists().where(active).correlate(Unit)
    return or_(col(Unit.lifecycle) == Lifecycle.DEPLOYED, enrolled & col(Unit.lifecycle).not_in(list(of_stage(Stage.AFTER))))


def heard_after(session: Session, instant: int) -> ColumnElement[bool]:
    """Units that have reported after an instant (ms). Few are listed by id, as scanning the fleet for them is slow."""
    heard = col(UnitStatus.heard_at) > instant
    ids = list(session.execute(select(col(UnitStatus.unit_id)).where(heard).limit(_FEW + 1)).scalars())
    return func.coalesce(col(UnitStatus.heard_at), instant) > instant if len(ids) > _FEW else col(Unit.id).in_(ids)


def used_after(session: Session, counter: str, day: int) -> ColumnElement[bool]:
    """Units whose lifetime counter of this name has grown after a day (days since 1970)."""
    counter_id = session.scalar(select(col(UsageCounter.id)).where(col(UsageCounter.name) == counter))
    mine = (col(UnitUse.unit_id) == col(Unit.id), col(UnitUse.counter_id) == counter_id, col(UnitUse.last_day) > day)
    return false() if counter_id is None else exists().where(*mine).correlate(Unit)


def of_firmware(word: str) -> ColumnElement[bool]:
    return col(Unit.firmware) == word


def installed(after: date | None, until: date | None) -> ColumnElement[bool]:
    """Installed after `after` and up to `until`; without either, on an unknown day."""
    if after is None and until is None:
        return col(Unit.installed_on).is_(None)
    known = col(Unit.installed_on).is_not(None)
    return and_(known, *([col(Unit.installed_on) > after] if after else []), *([col(Unit.installed_on) <= until] if until else []))


def outdated(old: Collection[tuple[int, str]]) -> ColumnElement[bool]:
    """Units with one of these (product id, firmware)."""
    by_product: dict[int, list[str]] = {}
    for product, firmware in old:
        by_product.setdefault(product, []).append(firmware)
    some = (and_(col(Unit.product_id) == product, col(Unit.firmware).in_(words)) for product, words in by_product.items())
    return or_(col(Unit.id).is_(None), *some)


def in_cells(session: Session, cells: Sequence[int]) -> ColumnElement[bool]:
    """Units in one of these quadrants as of the last reconciliation."""
    return _unit_ids(session, select(col(UnitReconciliation.unit_id)).where(col(UnitReconciliation.cell).in_(cells)))


def on_contract(session: Session, contract_ids: Collection[int]) -> ColumnElement[bool]:
    """Units on a line of one of these contracts."""
    lines = select(col(ContractLine.id)).where(col(ContractLine.contract_id).in_(contract_ids))
    return _unit_ids(
        session,
        select(col(UnitReconciliation.unit_id)).where(col(UnitReconciliation.line_id) > 0, col(UnitReconciliation.line_id).in_(lines)),
    )


def in_warranty(on: date) -> ColumnElement[bool]:
    w = WarrantyPeriod
    return exists().where(col(w.unit_id) == col(Unit.id), *_holds(on)).correlate(Unit)


def warranty_ends(on: date, until: date) -> ColumnElement[bool]:
    """Units whose warranty ends after `on` and up to `until`, with no later one."""
    w = WarrantyPeriod
    further = exists().where(
        col(w.unit_id) == col(Unit.id), _not_void(on), col(w.starts_on) <= until, or_(col(w.ends_on).is_(None), col(w.ends_on) > until)
    )
    return and_(in_warranty(on), ~further.correlate(Unit))


def over_quantity(wanted: bool) -> ColumnElement[bool]:
    """Units that an over-used line could cover (`wanted`), or all others."""
    line, finding = ContractLine, FindingRow
    full: Any = select(col(line.product_id).label("product_id"), col(line.place_id).label("place_id")).join_from(
        finding, line, and_(col(finding.subject) == "line", col(line.id) == col(finding.subject_id))
    )
    full = full.where(col(finding.kind) == FindingKind.OVER_QUANTITY.value, col(finding.present).is_(True))
    tree: Any = full.where(col(line.scope) == LineScope.SUBTREE).cte("reached", recursive=True)
    tree = tree.union(select(tree.c.product_id, col(Account.id)).where(col(Account.parent_id) == tree.c.place_id))
    home = select(col(Site.account_id)).where(col(Site.id) == col(Unit.site_id)).correlate(Unit).scalar_subquery()
    owner = func.coalesce(col(Unit.account_id), home, 0)
    at_site = tuple_(col(Unit.product_id), func.coalesce(col(Unit.site_id), 0)).in_(full.where(col(line.scope) == LineScope.SITE))
    of_owner = tuple_(col(Unit.product_id), owner)
    of_account = of_owner.in_(full.where(col(line.scope) == LineScope.ACCOUNT))
    over = or_(at_site, of_account, of_owner.in_(select(tree.c.product_id, tree.c.place_id)))
    # CASE instead of a comparison: to tell false from NULL, SQLite would scan all lines for every unit.
    return case((over, wanted), else_=not wanted)


def contract_ids(session: Session, ref: str) -> list[int]:
    return list(session.execute(select(col(Contract.id)).where(col(Contract.ref) == ref)).scalars())


def _holds(on: date) -> tuple[ColumnElement[bool], ...]:
    w = WarrantyPeriod
    return col(w.starts_on) <= on, or_(col(w.ends_on).is_(None), col(w.ends_on) > on), _not_void(on)


def _not_void(on: date) -> ColumnElement[bool]:
    return or_(col(WarrantyPeriod.voided_on).is_(None), col(WarrantyPeriod.voided_on) > on)


def _unit_ids(session: Session, query: Any) -> ColumnElement[bool]:
    """The units of a query: few are listed by id, many are matched during a scan."""
    ids = list(session.execute(query.limit(_FEW + 1)).scalars())
    if len(ids) <= _FEW:
        return col(Unit.id).in_(ids)
    matching: ColumnElement[bool] = query.where(col(UnitReconciliation.unit_id) == col(Unit.id)).correlate(Unit).exists()
    return matching
