"""Presence codes: made on an insurer's signature, and opened again by who was given one.

What the hub keeps is sealed under a key that needs both a key of the keeper and the code itself, and says when it ends
and where it is good: a stolen table opens nobody, and a hub cannot stretch a code. No identity is in it, only the
record keys of the person in each live index. Format: docs/formats/presence-code.md.
"""

from __future__ import annotations

import secrets
import struct
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.domain import presence
from rempart.sealing.identity import encode_identity
from rempart.sealing.presence_frames import FindPresenceItem, FindPresenceResult, GivePresenceItem, GivePresenceResult
from rempart.sealing.prf import short_prf

from .record_checks import DECIDE, LATE, signed
from .tickets import KEYS

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants, Held
    from .meter import Meter
    from .ring import Ring
    from .tickets import Keys

LABEL = b"rempart-presence-code/1\n"
UNKNOWN = "presence-unknown"
"""Unknown, used, expired, of another site: who asks is told of none of them apart."""
_HEAD = struct.Struct(">Q10s9sB")
"""Expiry (µs), insurer, site or zeros, way; then KEYS for each live version."""
_ANYWHERE = bytes(9)
_NONCE = 12


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The statement's fields, canonical; `made` seconds since 1970."""

    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    site: str
    made: int


class PresenceShown(NamedTuple):
    """Who showed a code: insurer, way, and the record keys of each live index version, newest first."""

    insurer: str
    way: int
    keys: Keys

    def __repr__(self) -> str:
        return "PresenceShown(…)"


class Presence:
    """The two operations, and the opening for `derive`."""

    def __init__(self, ring: Ring, grants: Grants, meter: Meter, clock: KeeperClock) -> None:
        self._ring = ring
        self._grants = grants
        self._meter = meter
        self._clock = clock
        self._finder = short_prf(ring.body.grant, "rempart/1/presence-finder", size=16)
        self._key = short_prf(ring.body.grant, "rempart/1/presence-key", size=32)

    def give(self, items: list[GivePresenceItem]) -> list[GivePresenceResult]:
        """Refusals: of grants, `insurer-unknown`, `bad-signature`, `statement-…`, `identity-malformed`, `meter-…`."""
        allowed = self._meter.allow(len(items))
        return [self._give(item) if place < allowed else GivePresenceResult("meter-rate")
                for place, item in enumerate(items)]  # fmt: skip

    def find(self, items: list[FindPresenceItem]) -> list[FindPresenceResult]:
        """Refusals: of grants, `day-out-of-range`, `meter-rate`. Whether anybody was given it is not known here."""
        allowed = self._meter.allow(len(items))
        return [self._find(item) if place < allowed else FindPresenceResult("meter-rate")
                for place, item in enumerate(items)]  # fmt: skip

    def shown(self, code: str, mapping: bytes, held: Held) -> PresenceShown | str:
        """Who was given the code, at this grant's site and now; else `UNKNOWN`."""
        text = code.encode()
        try:
            plain = AESGCM(self._key(text)).decrypt(mapping[:_NONCE], mapping[_NONCE:], self._finder(text))
        except (InvalidTag, ValueError):
            return UNKNOWN
        expires, insurer, site, way = _HEAD.unpack_from(plain)
        if expires <= self._clock.now() or site not in {_ANYWHERE, held.site}:
            return UNKNOWN
        return PresenceShown(insurer.decode(), way, tuple(KEYS.iter_unpack(plain[_HEAD.size :])))

    def _find(self, item: FindPresenceItem) -> FindPresenceResult:
        held = self._grants.check(item.grant, "eligibility")
        if isinstance(held, str):
            return FindPresenceResult(held)
        if not self._clock.hear_day(item.day):
            return FindPresenceResult("day-out-of-range")
        return FindPresenceResult("", self._finder(item.code.encode()))

    def _give(self, item: GivePresenceItem) -> GivePresenceResult:
        stated = self._stated(item)
        if isinstance(stated, str):
            return GivePresenceResult(stated)
        identity = encode_identity(stated.insurer, stated.member, stated.nir, stated.birth, rank=stated.rank)
        if identity is None or (stated.site and not _is_site(stated.site)):
            return GivePresenceResult("identity-malformed" if identity is None else "statement-malformed")
        insurer = self._ring.insurers[stated.insurer]
        expires = self._clock.now() + presence.LIFE * 1_000_000
        site = stated.site.encode() or _ANYWHERE
        plain = _HEAD.pack(expires, insurer.number_bytes, site, stated.nir is not None)
        plain += b"".join([KEYS.pack(index.version, *index.keys(identity)) for index in insurer.live])
        code = presence.made(secrets.token_bytes(presence.RANDOM_BYTES))
        text, nonce = code.encode(), secrets.token_bytes(_NONCE)
        finder = self._finder(text)
        mapping = nonce + AESGCM(self._key(text)).encrypt(nonce, plain, finder)
        return GivePresenceResult("", code, finder, mapping, stated.site, expires)

    def _stated(self, item: GivePresenceItem) -> _Stated | str:
        """What the insurer signed of its own people, just now; or the refusal."""
        held = self._grants.check(item.grant, DECIDE, siteless=True)
        if isinstance(held, str):
            return held
        insurer = self._ring.insurers.get(held.grant.vendor)
        if insurer is None:
            return "insurer-unknown"
        if not signed(LABEL + item.statement, item.signature, insurer.sign_public):
            return "bad-signature"
        try:
            stated = msgspec.json.decode(item.statement, type=_Stated)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "statement-malformed"
        if stated.insurer != insurer.number:
            return "insurer-unknown"
        if abs(self._clock.now() // 1_000_000 - stated.made) > LATE:
            return "statement-late"
        return stated if self._clock.hear_day(item.day) else "day-out-of-range"


def _is_site(text: str) -> bool:
    return len(text) == 9 and text.isascii() and text.isalnum()
