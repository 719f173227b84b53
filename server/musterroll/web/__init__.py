"""The door for people: server-rendered pages. Views read the clock once, open one transaction, call verbs and render."""

from flask import Blueprint, Flask

from musterroll.limits import Attempts
from musterroll.settings import Settings
from musterroll.storage.database import Database
from musterroll.web import (
    account,
    accounts,
    actions,
    api_tokens,
    assets,
    audit,
    calendar,
    capacity,
    changes,
    contracts,
    cover_words,
    enrolment,
    failures,
    filter_words,
    finding_words,
    findings,
    fleet,
    health,
    imports,
    installed_base,
    labels,
    licences,
    looking_up,
    menu,
    moved_addresses,
    notification_words,
    notifications,
    offline,
    people,
    products,
    proposals,
    quarantine,
    reconciliation,
    scanning,
    security,
    segments,
    signing_in,
    theme,
    unit_page,
    words,
)
from musterroll.web.door import Checks, Door, install
from musterroll.web.signing_in import authenticate_session

__all__ = ["authenticate_session", "build"]

_SUBJECTS = (
    looking_up,
    scanning,
    unit_page,
    actions,
    labels,
    fleet,
    installed_base,
    accounts,
    contracts,
    licences,
    capacity,
    segments,
    reconciliation,
    findings,
    imports,
    proposals,
    changes,
    people,
    api_tokens,
    enrolment,
    notifications,
    products,
    audit,
    calendar,
    health,
    quarantine,
    account,
)


_PACE = (1200, 0.05)  # pages a person may open at once, and the seconds each takes to come back: quicker than people are


def build(app: Flask, database: Database, settings: Settings, checks: Checks) -> None:
    """Put the pages on `app`, whose `secret_key` is set. `checks` names what the health strip shows; they are asked at every
    page and must be quick."""
    install(app, Door(database, settings, checks, Attempts(), Attempts(*_PACE)))
    security.protect(app, settings)
    words.install(app)
    cover_words.install(app)
    finding_words.install(app)
    notification_words.install(app)
    filter_words.install(app)
    offline.install(app, assets.install(app))
    menu.install(app)
    failures.install(app)
    app.register_blueprint(theme.pages)
    app.register_blueprint(moved_addresses.pages)
    app.register_blueprint(signing_in.pages)
    app.register_blueprint(calendar.feed)
    if settings.oidc_issuer:
        from musterroll.web import issuer  # what it needs is imported only where people sign in elsewhere

        issuer.install(app, settings)
    app.register_blueprint(_guarded())


def _guarded() -> Blueprint:
    """Every page that only a signed-in person may see."""
    guarded = Blueprint("in", __name__)
    guarded.before_request(signing_in.require_person)
    guarded.after_request(security.keep_private)
    failures.guard(guarded)
    for subject in _SUBJECTS:
        guarded.register_blueprint(subject.pages)
    return guarded
