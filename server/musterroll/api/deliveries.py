"""Planned deliveries of the capacity plan. Lists of them are imported, and single ones added and corrected, as records."""

from datetime import date

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.storage.capacity import deliveries as stored_deliveries
from musterroll.storage.capacity.deliveries import DeliveryOf
from musterroll.usecases.capacity import deliveries as capacity_deliveries

api = guarded("deliveries", "plans")


class DeliveryOut(Schema):
    id: int
    on: date
    maker: str
    model: str
    order: str
    quantity: int
    least: int | None = Field(description="With `most`, the 80 % range of the number of units; null: the quantity.")
    most: int | None


class DeliveryPage(Schema):
    items: list[DeliveryOut]
    next: str | None


class DeliveryPath(RequestSchema):
    delivery_id: int = Field(ge=1, le=2**53 - 1)


@listing(api, "/deliveries", DeliveryPage, "Planned deliveries from today on, in order of time")
@needs(Role.VIEWER, everywhere=True)
def list_deliveries(query: ListQuery) -> Response:
    """To import a list: documents of the kind `deliveries`; to add or correct one: `/records/deliveries`."""

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        start = cursors.number(cursor) or 0
        rows = stored_deliveries.since(session, clock().date())[start : start + limit + 1]
        return [_delivery(row) for row in rows[:limit]], cursors.encode(start + limit) if len(rows) > limit else None

    return listed(DeliveryPage, query, "deliveries", fetch)


@api.delete("/deliveries/<int:delivery_id>", summary="Delete a planned delivery", responses={200: ChangeOut, **documented(404, 409)})
@needs(Role.PLANNER, everywhere=True)
def delete_delivery(path: DeliveryPath) -> Response:
    """Can be undone."""
    with transaction() as session:
        return answer(change_out(capacity_deliveries.remove(session, path.delivery_id, actor(), clock())))


def _delivery(row: DeliveryOf) -> DeliveryOut:
    delivery = row.delivery
    return DeliveryOut(
        id=delivery.id or 0,
        on=delivery.on,
        maker=row.maker,
        model=row.model,
        order=delivery.ref,
        quantity=delivery.quantity,
        least=delivery.least,
        most=delivery.most,
    )
