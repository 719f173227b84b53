"""Rejected messages, with the reason."""

import base64
from datetime import datetime

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, read_only
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import PageQuery, Schema
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.storage.tables.messages import QuarantinedMessage
from musterroll.usecases.messages.quarantine import quarantined_messages

api = guarded("quarantine", "quarantine")


class QuarantinedOut(Schema):
    id: int
    at: datetime
    unit: str = Field(description="Unit ID in the topic.")
    topic: str
    code: str
    detail: str
    size: int = Field(description="Size of the payload in bytes.")
    payload: str = Field(description="First 4 KiB of the payload, in Base64.")


class QuarantinePage(Schema):
    items: list[QuarantinedOut]
    next: str | None


@api.get("/quarantine", summary="Quarantined messages, newest first", responses={200: QuarantinePage})
@needs(Role.ADMIN)
def list_quarantine(query: PageQuery) -> Response:
    with read_only() as session:
        quarantined = quarantined_messages(session, cursors.number(query.cursor), query.limit + 1)
    rows, following = cursors.cut(quarantined, query.limit, lambda row: (row.id,))
    return answer(QuarantinePage(items=[_out(row) for row in rows], next=following))


def _out(row: QuarantinedMessage) -> QuarantinedOut:
    columns = row.model_dump(include={"id", "unit", "topic", "code", "detail", "size"})
    return QuarantinedOut(**columns, at=from_ms(row.at), payload=base64.b64encode(row.payload).decode())
