"""The command line, one file per group of commands; `cli` runs them."""

from typing import NamedTuple


class Entry(NamedTuple):
    """A command, and the sentence that `musterroll --help` prints for it: its module is imported only to run it."""

    module: str
    name: str  # in the module
    summary: str


COMMANDS = {
    "serve": Entry(
        "serve",
        "serve",
        "Run everything in one process: pages, REST API, ingest, scheduler, and a broker unless MUSTERROLL_MQTT_URL is set.",
    ),
    "web": Entry("serve", "web", "Run only the pages and the REST API, with gunicorn."),
    "ingest": Entry("serve", "ingest", "Run only the MQTT ingest, on the broker at MUSTERROLL_MQTT_URL."),
    "schedule": Entry("serve", "schedule", "Run only the scheduled jobs."),
    "demo": Entry("serve", "demo", "Run `serve` with a small simulated fleet and a real agent for this machine."),
    "simulate": Entry("simulate", "simulate", "Simulate a fleet, with real enrolment and a real broker."),
    "db": Entry("admin", "db", "Manage the registry's database."),
    "import": Entry("imports", "import_", "Import records from a CSV file, a workbook or JSON, zipped or not."),
    "token": Entry("admin", "token", "Manage claim tokens (to enrol devices) and API tokens (for programs)."),
    "user": Entry("users", "user", "Manage users."),
    "config": Entry("admin", "config", "Show the settings."),
    "asyncapi": Entry("admin", "asyncapi", "Print the MQTT contract as an AsyncAPI 3 document."),
    "imports": Entry("import_history", "imports", "Import history and undo."),
    "mappings": Entry("import_history", "mappings", "Saved column mappings of customers' files."),
    "sources": Entry("sources", "sources", "Sources: documents that come by themselves, on schedule and within limits."),
    "export": Entry(
        "records",
        "export",
        "Write all records of a KIND to FILE (default: standard output), in a form that can be imported again.",
    ),
    "records": Entry("records", "records", "Add or correct one record by hand."),
    "columns": Entry(
        "templates",
        "columns_",
        "Print the reference of every kind of document, its columns and the headings they are recognised by, as Markdown.",
    ),
    "definitions": Entry(
        "definitions",
        "definitions",
        "Print what each headline figure means, its numerator, denominator and window, as Markdown.",
    ),
    "windows": Entry("windows", "windows", "Windows: how much silence makes units stale, and those of lists, active units and adoption."),
    "template": Entry(
        "templates",
        "template_",
        "Write a template of a KIND to FILE, .csv or .xlsx (default: CSV on standard output): headings and an example row.",
    ),
    "audit": Entry("audit", "audit", "The audit log: who changed what, before and after, in a tamper-evident chain."),
    "changes": Entry("audit", "changes", "Undo imports, merges, moves and decisions."),
    "notify": Entry("notifications", "notify", "Manage notification rules and the outbox."),
    "reconcile": Entry(
        "reconciliation",
        "reconcile",
        "Compare contracted, deployed and operating for every unit; show where they disagree and the annual value at stake.",
    ),
    "coverage": Entry(
        "coverage",
        "coverage",
        "Show whether the unit with this SERIAL (or unit ID) is covered, by what, until when and why.",
    ),
    "findings": Entry("findings", "findings", "List the findings of the last reconciliation, highest value first."),
    "licences": Entry(
        "licences",
        "licences",
        "Count licences on contract lines in force, units provisioned (deployed or enrolled), and units active in a window.",
    ),
    "worth": Entry(
        "worth",
        "worth",
        "Annual value of the contract lines in force, and what of it is at stake (silent, unused, overdue, ending, declining).",
    ),
    "customers": Entry("customers", "customers", "Customers: accounts with a contract in force or a unit deployed, now or in the past."),
    "targets": Entry(
        "targets",
        "targets",
        "Targets of active licences, coverage, attach rate and operating share, and benchmarks of the industry.",
    ),
    "review-pack": Entry("review_packs", "review_pack", "Review packs: one PDF and one workbook for each month and quarter that is over."),
    "invoices": Entry(
        "invoices", "invoices", "What of the invoices is outstanding by age and currency, and the invoices by due date, the newest first."
    ),
    "follow-ups": Entry("follow_ups", "follow_ups", "Accounts assigned to people, with a due date and a comment."),
    "contacts": Entry(
        "contacts",
        "contacts",
        "People at customers.",
    ),
    "limits": Entry(
        "limits", "limits", "Limits of contract lines (calls, hours, credits, use or seats per period), and what is left of them."
    ),
    "installed-base": Entry(
        "installed_base",
        "installed_base",
        "Show the installed base: units registered, units deployed, and those of them that are operating.",
    ),
    "plan": Entry("plans", "plan", "Forecast support demand: incidents, hours, staff, parts and cost, with confidence ranges."),
    "reliability": Entry(
        "reliability",
        "reliability",
        "Show the annual failure rate of each product, measured since incidents are recorded.",
    ),
    "proposals": Entry("proposals", "proposals", "Possible duplicates: accounts, units and contract lines."),
    "renewals": Entry(
        "renewals",
        "renewals",
        "List the contracts due within a year, in order of their end, with their annual value and what of it is at risk.",
    ),
    "segments": Entry("segments", "segments", "List the segments and saved filters with their units, accounts and annual value."),
    "products": Entry("products", "products", "Manage products: list price, warranty policy, reporting class."),
    "policies": Entry("products", "policies", "Manage warranty policies: when a warranty starts and how long it lasts."),
    "rates": Entry("rates", "rates", "Exchange rates, for one total in a reporting currency."),
    "search": Entry(
        "search",
        "search",
        "Search units, accounts, sites, contracts, incidents, products and people for TEXT: a number, a name or a scanned code.",
    ),
    "units": Entry("units", "units", "Manage single units."),
    "outages": Entry("outages", "outages", "Outages: units of one site, account or firmware that fell silent together."),
    "usage": Entry("usage", "usage", "What the fleet is used for: use per day from the lifetime counters that units and lists report."),
}
