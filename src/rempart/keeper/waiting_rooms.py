"""Waiting rooms: a key pair for one closing of one compartment, to which pages seal what people leave there.

Made when the first page asks, kept in the ring while something may wait, forgotten once all was replayed: final when
the key-encryption key was rotated. What is left is bound to the account, the site and the kind that its deposit names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)

from rempart.sealing.waiting_frames import (
    ForgetWaitingItem,
    ForgetWaitingResult,
    OpenWaitingItem,
    OpenWaitingResult,
    WaitingKeyItem,
    WaitingKeyResult,
)
from rempart.sealing.waiting_jwe import ROOM, opened, parse, public_of, signed

from .clock import DAY
from .deposits import WAITING
from .ring import WaitingKeyEntry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from .clock import KeeperClock
    from .deposits import Deposits
    from .ring import Ring

ROOMS_MOST = 64
"""Rooms at a time: more closings than a hub ever has at once, and few enough that a false hub fills no ring."""


class WaitingRooms:
    """`waiting_key` on the ask socket; `open_waiting` and `forget_waiting` on the box."""

    def __init__(
        self, ring: Ring, deposits: Deposits, signing: Ed25519PrivateKey, clock: KeeperClock, *, days: int
    ) -> None:
        self._ring = ring
        self._deposits = deposits
        self._signing = signing
        self._clock = clock
        self._life = days * DAY

    def key(self, items: list[WaitingKeyItem]) -> list[WaitingKeyResult]:
        """The room's key, made when it has none; refusals `room-malformed`, `rooms-full`."""
        return [self._key(item.room) for item in items]

    def open(self, items: list[OpenWaitingItem]) -> list[OpenWaitingResult]:
        """Refusals: those of deposits, `waiting-unreadable`, `waiting-key-unknown`, `waiting-not-theirs`."""
        return [self._open(item) for item in items]

    def forget(self, items: list[ForgetWaitingItem]) -> list[ForgetWaitingResult]:
        """Drops the keys of these rooms."""
        gone = {item.room for item in items}
        entries = self._ring.body.waiting_keys
        kept = [entry for entry in entries if entry.room not in gone]
        if len(kept) < len(entries):
            self._ring.keep_waiting_keys(kept)
        return [ForgetWaitingResult() for _ in items]

    def _key(self, room: str) -> WaitingKeyResult:
        if not ROOM.fullmatch(room):
            return WaitingKeyResult("room-malformed")
        private = self._find(room)
        if private is None:
            now = self._clock.now()
            kept = [entry for entry in self._ring.body.waiting_keys if entry.created + self._life > now]
            if len(kept) >= ROOMS_MOST:
                return WaitingKeyResult("rooms-full")
            private = generate_private_key(SECP256R1())
            secret = private.private_numbers().private_value.to_bytes(32, "big")
            self._ring.keep_waiting_keys([*kept, WaitingKeyEntry(room, secret, now)])
        return WaitingKeyResult("", signed(room, private.public_key(), self._signing))

    def _open(self, item: OpenWaitingItem) -> OpenWaitingResult:
        found = self._deposits.left(item.sealed, WAITING.get(item.kind, ""), item.instant)
        if isinstance(found, str):
            return OpenWaitingResult(found)
        private = self._find(item.room)
        if private is None:
            return OpenWaitingResult("waiting-key-unknown")
        parsed = parse(found.content.decode("ascii", "replace"))
        if parsed is None or parsed.kid != public_of(private.public_key()).kid:
            return OpenWaitingResult("waiting-unreadable")
        left = opened(parsed, private)
        if left is None:
            return OpenWaitingResult("waiting-unreadable")
        who = found.depositor
        if (left.client, left.site, left.kind) != (who.client, who.site, item.kind):
            return OpenWaitingResult("waiting-not-theirs")
        content = bytes(left.request)
        if left.kind == "invoice":
            content = b'{"invoices":[' + content + b"]}"
        authority, deposit = self._deposits.again(found, content, left.kind)
        watched = self._deposits.watched(who.client)
        return OpenWaitingResult("", content, authority, who.client, who.site, deposit, who.probation, watched)

    def _find(self, room: str) -> EllipticCurvePrivateKey | None:
        for entry in self._ring.body.waiting_keys:
            if entry.room == room:
                return derive_private_key(int.from_bytes(entry.private, "big"), SECP256R1())
        return None
