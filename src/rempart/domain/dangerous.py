"""Dangerous actions: which authority each asks of who signs it, and what makes a second person another one.

An action is signed with a passkey over its own text (`sealing.actions`, docs/formats/sessions.md); a session alone does
none of them. Whoever is on probation, or signed in by a provider without a passkey, signs none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from rempart.domain.authorities import (
    BANK_DETAILS,
    COMPARTMENTS,
    EXPORT_SECOND,
    EXPORT_SIGN,
    MANAGE,
    REGISTER,
    RELEASE,
)

RECOVER = "recover"
BANK_PROPOSE, BANK_APPROVE = "bank-propose", "bank-approve"
MANDATE_CODE, MANDATE_RENEW = "mandate-code", "mandate-renew"
STATION, DELEGATE = "station", "delegate"
DESK_INVITE, DESK_OPEN = "desk-invite", "desk-open"
DESK_JOIN, DESK_RECOVER = "desk-join", "desk-recover"
DELEGATE_CODE = "delegate-code"
RIGHTS_RELEASE = "rights-release"
SIGN_EXPORT, SECOND_EXPORT = "export", "export-second"

AUTHORITY: Mapping[str, str] = MappingProxyType({
    RECOVER: MANAGE,
    BANK_PROPOSE: BANK_DETAILS,
    BANK_APPROVE: MANAGE,
    MANDATE_CODE: MANAGE,
    MANDATE_RENEW: MANAGE,
    STATION: MANAGE,
    DELEGATE: MANAGE,
    DESK_INVITE: REGISTER,
    DESK_OPEN: COMPARTMENTS,
    DESK_JOIN: REGISTER,
    DESK_RECOVER: REGISTER,
    DELEGATE_CODE: MANAGE,
    RIGHTS_RELEASE: RELEASE,
    SIGN_EXPORT: EXPORT_SIGN,
    SECOND_EXPORT: EXPORT_SECOND,
})  # fmt: skip
"""Kind of action → the authority of `domain.authorities` that its signer needs."""


class Signer(NamedTuple):
    """Who signed: `passkey` and `session` are names, never secrets."""

    account: str
    passkey: bytes
    session: bytes


def same_account(first: Signer, second: Signer) -> bool:
    """One person twice."""
    return first.account == second.account


def same_passkey(first: Signer, second: Signer) -> bool:
    """One device that two accounts share."""
    return first.passkey == second.passkey


def same_session(first: Signer, second: Signer) -> bool:
    """One sign-in."""
    return first.session == second.session


NOT_ANOTHER: tuple[Callable[[Signer, Signer], bool], ...] = (same_account, same_passkey, same_session)
"""What the second of two must not be."""


def second_person(first: Signer, second: Signer) -> str:
    """`same-person`, or "" when two people stand behind the two signatures as far as anybody can tell."""
    return "same-person" if any(same(first, second) for same in NOT_ANOTHER) else ""
