"""Wording of the doubts about which device reports as a unit: what is wrong, and what to do."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.messages.identity import Doubt


class DoubtWording(NamedTuple):
    name: str
    advice: str
    finding: FindingKind


DOUBTS = {
    Doubt.COPIED: DoubtWording(
        "Several devices report as this unit",
        "Find the copy and enrol it as a unit of its own, then enrol this device again: with its new credential, the case is closed.",
        FindingKind.CLONE_CASE,
    ),
    Doubt.WENT_BACK: DoubtWording(
        "The state of this device went back",
        "Check whether its storage keeps what is written; an image, an overlay or a snapshot does not. Nothing is lost: what it sends "
        "under old numbers is numbered again. Once its storage keeps state, enrol it again, and the case is closed.",
        FindingKind.STATE_WENT_BACK,
    ),
    Doubt.FOREIGN: DoubtWording(
        "This device says it is another",
        "Correct serial, maker and model in its configuration; if it is another device, enrol it as a unit of its own. The case is closed "
        "once the unit reports what it was enrolled as.",
        FindingKind.FOREIGN_IDENTITY,
    ),
}


def install(app: Flask) -> None:
    app.jinja_env.globals.update(doubt_words=DOUBTS)
