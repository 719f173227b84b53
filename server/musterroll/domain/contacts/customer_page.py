"""The page that a customer opens by the QR code on a unit: what it may show, as an admin allows."""

from enum import StrEnum
from typing import NamedTuple

LONGEST_HELP = 200
MOST_REPORTS = 5  # of visitors on one unit that are open at once
SHORTEST_REPORT, LONGEST_REPORT = 3, 120
VISITOR = "visitor"


class Part(StrEnum):
    MODEL = "model"
    COVERED = "covered"
    HELP = "help"
    REPORT = "report"
    ACCOUNT = "account"
    SITE = "site"
    LABELS = "labels"  # not on the page: labels can carry its QR code


PARTS = {
    Part.MODEL: "Model and serial number",
    Part.COVERED: "Covered until",
    Part.HELP: "How to call for help",
    Part.REPORT: "Report a fault",
    Part.ACCOUNT: "Account",
    Part.SITE: "Site",
    Part.LABELS: "Labels may carry the QR code of this page",
}


class CustomerPage(NamedTuple):
    """Nothing of a unit is shown while there are no parts."""

    parts: frozenset[Part] = frozenset()
    help: str = ""

    @property
    def is_on(self) -> bool:
        return bool(self.parts - {Part.LABELS})


def parts_of(stored: str) -> frozenset[Part]:
    """The parts that a setting names; unknown words are of another version.

    >>> sorted(parts_of("model help nothing"))
    [<Part.HELP: 'help'>, <Part.MODEL: 'model'>]
    """
    return frozenset(Part(word) for word in stored.split() if word in set(Part))
