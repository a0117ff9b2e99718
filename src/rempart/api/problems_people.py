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
    "passkey-session-required": (
        403,
        "A PIN opened this session: it asks for a passkey",
        "Sign in with a passkey, then do it.",
    ),
    "station-key": (409, "This is no key of a workstation", "Enrol the browser anew."),
    "station-exists": (409, "This browser is a workstation already", "Use it as it is."),
    "stations-too-many": (409, "The site has as many workstations as it may", "End one that is not used any more."),
    "receipt-keys-too-many": (
        409,
        "The site has as many signing browsers as it may, or ended this one",
        "End one that is not used any more.",
    ),
    "station-unknown": (401, "This workstation is not known here", "Enrol it anew, or sign in with a passkey."),
    "station-refused": (401, "The workstation's answer is not good", "Sign in with a passkey."),
    "station-full": (409, "As many people are seated at this workstation as may be", "Use another one."),
    "seat-unknown": (401, "Nobody is seated there under this name", "Sign in with a passkey, then choose a PIN again."),
    "pin-refused": (401, "This is not the PIN", "Try again; after five a passkey is needed."),
    "days-malformed": (409, "These days cannot be", "Name days from today on, a year at most."),
    "mandate-exists": (409, "The operator registered these days already", "There is nothing to do."),
    "session-over": (401, "The session is over", "Sign in again."),
    "session-idle": (401, "The session was idle for too long", "Sign in again."),
    "other-binding": (401, "The session belongs to another portal", "Sign in again."),
    "turn": (503, "It is not yet this site's turn to come back", "Sign in from the hour that turn.opens says."),
    "turn-site": (409, "The service reopens in waves", "Name the site, by its billing number, in site."),
    "no-mandate": (403, "This account does not work at this site today", "Ask the site's manager."),
    "on-probation": (
        403,
        "This account is on probation, or was not opened with a passkey",
        "Sign in with a passkey; after a recovery, wait until 72 hours have passed.",
    ),
    "manager-signs": (403, "A manager of this site does that", "Ask the site's manager."),
    "same-person": (409, "The second person is another one", "Ask another manager of the site, or the operator."),
    "operator-approves": (409, "The operator approves this change", "Call the operator at the number you know."),
    "change-open": (409, "A change of bank details waits already", "Cancel it first."),
    "mandate-code-unknown": (
        403,
        "No such code waits",
        "Check the code and the site's number; it is good once, for seven days, for the program it was given to.",
    ),
    "assertion-refused": (403, "The program's assertion is not good", "Sign a fresh one, with aud as for a token."),
    "mandate-not-due": (409, "This mandate is renewed later", "Renew it within 60 days of its last day."),
    "transition-not-allowed": (409, "This change is past that", "Read where it stands."),
    "approval-unproven": (409, "This was not signed as it should be", "Cancel the change and call the operator."),
    "role-not-invited": (403, "This role is not invited from a desk", "The operator invites it on the command line."),
    "accountable-required": (409, "Nobody answers for this person", "Name who answers, or say has-number."),
    "accountable-unknown": (409, "That account cannot answer", "Name a professional or manager of the same site."),
    "accountable-gone": (
        403,
        "Who answered for this account no longer works at this site",
        "The site's manager asks the operator to name somebody else.",
    ),
    "account-has-passkey": (409, "This account has passkeys", "A colleague or the operator gives access back."),
    "invitation-malformed": (409, "This place does not go with that role", "Look at the site's number and the role."),
    "other-role": (409, "This account has another role", "Invite a new account."),
    "done-elsewhere": (409, "The command line did this", "It alone takes it back."),
    "closed-already": (409, "It is closed, which is more", "Two people open it first."),
    "closing-over": (409, "This closing is over", "Read the compartments again."),
    "voice-given": (409, "This account has agreed already", "Another person must agree too."),
    "code-unknown": (403, "No such code waits", "Check the eight characters, or ask the site's manager for another."),
    "codes-wrong": (409, "Too many wrong codes", "Try again in an hour, with the code before you."),
    "codes-too-many": (409, "The site has as many codes as it may", "Wait until some are used or over."),
    "not-called-back": (409, "It is not said who was reached", "Call, then say whom, in at most 200 characters."),
    "document-unseen": (409, "It is not said which document was looked at", "Look, then say so, in 200 characters."),
    "manager-recovers": (409, "A manager of that site lets colleagues back in", "Ask that manager."),
    "not-awaiting": (409, "It does not wait for that any more", "Read where it stands."),
    "export-needs-signature": (
        403,
        "A file of so many invoices is signed for",
        "Sign it with a passkey (/v1/exports, at a desk /v1/desk/insurer/exports), then fetch it within 15 minutes.",
    ),
    "export-needs-second": (
        403,
        "A second person signs for a file of so many invoices",
        "Ask a manager or professional of the site, or a manager of the insurer, to sign it in their own session.",
    ),
    "export-unknown": (409, "This cannot be signed for so", "Read the list of exports again."),
    "clock-apart": (503, "The clocks differ for a moment", "Try again."),
}
_STANDING = {
    "client-suspended": "client-standing", "unknown-client": "client-standing", "site-suspended": "site-standing",
    "purpose-not-granted": "purpose", "no-grant": "session-over", "session-unknown": "not-found",
}  # fmt: skip


def shown(code: str) -> str:
    """The code of `problems.TABLE` for what was found about an account when it signed in."""
    return _STANDING.get(code, code)
