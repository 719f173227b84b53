"""Every kind of document, in the order to import them: each kind finds the records it refers to. A new kind is one entry here."""

from musterroll.readers.fields import DocumentKind
from musterroll.usecases.imports.importer import Taker
from musterroll.usecases.imports.kinds.accounts import Accounts
from musterroll.usecases.imports.kinds.billing import Billing
from musterroll.usecases.imports.kinds.contract_lines import ContractLines
from musterroll.usecases.imports.kinds.contracts import Contracts
from musterroll.usecases.imports.kinds.incidents import Incidents
from musterroll.usecases.imports.kinds.sites import Sites
from musterroll.usecases.imports.kinds.telemetry import Telemetry
from musterroll.usecases.imports.kinds.units import Units

IMPORTERS: dict[str, type[Taker]] = {
    importer.kind.name: importer for importer in (Accounts, Sites, Units, Contracts, ContractLines, Billing, Telemetry, Incidents)
}
KINDS: dict[str, DocumentKind] = {name: importer.kind for name, importer in IMPORTERS.items()}


def kinds_about(*tables: str) -> list[str]:
    """The kinds of documents that say what these tables hold; tables as findings name them in their evidence."""
    return [name for name, importer in IMPORTERS.items() if not importer.tables().isdisjoint(tables)]
