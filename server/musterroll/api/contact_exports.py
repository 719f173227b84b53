"""Exports of contacts for campaigns in Mailchimp, HubSpot and Salesforce."""

from datetime import datetime

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, read_only, transaction
from musterroll.api.http.lists import Column, ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.contacts.campaigns import COLUMNS, CampaignContact, Program
from musterroll.domain.values import cursors
from musterroll.storage.contacts import exports as stored
from musterroll.storage.tables.contacts import CampaignExport
from musterroll.usecases.contacts import exports
from musterroll.usecases.contacts.exports import ExportRequest

api = guarded("contact-exports", "contacts")


class ExportOut(Schema):
    id: int
    program: Program
    segment: str = Field(description="Key of the segment; empty: all contacts.")
    whole: bool = Field(description="Whether what is unchanged since the last export was exported, too.")
    at: datetime
    by: str
    exported: int
    left_out: dict[str, int] = Field(description="Number of contacts by reason, such as no_consent.")
    says: str = Field(description="The same in words.")


class ExportPage(Schema):
    items: list[ExportOut]
    next: str | None


class ExportBody(RequestSchema):
    program: Program
    segment: Text | None = Field(default=None, max_length=40, description="Key of a segment: only contacts of its accounts.")
    whole: bool = Field(default=False, description="Also what is unchanged since the last export for this program.")


class ExportPath(RequestSchema):
    export_id: int = Field(ge=1, le=2**53 - 1)


class ExportedContactOut(Schema):
    ref: str
    email: str
    first_name: str
    last_name: str
    role: str
    phone: str
    language: str
    account_name: str
    salesforce_id: str = Field(description="The number, where it is one of Salesforce.")
    tag: str = Field(description="Segment.")
    status: str = Field(description="Of a campaign member in Salesforce.")


class ExportedContactPage(Schema):
    items: list[ExportedContactOut]
    next: str | None


@listing(api, "/contact-exports", ExportPage, "Exports of contacts for campaigns, newest first")
@needs(Role.PLANNER, everywhere=True)
def list_contact_exports(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows = stored.page(session, cursors.number(cursor), limit + 1)
        shown, following = cursors.cut(rows, limit, lambda row: (row.id,))
        return list(map(_out, shown)), following

    return listed(ExportPage, query, "contact-exports", fetch)


@api.post("/contact-exports", summary="Export contacts for a campaign", responses={201: ExportOut, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def add_contact_export(body: ExportBody) -> Response:
    """Contacts that are new or changed since the last export for the program, and consent to e-mails."""
    with transaction() as session:
        row = exports.export(session, ExportRequest(body.program, body.segment, body.whole), actor(), clock())
        return answer(_out(row), 201)


@listing(api, "/contact-exports/<int:export_id>/contacts", ExportedContactPage, "The contacts of an export", 404)
@needs(Role.PLANNER, everywhere=True)
def list_exported_contacts(path: ExportPath, query: ListQuery) -> Response:
    """CSV and XLSX have the headings of the program. Left out: contacts of a later export, and those whose consent is gone since."""
    with read_only() as session:
        export = exports.known(session, path.export_id)

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows = stored.exported(session, path.export_id, cursors.number(cursor) or 0, limit + 1)
        shown, following = cursors.cut(rows, limit, lambda row: (row.id,))
        return [contact_out(row, export) for row in shown], following

    return listed(ExportedContactPage, query, f"contacts-{export.program}-{export.id}", fetch, columns=columns(export.program))


def columns(program: Program) -> list[Column]:
    """The columns of a file for a program."""
    return [Column(heading, (field,)) for heading, field in COLUMNS[program]]


def contact_out(row: CampaignContact, export: CampaignExport) -> ExportedContactOut:
    own = {name: getattr(row, name) for name in ExportedContactOut.model_fields if name not in ("tag", "status")}
    return ExportedContactOut(**own, tag=export.segment, status="Sent")


def _out(row: CampaignExport) -> ExportOut:
    return ExportOut(**{name: getattr(row, name) for name in ExportOut.model_fields if name != "says"}, says=exports.says(row))
