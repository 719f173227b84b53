"""Incidents: support tickets."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.accounts import subtree_of
from musterroll.api.http.context import answer, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, Price, RefPath, Schema, Text
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.storage.units import incidents
from musterroll.storage.units.incidents import IncidentFilter

api = guarded("incidents", "incidents")


class IncidentOut(Schema):
    ref: str
    serial: str = Field(description="As written in the ticket.")
    unit: str | None = Field(description="Unit ID; null if no registered unit has the serial.")
    opened_on: date
    closed_on: date | None
    category: str
    hours: Price | None
    parts: int | None
    credits: Price | None = Field(description="Taken of those bought in advance.")
    reported_by: str = Field(description="visitor: on the page behind a unit's QR code; empty otherwise.")


class IncidentPage(Schema):
    items: list[IncidentOut]
    next: str | None


class IncidentQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    unit: Text | None = Field(default=None, max_length=64, description="Unit ID.")
    category: Text | None = Field(default=None, max_length=120)
    opened_from: Day | None = None
    opened_to: Day | None = None
    open: bool | None = None


@listing(api, "/incidents", IncidentPage, "Incidents, last recorded first", 404)
def list_incidents(query: IncidentQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        account = subtree_of(session, query.account)
        wanted = IncidentFilter(account, query.unit, query.category, query.opened_from, query.opened_to, query.open)
        page = incidents.page(session, wanted, cursors.number(cursor), limit + 1)
        rows, following = cursors.cut(page, limit, lambda row: (row.id,))
        return [_out(row) for row in rows], following

    return listed(IncidentPage, query, "incidents", fetch)


@api.get("/incidents/<ref>", summary="One incident", responses={200: IncidentOut, **documented(404)})
def get_incident(path: RefPath) -> Response:
    with read_only() as session:
        row = incidents.by_ref(session, path.ref)
    if row is None:
        raise NotFound(f"there is no incident {path.ref!r}")
    return answer(_out(row))


def _out(row: Row[Any]) -> IncidentOut:
    return IncidentOut(**{name: row._mapping[name] for name in IncidentOut.model_fields if name != "unit"}, unit=row.uid)
