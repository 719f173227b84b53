"""Systems whose lists are described rather than programmed. A new system is one file and one entry here."""

from musterroll.sources.source import SourceType

SYSTEMS: tuple[SourceType, ...] = ()
