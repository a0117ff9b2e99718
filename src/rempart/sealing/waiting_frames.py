"""Frames of the waiting room: a key of one closure on `ask`; opening and forgetting it on the box."""

from __future__ import annotations

from .item import Item


class WaitingKeyItem(Item, frozen=True):
    """`room` names one closing of one compartment, as `portal:horizon@1790000000000000`."""

    room: str


class WaitingKeyResult(Item, frozen=True):
    """`document` is signed by the keeper: docs/formats/waiting-room.md."""

    refusal: str = ""
    document: bytes = b""


class OpenWaitingItem(Item, frozen=True):
    """What was left in a room: the deposit around the page's JWE, and what its row says it is; microseconds UTC."""

    sealed: bytes
    room: str
    kind: str
    instant: int


class OpenWaitingResult(Item, frozen=True):
    """`content` is the request as the page made it; `authority` derives for its kind alone.

    For invoices `deposit` is the same content as an ordinary deposit of the same account, for the inbox. `probation`
    is until when the account's budgets were halved when it was left, microseconds UTC; `watched` until when the account
    itself is on probation now.
    """

    refusal: str = ""
    content: bytes = b""
    authority: bytes = b""
    client: str = ""
    site: str = ""
    deposit: bytes = b""
    probation: int = 0
    watched: int = 0


class ForgetWaitingItem(Item, frozen=True):
    """A room in which nothing waits any more."""

    room: str


class ForgetWaitingResult(Item, frozen=True):
    """Nothing to say: a key that was forgotten before is forgotten."""

    refusal: str = ""
