"""What the API's document says of money: payments, claw-backs and debts of sites, settlement files of insurers."""

from __future__ import annotations

from rempart.api.schema_base import AGENT, DOOR, SIGNED, Words
from rempart.api.schema_exports import EXPORT_FIELDS, EXPORT_REFUSALS, EXPORT_WORDS

_CENTS = "in cents of euro"
_ID = "The hub's id, a UUID."
_INSURER = "10 digits."
_CODE = "Stable code; see Reasons below."
_SENTENCE = "What it means, in French."

MONEY: dict[str, Words] = {
    **EXPORT_WORDS,
    "ListRemittances": Words(
        "The payments made to the site",
        "The newest first; ask for older ones with the day that next_before gives.",
        ("invalid-fields", *SIGNED),
    ),
    "ReadRemittance": Words(
        "One payment in detail",
        "Its invoices by insurer, and what was rejected since the payment before. No act and no identity. With"
        " file=true it is a file, and a person signs for one of more than 50 invoices.",
        ("on-probation", "invalid-fields", "not-found", "unknown-route", *EXPORT_REFUSALS, *SIGNED),
    ),
    "PrintRemittance": Words(
        "One payment as a PDF",
        "The same as the detail, to print or keep. A person signs for one of more than 50 invoices.",
        ("on-probation", "not-found", "unknown-route", *EXPORT_REFUSALS, *SIGNED),
    ),
    "ReturnRemittance": Words(
        "One payment as a NOEMIE return",
        "The same as the detail, under the profile of docs/formats/noemie.md. Identity zones are zeros. A person signs"
        " for one of more than 50 invoices.",
        ("on-probation", "not-found", "unknown-route", "return-not-writable", *EXPORT_REFUSALS, *SIGNED),
    ),
    "ReturnFile": Words(
        "What became of a deposit, as a NOEMIE return",
        "Taken or refused as a whole, then each invoice as it stands now. Identity zones are zeros.",
        ("on-probation", "not-found", "unknown-route", "return-not-writable", *SIGNED),
    ),
    "ListNotices": Words(
        "What happened to the site without its asking",
        "Each notice once, the oldest first, at most 200; ask again with next. With newest, the newest first. Kinds:"
        " invoice-decided-again (subject: the invoice that is now accepted, under the number of the rejected one),"
        " transfer-rejected and -returned, the steps of a claw-back, of a debt and of a change of bank details,"
        " mandate-ending, account-recovered (an account of the site was let back in), compartment-closed, -restricted"
        " and -open, waiting-room-sent (subject: the invoice or authorization) and -refused. No act and no identity;"
        " reading takes nothing away.",
        ("invalid-fields", *SIGNED),
    ),
    "ListClawBacks": Words(
        "What is taken back from the site",
        "Each with its invoice, reason, state and the first day of deduction; those that ended for a year.",
        SIGNED,
    ),
    "DisputeClawBack": Words(
        "Dispute a claw-back while its notice runs",
        "Nothing is deducted until it is judged.",
        ("not-found", "not-disputable", "unknown-route", *SIGNED, *DOOR),
    ),
    "ListDebts": Words(
        "What the site owes",
        "Claw-backs that stand and are not recovered yet, because nothing was due to deduct them from: what is left of"
        " each, and how far asking for it went. Later payments deduct it; a transfer of the site's own names its"
        " reference.",
        SIGNED,
    ),
    "PrintDemand": Words(
        "One debt as a PDF",
        "Why, what is left, how to pay, to print or keep.",
        ("on-probation", "not-found", "unknown-route", *SIGNED),
    ),
    "ReadFigures": Words(
        "The site's money in sums",
        "For charts: what was paid in each of the last twelve weeks and how long it took, what was rejected since and"
        " why, and what is accepted and not ordered yet, by insurer and by the last day its contract promises. No"
        " invoice is in it.",
        SIGNED,
    ),
    "ListSettlements": Words(
        "The insurer's settlement files",
        "For a client of kind insurer: one file for each day's call for funds, the newest first, with its sums, hash"
        " and state. Ask for older ones with the day that next_before gives.",
        ("invalid-fields", *SIGNED, *AGENT),
    ),
    "ReadSettlement": Words(
        "One settlement file and its answers",
        "Where it stands, the answers that were sent, and what became of each.",
        ("not-found", "unknown-route", *SIGNED, *AGENT),
    ),
    "FetchSettlement": Words(
        "The settlement file itself",
        "As the operator signed it (docs/formats/settlement-file.md), acts and counters sealed to the insurer. Its"
        " SHA-256 is the one listed.",
        ("not-found", "unknown-route", *SIGNED, *AGENT),
    ),
    "FetchSettlementReferences": Words(
        "The people a settlement file names",
        "The insurer's own references, sealed to the insurer (docs/formats/sealed-list.md). Absent when nobody is new.",
        ("not-found", "unknown-route", *SIGNED, *AGENT),
    ),
    "AnswerSettlement": Words(
        "Answer a settlement file",
        "Accepted lines and late rejections, as rempart-settlement-answers/1, signed with the key that signs the rights"
        " files. They are taken within a minute as those of a file; the same bytes again are the same reply.",
        (
            "malformed-body",
            "invalid-fields",
            "body-too-large",
            "bad-statement-signature",
            "not-found",
            "unknown-route",
            *SIGNED,
            *AGENT,
        ),
    ),
}
"""By operation id."""

