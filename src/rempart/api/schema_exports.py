"""What the API's document says of signing for files that tell many invoices, with invented examples."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from rempart.api.schema_base import AGENT, SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.exports import ExportAsked, ExportList, ExportSigned, ExportSigning

_SESSION = ("purpose", "client-standing", *SIGNED)
_SIGNING = (
    "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "not-found", "same-person",
    "approval-unproven", "export-unknown", "on-probation", "passkey-session-required", "passkey-refused",
    "unknown-passkey", "passkey-cloned", "challenge-invalid", "challenge-expired", "challenge-spent", "session-over",
    "other-binding", "portal-key-unknown", "account-revoked", "clock-apart",
)  # fmt: skip
_SIGN = (
    "By who fetches it, good for 15 minutes in that session; above 500 invoices also by a second person, {second}, in"
    " another session with another passkey, who signs the same fields for the first and whose word stands for a day:"
    " the keeper's challenge of purpose `approve` followed by the hash of the action shown (docs/formats/sessions.md)."
    " One signature is of every form of the document."
)
EXPORT_REFUSALS = ("export-needs-signature", "export-needs-second")

EXPORT_WORDS: dict[str, Words] = {
    "ListExports": Words(
        "Files that people of the site sign for",
        "In a person's session: one's own of the last 24 hours, and those of colleagues that one may second. Above how"
        " many invoices a file asks for one signature, and for two.",
        ("site-standing", *_SESSION),
    ),
    "SignExport": Words(
        "Sign before fetching a file of many invoices",
        _SIGN.format(second="a professional or manager of the site"),
        ("site-standing", *_SIGNING, *_SESSION), body="ExportSigning",
    ),
}  # fmt: skip
DESK_EXPORT_WORDS: dict[str, Words] = {
    "DeskListExports": Words(
        "Files that people of the insurer sign for", "As for a site; settlement files.", (*SIGNED, *AGENT)
    ),
    "DeskSignExport": Words(
        "Sign before fetching a settlement file of many lines",
        _SIGN.format(second="a manager of the insurer"),
        (*_SIGNING, *SIGNED, *AGENT), body="ExportSigning",
    ),
}  # fmt: skip

EXPORT_FIELDS: dict[str, dict[str, str]] = {
    "ExportSigning": {
        "what": "remittance, at a desk settlement.",
        "document": "Its id, a UUID in small letters.",
        "invoices": "How many it tells; a file that tells more is not given.",
        "taker": "The account that fetches it: one's own, or the colleague's that one seconds.",
        "challenge": "The challenge as it was given, then the 32 bytes of the action's hash; base64url.",
        "signed": "What the passkey signed of that.",
    },
    "ExportSigned": {"until": "Until when the signature stands, UTC."},
    "ExportAsked": {
        "number": "Of the taker's newest signature.",
        "what": "remittance or settlement.",
        "document": "Its id, a UUID.",
        "invoices": "How many it tells, as was signed.",
        "taker": "The account that fetches it.",
        "asked": "When the taker signed last, UTC.",
        "until": "Until when that signature stands, UTC; one's own: in this session, empty when there is none.",
        "second_until": "Until when the second person's stands, UTC; empty when there is none.",
    },
    "ExportList": {
        "signed_above": "More invoices than these in one file are signed for.",
        "second_above": "More than these, by two people.",
        "exports": "The newest first.",
    },
}


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


_ACCOUNT = "a7k2m9x4c1v8b3n5"
_REMITTANCE, _SETTLEMENT = "019caddd-6600-7a1e-8c33-5d2f00000001", "019caddd-6600-8a1e-8c33-5d2f00000021"
_PROOF = PasskeyProof(_text(bytes(range(16))), _text(b"{}"), _text(bytes(37)), _text(b"signature"))
_SIGNED = _text(bytes(range(72)))
_UNTIL = "2026-03-02T08:13:11Z"


def _listed(what: str, document: str) -> ExportList:
    asked = ExportAsked(7, what, document, 640, _ACCOUNT, "2026-03-02T07:58:11Z", _UNTIL)
    return ExportList(50, 500, (asked,))


EXPORT_REQUESTS: dict[str, object] = {
    "SignExport": ExportSigning("remittance", _REMITTANCE, 640, _ACCOUNT, _SIGNED, _PROOF),
    "DeskSignExport": ExportSigning("settlement", _SETTLEMENT, 640, _ACCOUNT, _SIGNED, _PROOF),
}
EXPORT_ANSWERS: dict[str, object] = {
    "ListExports": _listed("remittance", _REMITTANCE),
    "SignExport": ExportSigned(_UNTIL),
    "DeskListExports": _listed("settlement", _SETTLEMENT),
    "DeskSignExport": ExportSigned(_UNTIL),
}
