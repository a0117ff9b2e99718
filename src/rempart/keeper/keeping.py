"""What the keeper seals for others: what stays of a decided invoice, IBANs, and keyed fingerprints.

Acts under a key per invoice of a month that can be forgotten; the settlement line to the insurer's public key,
through a batch key that is wrapped once and then forgotten; the member's copy under the record's payload key. Format:
docs/formats/sealed-record.md § 8.
"""

from __future__ import annotations

import secrets
import struct
import time
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.sealing.envelope import BatchSealer, seal_for_insurer
from rempart.sealing.frames import (
    DECISION_LABEL,
    SETTLEMENT,
    SETTLEMENT_LABEL,
    KeepItem,
    KeepResult,
    MacItem,
    MacResult,
    OpenIbanItem,
    OpenIbanResult,
    SealForInsurerItem,
    SealForInsurerResult,
    SealIbanItem,
    SealIbanResult,
    VerifyDecisionItem,
    VerifyDecisionResult,
)
from rempart.sealing.prf import hmac_sha512, prefixed, short_prf

from .clock import MINUTE, KeeperClock
from .journal import PURPOSES, Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .grants import Grants
    from .insurer import InsurerKeys
    from .ring import Ring
    from .tickets import Tickets

MAC_LABELS = ("idempotency", "duplicate", "iban", "authorization")
BATCH_MOST = 10_000  # settlement lines under one batch key
BATCH_SECONDS = 600
SETTLEMENT_PURPOSE = "settlement"
AUTHORIZATION_PURPOSE = "authorization"
CONTENTS_MOST = 8  # sealed for one authorization
IBAN_SIZE, NAME_SIZE = 34, 70  # characters sealed of an account and of its holder's name, whatever their length
_FORMAT = b"\x01"
_MONTH = struct.Struct(">I")


class _Batch:
    """A settlement key of one insurer, known to the insurer by its wrapping alone."""

    def __init__(self, insurer: InsurerKeys) -> None:
        self.public = insurer.hpke_public
        self._sealer = BatchSealer(self.public, SETTLEMENT_PURPOSE)
        self._left = BATCH_MOST
        self._until = time.monotonic() + BATCH_SECONDS

    def fits(self, insurer: InsurerKeys) -> bool:
        """Whether one more line may go under it."""
        return self._left > 0 and self._until > time.monotonic() and self.public == insurer.hpke_public

    def seal(self, line: bytes, bound: bytes) -> bytes:
        """The wrapped key, then the sealed line: each opens by itself."""
        self._left -= 1
        return _FORMAT + self._sealer.wrapped + self._sealer.seal(line, bound)


SIGNED = {"": DECISION_LABEL, SETTLEMENT: SETTLEMENT_LABEL}
"""What an insurer signs, by what it is about."""


