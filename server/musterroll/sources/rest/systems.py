"""Systems whose lists are described rather than programmed. A new system is one file and one entry here."""

from musterroll.sources.rest.hubspot import HUBSPOT
from musterroll.sources.rest.salesforce import SALESFORCE
from musterroll.sources.rest.stripe import STRIPE
from musterroll.sources.source import SourceType

SYSTEMS: tuple[SourceType, ...] = (SALESFORCE, HUBSPOT, STRIPE)
