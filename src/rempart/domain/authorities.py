"""What each role of a person may do: one table, which the keeper's grants and the hub's routes both follow.

Roles of a site work at its counter, by mandates. Roles of a desk have no site: an insurer's people are bound to that
insurer, an operator's to the operator at whose portal they sign in. What a program may do is told by its kind
(`application.guard.PURPOSES`).
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
BANK_DETAILS = "bank-details"
"""Proposing the account on which the site is paid."""
MANAGE = "manage"
"""The site's people and its connections: who works there, a colleague's recovery, a webhook."""

DECIDE = "decide"
"""Deciding what waits for the insurer's case workers."""
INSURER_READ = "insurer-read"
"""Reading of one's own insurer: files and reports, tables, funds, settlements."""
RELEASE = "release"
"""Letting a file of rights out of quarantine, as one of two people."""
REGISTER = "register"
"""The operator's sites, accounts and invitations."""
COMPARTMENTS = "compartments"
"""Closing and opening the operator's own compartments."""
SUPPORT_READ = "support-read"
"""What the support desk is shown: states, rules and codes, never an identity."""
LOG_READ = "log-read"
"""Who at the operator's read or changed what."""

SITE_ROLES = ("professional", "staff", "manager")
INSURER_ROLES = ("case-worker", "insurer-manager")
OPERATOR_ROLES = ("agent", "support", "security", "data-protection")
DESK_ROLES = (*INSURER_ROLES, *OPERATOR_ROLES)
ROLES = (*SITE_ROLES, *DESK_ROLES)
INVITED_BY_AGENTS = (*SITE_ROLES, "support")
"""Whom an agent may invite from a desk. Who decides, releases or opens is invited where the keeper stands."""
_NUMBER_LENGTH, _INSURER_LENGTH = 9, 10

EXPORT_SIGN, EXPORT_SECOND = "export-sign", "export-second"
"""Signing for a file that tells many invoices: the own one, and a colleague's as the second person."""

_COUNTER = (ELIGIBILITY, READ, INVOICE, AUTHORIZATION, ESTIMATE, DEPOSIT, EXPORT_SIGN)
AUTHORITIES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "staff": _COUNTER,
    "professional": (*_COUNTER, WITHDRAW, BANK_DETAILS, EXPORT_SECOND),
    "manager": (*_COUNTER, WITHDRAW, BANK_DETAILS, EXPORT_SECOND, MANAGE),
    "case-worker": (DECIDE, INSURER_READ, EXPORT_SIGN),
    "insurer-manager": (DECIDE, INSURER_READ, RELEASE, MANAGE, EXPORT_SIGN, EXPORT_SECOND),
    "agent": (REGISTER, COMPARTMENTS, SUPPORT_READ),
    "support": (SUPPORT_READ,),
    "security": (COMPARTMENTS, SUPPORT_READ, LOG_READ),
    "data-protection": (LOG_READ,),
})  # fmt: skip
"""Role → actions. Staff do the counter's work; what undoes it is for who answers for it. No desk has any of it."""

PAPERS = "papers"
"""Taking papers of payments and returns away as files. Everybody of a site may but on probation after a recovery."""
BATCH = "batch"
"""Asking about many people at once, past the person's own count of strangers."""

FILES = "files"
"""The role of a program's token that a gateway got for it: files and what became of them, whatever its kind may do."""

NOT_ON_PROBATION = frozenset({
    BANK_DETAILS, MANAGE, REGISTER, RELEASE, COMPARTMENTS, EXPORT_SIGN, EXPORT_SECOND
})  # fmt: skip
"""What waits until the probation after a recovery has ended, whatever the role."""

NOT_WATCHED = frozenset({PAPERS, BATCH})
"""What also waits while the account itself is on probation; not in a session that is less by itself, a provider's."""


def actions(role: str, *, probation: bool = False) -> tuple[str, ...]:
    """What a person may do; nothing for a role that the table does not name."""
    found = AUTHORITIES.get(role, ())
    return tuple(each for each in found if each not in NOT_ON_PROBATION) if probation else found


def place_fits(role: str, place: str, operator: str) -> bool:
    """Whether an invitation of that role may name this place.

    A site's billing number (9 characters), an insurer's number (10 digits), or the operator itself.
    """
    if role in SITE_ROLES:
        return len(place) == _NUMBER_LENGTH and place.isascii()
    if role in INSURER_ROLES:
        return len(place) == _INSURER_LENGTH and place.isascii() and place.isdigit()
    return role in OPERATOR_ROLES and place == operator


def insurer_of(role: str, place: str) -> str:
    """The insurer that a role is bound to, 10 digits, or "" for every other role."""
    return place if role in INSURER_ROLES else ""
