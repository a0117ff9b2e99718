"""The keeper's own key pairs to which clients seal who they present, one generation a month, and what it publishes.

A key is published for two months and opens what is asked now. After that it only opens invoices whose deposit waited,
for as long as a deposit may; then it is dropped, and once the ring's key-encryption key was rotated nobody has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.sealing.identity_frames import KeySetItem, KeySetResult
from rempart.sealing.identity_jwe import kid_of, web
from rempart.sealing.keeper_keys import PublicKey, signed

from .ring import IdentityKeyEntry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from .clock import KeeperClock
    from .ring import Ring

DAY = 86_400  # seconds
RENEWED = 31 * DAY  # age of the newest key at which the next generation begins
PUBLISHED = 62 * DAY
KEEPER = "keeper"


class Opening(NamedTuple):
    """A key ready for use; seconds since 1970."""

    private: X25519PrivateKey
    first: int
    until: int

    def __repr__(self) -> str:
        return f"Opening(until={self.until})"


class IdentityKeys:
    """`signing` signs the log's checkpoints too. `kept_days`: how long after its end a key may open what waited."""

    def __init__(self, ring: Ring, signing: Ed25519PrivateKey, clock: KeeperClock, *, kept_days: int) -> None:
        self._ring = ring
        self._signing = signing
        self._clock = clock
        self._kept = kept_days * DAY
        self._ready: dict[str, Opening] = {}
        self._prepare()

    def publish(self, items: list[KeySetItem]) -> list[KeySetResult]:
        """Signed key sets; refusal `insurer-unknown`. Begins a generation when the newest key is a month old."""
        now = self._clock.now() // 1_000_000
        entries = self._ring.body.identity_keys
        if not entries or entries[0].created + RENEWED <= now:
            self.begin()
        return [self._published(item.insurer, now) for item in items]

    def begin(self) -> None:
        """A new generation; keys that open nothing any more are dropped."""
        now = self._clock.now() // 1_000_000
        kept = [entry for entry in self._ring.body.identity_keys if entry.until + self._kept > now]
        number = max((entry.number for entry in kept), default=0) + 1
        private = X25519PrivateKey.generate().private_bytes_raw()
        self._ring.keep_identity_keys([IdentityKeyEntry(number, private, now, now + PUBLISHED), *kept])
        self._prepare()

    def find(self, kid: str, now: int, *, waited: bool) -> X25519PrivateKey | None:
        """The key to open with at `now` (seconds): while published, or for what waited in a deposit somewhat longer."""
        found = self._ready.get(kid)
        if found is None or now >= found.until + (self._kept if waited else 0):
            return None
        return found.private

    def _prepare(self) -> None:
        self._ready = {}
        for entry in self._ring.body.identity_keys:
            private = X25519PrivateKey.from_private_bytes(entry.private)
            kid = kid_of(private.public_key().public_bytes_raw())
            self._ready[kid] = Opening(private, entry.created, entry.until)

    def _published(self, insurer: str, now: int) -> KeySetResult:
        if not insurer:
            keys = [
                _public(kid, each.private.public_key().public_bytes_raw(), each.first, each.until)
                for kid, each in self._ready.items() if now < each.until
            ]  # fmt: skip
            return KeySetResult("", signed(KEEPER, keys, self._signing, now))
        known = self._ring.insurers.get(insurer)
        if known is None:
            return KeySetResult("insurer-unknown")
        public = known.hpke_public
        key = _public(kid_of(public), public, 0, now + PUBLISHED)
        return KeySetResult("", signed(insurer, [key], self._signing, now))


def _public(kid: str, raw: bytes, first: int, until: int) -> PublicKey:
    return PublicKey(x=web(raw), kid=kid, nbf=first, exp=until)
