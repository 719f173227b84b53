"""How the units of a product are counted as licences: each, each host once, or the processor cores of the hosts."""

from enum import StrEnum


class LicenceRule(StrEnum):
    UNIT = "unit"
    HOST = "host"
    CORE = "core"
