"""How a site's bank details change: proposed, verified, approved by another person, payable 72 hours later.

New bank details are the classic fraud of payments: the wait leaves the site, told by its old channel, the time to say
no. Verification of payee is what a payer's bank answers about name and account (Regulation (EU) 2024/886, article 5c
of Regulation 260/2012, in force since 9 October 2025). The wait of 72 hours is the house's own figure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

WAIT = 72 * 3_600_000_000
"""Microseconds between the approval and the first payment; the database holds it too."""

Verification = Literal["match", "close-match", "no-match", "not-possible", "not-asked"]
"""What the payee's bank says of name and account. `not-asked`: no provider is connected."""

PROPOSED, APPROVED, ACTIVE, CANCELLED = "proposed", "approved", "active", "cancelled"
TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({PROPOSED}),
    PROPOSED: frozenset({APPROVED, CANCELLED}),
    APPROVED: frozenset({ACTIVE, CANCELLED}),
    ACTIVE: frozenset(),  # to undo it is another change
    CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approves a change, whom they called back at a number known for 30 days, and why where that is needed.

    `elsewhere`: other sites that have this account, seen before approving.
    """

    proposed_by: str
    approved_by: str
    called_back: str
    verification: str
    because: str = ""
    elsewhere: int = 0


def same_person(approval: Approval) -> str:
    """One person alone changes nothing."""
    return "same-person" if approval.approved_by == approval.proposed_by else ""


def not_called_back(approval: Approval) -> str:
    """The site was not reached by a way known before."""
    return "" if approval.called_back.strip() else "not-called-back"


def not_verified(approval: Approval) -> str:
    """The payee's bank did not confirm the name, and nobody says why that is well."""
    return "" if approval.verification == "match" or approval.because.strip() else "not-verified"


def shared_account(approval: Approval) -> str:
    """Other sites have this account (a head office, or a fraud), and nobody says why that is well."""
    return "" if not approval.elsewhere or approval.because.strip() else "account-elsewhere"


APPROVAL_RULES: tuple[Callable[[Approval], str], ...] = (same_person, not_called_back, not_verified, shared_account)
"""The first that gives a code refuses the approval."""


def refusal(approval: Approval) -> str:
    """Why a change is not approved, "" when it is."""
    return next((said for rule in APPROVAL_RULES if (said := rule(approval))), "")


def step(present: str, following: str) -> str:
    """`transition-not-allowed`, or "" when a change may pass from `present` to `following`."""
    return "" if following in TRANSITIONS.get(present, frozenset()) else "transition-not-allowed"
