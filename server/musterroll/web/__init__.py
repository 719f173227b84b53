"""Server-rendered pages. Views read the clock once, open one transaction, call use cases and render."""

from flask import Blueprint, Flask

from musterroll.limits import RateLimit
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.web.http import account_names, assets, error_pages, menu, moved_addresses, offline, security, sign_in, theme, totals
from musterroll.web.http import definitions as definition_words
from musterroll.web.http.context import Checks, WebContext, install
from musterroll.web.http.sign_in import authenticate_session
from musterroll.web.pages import accounts as accounts_pages
from musterroll.web.pages import (
    api_tokens,
    audit,
    capacity,
    contact_exports,
    contracts,
    customer_page,
    customers,
    definitions,
    deliveries,
    dry_runs,
    enrolment,
    fleet,
    health,
    imports,
    incidents,
    installed_base,
    labels,
    look_up,
    my_account,
    outages,
    photo_scan,
    products,
    proposals,
    quarantine,
    rates,
    reconciliation,
    records,
    review_packs,
    search,
    sites,
    source_form,
    undo,
    unit_actions,
)
from musterroll.web.pages import calendar as calendar_pages
from musterroll.web.pages import contacts as contacts_pages
from musterroll.web.pages import findings as findings_pages
from musterroll.web.pages import hand_overs as hand_over_pages
from musterroll.web.pages import invoices as invoice_pages
from musterroll.web.pages import licences as licences_pages
from musterroll.web.pages import limits as limits_pages
from musterroll.web.pages import notifications as notifications_pages
from musterroll.web.pages import reminders as reminders_pages
from musterroll.web.pages import segments as segments_pages
from musterroll.web.pages import sources as sources_pages
from musterroll.web.pages import targets as targets_pages
from musterroll.web.pages import unit as unit_pages
from musterroll.web.pages import usage as usage_pages
from musterroll.web.pages import users as users_pages
from musterroll.web.pages import worth as worth_pages
from musterroll.web.wording import contacts as contact_wording
from musterroll.web.wording import coverage
from musterroll.web.wording import filters as filter_wording
from musterroll.web.wording import findings as finding_wording
from musterroll.web.wording import identity as identity_wording
from musterroll.web.wording import imports as import_wording
from musterroll.web.wording import kinds as kind_wording
from musterroll.web.wording import notifications as notification_wording
from musterroll.web.wording import states as state_wording
from musterroll.web.wording import targets as target_wording

__all__ = ["authenticate_session", "build"]

_SUBJECTS = (
    look_up,
    search,
    photo_scan,
    unit_pages,
    unit_actions,
    labels,
    fleet,
    sites,
    incidents,
    outages,
    installed_base,
    accounts_pages,
    contacts_pages,
    contact_exports,
    customer_page,
    reminders_pages,
    contracts,
    invoice_pages,
    licences_pages,
    limits_pages,
    worth_pages,
    customers,
    usage_pages,
    capacity,
    deliveries,
    segments_pages,
    hand_over_pages,
    definitions,
    source_form,
    sources_pages,
    reconciliation,
    findings_pages,
    dry_runs,
    imports,
    records,
    proposals,
    undo,
    users_pages,
    api_tokens,
    enrolment,
    notifications_pages,
    products,
    rates,
    targets_pages,
    review_packs,
    audit,
    calendar_pages,
    health,
    quarantine,
    my_account,
)


_PAGE_RATE = (1200, 0.05)  # burst of pages per user, and seconds until one more is allowed; faster than anybody reads


def build(app: Flask, database: Database, settings: Settings, checks: Checks) -> None:
    """Register the pages with `app`, whose `secret_key` is set. `checks` are the health checks in the footer; they run on every
    page and must be fast."""
    install(app, WebContext(database, settings, checks, RateLimit(), RateLimit(*_PAGE_RATE)))
    security.protect(app, settings)
    state_wording.install(app)
    import_wording.install(app)
    kind_wording.install(app)
    coverage.install(app)
    contact_wording.install(app)
    finding_wording.install(app)
    identity_wording.install(app)
    notification_wording.install(app)
    filter_wording.install(app)
    target_wording.install(app)
    app.jinja_env.globals["definition"] = definition_words.definition
    offline.install(app, assets.install(app))
    menu.install(app)
    totals.install(app)
    error_pages.install(app)
    app.register_blueprint(theme.pages)
    app.register_blueprint(moved_addresses.pages)
    app.register_blueprint(sign_in.pages)
    app.register_blueprint(calendar_pages.feed)
    app.register_blueprint(reminders_pages.public)
    app.register_blueprint(customer_page.public)
    if settings.oidc_issuer:
        from musterroll.web.http import oidc  # its libraries are imported only if single sign-on is configured

        oidc.install(app, settings)
    app.register_blueprint(_guarded())


def _guarded() -> Blueprint:
    """All pages that require a signed-in user."""
    guarded = Blueprint("pages", __name__)
    guarded.before_request(sign_in.require_sign_in)
    guarded.before_request(account_names.number_for_name)
    guarded.after_request(security.no_store)
    error_pages.handle_errors(guarded)
    for subject in _SUBJECTS:
        guarded.register_blueprint(subject.pages)
    return guarded
