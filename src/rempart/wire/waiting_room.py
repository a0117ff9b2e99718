"""`/v1/waiting-room`: what a person may leave before a closed part of the service, and what became of it.

In a person's session only. What is left is a JWE that the page sealed: docs/formats/waiting-room.md.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.problem import ClosureTold

Kind = Literal["invoice", "authorization"]
SEALED_MOST = 24_000  # characters of one JWE
BODY_MOST = 32 * 1024  # bytes


class OpenRoom(msgspec.Struct, frozen=True):
    """Where something of this kind can be left now: the room, and its key in a document that the keeper signed."""

    kind: Kind
    room: str
    key: str


class Alternative(msgspec.Struct, frozen=True):
    """What helps meanwhile, in both languages."""

    french: str
    english: str


class LeftState(msgspec.Struct, frozen=True):
    """One thing left: `state` is waiting, sent or refused; `subject` the invoice or authorization that came of it."""

    receipt: str
    kind: Kind
    received: str
    state: str
    reason: str = ""
    subject: str = ""
    ended: str = ""


class WaitingRoom(msgspec.Struct, frozen=True):
    """`closure` None: nothing is closed for this person. `rooms` has one line a kind that can be left."""

    closure: ClosureTold | None
    alternatives: tuple[Alternative, ...]
    rooms: tuple[OpenRoom, ...]
    left: tuple[LeftState, ...]
    waiting: int
    most: int


class LeaveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`mark` is the page's own UUID: sent twice, it is left once. `sealed` is the JWE for that room's key."""

    kind: Kind
    room: str
    mark: str
    sealed: str


class LeaveReceipt(msgspec.Struct, frozen=True):
    """`waiting`: how many of `most` this account has left."""

    receipt: str
    received: str
    waiting: int
    most: int
