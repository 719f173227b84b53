"""The door for people: server-rendered pages. Views read the clock once, open one transaction, call verbs and render."""

from flask import Blueprint, Flask

from musterroll.limits import Attempts
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.web.http import assets, error_pages, menu, moved_addresses, offline, security, sign_in, theme
from musterroll.web.http.context import AppContext, Checks, install
from musterroll.web.http.sign_in import authenticate_session
from musterroll.web.pages import accounts as accounts_pages
from musterroll.web.pages import (
    api_tokens,
    audit,
    capacity,
    contracts,
    enrolment,
    fleet,
    health,
    imports,
    installed_base,
    labels,
    look_up,
    my_account,
    photo_scan,
    products,
    proposals,
    quarantine,
    reconciliation,
    undo,
    unit_actions,
)
from musterroll.web.pages import calendar as calendar_pages
from musterroll.web.pages import findings as findings_pages
from musterroll.web.pages import licences as licences_pages
from musterroll.web.pages import notifications as notifications_pages
from musterroll.web.pages import segments as segments_pages
from musterroll.web.pages import unit as unit_pages
from musterroll.web.pages import users as users_pages
from musterroll.web.wording import coverage
from musterroll.web.wording import filters as filter_wording
from musterroll.web.wording import findings as finding_wording
from musterroll.web.wording import notifications as notification_wording
from musterroll.web.wording import states as state_wording

__all__ = ["authenticate_session", "build"]

_SUBJECTS = (
    look_up,
    photo_scan,
    unit_pages,
    unit_actions,
    labels,
    fleet,
    installed_base,
    accounts_pages,
    contracts,
    licences_pages,
    capacity,
    segments_pages,
    reconciliation,
    findings_pages,
    imports,
    proposals,
    undo,
    users_pages,
    api_tokens,
    enrolment,
    notifications_pages,
    products,
    audit,
    calendar_pages,
    health,
    quarantine,
    my_account,
)


_PACE = (1200, 0.05)  # pages a person may open at once, and the seconds each takes to come back: quicker than people are


def build(app: Flask, database: Database, settings: Settings, checks: Checks) -> None:
    """Put the pages on `app`, whose `secret_key` is set. `checks` names what the health strip shows; they are asked at every
    page and must be quick."""
    install(app, AppContext(database, settings, checks, Attempts(), Attempts(*_PACE)))
    security.protect(app, settings)
    state_wording.install(app)
    coverage.install(app)
    finding_wording.install(app)
    notification_wording.install(app)
    filter_wording.install(app)
    offline.install(app, assets.install(app))
    menu.install(app)
    error_pages.install(app)
    app.register_blueprint(theme.pages)
    app.register_blueprint(moved_addresses.pages)
    app.register_blueprint(sign_in.pages)
    app.register_blueprint(calendar_pages.feed)
    if settings.oidc_issuer:
        from musterroll.web.http import oidc  # what it needs is imported only where people sign in elsewhere

        oidc.install(app, settings)
    app.register_blueprint(_guarded())


def _guarded() -> Blueprint:
    """Every page that only a signed-in person may see."""
    guarded = Blueprint("in", __name__)
    guarded.before_request(sign_in.require_person)
    guarded.after_request(security.keep_private)
    error_pages.guard(guarded)
    for subject in _SUBJECTS:
        guarded.register_blueprint(subject.pages)
    return guarded
