"""Every audited table with what its wing says of going back."""

from collections.abc import Mapping

from musterroll.usecases.accounts.undo import AccountUndo, SiteUndo
from musterroll.usecases.audit.table_undo import RecordUndo, TableUndo
from musterroll.usecases.liveness.undo import TelemetryUndo
from musterroll.usecases.units.undo import UnitUndo
from musterroll.usecases.warranty.undo import PeriodUndo, PolicyUndo, ProductUndo

TABLES: Mapping[str, type[TableUndo]] = {
    "account": AccountUndo,
    "site": SiteUndo,
    "product": ProductUndo,
    "warranty_policy": PolicyUndo,
    "warranty_period": PeriodUndo,
    "unit": UnitUndo,
    "telemetry": TelemetryUndo,
    **dict.fromkeys(("contract", "contract_line", "invoice"), RecordUndo),
    **dict.fromkeys(("incident", "unit_note", "finding_decision", "proposal", "notification_rule", "scenario"), TableUndo),
    **dict.fromkeys(("claim_token", "user", "api_token"), TableUndo),
}
