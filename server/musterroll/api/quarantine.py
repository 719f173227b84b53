"""Rejected messages, with the reason."""

import base64
from datetime import datetime

from flask import Response
from pydantic import Field

from musterroll.api.http.context import answer, read_only
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import PageQuery, Shape, numbers
from musterroll.domain.access import Role, needs
from musterroll.domain.values.instants import from_ms
from musterroll.storage.tables.messages import QuarantinedMessage
from musterroll.usecases.messages.quarantine import quarantined_messages

api = guarded("quarantine", "quarantine")


class QuarantinedOut(Shape):
    id: int
    at: datetime
    unit: str = Field(description="Unit ID in the topic.")
    topic: str
    code: str
    detail: str
    size: int = Field(description="Size of the payload in bytes.")
    payload: str = Field(description="First 4 KiB of the payload, in Base64.")


class QuarantinePage(Shape):
    items: list[QuarantinedOut]
    next: str | None


@api.get("/quarantine", summary="Quarantined messages, newest first", responses={200: QuarantinePage})
@needs(Role.ADMIN)
def list_quarantine(query: PageQuery) -> Response:
    before = numbers(query.cursor, 1)
    with read_only() as session:
        rows = quarantined_messages(session, before[0] if before else None, query.limit + 1)
    shown = rows[: query.limit]
    following = str(shown[-1].id) if len(rows) > len(shown) else None
    return answer(QuarantinePage(items=[_out(row) for row in shown], next=following))


def _out(row: QuarantinedMessage) -> QuarantinedOut:
    columns = row.model_dump(include={"id", "unit", "topic", "code", "detail", "size"})
    return QuarantinedOut(**columns, at=from_ms(row.at), payload=base64.b64encode(row.payload).decode())
