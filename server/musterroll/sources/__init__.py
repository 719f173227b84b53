"""Where documents come from by themselves, one file each: settings, checks, and how they are fetched.

To add a source, write its file and add it to SOURCES; the form, the command, the REST schema and the job follow. What is fetched is
written to a file and read as any document is. Nothing here knows the database.
"""

from musterroll.domain.values.errors import DomainError
from musterroll.sources.folder import FOLDER
from musterroll.sources.https import HTTPS
from musterroll.sources.mailbox import MAILBOX
from musterroll.sources.policy import SourceSettings
from musterroll.sources.rest.generic import REST
from musterroll.sources.rest.systems import SYSTEMS
from musterroll.sources.source import Delivery, Request, Setting, SourceProblem, SourceType
from musterroll.sources.sql import SQL

__all__ = ["SOURCES", "Delivery", "Request", "Setting", "SourceProblem", "SourceSettings", "SourceType", "source_type"]

SOURCES: dict[str, SourceType] = {source.name: source for source in (FOLDER, HTTPS, MAILBOX, REST, SQL, *SYSTEMS)}


def source_type(name: str) -> SourceType:
    """Raises DomainError for a type that does not exist."""
    if name not in SOURCES:
        raise DomainError(f"there is no source of type {name[:40]!r}; choose one of {', '.join(SOURCES)}", "bad_choice")
    return SOURCES[name]
