"""The insurer's desk as calls: what its people read and decide in a portal, and say of a rights file that waits."""

from __future__ import annotations

from uuid import UUID

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions
from rempart.sealing.actions import Action
from rempart.wire.authorizations import DecisionAnswer
from rempart.wire.insurer_desk import (
    DeskCase,
    DeskDecision,
    DeskFunds,
    DeskPendingList,
    DeskPublished,
    DeskRightsFile,
    DeskRightsList,
    DeskRightsReport,
    DeskSaid,
    DeskWord,
)
from rempart.wire.settlements import SettlementList

HERE = "/v1/desk/insurer"


def pending() -> Call[DeskPendingList]:
    """What waits for a case worker, the oldest first."""
    return Call("GET", f"{HERE}/authorizations", DeskPendingList)


def case(authorization: str) -> Call[DeskCase]:
    """One request that waits; decided or ended, it is `not-found`."""
    return Call("GET", f"{HERE}/authorizations/{_id(authorization)}", DeskCase)


def decide(authorization: str, decision: DeskDecision) -> Call[DecisionAnswer]:
    """Agrees or refuses. Not repeated when its answer got lost: the list says whether it still waits."""
    path = f"{HERE}/authorizations/{_id(authorization)}/decision"
    return Call("POST", path, DecisionAnswer, msgspec.json.encode(decision), repeat=Repeat.UNLESS_LOST)


def rights_files(before: int = 0) -> Call[DeskRightsList]:
    """The insurer's rights files, the newest first; `before` goes on from a file's number."""
    return Call("GET", f"{HERE}/rights-files{f'?below={before}' if before else ''}", DeskRightsList)


def rights_file(number: int) -> Call[DeskRightsReport]:
    """One file with its report."""
    return Call("GET", f"{HERE}/rights-files/{number:d}", DeskRightsReport)


def speak(number: int, word: DeskWord) -> Call[DeskSaid]:
    """A manager's word on a file in quarantine. A signature is good once: not repeated by itself."""
    path = f"{HERE}/rights-files/{number:d}/word"
    return Call("POST", path, DeskSaid, msgspec.json.encode(word), repeat=Repeat.NEVER)


def to_release(operator: str, insurer: str, file: DeskRightsFile) -> Action | None:
    """What a manager reads and signs to release a file from quarantine; None when a field cannot be written."""
    return actions.written("rights-release", operator, insurer, str(file.number), file.digest)


def published() -> Call[DeskPublished]:
    """Guarantee table, what binds, stand-in rules."""
    return Call("GET", f"{HERE}/published", DeskPublished)


def funds() -> Call[DeskFunds]:
    """What is left of the insurer's funds at the portal's operator, and the last calls."""
    return Call("GET", f"{HERE}/funds", DeskFunds)


def settlements() -> Call[SettlementList]:
    """The last settlement files."""
    return Call("GET", f"{HERE}/settlements", SettlementList)


def settlement_file(settlement: str) -> Call[bytes]:
    """One of them, as the operator signed and sealed it."""
    return Call("GET", f"{HERE}/settlements/{_id(settlement)}/file", bytes)


def _id(text: str) -> str:
    """A hub's id, a UUID; ValueError for anything else, so that no path is made of it."""
    return str(UUID(text))
