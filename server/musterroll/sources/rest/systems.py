"""Systems with a REST API of their own. A new system is one file and one entry here."""

from musterroll.sources.rest.glpi import GLPI
from musterroll.sources.rest.hubspot import HUBSPOT
from musterroll.sources.rest.salesforce import SALESFORCE
from musterroll.sources.rest.servicenow import SERVICENOW
from musterroll.sources.rest.snipe_it import SNIPE_IT
from musterroll.sources.rest.stripe import STRIPE
from musterroll.sources.rest.zendesk import ZENDESK
from musterroll.sources.source import SourceType

SYSTEMS: tuple[SourceType, ...] = (SALESFORCE, HUBSPOT, STRIPE, ZENDESK, SERVICENOW, GLPI, SNIPE_IT)