class Keeping:
    """`keep`, `seal_iban`, `open_iban`, `mac`, and what authorizations need: `seal_for_insurer`, `verify_decision`."""

    def __init__(self, ring: Ring, grants: Grants, *, tickets: Tickets, journal: Journal, clock: KeeperClock) -> None:
        self._ring = ring
        self._grants = grants
        self._tickets = tickets
        self._journal = journal
        self._clock = clock
        self._macs = {
            label: short_prf(ring.body.fingerprint, f"rempart/1/mac/{label}", size=16) for label in MAC_LABELS
        }
        self._iban = short_prf(ring.body.iban, "rempart/1/iban", size=32)
        self._paid = short_prf(ring.body.iban, "rempart/1/iban-opened", size=32)
        self._acts: dict[int, Callable[[bytes], bytes]] = {}
        self._batches: dict[str, _Batch] = {}

    def keep(self, items: list[KeepItem]) -> list[KeepResult]:
        """Refusals: those of tickets, `invoice-malformed`, `month-out-of-range`."""
        return [self._keep(item) for item in items]

    def seal_for_insurer(self, items: list[SealForInsurerItem]) -> list[SealForInsurerResult]:
        """Refusals: those of tickets, `identity-malformed`, `too-many-contents`, `insurer-unknown`."""
        return [self._seal_for_insurer(item) for item in items]

    def verify_decision(self, items: list[VerifyDecisionItem]) -> list[VerifyDecisionResult]:
        """Refusals: `insurer-unknown`, `bad-signature`."""
        return [VerifyDecisionResult(self._not_signed(item)) for item in items]

    def mac(self, items: list[MacItem]) -> list[MacResult]:
        """Keyed fingerprints for the box, where a grant may be absent; refusal `label-unknown` and those of grants."""
        return [self._mac(item, free=not item.grant) for item in items]

    def mac_with_grant(self, items: list[MacItem]) -> list[MacResult]:
        """The same for the hub: no grant, no work."""
        return [self._mac(item, free=False) for item in items]

    def seal_iban(self, items: list[SealIbanItem]) -> list[SealIbanResult]:
        """Refusals: `iban-malformed`, `name-malformed`."""
        return [self._seal_iban(item) for item in items]

    def open_iban(self, items: list[OpenIbanItem]) -> list[OpenIbanResult]:
        """Journalled, with a fingerprint of the transfer; refusals: `transfer-missing`, `bad-iban-seal`."""
        results = [self._open_iban(item) for item in items]
        purpose = PURPOSES.index("iban")
        entries = [
            (bytes(16), purpose, self._paid(item.transfer.encode()))
            for item, result in zip(items, results, strict=True)
            if not result.refusal
        ]
        if entries:
            self._journal.append(self._clock.now() // MINUTE, entries)
        return results

    def _keep(self, item: KeepItem) -> KeepResult:
        opened = self._tickets.open(item.ticket, time.monotonic_ns())
        if isinstance(opened, str):
            return KeepResult(opened)
        if len(item.invoice) != 16:
            return KeepResult("invoice-malformed")
        _, _, number, site, _, _, keys = opened
        insurer = self._ring.insurers.get(number.decode())
        if insurer is None:
            return KeepResult("insurer-unknown")
        version, record, payload_key = keys[0]
        acts_key = self._act_key(item.month, site + item.invoice)
        if acts_key is None:
            return KeepResult("month-out-of-range")
        aad = number + item.invoice
        copy_key = short_prf(payload_key, "rempart/1/copy", size=32)(item.invoice)
        return KeepResult(
            "",
            _seal(acts_key, item.acts, site + item.invoice),
            self._batch(insurer).seal(item.settlement, aad),
            _seal(copy_key, item.copy, aad + _MONTH.pack(version) + record),
        )

    def _seal_for_insurer(self, item: SealForInsurerItem) -> SealForInsurerResult:
        opened = self._tickets.open(item.ticket, time.monotonic_ns())
        if isinstance(opened, str):
            return SealForInsurerResult(opened)
        if len(item.identity) != 16:
            return SealForInsurerResult("identity-malformed")
        if not 0 < len(item.contents) <= CONTENTS_MOST:
            return SealForInsurerResult("too-many-contents")
        number = opened[2]
        insurer = self._ring.insurers.get(number.decode())
        if insurer is None:
            return SealForInsurerResult("insurer-unknown")
        bound = [(content, number + item.identity + bytes([place])) for place, content in enumerate(item.contents)]
        return SealForInsurerResult("", seal_for_insurer(insurer.hpke_public, AUTHORIZATION_PURPOSE, bound))

    def _not_signed(self, item: VerifyDecisionItem) -> str:
        insurer = self._ring.insurers.get(item.insurer)
        if insurer is None:
            return "insurer-unknown"
        try:
            key = Ed25519PublicKey.from_public_bytes(insurer.sign_public)
            key.verify(item.signature, SIGNED[item.about] + item.statement)
        except (InvalidSignature, ValueError, KeyError):
            return "bad-signature"
        return ""

    def _act_key(self, month: int, name: bytes) -> bytes | None:
        derive = self._acts.get(month)
        if derive is None:
            year = self._clock.now() // 31_556_952_000_000 + 1970
            if not (year - 4) * 12 <= month <= (year + 1) * 12:
                return None
            derive = self._acts[month] = hmac_sha512(self._ring.act_month(month))
        return derive(prefixed(b"rempart/1/acts", name))[:32]

    def _batch(self, insurer: InsurerKeys) -> _Batch:
        batch = self._batches.get(insurer.number)
        if batch is None or not batch.fits(insurer):
            batch = self._batches[insurer.number] = _Batch(insurer)
        return batch

    def _mac(self, item: MacItem, *, free: bool) -> MacResult:
        prf = self._macs.get(item.label)
        if prf is None:
            return MacResult("label-unknown")
        if not free:
            for purpose in ("invoice", "deposit", "authorization"):
                held = self._grants.check(item.grant, purpose, siteless=True)
                if held != "purpose-not-granted":
                    break
            if isinstance(held, str):
                return MacResult(held)
        scope = item.scope.encode()
        return MacResult("", prf(_MONTH.pack(len(scope)) + scope + item.content))

    def _seal_iban(self, item: SealIbanItem) -> SealIbanResult:
        if not 14 <= len(item.iban) <= 34 or not item.iban.isalnum() or not item.iban.isascii():
            return SealIbanResult("iban-malformed")
        if len(item.name) > NAME_SIZE or not item.name.isascii():
            return SealIbanResult("name-malformed")
        payee = item.payee.encode()
        plain = item.iban.encode().ljust(IBAN_SIZE) + item.name.encode().ljust(NAME_SIZE)
        return SealIbanResult("", _seal(self._iban(payee), plain, payee))

    def _open_iban(self, item: OpenIbanItem) -> OpenIbanResult:
        if not 0 < len(item.transfer) <= 35:
            return OpenIbanResult("transfer-missing")
        payee = item.payee.encode()
        sealed = item.sealed
        try:
            plain = AESGCM(self._iban(payee)).decrypt(sealed[1:13], sealed[13:], payee)
        except (InvalidTag, ValueError):
            return OpenIbanResult("bad-iban-seal")
        text = plain.decode()
        return OpenIbanResult("", text[:IBAN_SIZE].rstrip(), text[IBAN_SIZE:].rstrip())


def _seal(key: bytes, plain: bytes, aad: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, aad)
