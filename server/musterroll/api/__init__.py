"""The REST API under /api/v1 for programs and devices, with its contract, health checks and metrics."""

from collections.abc import Callable

from musterroll.api import (
    accounts,
    analytics,
    audit,
    contact_exports,
    contacts,
    contracts,
    coverage,
    customer_page,
    customers,
    definitions,
    deliveries,
    device_enrolment,
    docs,
    enrolments,
    findings,
    follow_ups,
    hand_overs,
    health,
    imports,
    incidents,
    installed_base,
    invoices,
    licences,
    limits,
    mappings,
    notifications,
    outages,
    plans,
    products,
    proposals,
    quarantine,
    rates,
    reconciliation,
    records,
    reliability,
    reminders,
    renewals,
    review_packs,
    search,
    segment_pairs,
    segments,
    sites,
    sources,
    targets,
    unit_actions,
    units,
    usage,
    worth,
)
from musterroll.api.http import authentication
from musterroll.api.http.application import Application, new_app
from musterroll.api.http.context import ApiContext, Authenticate, Checks, install
from musterroll.limits import RateLimit
from musterroll.metrics import Metrics
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database

__all__ = ["build", "new_app"]

_RESOURCES = (
    *(
        device_enrolment,
        units,
        unit_actions,
        coverage,
        definitions,
        installed_base,
        accounts,
        customers,
        sites,
        products,
        contacts,
        contact_exports,
        customer_page,
        reminders,
        contracts,
        invoices,
        incidents,
        imports,
        mappings,
        records,
        search,
        analytics,
    ),
    *(
        reconciliation,
        findings,
        licences,
        renewals,
        worth,
        follow_ups,
        limits,
        plans,
        deliveries,
        reliability,
        segments,
        segment_pairs,
        hand_overs,
        proposals,
        audit,
        enrolments,
        notifications,
        outages,
        quarantine,
        rates,
        sources,
        targets,
        review_packs,
        usage,
    ),
)


def build(
    app: Application,
    database: Database,
    settings: Settings,
    metrics: Metrics,
    checks: Checks,
    authenticate: Authenticate,
    progressing: Callable[[], bool] = lambda: True,
) -> None:
    """Register the API with an app from `new_app`.

    `checks` and `progressing` are as for `health.install`; `authenticate` gives the signed-in user of a request, if any.
    `app.config["MQTT_URL"]` is the broker address for devices; without it they use the host name of the registry.
    """
    context = ApiContext(database, settings, metrics, checks, authenticate, RateLimit(), RateLimit(burst=100, seconds=1.0))
    install(app, context)
    health.add_gauges(context)
    health.install(app, database, metrics, checks, progressing, authentication.sees_everything)
    app.register_blueprint(docs.views)
    for resource in _RESOURCES:
        app.register_api(resource.api)
