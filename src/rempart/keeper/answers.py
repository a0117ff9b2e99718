"""Answers of a batch, sealed while they wait: opened for the account and site that asked alone, for two days.

Format: docs/formats/sealed-record.md § 7.
"""

from __future__ import annotations

import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rempart.sealing.answer_frames import OpenAnswersItem, OpenAnswersResult, SealAnswersItem, SealAnswersResult
from rempart.sealing.prf import prefixed, short_prf

from .clock import DAY, KeeperClock
from .grants import Grant, Grants

LIFE = 2 * DAY
_NONCE = 12
_NUMBER = struct.Struct(">I")
_SEALED = struct.Struct(">Q")  # when, in microseconds UTC


class Answers:
    """`seal` on the box, by the authority of the batch's deposit; `open` on the ask socket, by a grant."""

    def __init__(self, key: bytes, grants: Grants, clock: KeeperClock) -> None:
        self._key = short_prf(key, "rempart/1/batch-answer", size=32)
        self._grants = grants
        self._clock = clock

    def seal(self, items: list[SealAnswersItem]) -> list[SealAnswersResult]:
        """Refusals: those of grants, `batch-malformed`."""
        return [self._seal(item) for item in items]

    def open(self, items: list[OpenAnswersItem]) -> list[OpenAnswersResult]:
        """Refusals: those of grants, `batch-malformed`, `bad-answer`, `answer-expired`."""
        return [self._open(item) for item in items]

    def _seal(self, item: SealAnswersItem) -> SealAnswersResult:
        held = self._grants.check(item.authority, "appointments")
        if isinstance(held, str):
            return SealAnswersResult(held)
        if _malformed(item.batch, item.numbers, item.contents):
            return SealAnswersResult("batch-malformed")
        cipher, now = self._cipher(held.grant, item.batch), _SEALED.pack(self._clock.now())
        sealed = []
        for number, content in zip(item.numbers, item.contents, strict=True):
            nonce = secrets.token_bytes(_NONCE)
            sealed.append(nonce + cipher.encrypt(nonce, now + content, _NUMBER.pack(number)))
        return SealAnswersResult("", tuple(sealed))

    def _open(self, item: OpenAnswersItem) -> OpenAnswersResult:
        held = self._grants.check(item.grant, "eligibility")
        if isinstance(held, str):
            return OpenAnswersResult(held)
        if _malformed(item.batch, item.numbers, item.sealed):
            return OpenAnswersResult("batch-malformed")
        cipher, oldest = self._cipher(held.grant, item.batch), self._clock.now() - LIFE
        contents = []
        for number, sealed in zip(item.numbers, item.sealed, strict=True):
            try:
                plain = cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _NUMBER.pack(number))
            except (InvalidTag, ValueError):
                return OpenAnswersResult("bad-answer")
            if _SEALED.unpack_from(plain)[0] < oldest:
                return OpenAnswersResult("answer-expired")
            contents.append(plain[_SEALED.size :])
        return OpenAnswersResult("", tuple(contents))

    def _cipher(self, grant: Grant, batch: bytes) -> AESGCM:
        return AESGCM(self._key(prefixed(grant.client.encode(), grant.site.encode(), batch)))


def _malformed(batch: bytes, numbers: tuple[int, ...], beside: tuple[bytes, ...]) -> bool:
    return len(batch) != 16 or len(numbers) != len(beside) or not all(0 < number < 2**31 for number in numbers)
