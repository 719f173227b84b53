"""The kinds of documents customers send."""

from musterroll.readers import accounts, billing, contract_lines, contracts, incidents, sites, telemetry, units
from musterroll.readers.fields import Kind

# In the order in which each finds what it names on the roll already.
KINDS: dict[str, Kind] = {
    module.KIND.name: module.KIND for module in (accounts, sites, units, contracts, contract_lines, billing, telemetry, incidents)
}
