"""What each wing says of going back for its audited tables. Tables that are not named hold records: see `RecordUndo`."""

from collections.abc import Mapping

from musterroll.storage.audit.audited_tables import audited_tables
from musterroll.usecases.accounts.undo import AccountUndo, SiteUndo
from musterroll.usecases.audit.table_undo import RecordUndo, TableUndo, Undoing
from musterroll.usecases.liveness.undo import TelemetryUndo
from musterroll.usecases.undo.sources import SourceUndo
from musterroll.usecases.units.undo import UnitUndo
from musterroll.usecases.warranty.undo import PeriodUndo, PolicyUndo, ProductUndo

TABLES: Mapping[str, type[TableUndo]] = {
    "account": AccountUndo,
    "site": SiteUndo,
    "product": ProductUndo,
    "warranty_policy": PolicyUndo,
    "warranty_period": PeriodUndo,
    "unit": UnitUndo,
    "source": SourceUndo,
    "telemetry": TelemetryUndo,
    **dict.fromkeys(("incident", "unit_note", "finding_decision", "proposal", "notification_rule", "scenario"), TableUndo),
    **dict.fromkeys(("claim_token", "user", "api_token", "exchange_rate", "registry_option"), TableUndo),
    **dict.fromkeys(("follow_up", "line_limit", "planned_delivery", "target", "benchmark", "pair_decision", "issued_invoice"), TableUndo),
    **dict.fromkeys(
        (
            "contact",
            "reminder_setting",
            "reminder_template",
        ),
        TableUndo,
    ),
}


def table_undos(undoing: Undoing) -> dict[str, TableUndo]:
    return {name: TABLES.get(name, RecordUndo)(undoing) for name in audited_tables()}
