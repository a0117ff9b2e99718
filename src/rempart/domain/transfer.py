"""The ledger's movements of a remittance, and what its accounts must say: pure functions over integer cents.

One movement is one row (debit, credit, amount), so it cannot be unbalanced. A remittance is reserved when it is ordered
at the bank, then settled when the bank executed it, or released when it did not: never both, and each once. What was
settled may be returned by the payee's bank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rempart.domain import accounts

RESERVED = "reserved"
SETTLED = "settled"
RELEASED = "released"
RETURNED = "returned"

TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({RESERVED}),
    RESERVED: frozenset({SETTLED, RELEASED}),
    SETTLED: frozenset({RETURNED}),  # the payee's bank sent it back
    RELEASED: frozenset(),
    RETURNED: frozenset(),
}
"""From each state of a remittance, those that may follow; "" is before it exists."""

RESERVE, SETTLE, RELEASE, RETURN = "reserve", "settle", "release", "return"
KINDS = {RESERVED: RESERVE, SETTLED: SETTLE, RELEASED: RELEASE, RETURNED: RETURN}
"""The kind of the movement that leads to each state."""

MAY_BE_NEGATIVE = ("owed:", "paid-in:", "funds:", "debt:", "costs:")
"""What insurers and sites owe, insurers sent and operators bear grows on debit; funds go as low as a ceiling says."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` cents from `debit` to `credit`; `subject` is the 16-byte id of its cause, unique for each kind."""

    debit: str
    credit: str
    amount: int
    kind: str
    subject: bytes

    def __post_init__(self) -> None:
        if self.amount <= 0 or self.debit == self.credit:
            raise ValueError("a transfer moves a positive amount between two accounts")


@dataclass(frozen=True, slots=True)
class Ordered:
    """The accounts of one remittance: what a movement of it needs to know. `name` is its id in account names."""

    identity: bytes
    name: str
    operator: str
    site: str
    account: str
    amount: int


def follows(present: str, following: str) -> bool:
    """Whether a remittance in state `present` may pass to `following`."""
    return following in TRANSITIONS.get(present, frozenset())


def movement(ordered: Ordered, state: str) -> Transfer:
    """The movement by which a remittance reaches `state`: reserved, settled, released or returned."""
    due = accounts.due(ordered.operator, ordered.site)
    held = accounts.reserved(ordered.name)
    bank = accounts.bank(ordered.operator, ordered.account)
    sides = {RESERVED: (due, held), SETTLED: (held, bank), RELEASED: (held, due), RETURNED: (bank, due)}
    debit, credit = sides[state]
    return Transfer(debit, credit, ordered.amount, KINDS[state], ordered.identity)


def balances(transfers: Iterable[Transfer]) -> dict[str, int]:
    """Credits less debits of every account that moved, in cents. Their sum is always zero."""
    found: Counter[str] = Counter()
    for transfer in transfers:
        found[transfer.debit] -= transfer.amount
        found[transfer.credit] += transfer.amount
    return dict(found)


def overdrawn(found: dict[str, int]) -> tuple[str, ...]:
    """Accounts that gave more than they got and may not: the sign of money paid twice."""
    return tuple(
        sorted(name for name, balance in found.items() if balance < 0 and not name.startswith(MAY_BE_NEGATIVE))
    )
