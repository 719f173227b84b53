"""The page that a customer opens by the QR code on a unit, without signing in, and what an admin allows on it."""

from urllib.parse import quote

from flask import Blueprint, Response, make_response, redirect, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.contacts.customer_page import LONGEST_HELP, LONGEST_REPORT, PARTS, SHORTEST_REPORT, CustomerPage, Part
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.limits import RateLimit
from musterroll.usecases.contacts import customer_page
from musterroll.usecases.units.look_up import look_up
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, transaction
from musterroll.web.http.security import private
from musterroll.web.pages.labels import qr
from musterroll.web.wording.contacts import VISITOR_WORDS, language_of

pages = Blueprint("customer_page", __name__)
public = Blueprint("visitor", __name__)

_visits = RateLimit(burst=60, seconds=1.0)  # pages, by address
_reports = RateLimit(burst=5, seconds=600.0)  # faults, by address


@pages.get("/contacts/customer-page")
@needs(Role.ADMIN)
def overview() -> str:
    return _overview()


@pages.post("/contacts/customer-page")
@needs(Role.ADMIN)
def save() -> AnyResponse:
    to = CustomerPage(frozenset(part for part in Part if part in request.form.getlist("part")), request.form.get("help", ""))
    try:
        with transaction() as session:
            customer_page.set_page(session, to, actor().name, clock())
    except DomainError as refusal:
        return make_response(_overview(to, str(refusal)), 422)
    return redirect("/contacts/customer-page", 303)


@pages.post("/contacts/customer-page/end-links")
@needs(Role.ADMIN)
def end_links() -> AnyResponse:
    with transaction() as session:
        customer_page.end_links(session, actor().name, clock())
    return redirect("/contacts/customer-page", 303)


@pages.post("/contacts/customer-page/end-link")
@needs(Role.ADMIN)
def end_link() -> AnyResponse:
    uid = request.form.get("uid", "")[:64]
    with transaction() as session:
        customer_page.end_link(session, uid, actor().name, clock())
    return redirect(f"/contacts/customer-page?unit={quote(uid)}&ended=yes", 303)


@public.get("/c/<token>")
def show(token: str) -> Response:
    return _limited(_visits) or _visitor(token)


@public.post("/c/<token>")
def report(token: str) -> Response:
    """A fault. No sign-in and no form token: the link is signed, and reports are limited by address and by unit."""
    if (refused := _limited(_reports)) is not None:
        return refused
    words = VISITOR_WORDS[language_of(request)]
    try:
        with context().database.transaction() as session:
            customer_page.report_fault(session, token, request.form.get("fault", ""), clock())
    except NotFound:
        return _visitor(token, status=404)
    except Conflict:
        return _visitor(token, done=words["reported_already"])
    except DomainError:
        return _visitor(token, refused=words["bad_report"], status=422)
    return _visitor(token, done=words["reported"])


def _visitor(token: str, done: str = "", refused: str = "", status: int = 200) -> Response:
    language = language_of(request)
    try:
        with context().database.read_only() as session:
            unit = customer_page.unit_for_customer(session, token, clock())
    except DomainError:
        unit, status = None, 404
    facts = {"unit": unit, "done": done, "refused": refused, "shortest": SHORTEST_REPORT, "longest": LONGEST_REPORT}
    text = render_template("customer_page.html", language=language, words=VISITOR_WORDS[language], token=token, **facts)
    return private(make_response(text, status))


def _limited(rate: RateLimit) -> Response | None:
    """The refusal of too many requests; else this one is counted."""
    address = request.remote_addr or ""
    if rate.wait(address):
        sentence = VISITOR_WORDS[language_of(request)]["too_many"]
        return private(Response(f"{sentence}\n", 429, content_type="text/plain; charset=utf-8"))
    rate.count(address)
    return None


def _overview(to: CustomerPage | None = None, refused: str | None = None) -> str:
    code, now = request.args.get("unit", "").replace("\0", "").strip()[:200], clock()
    with read_only() as session:
        stored = customer_page.settings(session)
        units = look_up(session, code, now, suggest=False).units if code else []
        path = customer_page.path(session, units[0].uid) if units else None
    home = context().settings.public_url
    link = f"{home.rstrip('/')}{path}" if home and path else None
    facts = {"stored": stored, "to": to or stored, "parts": PARTS, "longest": LONGEST_HELP, "public_url": home, "refused": refused}
    picture = qr(link) if link else Markup("")
    return page(
        "customer_page_settings.html",
        now,
        **facts,
        code=code,
        link=link,
        picture=picture,
        unknown=bool(code) and not units,
        uid=units[0].uid if units else "",
    )
