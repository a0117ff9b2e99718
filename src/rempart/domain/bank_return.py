"""What a bank says became of single transfers, and what follows for each: settled, released, or held for an operator.

The entries come from pain.002 (payment status report) and camt.054 (debit and credit notification) of ISO 20022,
whatever the message; nothing that is unmatched is dropped. Left out: fees, currencies, recalls (camt.056).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Literal, NamedTuple

from rempart.domain.transfer import RELEASED, RESERVED, RETURNED, SETTLED

Outcome = Literal["settled", "rejected", "unknown"]


class BankEntry(NamedTuple):
    """One transfer as the bank tells it: our reference, what became of it, the bank's reason code, cents, its day.

    `end_to_end` is empty when the bank gave none; `amount` is 0 when it told none (pain.002 may leave it out).
    `unknown`: a state that ends nothing (pending, accepted for processing) or that we do not know.
    """

    end_to_end: str
    outcome: Outcome
    reason: str
    amount: int
    day: date

    def __repr__(self) -> str:
        return f"BankEntry({self.end_to_end}, {self.outcome})"


FUND_CALL = "fund-call"
REMITTANCE = "remittance"
CALLED, RECEIVED, REFUSED = "called", "received", "refused"
HELD, REPEATED = "held", "repeated"


class Known(NamedTuple):
    """What the ledger knows under a reference: `kind` remittance or fund-call, state, cents, and whether it left."""

    kind: str
    state: str
    amount: int
    handed_over: bool = True


class Verdict(NamedTuple):
    """What an entry leads to: an act of `ACTS`, or `held` with the code of why."""

    act: str
    code: str = ""


ACTS: dict[tuple[str, str, str], Verdict] = {
    (REMITTANCE, RESERVED, "settled"): Verdict("settled"),
    (REMITTANCE, RESERVED, "rejected"): Verdict("released"),
    (REMITTANCE, SETTLED, "settled"): Verdict(REPEATED),
    (REMITTANCE, SETTLED, "rejected"): Verdict("returned"),
    (REMITTANCE, RELEASED, "rejected"): Verdict(REPEATED),
    (REMITTANCE, RELEASED, "settled"): Verdict(HELD, "settled-after-release"),  # perhaps ordered again: paid twice
    (REMITTANCE, RETURNED, "rejected"): Verdict(REPEATED),
    (REMITTANCE, RETURNED, "settled"): Verdict(HELD, "settled-after-return"),
    (FUND_CALL, CALLED, "settled"): Verdict("funded"),
    (FUND_CALL, CALLED, "rejected"): Verdict("unfunded"),
    (FUND_CALL, RECEIVED, "settled"): Verdict(REPEATED),
    (FUND_CALL, RECEIVED, "rejected"): Verdict(HELD, "refunded-after-receipt"),  # perhaps drawn already
    (FUND_CALL, REFUSED, "rejected"): Verdict(REPEATED),
    (FUND_CALL, REFUSED, "settled"): Verdict(HELD, "settled-after-refusal"),
}
"""(kind, state, what the bank says) → what follows. Every pair stands here: nothing follows by default."""

AFTER = {
    "settled": SETTLED, "released": RELEASED, "returned": RETURNED, "funded": RECEIVED, "unfunded": REFUSED,
}  # fmt: skip
"""The state that an act leads to."""


def unmatched(_: BankEntry, known: Known | None) -> str:
    """The bank names a transfer that is not ours, or none at all."""
    return "reference-unknown" if known is None else ""


def outcome_unknown(entry: BankEntry, _: Known | None) -> str:
    """Neither executed nor refused."""
    return "outcome-unknown" if entry.outcome == "unknown" else ""


def never_left(_: BankEntry, known: Known | None) -> str:
    """The bank speaks of a file that was not handed over to it."""
    return "not-handed-over" if known is not None and not known.handed_over else ""


def amount_differs(entry: BankEntry, known: Known | None) -> str:
    """More or less than was ordered, a part of it included; an amount that is not told is not compared."""
    return "amount-differs" if known is not None and entry.amount not in (0, known.amount) else ""


HOLDING_RULES: tuple[Callable[[BankEntry, Known | None], str], ...] = (
    unmatched,
    outcome_unknown,
    never_left,
    amount_differs,
)
"""The first that gives a code holds the entry for an operator."""


def judge(entry: BankEntry, known: Known | None) -> Verdict:
    """What follows from one entry, given what the ledger knows under its reference."""
    code = next((said for rule in HOLDING_RULES if (said := rule(entry, known))), "")
    if code or known is None:
        return Verdict(HELD, code)
    return ACTS[known.kind, known.state, entry.outcome]


ACCOUNT_REFUSED = frozenset({"AC01", "AC03", "AC04", "AC06", "MD07"})
"""Reasons about the payee's account itself (ISO 20022 external code set, status and return reasons): wrong number,
closed, blocked, holder deceased. The next transfer to it would come back too, so the payee waits for new details."""
