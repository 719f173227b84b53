"""Units that are provisioned, and those of them that were active within the windows, by segment, product model and account number."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlmodel import Session, col

from musterroll.domain.installed_base.provisioned import WINDOWS, Provisioned
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit

_DAY = 86_400_000  # ms
_OWNER = func.coalesce(col(Unit.account_id), col(Site.account_id))  # a unit without an account belongs to that of its site
_KEYS: dict[str, Any] = {
    "segment": func.coalesce(col(Account.segment), ""),
    "product": col(Product.model),
    "account": func.coalesce(col(Account.ref), ""),
}


def count(session: Session, by: str, now: int) -> dict[str, Provisioned]:
    """By `segment`, `product` or `account`, at `now` (ms); empty names are unknown."""
    key = _KEYS[by]
    active = [func.sum(case((col(UnitStatus.heard_at) > now - days * _DAY, 1), else_=0)) for days in WINDOWS]
    query: Any = select(key, func.count(), *active).select_from(Unit).outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    query = query.outerjoin(Site, col(Site.id) == col(Unit.site_id)).outerjoin(Account, col(Account.id) == _OWNER)
    query = query.join(Product, col(Product.id) == col(Unit.product_id))
    rows = session.execute(query.where(col(Unit.merged_into_id).is_(None), _provisioned()).group_by(key))
    return {row[0]: Provisioned(row[1], *map(int, row[2:])) for row in sorted(rows)}


def _provisioned() -> ColumnElement[bool]:
    """Deployed, or enrolled and neither returned nor retired."""
    gone = list(of_stage(Stage.AFTER))
    active = (col(Credential.unit_id) == col(Unit.id)) & (col(Credential.status) == CredentialStatus.ACTIVE)
    enrolled = select(literal(1)).where(active).correlate(Unit).exists()
    return or_(col(Unit.lifecycle) == Lifecycle.DEPLOYED, enrolled & col(Unit.lifecycle).not_in(gone))
