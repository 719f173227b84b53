"""Imports contact lists. A `no` to e-mails stays until somebody says yes on a later day."""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from musterroll.domain.contacts.consent import Consent, ConsentRecord, settled, stands
from musterroll.domain.values.dates import in_words
from musterroll.domain.values.errors import DomainError
from musterroll.readers import contacts
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contacts import Contact
from musterroll.usecases.imports.importer import BY_HAND, AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class ContactImporter(Importer):
    kind = contacts.KIND
    model = Contact
    facts = contacts.KIND.attributes(without=("opted_out",))
    links = {"account": Account, "site": Site}
    inseparable = (("consent", "consent_source", "consent_on"),)

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        super().look_up(rows)
        sites = import_rows.rows_by(self.session, Site, "ref", {ref for row in rows if (ref := row.values.get("site"))})
        self.references.look_up_ids(Account, {site["account_id"] for site in sites})
        self._owners = {site["ref"]: self.references.ref(Account, site["account_id"]) for site in sites}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """A site that is not registered is left out, with a note. A contact of a site is one of its account."""
        after, notes = super().accept(row, known).after, []
        if self.references.is_missing(Site, after["site"]):
            notes.append(f"saved without a site: {after['site']} is not registered")
            after["site"] = known.facts["site"] if known else None
        after["account"] = after["account"] or self._owners.get(after["site"] or "")
        was = _consent(known.facts if known else self.new_facts(row))
        answer = self._answer(row, after["consent"], was)
        if stands(was, answer):
            note = f"consent stays no{f' since {in_words(was.on)}' if was.on else ''}: a yes needs a later Consent Date"
            if self._by_hand:
                raise DomainError(note, "consent_withdrawn")
            return AcceptedRow(_with(after, was), "; ".join([*notes, note]))
        if answer.answer is not was.answer:
            after = _with(after, settled(answer, self._where, self.source.now.astimezone(UTC).date()))
        return AcceptedRow(after, "; ".join(notes))

    def _answer(self, row: DocumentRow, consent: Consent, was: ConsentRecord) -> ConsentRecord:
        """What a row says. A form repeats the source and the day that are stored: they are not those of another answer."""
        source, on = row.values.get("consent_source", ""), row.values.get("consent_on")
        repeated = self._by_hand and (source, on) == (was.source, was.on)
        return ConsentRecord(consent) if repeated else ConsentRecord(consent, source, on)

    @property
    def _by_hand(self) -> bool:
        return self.source.file == BY_HAND

    @property
    def _where(self) -> str:
        """Where an answer was learnt."""
        return f"entered by {self.source.actor}" if self._by_hand else self.source.file

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        return self.write(writes, change).ids  # reconciliation does not read contacts

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        return {"id": row_id, "ref": planned.row.values["ref"]}


def _consent(facts: RecordFacts) -> ConsentRecord:
    return ConsentRecord(Consent(facts["consent"]), facts["consent_source"], facts["consent_on"])


def _with(facts: RecordFacts, consent: ConsentRecord) -> RecordFacts:
    return {**facts, "consent": consent.answer, "consent_source": consent.source, "consent_on": consent.on}
