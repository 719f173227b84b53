"""Product settings and warranty policies; their units are updated afterwards, in batches."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.liveness import ReportingClass, require_interval
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import money
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage import reconcile_queue
from musterroll.storage.liveness import interval_orders
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.storage.warranty import products
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.usecases.warranty import product_kinds

_BATCH = 5_000  # units per batch
_WINDOWS = "windows"  # of all units
_LONGEST_MONTHS, _LONGEST_SHELF = 600, 3650


class ProductSettings(NamedTuple):
    """Settings of a product. `policy`: its name, or empty; `list_price`: of cover, per unit per year; `interval`: seconds, of reports."""

    reporting: ReportingClass
    policy: str = ""
    list_price: Decimal | None = None
    currency: str = ""
    interval: int | None = None
    kind: UnitKind = UnitKind.DEVICE
    licence_rule: LicenceRule = LicenceRule.UNIT


def change_product(session: Session, product_id: int, settings: ProductSettings, actor: str, now: datetime) -> Product:
    """Change a product; its units follow within seconds to minutes. Raises NotFound, and DomainError for an invalid price or interval."""
    require_interval(settings.interval)
    product, old = product_by_id(session, product_id), settings_of(session, product_id)
    policy_id = policy_named(session, settings.policy).id if settings.policy else None
    price = None if settings.list_price is None else money(settings.list_price, settings.currency)
    change = audit_record.begin(session, actor=actor, kind="product", subject=f"product {product.maker} {product.model}", now=now)
    with audit_record.watching(session, change, "product", [product_id]):
        product.reporting, product.policy_id, product.interval = settings.reporting, policy_id, settings.interval
        product.kind, product.licence_rule = settings.kind, settings.licence_rule
        product.list_price = price.amount if price else None
        product.currency = price.currency if price else product.currency
    if old.kind is not settings.kind:
        product_kinds.change_kind(session, product_id, settings.kind, change)
    if _followed(old) != _followed(settings):
        products.queue_update(session, "product", product_id)
    reconcile_queue.mark_all(session)
    return product


def settings_of(session: Session, product_id: int) -> ProductSettings:
    """The present settings of a product. Raises NotFound."""
    product = product_by_id(session, product_id)
    policy = policy_by_id(session, product.policy_id).name if product.policy_id is not None else ""
    price = (product.list_price, product.currency)
    return ProductSettings(product.reporting, policy, *price, product.interval, product.kind, product.licence_rule)


def _followed(settings: ProductSettings) -> tuple[object, ...]:
    """What units take from their product."""
    return settings.reporting, settings.policy, settings.interval, settings.kind


def save_policy(
    session: Session, policy_id: int | None, name: str, rules: Sequence[StartRule], months: int | None, actor: str, now: datetime
) -> WarrantyPolicy:
    """Create (None) or change a policy; units of its products follow. Raises NotFound, Conflict for a name in use, and DomainError."""
    title = " ".join(name.split())[:120]
    _check(title, rules, months)
    known = products.named(session, title)
    if known is not None and known.id != policy_id:
        raise Conflict(f"there is already a policy {title!r}", "name_in_use")
    change = audit_record.begin(session, actor=actor, kind="policy", subject=f"warranty policy {title}", now=now)
    stored_rules = [{"start": rule.start.value, "shelf_days": rule.shelf_days} for rule in rules]
    if policy_id is None:
        policy = WarrantyPolicy(name=title, rules=stored_rules, months=months)
        session.add(policy)
        session.flush()
        audit_record.added(session, change, "warranty_policy", [policy.id or 0])
        return policy
    policy = policy_by_id(session, policy_id)
    if (policy.rules, policy.months) != (stored_rules, months):
        products.queue_update(session, "warranty_policy", policy_id)
    with audit_record.watching(session, change, "warranty_policy", [policy_id]):
        policy.name, policy.rules, policy.months = title, stored_rules, months
    return policy


def product_by_id(session: Session, product_id: int) -> Product:
    """Raises NotFound."""
    product_row = session.get(Product, product_id)
    if product_row is None:
        raise NotFound(f"there is no product {product_id}")
    return product_row


def policy_by_id(session: Session, policy_id: int) -> WarrantyPolicy:
    """Raises NotFound."""
    policy = session.get(WarrantyPolicy, policy_id)
    if policy is None:
        raise NotFound(f"there is no warranty policy {policy_id}")
    return policy


def policy_named(session: Session, name: str) -> WarrantyPolicy:
    """Raises NotFound."""
    policy = products.named(session, name)
    if policy is None:
        raise NotFound(f"there is no warranty policy {name!r}")
    return policy


def has_pending(session: Session) -> bool:
    """Whether `apply_pending` has work. Only reads."""
    return bool(products.pending_updates(session)) or products.windows_differ(session)


def apply_pending(session: Session, now: datetime) -> bool:
    """Update a batch of units to a changed product, policy or window. Returns whether there was work."""
    if products.windows_differ(session):
        products.queue_update(session, _WINDOWS, 0)
        products.mark_windows(session, to_ms(now))
    work = next(iter(products.pending_updates(session)), None)
    if work is None:
        return False
    units = products.next_units(session, work, _BATCH)
    if work.what != _WINDOWS:
        warranty_periods.apply_policies(session, units, now)
        interval_orders.order(session, units)
    products.set_silence_windows(session, units)
    products.mark_updated(session, work, units[-1] if len(units) == _BATCH else None)
    if work.what == _WINDOWS and len(units) < _BATCH:
        reconcile_queue.mark_all(session)
    return True


def _check(name: str, rules: Sequence[StartRule], months: int | None) -> None:
    if not name:
        raise DomainError("enter a name for the policy", "no_name")
    if not rules:
        raise DomainError("choose at least one start date for the warranty", "no_rule")
    starts = [rule.start for rule in rules]
    if len(set(starts)) < len(starts):
        raise DomainError("each start date can be used only once", "same_start")
    if any(rule.shelf_days and rule.start is not WarrantyStart.SHIPPED for rule in rules):
        raise DomainError("maximum shelf time applies to the ship date only", "bad_shelf")
    if any(not 0 <= rule.shelf_days <= _LONGEST_SHELF for rule in rules):
        raise DomainError(f"maximum shelf time must be from 0 to {_LONGEST_SHELF} days", "bad_shelf")
    if months is not None and not 1 <= months <= _LONGEST_MONTHS:
        raise DomainError(f"a warranty can last from 1 to {_LONGEST_MONTHS} months", "bad_months")
