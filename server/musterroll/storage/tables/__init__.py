"""Every table, one file per subject. Importing this package makes all of them known to SQLModel's metadata.

Instants that are read often and written hot are integer milliseconds; the others are aware UTC datetimes.
"""

from musterroll.storage.tables import (  # noqa: F401
    access,
    accounts,
    audit,
    capacity,
    contacts,
    contracts,
    enrolment,
    findings,
    fleet,
    follow_ups,
    identity,
    imports,
    invoices,
    limits,
    liveness,
    matching,
    messages,
    money,
    notifications,
    operations,
    product_names,
    reconciliation,
    segments,
    targets,
    units,
    usage,
    warranty,
)
