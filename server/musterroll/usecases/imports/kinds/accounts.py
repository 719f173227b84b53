"""Imports account lists: the tree of customers, its rows in any order."""

from collections.abc import Iterator, Sequence

from musterroll.domain.values.errors import Conflict
from musterroll.readers import accounts
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentRow
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports import merged_records
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts

_SHOWN = 8  # accounts of a circle in the error


class AccountImporter(Importer):
    kind = accounts.KIND
    model = Account
    facts = accounts.KIND.attributes()
    links = {"parent": Account}
    at_once = True  # a parent may come further down

    def scan(self, document: Document) -> None:
        self._parents = import_rows.parent_refs(self.session)
        self._in_document = set()
        for _, (ref, parent) in document.scan("ref", "parent"):
            self._in_document.add(ref)
            if parent:
                self._parents[ref] = self._merged.get(parent, parent)
        self._waiting: dict[str, str] = {}  # parent by account, where the document has the parent further down

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {**super().new_facts(row), "name": row.values["ref"]}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        accepted = super().accept(row, known)
        if known is None or accepted.after["parent"] != known.facts["parent"]:
            self._reject_circle(row.values["ref"])
        return accepted

    def follow_merges(self, rows: Sequence[DocumentRow]) -> None:
        """An account that its parent was merged into has no parent in the row: it would be itself."""
        super().follow_merges(rows)
        for row in rows if self._merged else ():
            if row.values.get("parent") == row.values["ref"]:
                del row.values["parent"]

    def _reject_circle(self, ref: str) -> None:
        path = [ref]
        while (parent := self._parents.get(path[-1])) is not None:
            if parent == ref:
                named = path if len(path) <= _SHOWN else [*path[: _SHOWN - 1], "..."]
                raise Conflict(
                    f"the parent accounts form a circle: {' -> '.join([*named, ref])}; correct one {self.label('parent')}", "circle"
                )
            if parent in path:
                return  # a circle further up: its own rows are rejected
            path.append(parent)

    def missing(self, planned: PlannedWrite) -> Iterator[tuple[str, str]]:
        parent = planned.after["parent"]
        if parent not in self._in_document and self.references.is_missing(Account, parent):
            yield "account", parent

    def create_missing(self, writes: Sequence[PlannedWrite]) -> list[audit_record.Row]:
        """Create parents that have no row of their own; the others are created by their row."""
        own = {planned.row.values["ref"] for planned in writes}
        for planned in writes:
            parent = planned.after["parent"]
            if parent and self.references.id(Account, parent) is None and (parent in own or parent in self._in_document):
                self._waiting[planned.row.values["ref"]] = parent
        return self.references.create_accounts(
            planned.after["parent"] for planned in writes if planned.row.values["ref"] not in self._waiting
        )

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        reconcile_queue.mark_all(self.session)
        written = self.write(writes, change)
        merged_records.pass_on(self.session, change, Account, written.changed)
        for planned, row_id in zip(writes, written.ids, strict=True):
            self.references.remember(Account, planned.row.values["ref"], row_id)
        return written.ids

    def finish(self, change: AuditChange) -> None:
        """Set the parents that came further down. A parent whose own row was rejected is created with its number as name, or not at all."""
        self.references.look_up(Account, {*self._waiting, *self._waiting.values()})
        create = self.source.create_missing
        waiting = {ref: parent for ref, parent in self._waiting.items() if create or not self.references.is_missing(Account, parent)}
        audit_record.record(self.session, change, self.references.create_accounts(waiting.values()))
        rows = [
            (self.references.id(Account, ref) or 0, {"parent_id": self.references.id(Account, parent)}) for ref, parent in waiting.items()
        ]
        before = import_rows.column_values(self.session, Account, "parent_id", [row_id for row_id, _ in rows])
        import_rows.update_rows(self.session, Account, rows)
        changed = [audit_record.Row("account", row_id, {"parent_id": before[row_id]}, after) for row_id, after in rows]
        audit_record.record(self.session, change, changed)
