"""What each role of a person may do: one table, which the keeper's grants and the hub's routes both follow.

Roles of insurers, of support, of security and of data protection are absent: no route is theirs yet. What a program may
do is told by its kind (`application.guard.PURPOSES`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ELIGIBILITY, ESTIMATE, AUTHORIZATION, INVOICE = "eligibility", "estimate", "authorization", "invoice"
READ = "read"
"""Reading of one's own site: states, amounts, payments."""
DEPOSIT = "deposit"
"""Leaving invoices and files for later."""
WITHDRAW = "withdraw"
"""Taking back what the site said: cancel, call distinct, dispute a claw-back."""
MANAGE = "manage"
"""The site's people and its connections: who works there, a colleague's recovery, a webhook."""

_COUNTER = (ELIGIBILITY, READ, INVOICE, AUTHORIZATION, ESTIMATE, DEPOSIT)
AUTHORITIES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "staff": _COUNTER,
    "professional": (*_COUNTER, WITHDRAW),
    "manager": (*_COUNTER, WITHDRAW, MANAGE),
})  # fmt: skip
"""Role → actions. Staff do the counter's work; what undoes it is for who answers for it."""

NOT_ON_PROBATION = frozenset({MANAGE})
"""What waits until the probation after a recovery has ended, whatever the role."""


def actions(role: str, *, probation: bool = False) -> tuple[str, ...]:
    """What a person may do; nothing for a role that the table does not name."""
    found = AUTHORITIES.get(role, ())
    return tuple(each for each in found if each not in NOT_ON_PROBATION) if probation else found
