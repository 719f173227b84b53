"""The words of documents for kinds of units and for rules of counting licences."""

from musterroll.domain.installed_base.licence_rules import LicenceRule
from musterroll.domain.units.kinds import UnitKind
from musterroll.readers.statuses import one_of

UNIT_KIND = one_of(
    {
        UnitKind.DEVICE: "devices hardware physical equipment appliance",
        UnitKind.SEAT: "seats user users nameduser login userlicense userlicence",
        UnitKind.WORKSPACE: "workspaces tenant tenants organization organisation",
        UnitKind.ENVIRONMENT: "environments stage installation instance",
        UnitKind.NODE: "nodes container containers pod pods virtualmachine vm host",
    },
    "Device, Seat, Workspace, Environment or Node",
)
LICENCE_RULE = one_of(
    {
        LicenceRule.UNIT: "units perunit byunit each peruser perdevice named",
        LicenceRule.HOST: "hosts perhost byhost server perserver",
        LicenceRule.CORE: "cores percore bycore processor percpu vcpu",
    },
    "Unit, Host or Core",
)
