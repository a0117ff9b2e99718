"""Refusals that people meet when they sign in, and what their portal tells them: part of `problems.TABLE`."""

from __future__ import annotations

_ANEW = "Begin again from the sign-in page."
PEOPLE: dict[str, tuple[int, str, str]] = {
    # code: (status, title, what to do)
    "unknown-portal": (403, "No portal of this operator is registered", "The operator registers its portal first."),
    "portal-key-unknown": (403, "The proof is of no key of this operator's portal", "Register the portal's key."),
    "challenge-invalid": (409, "This is no challenge for that", _ANEW),
    "challenge-expired": (409, "The challenge is too old", _ANEW),
    "challenge-spent": (409, "The challenge was used before", _ANEW),
    "invitation-unknown": (
        403,
        "No such invitation waits",
        "Check the code and the site's number; it is good once, for seven days. Ask for another.",
    ),
    "passkey-refused": (401, "The passkey's answer is not good", "Try again with the passkey of this portal."),
    "passkey-exists": (409, "This passkey is registered already", "Sign in with it."),
    "unknown-passkey": (401, "This passkey is not known here", "Use another, or ask for an invitation."),
    "passkey-revoked": (401, "This passkey was ended", "Use another, or ask for an invitation."),
    "passkey-cloned": (401, "This passkey was used elsewhere too", "Call the operator: the passkey must be replaced."),
    "account-revoked": (403, "This account was ended", "Call the operator."),
    "passkey-proof-required": (
        409,
        "A passkey of this account must sign that another one is added",
        "Sign the same challenge with it.",
    ),
    "passkeys-too-many": (409, "This account has as many passkeys as it may", "End one that is not used any more."),
    "last-passkey": (409, "This is the account's last passkey", "Add another one first."),
    "own-account": (409, "Nobody recovers the own account", "Another manager does it, or the operator."),
    "session-over": (401, "The session is over", "Sign in again."),
    "session-idle": (401, "The session was idle for too long", "Sign in again."),
    "other-binding": (401, "The session belongs to another portal", "Sign in again."),
    "no-mandate": (403, "This account does not work at this site today", "Ask the site's manager."),
    "clock-apart": (503, "The clocks differ for a moment", "Try again."),
}
_STANDING = {
    "client-suspended": "client-standing", "unknown-client": "client-standing", "site-suspended": "site-standing",
    "purpose-not-granted": "purpose", "no-grant": "session-over", "session-unknown": "not-found",
}  # fmt: skip


def shown(code: str) -> str:
    """The code of `problems.TABLE` for what was found about an account when it signed in."""
    return _STANDING.get(code, code)
