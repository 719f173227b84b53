"""Possible duplicates: proposed, and accepted or rejected by a person. Nothing is merged automatically."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import combinations
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain import matching
from musterroll.domain.matching import AccountFacts, Match
from musterroll.domain.units.kinds import has_key
from musterroll.domain.units.serials import twin_key
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.matching import proposals
from musterroll.storage.matching.proposals import ProposalKey
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.matching import Proposal
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.matching import merge as matching_merge

ACCOUNT_TWIN, UNIT_TWIN, LINE_SERIAL = "account_twin", matching.UNIT_TWIN, "line_serial"
KINDS = {ACCOUNT_TWIN: ("account", "account"), UNIT_TWIN: ("unit", "unit"), LINE_SERIAL: ("line", "unit")}  # of left and right
OPEN, ACCEPTED, REJECTED, GONE = "open", "accepted", "rejected", "gone"
CROWD = 200  # accounts with the same value; beyond it, names must also start alike


class ProposalChanges(NamedTuple):
    new: int
    open: int  # already proposed
    gone: int  # no longer a match, or one of the two was merged


class ProposalView(NamedTuple):
    """A proposal with the names of its two sides."""

    proposal: Proposal
    left: str
    right: str


def accounts(session: Session) -> list[AccountFacts]:
    """All accounts that are not merged, as compared."""
    return list(proposals.accounts(session))


def find_matches(session: Session, now: datetime, twins: Mapping[tuple[int, int], Match] | None = None) -> ProposalChanges:
    """Search accounts, units and contract lines for possible duplicates. Decided proposals stay as they are.

    `twins`: pairs of account ids from another search; accounts are then not searched here.
    """
    paired = _account_twins(session) if twins is None else {(ACCOUNT_TWIN, *pair): match for pair, match in twins.items()}
    return store_matches(session, {**paired, **_same_hosts(session), **_unit_twins(session), **_line_serials(session)}, tuple(KINDS), now)


def store_matches(session: Session, matches: dict[ProposalKey, Match], kinds: Iterable[str], now: datetime) -> ProposalChanges:
    """Update the proposals of some kinds to these matches."""
    known = {key: stored for key, stored in proposals.states(session).items() if key[0] in kinds}
    new = [key for key in matches if key not in known]
    still_there = [key for key in matches if key in known and known[key][1] in (OPEN, GONE)]
    gone = [key for key, stored in known.items() if stored[1] == OPEN and key not in matches]
    proposals.add(session, [{**proposals.row(key, matches[key]), "state": OPEN, "created_at": to_ms(now)} for key in new])
    proposals.change(session, [{"id": known[key][0], **proposals.row(key, matches[key]), "state": OPEN} for key in still_there])
    proposals.change(session, [{"id": known[key][0], "state": GONE} for key in gone])
    return ProposalChanges(len(new), len(still_there), len(gone))


def page(
    session: Session, state: str | None = OPEN, kind: str | None = None, after: str | None = None, limit: int = 100
) -> tuple[list[ProposalView], str | None]:
    """Proposals by weight, the most likely first, and the cursor of the next page. Raises DomainError for a bad cursor."""
    position = cursors.decode(after, float, int)
    behind = proposals.page(session, state, kind, None if position is None else (position[0], position[1]), limit + 1)
    rows, following = cursors.cut(behind, limit, lambda row: (row.weight, row.id))
    sides: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for side, id_ in zip(KINDS[row.kind], (row.left_id, row.right_id), strict=True):
            sides[side].add(id_)
    names = {side: proposals.names(session, side, sorted(ids)) for side, ids in sides.items()}
    return [ProposalView(row, *(names[side].get(id_, "?") for side, id_ in _sides(row))) for row in rows], following


def accept(session: Session, number: int, *, actor: str, now: datetime, reason: str = "", keep_right: bool | None = None) -> AuditChange:
    """Accept a proposal: merge two accounts or units, or assign a line to a unit. Can be undone.

    `keep_right`: which of two accounts survives; by default the older. Raises NotFound, and Conflict if it is already decided or its
    records have changed.
    """
    proposal = _open(session, number)
    change = audit_record.begin(session, actor=actor, kind="merge", subject=_subject(session, proposal), reason=reason, now=now)
    left, right = proposal.left_id, proposal.right_id
    if proposal.kind == ACCOUNT_TWIN:
        matching_merge.merge_accounts(session, change, *((right, left) if keep_right else (left, right)), now)
    elif proposal.kind == UNIT_TWIN:
        matching_merge.merge_units(session, change, left, right, now)
    else:
        matching_merge.name_unit(session, change, left, right)
    _decide(session, change, proposal, ACCEPTED, now)
    return change


def reject(session: Session, number: int, *, actor: str, now: datetime, reason: str = "") -> AuditChange:
    """Keep both: the pair is not proposed again. Can be undone. Raises NotFound, Conflict."""
    proposal = _open(session, number)
    change = audit_record.begin(session, actor=actor, kind="proposal", subject=_subject(session, proposal), reason=reason, now=now)
    _decide(session, change, proposal, REJECTED, now)
    return change


def _decide(session: Session, change: AuditChange, proposal: Proposal, state: str, now: datetime) -> None:
    with audit_record.watching(session, change, "proposal", [proposal.id or 0]):
        proposal.state, proposal.change_id = state, change.id
        proposal.decided_at, proposal.decided_by = to_ms(now), change.actor


def _open(session: Session, number: int) -> Proposal:
    proposal = session.get(Proposal, number, with_for_update=True)
    if proposal is None:
        raise NotFound(f"there is no possible duplicate {number}")
    if proposal.state != OPEN:
        raise Conflict(f"possible duplicate {number} is already {proposal.state}; undo that decision first", "decided")
    return proposal


def _subject(session: Session, proposal: Proposal) -> str:
    left, right = (proposals.names(session, side, [id_]).get(id_, "?") for side, id_ in _sides(proposal))
    return f"possible duplicate {proposal.id}: {left} and {right}"


def _sides(proposal: Proposal) -> Iterator[tuple[str, int]]:
    return zip(KINDS[proposal.kind], (proposal.left_id, proposal.right_id), strict=True)


def _account_twins(session: Session) -> dict[ProposalKey, Match]:
    """Two fields must agree, so only accounts that share a domain, a phone or a postcode are compared."""
    blocks: dict[tuple[str, str], list[AccountFacts]] = defaultdict(list)
    for account in proposals.accounts(session):
        for field in ("domain", "phone", "postcode"):
            if value := getattr(account, field):
                blocks[field, value].append(account)
    matches: dict[ProposalKey, Match] = {}
    for together in blocks.values():
        for left, right in _pairs(together):
            key = (ACCOUNT_TWIN, left.id, right.id)
            if key not in matches and (match := matching.match_accounts(left, right)):
                matches[key] = match
    return matches


def _pairs(together: list[AccountFacts]) -> Iterator[tuple[AccountFacts, AccountFacts]]:
    crowds: dict[str, list[AccountFacts]] = defaultdict(list)
    for account in together:
        crowds[account.words[:4] if len(together) > CROWD else ""].append(account)
    for crowd in crowds.values():
        yield from combinations(sorted(crowd), 2)


def _unit_twins(session: Session) -> dict[ProposalKey, Match]:
    return {
        (UNIT_TWIN, left.id, right.id): match
        for together in proposals.unit_twins(session)
        for left, right in combinations(together, 2)
        if (match := matching.match_units(left, right))
    }


def _same_hosts(session: Session) -> dict[ProposalKey, Match]:
    """Units with a serial number, and units of the same hostname that only their asset tag identifies."""
    matches: dict[ProposalKey, Match] = {}
    for host, units in proposals.units_by_host(session).items():
        for (left, left_tag), (right, right_tag) in combinations(units, 2):
            one_without = has_key(left_tag, left.serial_key) != has_key(right_tag, right.serial_key)
            if one_without and (same := matching.match_hosts(left, right, host)):
                matches[UNIT_TWIN, left.id, right.id] = same
    return matches


def _line_serials(session: Session) -> dict[ProposalKey, Match]:
    lines = proposals.lines_without_unit(session)
    units = proposals.units_by_twin(session, sorted({twin_key(line.serial_key) for line in lines}))
    return {
        (LINE_SERIAL, line.id, unit.id): match
        for line in lines
        for unit in units.get(twin_key(line.serial_key), ())
        if (match := matching.match_line(line, unit))
    }
