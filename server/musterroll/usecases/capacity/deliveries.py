"""Planned deliveries: what a plan takes for the deployments to come."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from musterroll.domain.capacity.deployments import PlannedDelivery, by_month
from musterroll.domain.capacity.facts import ALL, BANDS, PlanFacts, ProductFacts
from musterroll.domain.values.errors import NotFound
from musterroll.storage.capacity import deliveries as stored
from musterroll.storage.capacity.deliveries import DeliveryOf
from musterroll.storage.engine import account_scope
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.capacity import Delivery
from musterroll.usecases.audit import record as audit_record


def with_planned(session: Session, facts: PlanFacts) -> PlanFacts:
    """Facts with the deliveries planned from their day on; as they are for a user limited to some accounts, as deliveries name none."""
    if account_scope.limited(session):
        return facts
    by_product: dict[int, list[DeliveryOf]] = {}
    for row in stored.since(session, facts.on):
        by_product.setdefault(row.delivery.product_id, []).append(row)
    if not by_product:
        return facts
    known = {product.id for product in facts.products}
    new = [_new(rows[0], facts) for product_id, rows in by_product.items() if product_id not in known]
    planned = {product_id: by_month(map(_terms, rows), facts.on) for product_id, rows in by_product.items()}
    return replace(facts, products=[replace(product, planned=planned.get(product.id, [])) for product in (*facts.products, *new)])


def remove(session: Session, delivery_id: int, actor: str, now: datetime) -> AuditChange:
    """Delete a planned delivery. Raises NotFound."""
    delivery = session.get(Delivery, delivery_id)
    if delivery is None:
        raise NotFound(f"there is no planned delivery {delivery_id}")
    subject = f"planned delivery of {delivery.quantity} on {delivery.on} deleted"
    change = audit_record.begin(session, actor=actor, kind="delivery", subject=subject, now=now)
    with audit_record.watching(session, change, "planned_delivery", [delivery_id]):
        session.delete(delivery)
    return change


def _terms(row: DeliveryOf) -> PlannedDelivery:
    delivery = row.delivery
    return PlannedDelivery(delivery.on, delivery.quantity, delivery.least, delivery.most)


def _new(row: DeliveryOf, facts: PlanFacts) -> ProductFacts:
    """A product without units yet, pooled with its family, else with its maker's products, else with all that have no group."""
    groups = {product.kin for product in facts.products}
    kin = next((name for name in (f"{row.maker} {row.family}", row.maker) if name in groups), ALL)
    lived, seen = [[0.0] * BANDS for _ in facts.months], [[0] * BANDS for _ in facts.months]
    return ProductFacts(row.delivery.product_id, row.maker, row.model, kin, lived, seen, seen, [], 0, {}, [0])
