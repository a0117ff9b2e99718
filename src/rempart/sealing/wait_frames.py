"""Frames of rejected invoices that wait for rights: sealed, found again, opened. All on the box."""

from __future__ import annotations

from .identity_frames import SealedIdentity
from .item import Item


class WaitItem(Item, frozen=True):
    """A rejected invoice that waits for rights: who it is about, as in `derive`, and its content, for the box alone.

    `grant` is the authority that derived it. `coverage`, `closed` and `version` are what was found, so
    that the same again opens nothing.
    """

    grant: bytes
    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    care: int
    content: bytes
    coverage: bytes
    closed: int | None
    sealed: SealedIdentity | None = None
    version: int = 0


class WaitResult(Item, frozen=True):
    """`sealed` is stored as it is; it names nobody and no record."""

    refusal: str = ""
    sealed: bytes = b""


class RecallItem(Item, frozen=True):
    """One sealed wait; `instant` in microseconds UTC."""

    sealed: bytes
    instant: int


class RecallResult(Item, frozen=True):
    """The record keys that the wait looks for now, as `derive` gives them."""

    refusal: str = ""
    insurer: str = ""
    keys: tuple[bytes, ...] = ()
    versions: tuple[int, ...] = ()


class ReopenItem(Item, frozen=True):
    """A sealed wait and the row found for it; it opens only against rights that are open on the day of care."""

    sealed: bytes
    instant: int
    version: int
    payload: bytes
    person: bytes
    closed: int | None


class ReopenResult(Item, frozen=True):
    """As `open_deposit` gives it, narrowed to the site."""

    refusal: str = ""
    content: bytes = b""
    authority: bytes = b""
    client: str = ""
    site: str = ""
