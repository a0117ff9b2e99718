"""Insurers' funds: who may still be paid from them, and what a call asks for.

An insurer with funding terms is paid for as far as its funds and its ceiling reach; beyond, its own payments wait and
nobody else's. A call asks, to the cent, for what was decided and not called before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from uuid import UUID

CALLED_KINDS = ("decision", "cancellation", "deduct", "undeduct", "penalty", "repay")
"""Movements of `owed` that a call asks for; drawing funds (`cover`, `uncover`) is not one of them."""


@dataclass(frozen=True, slots=True)
class Funds:
    """What an insurer has at its operator's: `balance` cents, and how far below zero it may go."""

    operator: str
    insurer: str
    balance: int
    ceiling: int

    @property
    def available(self) -> int:
        return max(0, self.balance + self.ceiling)


class Purse:
    """What is left of each watched insurer's funds while one run is planned.

    The first payment that does not fit stops its insurer for the rest of the run: else small ones would pass large ones
    for ever.
    """

    def __init__(self, funds: tuple[Funds, ...] = ()) -> None:
        self._left = {(one.operator, one.insurer): one.available for one in funds}
        self._stopped: set[tuple[str, str]] = set()

    def watched(self, operator: str, insurer: str) -> bool:
        """Whether this insurer's funds are counted at all."""
        return (operator, insurer) in self._left

    def fits(self, operator: str, insurer: str, amount: int) -> bool:
        """Whether `amount` cents may still be ordered for this insurer; a no stops it."""
        key = (operator, insurer)
        if key not in self._left:
            return True
        if key in self._stopped or amount > self._left[key]:
            self._stopped.add(key)
            return False
        return True

    def draw(self, operator: str, insurer: str, amount: int) -> None:
        """Takes what `fits` allowed."""
        if (operator, insurer) in self._left:
            self._left[operator, insurer] -= amount


def call_id(operator: str, insurer: str, day: date) -> UUID:
    """The id of the one call that an insurer can get on a day."""
    return derived(f"fund call\n{operator}\n{insurer}\n{day.isoformat()}")


def cover_id(remittance: UUID, insurer: str) -> UUID:
    """Names the movement by which an insurer's funds cover its part of a remittance."""
    return derived(f"cover\n{remittance}\n{insurer}")


def deduction_id(remittance: UUID, claw_back: UUID) -> UUID:
    """Names the movement by which a remittance takes back a part of a claw-back."""
    return derived(f"deduction\n{remittance}\n{claw_back}")


def payout_id(remittance: UUID, penalty: UUID) -> UUID:
    """Names the movement by which a remittance pays a penalty out."""
    return derived(f"penalty payout\n{remittance}\n{penalty}")


def derived(text: str) -> UUID:
    """An id that follows from what it names, so that a second run makes no second one."""
    digest = bytearray(hashlib.sha256(f"rempart/1/{text}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80  # version 8: our own derivation (RFC 9562, 5.8)
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes=bytes(digest))
