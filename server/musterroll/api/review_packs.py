"""Review packs of months and quarters: the list, and their files."""

from datetime import date, datetime
from typing import Any, Literal

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.http.context import read_only
from musterroll.api.http.lists import XLSX, ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.installed_base.targets import TargetPeriod
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.storage.installed_base import targets as stored
from musterroll.usecases.installed_base import review_packs
from musterroll.usecases.installed_base.review_packs import PackOf

api = guarded("review-packs", "installed base")


class ReviewPackOut(Schema):
    label: str = Field(description="A month such as 2026-11 or a quarter such as 2026-Q4.")
    period: TargetPeriod
    as_of: date
    made_at: datetime
    pdf_bytes: int
    xlsx_bytes: int


class ReviewPackPage(Schema):
    items: list[ReviewPackOut]
    next: str | None


class ReviewPackPath(RequestSchema):
    label: Text = Field(max_length=10, description="A month such as 2026-11 or a quarter such as 2026-Q4.")


class ReviewPackQuery(RequestSchema):
    format: Literal["pdf", "xlsx"] = "pdf"


@listing(api, "/review-packs", ReviewPackPage, "Review packs, the newest first")
@needs(Role.VIEWER, everywhere=True)
def list_review_packs(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        start = cursors.number(cursor) or 0
        rows = list(enumerate(stored.packs(session), 1))[start:]
        some, following = cursors.cut(rows, limit, lambda row: (row[0],))
        return [_out(row) for _, row in some], following

    return listed(ReviewPackPage, query, "review-packs", fetch)


@api.get("/review-packs/<label>", summary="The file of a review pack, PDF or XLSX", responses=documented(404, 409))
@needs(Role.VIEWER, everywhere=True)
def get_review_pack(path: ReviewPackPath, query: ReviewPackQuery) -> Response:
    with read_only() as session:
        pack = review_packs.pack(session, path.label)
    headers = {"Content-Disposition": f'attachment; filename="review-{path.label}.{query.format}"', "Cache-Control": "no-store"}
    body, kind = (pack.pdf, "application/pdf") if query.format == "pdf" else (pack.xlsx, XLSX)
    return Response(body, headers=headers, content_type=kind)


def _out(row: Row[Any]) -> ReviewPackOut:
    return ReviewPackOut(
        label=PackOf(row.period, row.first_on).label,
        period=row.period,
        as_of=row.as_of_on,
        made_at=from_ms(row.made_at),
        pdf_bytes=row.pdf_bytes,
        xlsx_bytes=row.xlsx_bytes,
    )
