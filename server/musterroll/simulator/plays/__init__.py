"""Devices as they are in the field, one play a kind: what they do, and on how many machines.

A new play is an entry here and its script beside the others of its subject. Scripts run until they are cancelled.
"""

from typing import NamedTuple

from musterroll.simulator.plays import clocks, copies, identity, links, power, state
from musterroll.simulator.plays.device import Script


class Play(NamedTuple):
    name: str
    does: str
    script: Script
    devices: int = 1  # unless told otherwise
    one_credential: bool = False  # its devices are machines with the credential of one unit
    one_site: bool = False
    serial: str = ""  # instead of one of its own


PLAYS = {
    play.name: play
    for play in (
        Play("rollback", "its state is as in the image at every start", state.rollback),
        Play("copies", "machines of different hardware with one credential", copies.copies, 2, one_credential=True),
        Play("vm-clone", "a virtual machine that is copied, bit by bit, while it runs", copies.vm_clone, 2, one_credential=True),
        Play("clock-1970", "its clock starts in 1970", clocks.clock_1970),
        Play("clock-jump", "its clock jumps ten years ahead and back", clocks.clock_jump),
        Play("clock-odd", "its clock gives fractions, negative and absurd numbers", clocks.clock_odd),
        Play("sleeper", "wakes, reports, waits for the receipts and sleeps; a day lasts one interval", power.sleeper),
        Play("daylight", "reports by day only; a night lasts eight intervals", power.daylight),
        Play("power-cut", "all units of one site fall silent at once and return", power.power_cut, 4, one_site=True),
        Play("half-open", "its link dies without a word: the socket stays open and swallows", links.half_open),
        Play("flapping", "its link breaks and returns all the time", links.flapping),
        Play("foreign-serial", "claims the serial of another unit after some time", identity.foreign_serial),
        Play("placeholder", "tries to enrol with a serial that nobody entered", identity.as_enrolled, serial="To Be Filled By O.E.M."),
    )
}
