"""The keeper's protocol about presence codes: made on an insurer's signature, found by a fingerprint. See `frames`."""

from __future__ import annotations

from .item import Item


class GivePresenceItem(Item, frozen=True):
    """An insurer's signed wish for a code for a person it names (docs/formats/presence-code.md); `day` since 1970."""

    grant: bytes
    statement: bytes
    signature: bytes
    day: int


class GivePresenceResult(Item, frozen=True):
    """The code, and what the hub keeps of it: `finder` 16 bytes, `mapping` sealed under the code itself.

    `site`: where it is good, "" for the first that uses it; `expires` in microseconds UTC.
    """

    refusal: str = ""
    code: str = ""
    finder: bytes = b""
    mapping: bytes = b""
    site: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return "GivePresenceResult(…)"


class FindPresenceItem(Item, frozen=True):
    """A canonical code shown at a counter, under the grant of who asks; `day` since 1970."""

    grant: bytes
    code: str
    day: int

    def __repr__(self) -> str:
        return "FindPresenceItem(…)"


class FindPresenceResult(Item, frozen=True):
    """The fingerprint under which the hub kept it, if anybody was given it."""

    refusal: str = ""
    finder: bytes = b""


PRESENCE: dict[str, tuple[type[Item], type[Item]]] = {
    "give_presence": (GivePresenceItem, GivePresenceResult),
    "find_presence": (FindPresenceItem, FindPresenceResult),
}
"""What the socket `ask` answers about them."""
