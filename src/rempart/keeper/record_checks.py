"""`check_record`: an insurer asks about a person of its own, by a statement it signed with its rights files' key.

The token of its client is not enough: who stole it cannot sign. The ticket goes to `open` like any other, so what is
opened is journalled and tagged; it is counted like a question. Purpose in the journal: `read`.
"""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from rempart.sealing.frames import CheckRecordItem, DeriveItem, DeriveResult
from rempart.sealing.identity import encode_identity

from .journal import PURPOSES
from .newborns import HANDLE, parents_keys
from .tickets import HEAD, KEYS, Tickets

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants
    from .meter import Meter
    from .ring import Ring

LABEL = b"rempart-record-check/1\n"
LATE = 300  # seconds a statement may be away from the keeper's clock
DECIDE = "decide"
_READ = PURPOSES.index("read")
_EPOCH = date(1970, 1, 1).toordinal()


class _Stated(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The statement's fields, canonical; `made` seconds since 1970."""

    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    care: str
    made: int


class RecordChecks:
    """The operation, over a ring, grants and the meter."""

    def __init__(self, ring: Ring, grants: Grants, meter: Meter, *, tickets: Tickets, clock: KeeperClock) -> None:
        self._ring = ring
        self._grants = grants
        self._meter = meter
        self._tickets = tickets
        self._clock = clock

    def check(self, items: list[CheckRecordItem]) -> list[DeriveResult]:
        """Refusals: those of grants, `insurer-unknown`, `bad-signature`, `statement-malformed`, `statement-late`,
        `day-out-of-range`, `identity-malformed`, `meter-…`.
        """  # noqa: D205 - the list of codes is the sentence
        self._meter.roll()
        results = [self._check(item) for item in items]
        self._meter.flush()
        return results

    def _check(self, item: CheckRecordItem) -> DeriveResult:
        held = self._grants.check(item.grant, DECIDE, siteless=True)
        if isinstance(held, str):
            return DeriveResult(held)
        insurer = self._ring.insurers.get(held.grant.vendor)
        if insurer is None:
            return DeriveResult("insurer-unknown")
        if not signed(LABEL + item.statement, item.signature, insurer.sign_public):
            return DeriveResult("bad-signature")
        try:
            stated = msgspec.json.decode(item.statement, type=_Stated)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return DeriveResult("statement-malformed")
        if stated.insurer != insurer.number:
            return DeriveResult("insurer-unknown")
        if abs(self._clock.now() // 1_000_000 - stated.made) > LATE:
            return DeriveResult("statement-late")
        if not self._clock.hear_day(item.day):
            return DeriveResult("day-out-of-range")
        care = _day(stated.care)
        if care is None:
            return DeriveResult("statement-malformed")
        identity = encode_identity(insurer.number, stated.member, stated.nir, stated.birth, rank=stated.rank)
        if identity is None:
            return DeriveResult("identity-malformed")
        found = [(index.version, *index.keys(identity)) for index in insurer.live]
        refusal = self._meter.take(held, "read", found[0][1])
        if refusal:
            return DeriveResult(refusal)
        expires = time.monotonic_ns() + self._tickets.life
        scope = insurer.number_bytes[-9:]  # where a site's number stands: no site asks
        head = HEAD.pack(
            expires, item.day, held.digest, insurer.number_bytes, scope, _READ, stated.nir is not None
        )  # fmt: skip
        shown = DeriveItem(
            item.grant, "read", insurer.number, stated.member, stated.nir, stated.birth, stated.rank, item.day, care
        )
        found += parents_keys(insurer, shown)
        ticket = self._tickets.seal(head + b"".join([KEYS.pack(*each) for each in found]))
        found = [each for each in found if each[0] != HANDLE]
        return DeriveResult("", ticket, tuple(each[1] for each in found), tuple(each[0] for each in found))


def _day(text: str) -> int | None:
    try:
        return date.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return None


def signed(content: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the insurer of this Ed25519 key signed it."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True
