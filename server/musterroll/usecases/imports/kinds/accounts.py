"""Account lists: the tree of customers, in whatever order its rows come."""

from collections.abc import Sequence

from musterroll.domain.values.errors import Conflict
from musterroll.readers import accounts
from musterroll.readers.document import Document
from musterroll.readers.fields import Row
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import Change
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import merged_records
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Taker

_SHOWN = 8  # accounts of a circle that are named


class Accounts(Taker):
    kind = accounts.KIND
    model = Account
    facts = accounts.KIND.attributes()
    links = {"parent": Account}

    def survey(self, document: Document) -> None:
        self._above = import_rows.parents(self.session)
        self._listed = set()
        for _, (ref, parent) in document.survey("ref", "parent"):
            self._listed.add(ref)
            if parent:
                self._above[ref] = self._merged.get(parent, parent)
        self._waiting: dict[str, str] = {}  # accounts stored before the one above them, which the document has further down

    def blank(self, row: Row) -> Facts:
        return {**super().blank(row), "name": row.said["ref"]}

    def judge(self, row: Row, known: Known | None) -> Judged:
        judged = super().judge(row, known)
        if known is None or judged.after["parent"] != known.facts["parent"]:
            self._refuse_circle(row.said["ref"])
        return judged

    def follow(self, rows: Sequence[Row]) -> None:
        """An account that took over the one above it is not below itself."""
        super().follow(rows)
        for row in rows if self._merged else ():
            if row.said.get("parent") == row.said["ref"]:
                del row.said["parent"]

    def _refuse_circle(self, ref: str) -> None:
        path = [ref]
        while (above := self._above.get(path[-1])) is not None:
            if above == ref:
                named = path if len(path) <= _SHOWN else [*path[: _SHOWN - 1], "..."]
                raise Conflict(f"the parent accounts form a circle: {' -> '.join([*named, ref])}", "circle")
            if above in path:
                return  # a circle further up; its own rows are refused
            path.append(above)

    def open(self, plans: Sequence[Plan]) -> list[audit_record.Row]:
        """Accounts named only as the one above another are opened; those that have a row of their own come by it."""
        own = {plan.row.said["ref"] for plan in plans}
        for plan in plans:
            above = plan.after["parent"]
            if above and self.numbers.id(Account, above) is None and (above in own or above in self._listed):
                self._waiting[plan.row.said["ref"]] = above
        return self.numbers.open_accounts(plan.after["parent"] for plan in plans if plan.row.said["ref"] not in self._waiting)

    def store(self, plans: Sequence[Plan], change: Change) -> list[int]:
        reconcile_queue.mark_all(self.session)
        written = self.write(plans, change)
        merged_records.carry(self.session, change, Account, written)
        for plan, row in zip(plans, written, strict=True):
            self.numbers.remember(Account, plan.row.said["ref"], row.key)
        return [row.key for row in written]

    def finish(self, change: Change) -> None:
        """Put the accounts that waited under the one above them; one whose own row was refused is opened under its number."""
        waiting = self._waiting
        self.numbers.learn(Account, {*waiting, *waiting.values()})
        audit_record.record(self.session, change, self.numbers.open_accounts(waiting.values()))
        rows = [(self.numbers.id(Account, ref) or 0, {"parent_id": self.numbers.id(Account, above)}) for ref, above in waiting.items()]
        before = import_rows.columns_of(self.session, Account, "parent_id", [row_id for row_id, _ in rows])
        import_rows.change(self.session, Account, rows)
        moved = [audit_record.Row("account", row_id, {"parent_id": before[row_id]}, after) for row_id, after in rows]
        audit_record.record(self.session, change, moved)
