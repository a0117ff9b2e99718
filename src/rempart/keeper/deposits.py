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
_MAY = {"invoice": DEPOSIT, "appointments": "eligibility"}
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

    def _deposit(self, item: DepositItem) -> DepositResult:
        if item.purpose not in _MAY:
            return DepositResult("purpose-unknown")
        asked = _MAY[item.purpose]
        held = self._grants.check(item.grant, asked, siteless=asked == DEPOSIT)
        if isinstance(held, str):
            return DepositResult(held)
        salt = secrets.token_bytes(_SALT)
        content = msgspec.msgpack.encode(_Content(held.grant, self._clock.now(), item.content, item.purpose))
        return DepositResult("", salt + AESGCM(self._key(salt)).encrypt(_NONCE, content, _LABEL))

    def _open(self, item: OpenDepositItem) -> OpenDepositResult:
        if not self._clock.hear(item.instant):
            return OpenDepositResult("clock-apart")
        salt, sealed = item.sealed[:_SALT], item.sealed[_SALT:]
        try:
            plain = AESGCM(self._key(salt)).decrypt(_NONCE, sealed, _LABEL)
        except (InvalidTag, ValueError):
            return OpenDepositResult("bad-deposit")
        found = msgspec.msgpack.decode(plain, type=_Content)
        depositor = found.depositor
        if found.deposited + self._life < self._clock.now():
            return OpenDepositResult("deposit-expired")
        if not self._grants.stands(depositor.client):
            return OpenDepositResult("grant-revoked")
        now = self._clock.now()
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
