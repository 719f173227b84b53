"""Outages: units of one site, account or firmware that fell silent together."""

from datetime import datetime

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, read_only
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, NumberPath, PageQuery, Schema, named_ref
from musterroll.domain.liveness.outages import CAUSES, GroupKind
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.storage.liveness import outages
from musterroll.storage.liveness.outages import OutageUnit, OutageView

api = guarded("outages", "outages")


class OutageQuery(PageQuery):
    only_open: bool = Field(default=False, description="Only outages that are not over.")


class OutageOut(Schema):
    id: int
    kind: GroupKind = Field(description="What its units have in common.")
    name: str = Field(description="Of the site or account, or the firmware; empty for the whole registry.")
    cause: str = Field(description="Likely cause, in words.")
    account: NamedRef | None
    site: NamedRef | None
    since: datetime = Field(description="The latest last report of its units before they fell silent.")
    noticed_at: datetime
    closed_at: datetime | None = Field(description="When its units were heard again; null: it is not over.")
    silent: int = Field(description="Units that fell silent together.")
    units: int = Field(description="Units of the group that could have been heard.")
    returned: int = Field(description="Units heard again.")


class OutagePage(Schema):
    items: list[OutageOut]
    next: str | None


class OutageUnitOut(Schema):
    id: str = Field(description="Unit ID.")
    serial: str
    heard_at: datetime = Field(description="Last report before it fell silent.")
    returned_at: datetime | None


class OutageUnitPage(Schema):
    items: list[OutageUnitOut]
    next: str | None


@api.get("/outages", summary="Outages, newest first", responses={200: OutagePage})
def list_outages(query: OutageQuery) -> Response:
    with read_only() as session:
        views = outages.listed(session, cursors.number(query.cursor), query.limit + 1, query.only_open)
    rows, following = cursors.cut(views, query.limit, lambda view: (view.outage.id,))
    return answer(OutagePage(items=[outage_out(view) for view in rows], next=following))


@api.get("/outages/<int:number>", summary="One outage", responses={200: OutageOut, **documented(404)})
def get_outage(path: NumberPath) -> Response:
    with read_only() as session:
        view = outages.outage(session, path.number)
    if view is None:
        raise NotFound(f"there is no outage {path.number}")
    return answer(outage_out(view))


@api.get(
    "/outages/<int:number>/units",
    summary="Units of an outage, those still silent first",
    responses={200: OutageUnitPage, **documented(404)},
)
def list_outage_units(path: NumberPath, query: PageQuery) -> Response:
    after = cursors.decode(query.cursor, int, str, int)
    with read_only() as session:
        if outages.outage(session, path.number) is None:
            raise NotFound(f"there is no outage {path.number}")
        units = outages.units(session, path.number, None if after is None else (after[0], after[1], after[2]), query.limit + 1)
    rows, following = cursors.cut(units, query.limit, OutageUnit.place)
    return answer(OutageUnitPage(items=[_unit_out(unit) for unit in rows], next=following))


def outage_out(view: OutageView) -> OutageOut:
    outage = view.outage
    return OutageOut(
        **outage.model_dump(include={"id", "kind", "name", "silent", "units", "returned"}),
        cause=CAUSES[outage.kind],
        account=named_ref(view.account_ref, view.account),
        site=named_ref(view.site_ref, view.site),
        since=from_ms(outage.since),
        noticed_at=from_ms(outage.noticed_at),
        closed_at=None if outage.closed_at is None else from_ms(outage.closed_at),
    )


def _unit_out(unit: OutageUnit) -> OutageUnitOut:
    back = None if unit.returned_at is None else from_ms(unit.returned_at)
    return OutageUnitOut(id=unit.uid, serial=unit.serial, heard_at=from_ms(unit.heard_at), returned_at=back)
