"""Claim tokens, and enrolments waiting for approval."""

from datetime import datetime, timedelta
from typing import Any

from flask import Response
from pydantic import Field

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text, UnitPath
from musterroll.domain.access import Role, needs
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.usecases.enrolment import enrol, revocation

api = guarded("enrolments", "enrolment")


class TokenBody(RequestSchema):
    label: Text = Field(max_length=100, description="Purpose.")
    days: float = Field(default=7.0, gt=0, le=3650, description="Days until it expires.")
    uses: int = Field(default=1, ge=1, le=1_000_000, description="Number of units that can enrol with it.")
    serials: list[Text] = Field(default=[], max_length=10_000, description="Accept only these serials; empty: any.")
    account: Text | None = Field(default=None, max_length=80, description="Number of a registered account to deploy the units to.")
    site: Text | None = Field(default=None, max_length=80, description="Number of a registered site to deploy the units to.")


class TokenOut(Schema):
    id: int
    label: str
    expires_at: datetime
    max_uses: int
    uses: int
    serials: list[str]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    token: str = Field(description="The claim token. Shown only once.")


class TokenList(Schema):
    items: list[TokenOut]


class TokenPath(RequestSchema):
    token_id: int = Field(ge=1, le=2**53 - 1)


class EnrolmentPath(RequestSchema):
    enrolment_id: int = Field(ge=1, le=2**53 - 1)


class RevocationBody(RequestSchema):
    reason: Text = Field(min_length=1, max_length=500, description="Reason: kept in the audit log, and told to the device.")


class PendingOut(Schema):
    id: int
    unit: str
    serial: str
    maker: str
    model: str
    evidence: dict[str, Any]
    token: str = Field(description="Label of the claim token that was used.")
    created_at: datetime


class PendingList(Schema):
    items: list[PendingOut]


@api.get("/claim-tokens", summary="Claim tokens, newest first", responses={200: TokenList})
@needs(Role.ADMIN)
def list_tokens() -> Response:
    with read_only() as session:
        return answer(TokenList(items=[TokenOut(**_columns(token)) for token in enrol.tokens(session)]))


@api.post(
    "/claim-tokens", summary="Create a claim token, shown only once", responses={201: NewTokenOut, **documented(400, 404, 409, 413, 415)}
)
@needs(Role.ADMIN)
def create_token(body: TokenBody) -> Response:
    options = body.model_dump(exclude={"days"})
    with transaction() as session:
        token, plain = enrol.create_token(session, **options, life=timedelta(days=body.days), actor=actor(), now=clock())
    return answer(NewTokenOut(token=plain, **_columns(token)), 201)


@api.delete("/claim-tokens/<int:token_id>", summary="Revoke a claim token", responses={204: None, **documented(404)})
@needs(Role.ADMIN)
def revoke_token(path: TokenPath) -> Response:
    with transaction() as session:
        enrol.revoke_token(session, path.token_id, actor(), clock())
    return no_content()


@api.get("/enrolments", summary="Repeat enrolments of known units, waiting for approval", responses={200: PendingList})
@needs(Role.ADMIN)
def list_pending() -> Response:
    with read_only() as session:
        rows = enrol.pending(session)
    return answer(PendingList(items=[PendingOut(**row._asdict(), id=row.credential_id, unit=row.uid) for row in rows]))


@api.post("/enrolments/<int:enrolment_id>/accept", summary="Accept an enrolment", responses={204: None, **documented(404, 409)})
@needs(Role.ADMIN)
def accept(path: EnrolmentPath) -> Response:
    """Revokes the credential in use until now."""
    return _decide(path.enrolment_id, True)


@api.post("/enrolments/<int:enrolment_id>/refuse", summary="Reject an enrolment", responses={204: None, **documented(404, 409)})
@needs(Role.ADMIN)
def refuse(path: EnrolmentPath) -> Response:
    return _decide(path.enrolment_id, False)


@api.post(
    "/units/<uid>/credential/revocation",
    summary="Revoke the credential of a unit",
    responses={200: ChangeOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.ADMIN)
def revoke_credential(path: UnitPath, body: RevocationBody) -> Response:
    """The device is disconnected within seconds and told the reason. The secret stays refused: this cannot be undone."""
    with transaction() as session:
        return answer(change_out(revocation.revoke(session, path.uid, reason=body.reason, actor=actor(), now=clock())))


@api.post(
    "/units/<uid>/credential",
    summary="Let the device of a unit have a new credential: a claim token, valid once and for a week",
    responses={201: NewTokenOut, **documented(404, 409)},
)
@needs(Role.ADMIN)
def readmit(path: UnitPath) -> Response:
    """For a unit whose credential was revoked. Enrolling with this token needs no approval."""
    with transaction() as session:
        token, plain = revocation.readmit(session, path.uid, actor=actor(), now=clock())
    return answer(NewTokenOut(token=plain, **_columns(token)), 201)


def _decide(credential_id: int, accepted: bool) -> Response:
    with transaction() as session:
        enrol.decide(session, credential_id, accepted, actor(), clock())
    return no_content()


def _columns(token: ClaimToken) -> dict[str, Any]:
    return token.model_dump(include=set(TokenOut.model_fields))
