"""The page that a customer opens by the QR code on a unit: what it shows, and its link."""

from flask import Response
from pydantic import Field

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, context, no_content, read_only, transaction
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text, UnitPath
from musterroll.domain.access import Role, needs
from musterroll.domain.contacts.customer_page import LONGEST_HELP, CustomerPage, Part
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.contacts import customer_page
from musterroll.usecases.units.look_up import unit_card

api = guarded("customer-page", "contacts")


class CustomerPageOut(Schema):
    parts: list[Part] = Field(description="What it shows; empty: it is off.")
    help: str


class CustomerPageBody(RequestSchema):
    parts: list[Part] = Field(max_length=len(Part))
    help: Text = Field(default="", max_length=LONGEST_HELP, description="How to call for help.")


class LinkOut(Schema):
    url: str = Field(description="Whoever has it sees the page without signing in.")


@api.get("/customer-page", summary="What the customer's page shows", responses={200: CustomerPageOut})
@needs(Role.PLANNER, everywhere=True)
def get_customer_page() -> Response:
    with read_only() as session:
        stored = customer_page.settings(session)
    return answer(CustomerPageOut(parts=[part for part in Part if part in stored.parts], help=stored.help))


@api.put(
    "/customer-page", summary="Set what the customer's page shows", responses={200: ChangeOut, 204: None, **documented(400, 409, 413, 415)}
)
@needs(Role.ADMIN)
def put_customer_page(body: CustomerPageBody) -> Response:
    """204: nothing to change."""
    with transaction() as session:
        change = customer_page.set_page(session, CustomerPage(frozenset(body.parts), body.help), actor(), clock())
        return answer(change_out(change)) if change else no_content()


@api.delete("/customer-page/links", summary="End all links of the customer's page", responses={200: ChangeOut, **documented(409)})
@needs(Role.ADMIN)
def end_customer_links() -> Response:
    """Labels printed so far stop working."""
    with transaction() as session:
        return answer(change_out(customer_page.end_links(session, actor(), clock())))


@api.delete(
    "/units/<uid>/customer-page", summary="End the link of a unit's page for customers", responses={200: ChangeOut, **documented(404)}
)
@needs(Role.ADMIN)
def end_customer_link(path: UnitPath) -> Response:
    """The QR code on the unit stops working; a new label has another link."""
    with transaction() as session:
        return answer(change_out(customer_page.end_link(session, path.uid, actor(), clock())))


@api.get("/units/<uid>/customer-page", summary="Link of a unit's page for customers", responses={200: LinkOut, **documented(404, 409)})
@needs(Role.PLANNER)
def get_customer_link(path: UnitPath) -> Response:
    """409 while the page is off, or without a public address."""
    home = context().settings.public_url
    with read_only() as session:
        link = customer_page.path(session, unit_card(session, path.uid, clock()).uid)
    if link is None or home is None:
        raise Conflict(
            "the customer's page is off" if link is None else "set MUSTERROLL_PUBLIC_URL to the address that customers reach", "off"
        )
    return answer(LinkOut(url=f"{home.rstrip('/')}{link}"))
