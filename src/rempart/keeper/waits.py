"""Rejected invoices that wait for rights: sealed for the box, found again by the keeper alone, opened once rights open.

A sealed wait holds who was presented and the invoice, with the depositor's authority. What lies in the database names
neither a person nor a record: after a load the keeper makes the record keys anew, under whatever index keys are live,
and opens a wait only against a record that now holds rights on the day of care. Format: docs/formats/sealed-record.md
§ 7.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import date
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.domain.newborns import NEWBORN, is_newborn
from rempart.domain.parameters import REOPENED_WITHIN_DAYS
from rempart.domain.rights import unpack
from rempart.sealing.identity import encode_identity, encode_newborn
from rempart.sealing.prf import short_prf
from rempart.sealing.record import unpad
from rempart.sealing.wait_frames import RecallItem, RecallResult, ReopenItem, ReopenResult, WaitItem, WaitResult

from .cards import CardShown
from .clock import DAY, KeeperClock
from .grants import Grant, Grants
from .newborns import parted

if TYPE_CHECKING:
    from .insurer import InsurerKeys
    from .ring import Ring
    from .sealed_identities import SealedIdentities

_LABEL = b"rempart/1/wait"
_NONCE = bytes(12)  # the key is of one wait alone
_SALT = 32
_LAST_DAY = 60_000  # since 1970: in 2134
_EPOCH = date(1970, 1, 1).toordinal()


class _Wait(msgspec.Struct, array_like=True):
    depositor: Grant
    sealed: int
    insurer: str
    identity: bytes
    parent: bytes  # the parent's way, b"" when no newborn was presented
    care: int
    seen: bytes
    content: bytes


class Waits:
    """`wait`, `recall` and `reopen` of the box."""

    def __init__(self, ring: Ring, grants: Grants, clock: KeeperClock, sealed: SealedIdentities) -> None:
        self._ring = ring
        self._sealed = sealed
        self._key = short_prf(ring.body.inbox, "rempart/1/wait", size=32)
        self._grants = grants
        self._clock = clock

    def wait(self, items: list[WaitItem]) -> list[WaitResult]:
        """Refusals: those of grants and sealed identities, `day-out-of-range`, `insurer-unknown`, `identity-…`."""
        return [self._wait(item) for item in items]

    def recall(self, items: list[RecallItem]) -> list[RecallResult]:
        """Refusals: `bad-wait`, `wait-expired`, `grant-revoked`, `clock-apart`, `insurer-unknown`."""
        return [self._recall(item) for item in items]

    def reopen(self, items: list[ReopenItem]) -> list[ReopenResult]:
        """Refusals: those of `recall`, `version-unknown`, `payload-mismatch`, `unchanged`, `not-open`, `no-mandate`."""
        return [self._reopen(item) for item in items]

    def _wait(self, item: WaitItem) -> WaitResult:
        held = self._grants.check(item.grant, "invoice")
        if isinstance(held, str):
            return WaitResult(held)
        if not held.grant.deposited:
            return WaitResult("no-grant")
        if not 0 <= item.care <= _LAST_DAY:
            return WaitResult("day-out-of-range")
        if item.insurer not in self._ring.insurers:
            return WaitResult("insurer-unknown")
        shown = item if item.sealed is None else self._sealed.open(item.sealed, held, "invoice")
        if isinstance(shown, str | CardShown):
            return WaitResult(shown if isinstance(shown, str) else "identity-unreadable")  # an invoice says who
        identity = encode_identity(item.insurer, shown.member, shown.nir, shown.birth, rank=shown.rank)
        if identity is None:
            return WaitResult("identity-malformed")
        newborn = shown.nir is not None and is_newborn(shown.birth, item.care)
        parent = encode_newborn(item.insurer, shown.member, shown.nir) if newborn and shown.nir is not None else b""
        salt = secrets.token_bytes(_SALT)
        wait = _Wait(
            held.grant, self._clock.now(), item.insurer, identity, parent, item.care,
            _seen(item.coverage, item.closed, item.version), item.content,
        )  # fmt: skip
        return WaitResult("", salt + AESGCM(self._key(salt)).encrypt(_NONCE, msgspec.msgpack.encode(wait), _LABEL))

    def _recall(self, item: RecallItem) -> RecallResult:
        wait = self._open(item.sealed, item.instant)
        if isinstance(wait, str):
            return RecallResult(wait)
        insurer = self._ring.insurers.get(wait.insurer)
        if insurer is None:
            return RecallResult("insurer-unknown")
        found = [(index.version, index.keys(wait.identity)[0]) for index in insurer.live]
        if wait.parent:
            found += [(index.version + NEWBORN, index.keys(wait.parent)[0]) for index in insurer.live]
        return RecallResult("", wait.insurer, tuple(key for _, key in found), tuple(version for version, _ in found))

    def _reopen(self, item: ReopenItem) -> ReopenResult:
        wait = self._open(item.sealed, item.instant)
        if isinstance(wait, str):
            return ReopenResult(wait)
        insurer = self._ring.insurers.get(wait.insurer)
        if insurer is None:
            return ReopenResult("insurer-unknown")
        refusal = _still(wait, insurer, item)
        if refusal:
            return ReopenResult(refusal)
        grant = wait.depositor
        if not self._grants.may_act(grant.client, grant.site, grant.deposited):
            return ReopenResult("no-mandate")
        authority = self._grants.authority(grant, grant.deposited, grant.site)
        return ReopenResult("", wait.content, authority, grant.client, grant.site)

    def _open(self, sealed: bytes, instant: int) -> _Wait | str:
        if not self._clock.hear(instant):
            return "clock-apart"
        salt, body = sealed[:_SALT], sealed[_SALT:]
        try:
            plain = AESGCM(self._key(salt)).decrypt(_NONCE, body, _LABEL)
        except (InvalidTag, ValueError):
            return "bad-wait"
        wait = msgspec.msgpack.decode(plain, type=_Wait)
        if wait.sealed + REOPENED_WITHIN_DAYS * DAY < self._clock.now():
            return "wait-expired"
        return wait if self._grants.stands(wait.depositor.client) else "grant-revoked"


def _still(wait: _Wait, insurer: InsurerKeys, item: ReopenItem) -> str:
    """Why the invoice goes on waiting, or "": the row must be the one waited for, changed, and open on the day."""
    index = insurer.index.get(item.version & ~NEWBORN)
    if index is None:
        return "version-unknown"
    identity = wait.parent if item.version >= NEWBORN else wait.identity
    record, key = index.keys(identity)
    padded = index.open(record, key, item.person, item.payload) if identity else None
    if padded is None:
        return "payload-mismatch"
    coverage, _ = parted(unpad(padded))
    if _seen(coverage, item.closed, item.version) == wait.seen:
        return "unchanged"
    care = date.fromordinal(_EPOCH + wait.care)
    cut = item.closed is not None and wait.care >= item.closed
    opened = not cut and any(period.start <= care <= period.end for period in unpack(coverage).periods)
    return "" if opened else "not-open"


def _seen(coverage: bytes, closed: int | None, version: int) -> bytes:
    """What was found of a record, and whether it was a parent's, so that the same again is told apart from news."""
    return hashlib.sha256(f"{closed} {version >= NEWBORN} ".encode() + coverage).digest()[:16]
