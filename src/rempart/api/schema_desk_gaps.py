"""What the API's document says of who joins, recoveries, the desks' log and an insurer's rejections. Invented."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.account import PasskeyProof
from rempart.wire.desk_joins import (
    DeskAnswerRequest,
    DeskEnrolment,
    DeskEnrolments,
    DeskEnrolmentStep,
    DeskJoined,
    DeskJoinRequest,
    DeskRecoverRequest,
)
from rempart.wire.desk_log import DeskLeaf, DeskLogCount, DeskLogCounts, DeskLogEntry
from rempart.wire.insurer_rejections import (
    DeskRejectedInvoice,
    DeskRejectedInvoices,
    DeskRejection,
    DeskRejections,
    DeskRejectionWeek,
)
from rempart.wire.operator_desk import DeskCode

_SITE, _ACCOUNT, _SECOND = "990000002", "a7k2m9x4c1v8b3n5", "a1h4n6t8w2y5c7e9"
_AT, _ENROLMENT = "2026-11-22T17:40:00.000000Z", "01936e5c-7a10-7000-8000-000000000001"
_PROOF = PasskeyProof("Y3JlZC0x", "e30", "AA", "AA")
_SESSION = ("purpose", "client-standing", "session-over", "other-binding", "portal-key-unknown", "unavailable", *SIGNED)
_PROVED = (
    "challenge-invalid", "challenge-expired", "challenge-spent", "passkey-refused", "passkey-cloned", "unknown-passkey",
    "passkey-session-required", "on-probation", "account-revoked", "clock-apart", "not-called-back",
)  # fmt: skip
_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_AGENTS = "For agents; another operator's looks absent."
_LOG = "For security and data protection. Each look is recorded first."

DESK_GAPS: dict[str, Words] = {
    "DeskListEnrolments": Words(
        "Who asks to join", f"Of the last 60 days, what waits first. No name. {_AGENTS}", _SESSION
    ),
    "DeskReadEnrolment": Words("Who asks to join, one of them", _AGENTS, ("not-found", "unknown-route", *_SESSION)),
    "DeskFetchEnrolmentDocument": Words(
        "The sealed document",
        "As it was sealed to the operator's own key (docs/formats/enrolment.md); who fetches it is written down."
        f" {_AGENTS}",
        ("not-found", "unknown-route", *_SESSION),
    ),
    "DeskAgreeEnrolment": Words(
        "Say yes to who joins",
        "Signed by the agent's passkey (action `desk-join`). Two different people; then the command line, where the"
        f" operator's key is, makes site, account and payee. {_AGENTS}",
        (
            "not-found",
            "unknown-route",
            "not-awaiting",
            "officer-already-spoke",
            *_PROVED,
            *_BODY,
            *_SESSION,
        ),
        body="DeskJoinRequest",
    ),
    "DeskAnswerEnrolment": Words(
        "Refuse, or ask for another document",
        f"One person is enough; the page tells the person why. A refusal deletes the document. {_AGENTS}",
        ("not-found", "unknown-route", "not-awaiting", *_BODY, *_SESSION),
        body="DeskAnswerRequest",
    ),
    "DeskRecoverAccount": Words(
        "Let an account of a site back in",
        "Where no manager of the site can, after a call and a bank document. Signed (action `desk-recover`):"
        " passkeys, sessions and codes"
        f" of the account end, half of a code is told once, 72 hours of probation begin with its passkey. {_AGENTS}",
        ("not-found", "manager-recovers", "document-unseen", "invitation-malformed", *_PROVED, *_BODY, *_SESSION),
        body="DeskRecoverRequest",
    ),
    "DeskCountLog": Words(
        "How often who looked",
        "Disclosures of the operator's sites by day, account, site, evidence, outcome or purpose; never about whom."
        f" {_LOG}",
        ("invalid-fields", *_SESSION),
    ),
    "DeskReadLogEntry": Words(
        "One question and its place in the log",
        "By its id: who asked, how, with which outcome; its leaf, the newest signed head above it, and whether the"
        f" path between them holds. {_LOG}",
        ("not-found", *_SESSION),
    ),
    "DeskCountRejections": Words(
        "Rejected invoices by reason",
        "Of twelve weeks, of the own insurer, at sites of the portal's operator. For people of insurers.",
        _SESSION,
    ),
    "DeskListRejections": Words(
        "Which invoices were rejected for a reason",
        "Number, site, days and amounts, at sites of the portal's operator; no act, no person. For people of insurers.",
        ("invalid-fields", *_SESSION),
    ),
}

_ONE = DeskEnrolment(
    _ENROLMENT, _SITE, "990000001", "21", "L", "listed", "awaiting", _AT, "2026-12-22T17:40:00.000000Z", 2, (_SECOND,),
    (DeskEnrolmentStep("asked", "person", "", _AT), DeskEnrolmentStep("awaiting", "person", "", _AT)),
)  # fmt: skip
REQUESTS: dict[str, Any] = {
    "DeskAgreeEnrolment": DeskJoinRequest(_SITE, "2", "the switchboard of the clinic", "AA", _PROOF),
    "DeskAnswerEnrolment": DeskAnswerRequest("documents", "unreadable"),
    "DeskRecoverAccount": DeskRecoverRequest(
        _SITE, "the number known since 2025", "a bank statement of this month, payee verified", "AA", _PROOF
    ),
}
ANSWERS: dict[str, Any] = {
    "DeskListEnrolments": DeskEnrolments((_ONE,)),
    "DeskReadEnrolment": _ONE,
    "DeskAgreeEnrolment": DeskJoined(0),
    "DeskRecoverAccount": DeskCode(_ACCOUNT, "7K2M-9X4C", "2026-11-29T17:40:00.000000Z"),
    "DeskCountLog": DeskLogCounts(
        "account", "2026-11-16", "2026-11-22", "", (DeskLogCount(_ACCOUNT, "account", 128, 97),)
    ),
    "DeskReadLogEntry": DeskLogEntry(
        "06C5K1V2N8Q0", _AT, _ACCOUNT, "account", _SITE, "0099000137", "eligibility", "typed", "eligibility/1",
        "covered",
        DeskLeaf("2026-11", 4, "11" * 32, 5, "22" * 32, ("33" * 32,), holds=True, note="rempart.example/log/2026-11"),
    ),
    "DeskCountRejections": DeskRejections(
        "2026-09-07", (DeskRejection("rights-closed", "pharmacy", 12, 48_210, 14_463),),
        (DeskRejectionWeek("2026-11-16", 12, 14_463),),
    ),
    "DeskListRejections": DeskRejectedInvoices(
        "rights-closed", "Droits fermés au jour des soins.",
        (DeskRejectedInvoice(_ENROLMENT, "000000017", _SITE, "2026-11-20", _AT, 4_210, 1_263, "rejected"),), "",
    ),
}  # fmt: skip

_PROVING = {"challenge": "The keeper's, with the action's hash behind it, base64url.", "signed": "What signs it."}
_REACHED = "Who was called, at a number known otherwise; never a patient, never a secret."
_AMOUNTS = {"invoices": "How many.", "spent": "Spent in all, cents.", "amc": "Asked of the insurer, cents."}
DESK_GAPS_FIELDS: dict[str, dict[str, str]] = {
    "DeskEnrolmentStep": {
        "state": "asked, awaiting, documents, approved, refused, withdrawn or expired.",
        "by": "person, clock, operator (the command line), or an agent's account.",
        "reason": "Why, of a refusal or of another document.",
        "instant": "When, UTC.",
    },
    "DeskEnrolment": {
        "enrolment": "Its id.",
        "site": "The billing number that the person typed.",
        "finess": "Of the place that the provider told; may be empty.",
        "profession": "ANS TRE_G15, as the provider told it.",
        "mode": "ANS TRE_R23, as the provider told it.",
        "directory": "listed, unlisted, none-imported or no-finess.",
        "state": "Where it stands.",
        "asked": "When it began, UTC.",
        "expires": "When it ends by itself, UTC.",
        "document": "The number of the one that waits; 0: none.",
        "agreed": "Accounts that said yes to it; empty: an officer on the command line.",
        "steps": "In their order.",
    },
    "DeskEnrolments": {"enrolments": "What waits first; at most 200."},
    "DeskJoinRequest": {
        "place": "The enrolment's billing number.",
        "document": "The number of the document that was seen.",
        "reached": _REACHED,
        **_PROVING,
    },
    "DeskJoined": {"missing": "How many more people must say yes."},
    "DeskAnswerRequest": {
        "answer": "refused, or documents: another one is wanted.",
        "reason": "unreadable, other-holder, not-a-bank-document, other-place, not-reached or not-eligible.",
    },
    "DeskRecoverRequest": {
        "place": "One of the account's sites.",
        "reached": _REACHED,
        "document": "Which bank document was looked at, and that its payee is the site's; never an account number.",
        **_PROVING,
    },
    "DeskLogCount": {
        "label": "The day, account or program, site, evidence, outcome or purpose.",
        "kind": "Of an account's client; empty otherwise.",
        "looks": "Disclosures.",
        "people": "About how many different people, as far as day tags tell.",
    },
    "DeskLogCounts": {
        "by": "What is counted by.",
        "first": "First day.",
        "last": "Last day, included.",
        "site": "One site alone; empty: all.",
        "rows": "The greatest first, at most 500.",
    },
    "DeskLeaf": {
        "month": "Whose log it is.",
        "number": "Of the leaf, from 0.",
        "hash": "Of the leaf, hexadecimal.",
        "size": "Leaves under the head.",
        "root": "Of the head, hexadecimal.",
        "path": "From the leaf to the root, lowest neighbour first.",
        "holds": "It leads there.",
        "note": "The signed checkpoint.",
    },
    "DeskLogEntry": {
        "question": "Its id.",
        "instant": "When it was asked, UTC.",
        "by": "The account or program that asked.",
        "kind": "account, or what kind of program.",
        "site": "For which site.",
        "insurer": "Whose record was looked for.",
        "purpose": "What for.",
        "evidence": "How the card was read.",
        "template": "What was told.",
        "outcome": "Of the question.",
        "leaf": "Null until it is folded and signed, about a minute.",
    },
    "DeskRejection": {"reason": "Its code.", "profession": "Of the sites.", **_AMOUNTS},
    "DeskRejectionWeek": {"week": "Its Monday.", "invoices": "How many.", "amc": "Asked of the insurer, cents."},
    "DeskRejections": {
        "since": "The first Monday counted.",
        "rows": "The greatest first.",
        "weeks": "In their order; those without any are left out.",
    },
    "DeskRejectedInvoice": {
        "invoice": "Its id.",
        "number": "The site's own.",
        "site": "Billing number.",
        "care_date": "Day of care.",
        "decided": "When, UTC.",
        "spent": "Cents.",
        "amc": "Asked of the insurer, cents.",
        "state": "rejected.",
    },
    "DeskRejectedInvoices": {
        "reason": "Its code.",
        "sentence": "What the site was told, in French.",
        "invoices": "The newest first.",
        "next": "Ask for older ones with it; empty at the end.",
    },
}
