"""What the API's document says of bank details that a site's people change themselves, with invented examples."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.bank_details import BankApproval, BankChanged, BankChangeState, BankDetailsState, BankProposal

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_SESSION = ("purpose", "session-over", "other-binding", "portal-key-unknown", "account-revoked", "clock-apart", *SIGNED)
_SIGNING = (
    "on-probation", "passkey-refused", "unknown-passkey", "passkey-cloned", "challenge-invalid", "challenge-expired",
    "challenge-spent", "compartment", "client-standing", "site-standing", *_BODY, *_SESSION,
)  # fmt: skip

OWN_BANK: dict[str, Words] = {
    "ReadBankDetails": Words(
        "The account on which the site is paid",
        "In a person's session. Since when, its last four characters where the site's people signed it, and the change"
        " that waits: who is the second person, and from when on it is paid there.",
        _SESSION,
    ),
    "ProposeBankDetails": Words(
        "Propose a new account",
        "Signed by a manager of the site, or by a professional where the site has no manager: the keeper's challenge"
        " of purpose `approve` followed by the hash of the action shown (docs/formats/sessions.md). Sealed at once."
        " A second person approves, then 72 hours pass; until then the former account is paid.",
        ("manager-signs", "change-open", *_SIGNING), body="BankProposal",
    ),
    "ApproveBankDetails": Words(
        "Approve a new account as the second person",
        "Signed by another manager of the site, in another session, with another passkey. Where there is none, or other"
        " sites have the account, the operator approves. It is paid 72 hours later.",
        ("not-found", "same-person", "operator-approves", "transition-not-allowed", "approval-unproven", *_SIGNING),
        body="BankApproval",
    ),
    "CancelBankDetails": Words(
        "Say no to a new account",
        "At once and without a signature, also while bank details are closed. Who did not propose it rings the"
        " operator's alarm by it.",
        ("not-found", "transition-not-allowed", *_SESSION),
    ),
}  # fmt: skip

OWN_BANK_FIELDS: dict[str, dict[str, str]] = {
    "BankDetailsState": {
        "ending": "The last four characters of the account that is paid, empty when they are not known.",
        "starts": "Its first day; empty when no account is registered.",
        "proposes": "Whether this person may sign a new account now.",
        "why_not": "role, manager-signs or on-probation; empty when it may.",
        "waiting": "The change that waits; left out when none does.",
    },
    "BankChangeState": {
        "change": "Its id.",
        "state": "proposed (for the second person) or approved (for its day).",
        "ending": "The last four characters of the new account, empty when an officer proposed it.",
        "proposed_by": "An account's id, or an officer's name.",
        "proposed": "When, UTC.",
        "second": "Who approves: manager (another one of the site) or operator.",
        "approved_by": "An account's id, or an officer's name; empty until then.",
        "payable_from": "From when on it is paid there, UTC; empty until it is approved.",
    },
    "BankProposal": {
        "change": "A UUID that the caller draws: part of what is signed.",
        "name": "The holder, as banks take it: no accents, 70 characters.",
        "iban": "In capitals, without spaces.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the passkey signed of that.",
    },
    "BankApproval": {
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the passkey signed of that.",
    },
    "BankChanged": {
        "change": "Its id.",
        "state": "proposed or approved.",
        "ending": "The last four characters of the new account.",
        "payable_from": "From when on it is paid there, UTC; empty until it is approved.",
    },
}


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_CHANGE, _ACCOUNT = "0f8b1c1e-5d0a-4e0e-9a57-3f1d2c4b5a69", "a7k2m9x4c1v8b3n5"
_PROOF = PasskeyProof(_text(bytes(range(16))), _text(b"{}"), _text(bytes(37)), _text(b"signature"))
_SIGNED = _text(bytes(range(72)))
REQUESTS: dict[str, object] = {
    "ProposeBankDetails": BankProposal(_CHANGE, "CABINET DUPRE", "FR7699999000010000000007778", _SIGNED, _PROOF),
    "ApproveBankDetails": BankApproval(_SIGNED, _PROOF),
}
ANSWERS: dict[str, object] = {
    "ReadBankDetails": BankDetailsState(
        "0189", "2026-01-15", proposes=True,
        waiting=BankChangeState(
            _CHANGE, "approved", "7778", _ACCOUNT, "2026-03-02T07:58:11Z", "operator", "agent-7",
            "2026-03-05T09:00:00Z",
        ),
    ),
    "ProposeBankDetails": BankChanged(_CHANGE, "proposed", "7778"),
    "ApproveBankDetails": BankChanged(_CHANGE, "approved", "7778", "2026-03-05T09:00:00Z"),
}  # fmt: skip
