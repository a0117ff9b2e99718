"""What reading a NOEMIE return yields beside the items of `domain.returns`: envelope, control totals, refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from rempart.domain.returns import Item


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends to whom: kinds are two letters (OT a concentrating operator, TP a site). `created` is a civil day.

    `reference` names the return: 580 of payments, 908 of a deposit (recalled names: see the page of the format).
    """

    sender: str
    receiver: str
    file_id: str
    created: date
    reference: str = "580"
    sender_kind: str = "OT"
    receiver_kind: str = "TP"
    application: str = ""
    mode: str = "real"


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file is refused: entity number from 1 (000 is the first), its type, position from 1, stable code."""

    record: int
    type: str
    position: int
    code: str


@dataclass(frozen=True, slots=True)
class GroupEnd:
    """Entity 990, counts and sum right: items since the group's start and what they add to its transfer (cents)."""

    payee: str
    items: int
    amount: int


@dataclass(frozen=True, slots=True)
class FileEnd:
    """Entity 999, all control totals right: what was yielded stands. `skipped`: known entities not used, by type."""

    records: int
    groups: int
    amount: int
    skipped: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class FileRefused:
    """The whole file is refused: nothing of it may be applied, whatever was yielded before. Reading stops."""

    fault: Fault


Event = Envelope | Item | GroupEnd | FileEnd | FileRefused
