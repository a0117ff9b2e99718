"""The inbox: content sealed so that only the keeper's box opens it, with the authority of who deposited it.

Format: docs/formats/sealed-record.md § 7.
"""

from __future__ import annotations

import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.sealing.frames import (
    AuthorityItem,
    AuthorityResult,
    DepositItem,
    DepositResult,
    OpenDepositItem,
    OpenDepositResult,
)
from rempart.sealing.prf import short_prf

from .clock import DAY, KeeperClock
from .grants import DEPOSIT, Grant, Grants

_LABEL = b"rempart/1/deposit"
WAITING = {"invoice": "waiting-invoice", "authorization": "waiting-authorization"}
"""Purposes of what a person leaves in the waiting room, by its kind: opened there alone, by `WaitingRooms`."""
_MAY = {
    "invoice": DEPOSIT, "appointments": "eligibility", WAITING["invoice"]: "invoice",
    WAITING["authorization"]: "authorization",
}  # fmt: skip
"""What a grant must allow for a deposit of each purpose."""
_NONCE = bytes(12)  # the key is of one deposit alone
_SALT = 32


class _Content(msgspec.Struct, array_like=True):
    depositor: Grant
    deposited: int
    content: bytes
    purpose: str = "invoice"


class Deposits:
    """`deposit` on the ask socket; `open_deposit` and `authority` on the box."""

    def __init__(self, key: bytes, grants: Grants, clock: KeeperClock, *, days: int, skew_seconds: int = 120) -> None:
        self._key = short_prf(key, "rempart/1/inbox", size=32)
        self._grants = grants
        self._clock = clock
        self._life = days * DAY
        self._skew = skew_seconds * 1_000_000

    def deposit(self, items: list[DepositItem]) -> list[DepositResult]:
        """Refusals: those of grants, `purpose-unknown`. Questions are deposited by who may ask them, of one site."""
        return [self._deposit(item) for item in items]

    def open(self, items: list[OpenDepositItem]) -> list[OpenDepositResult]:
        """Refusals: `bad-deposit`, `deposit-expired`, `grant-revoked`, `clock-apart`; for questions `no-mandate`."""
        return [self._open(item) for item in items]

    def narrow(self, items: list[AuthorityItem]) -> list[AuthorityResult]:
        """Refusals: those of grants, `instant-out-of-range`, `no-mandate`, `site-malformed`."""
        return [self._narrow(item) for item in items]

    def left(self, sealed: bytes, purpose: str, instant: int) -> _Content | str:
        """What was left for later under this purpose, while who left it still may; else refusals as of `open`."""
        found = self._opened(OpenDepositItem(sealed, instant))
        if isinstance(found, str):
            return found
        depositor = found.depositor
        if not purpose or found.purpose != purpose:
            return "bad-deposit"
        if not self._grants.may_act(depositor.client, depositor.site, self._clock.now()):
            return "no-mandate"
        return found

    def watched(self, account: str) -> int:
        """Until when who left something is on probation now, 0 when it is not; microseconds UTC."""
        return self._grants.watched(account)

    def again(self, found: _Content, content: bytes, purpose: str) -> tuple[bytes, bytes]:
        """The authority for what was left, and for invoices a deposit of now with the content that was opened."""
        who = found.depositor
        authority = self._grants.authority(who, found.deposited, who.site, purpose=purpose)
        return authority, self._sealed(_Content(who, self._clock.now(), content)) if purpose == "invoice" else b""

    def _sealed(self, content: _Content) -> bytes:
        salt = secrets.token_bytes(_SALT)
        return salt + AESGCM(self._key(salt)).encrypt(_NONCE, msgspec.msgpack.encode(content), _LABEL)

    def _deposit(self, item: DepositItem) -> DepositResult:
        if item.purpose not in _MAY:
            return DepositResult("purpose-unknown")
        asked = _MAY[item.purpose]
        held = self._grants.check(item.grant, asked, siteless=asked == DEPOSIT)
        if isinstance(held, str):
            return DepositResult(held)
        content = _Content(held.grant, self._clock.now(), item.content, item.purpose)
        return DepositResult("", self._sealed(content))

    def _opened(self, item: OpenDepositItem) -> _Content | str:
        if not self._clock.hear(item.instant):
            return "clock-apart"
        salt, sealed = item.sealed[:_SALT], item.sealed[_SALT:]
        try:
            plain = AESGCM(self._key(salt)).decrypt(_NONCE, sealed, _LABEL)
        except (InvalidTag, ValueError):
            return "bad-deposit"
        found = msgspec.msgpack.decode(plain, type=_Content)
        if found.deposited + self._life < self._clock.now():
            return "deposit-expired"
        return found if self._grants.stands(found.depositor.client) else "grant-revoked"

    def _open(self, item: OpenDepositItem) -> OpenDepositResult:
        found = self._opened(item)
        if isinstance(found, str):
            return OpenDepositResult(found)
        if found.purpose in WAITING.values():
            return OpenDepositResult("bad-deposit")
        depositor, now = found.depositor, self._clock.now()
        if found.purpose != "invoice" and not self._grants.may_act(depositor.client, depositor.site, now):
            return OpenDepositResult("no-mandate")
        authority = self._grants.authority(depositor, found.deposited, depositor.site, purpose=found.purpose)
        return OpenDepositResult("", found.content, authority, depositor.client, depositor.site)

    def _narrow(self, item: AuthorityItem) -> AuthorityResult:
        held = self._grants.check(item.authority, "invoice", siteless=True)
        if isinstance(held, str):
            return AuthorityResult(held)
        grant = held.grant
        if not grant.deposited:
            return AuthorityResult("no-grant")
        if not grant.deposited - self._skew <= item.instant <= self._clock.now() + self._skew:
            return AuthorityResult("instant-out-of-range")
        if len(item.site) != 9 or not item.site.isascii():
            return AuthorityResult("site-malformed")
        if not self._grants.may_act(grant.client, item.site, item.instant):
            return AuthorityResult("no-mandate")
        return AuthorityResult("", self._grants.authority(grant, grant.deposited, item.site))