MONEY_FIELDS: dict[str, dict[str, str]] = {
    **EXPORT_FIELDS,
    "WeekFigures": {
        "week": "Its Monday.", "transfers": "Payments executed or ordered.", "amount": f"Paid, {_CENTS}.",
        "invoices": "Paid.", "delay": "Median days from receipt to payment; null when nothing was paid.",
    },
    "RejectionFigure": {
        "reason": _CODE, "sentence": _SENTENCE, "english": "The same in English.", "invoices": "Rejected for it.",
    },
    "DueFigure": {
        "insurer": _INSURER, "name": "The insurer's name.",
        "expected": "Last day of the delay its contract promises; empty where none does.",
        "invoices": "Accepted and in no payment.", "amount": f"Due, {_CENTS}.",
    },
    "Figures": {
        "weeks": "Twelve, the oldest first.", "delay": "Median days over all of them; null when nothing was paid.",
        "rejections": "Since the first of these weeks, the most frequent first.", "due": "What comes first, first.",
    },
    "AdvicePenalty": {
        "penalty": _ID, "insurer": _INSURER, "half": "AAAA-1 or AAAA-2.", "invoices": "Paid late.", "reason": _CODE,
        "sentence": _SENTENCE, "amount": f"Paid here, {_CENTS}.",
    },
    "SiteNotice": {
        "number": "Grows with each notice.", "kind": "A stable code.", "subject": "The id of what it is about.",
        "day": "The day that matters.", "instant": "When it was written, UTC.",
    },
    "NoticeList": {"notices": "The oldest first, or the newest with newest.", "next": "Ask next with this since."},
    "DebtAsked": {
        "step": "demanded, reminded or final-notice.", "day": "When, Paris.", "amount": f"Left on that day, {_CENTS}.",
    },
    "SiteDebt": {
        "claw_back": _ID, "invoice": _ID, "number": "The site's own invoice number.", "insurer": _INSURER,
        "operator": "The operator.", "amount": f"Taken back, {_CENTS}.", "deducted": f"Deducted so far, {_CENTS}.",
        "repaid": f"Paid back by the site so far, {_CENTS}.", "written_off": f"Given up, {_CENTS}.",
        "left": f"Still owed, {_CENTS}.", "reason": _CODE, "sentence": _SENTENCE, "since": "Due since, Paris.",
        "instalment": f"Most deducted in a calendar month, {_CENTS}; 0: no limit.",
        "reference": "What a transfer of the site's own must name.", "asked": "How far asking went.",
    },
    "DebtList": {"left": f"Owed in all, {_CENTS}.", "debts": "The oldest first."},
    "SettlementSummary": {
        "settlement": _ID, "operator": "The operator.", "sequence": "1, 2, … of this insurer's files.",
        "day": "Day of the call for funds, Paris.", "amount": f"What the call asks for, {_CENTS}.",
        "movements": "What it is made of.", "rows": "Lines of the file before its end.",
        "sha256": "Of the file as it is fetched, hexadecimal.",
        "state": "preparing (not to be fetched yet), ready, or answered.",
        "references": "Whether a list of people comes with it.", "written": "When, UTC.",
    },
    "SettlementList": {
        "settlements": "The newest first.", "next_before": "Ask with it for older ones; empty at the end.",
    },
    "SettlementReply": {
        "reply": _ID, "received": "When, UTC.", "state": "waiting, taken, or refused whole.",
        "code": "Why it was refused whole.", "answers": "How many it held.", "refused": "How many of them.",
    },
    "SettlementAnswer": {
        "invoice": _ID, "verdict": "accepted, taken (a claw-back began) or refused.", "reason": "The late reason.",
        "code": "Why it was refused.", "amount": f"Claimed back, {_CENTS}.", "claw_back": "The claw-back that began.",
        "instant": "When it was judged, UTC.",
    },
    "SettlementState": {
        "settlement": "The file.", "replies": "Answers that were sent, the oldest first.",
        "answers": "What became of each, the newest first.",
    },
    "ReplyReceipt": {"reply": _ID, "state": "waiting: the worker takes it within a minute."},
}  # fmt: skip
"""One sentence for each field, by type."""
