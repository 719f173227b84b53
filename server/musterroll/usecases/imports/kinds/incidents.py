"""Support tickets: each kept, on its unit where the roll has it."""

from collections.abc import Sequence
from typing import Any

from musterroll.domain.values.errors import NotFound
from musterroll.readers import incidents
from musterroll.readers.fields import Row
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Incident
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Taker
from musterroll.usecases.imports.serials import Serials


class Incidents(Taker):
    kind = incidents.KIND
    model = Incident
    facts = ("unit_id", *incidents.KIND.attributes(without=("maker",)))

    def learn(self, rows: Sequence[Row]) -> None:
        super().learn(rows)
        self._serials = Serials(self.session, [row.said for row in rows])

    def blank(self, row: Row) -> Facts:
        return {**dict.fromkeys(self.facts), "category": ""}

    def judge(self, row: Row, known: Known | None) -> Judged:
        """A serial that several makers have is refused; one that is not on the roll is kept as written."""
        after, note = super().judge(row, known).after, ""
        try:
            after["unit_id"] = self._serials.unit(row.said).id
        except NotFound as missing:
            after["unit_id"], note = None, f"saved without a unit: {missing}"
        return Judged(after, note)

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        return [row.key for row in self.write(plans, change)]  # no reconciliation reads incidents

    def fresh(self, plan: Plan, row_id: int) -> dict[str, Any]:
        return {"id": row_id, "ref": plan.row.said["ref"]}
