"""What the API's document says of the insurer's desk, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import AGENT, SIGNED, Words
from rempart.api.schema_exports import DESK_EXPORT_WORDS, EXPORT_ANSWERS, EXPORT_REFUSALS, EXPORT_REQUESTS
from rempart.application.authorization_decisions import REFUSALS
from rempart.wire.account import PasskeyProof
from rempart.wire.authorizations import DecisionAnswer, PendingCase, SealedPart, StatedLine
from rempart.wire.insurer_desk import (
    DeskBadLine,
    DeskBinding,
    DeskCall,
    DeskCase,
    DeskCount,
    DeskDecision,
    DeskFunds,
    DeskPending,
    DeskPendingList,
    DeskProduct,
    DeskPublished,
    DeskRightsFile,
    DeskRightsList,
    DeskRightsReport,
    DeskSaid,
    DeskStandIn,
    DeskStandInRule,
    DeskTable,
    DeskVoice,
    DeskWeek,
    DeskWeights,
    DeskWord,
)
from rempart.wire.invoices import LineState
from rempart.wire.settlements import SettlementList, SettlementSummary

_CENTS = "in cents of euro"
_READ = (*SIGNED, *AGENT)
_ACT = ("malformed-body", "body-too-large", *SIGNED, *AGENT)
_PROVED = (
    "invalid-fields", "challenge-invalid", "challenge-expired", "challenge-spent", "passkey-refused", "passkey-cloned",
    "unknown-passkey", "passkey-session-required", "on-probation", "account-revoked", "clock-apart", "session-over",
    "other-binding", "portal-key-unknown",
)  # fmt: skip
_DAY = "2026-03-02"

INSURER_DESK: dict[str, Words] = {
    **DESK_EXPORT_WORDS,
    "DeskListPending": Words(
        "What waits for the insurer's case workers",
        "The oldest first, for people of the insurer in a portal: what sites of that portal's operator asked; and how"
        " long decisions by hand took in the last twelve weeks.",
        _READ,
    ),
    "DeskReadPending": Words(
        "One request that waits",
        "Its amounts in clear, and what is sealed to the insurer as it is: only the insurer's own key opens it.",
        ("not-found", *_READ),
    ),
    "DeskDecidePending": Words(
        "Decides one, by an account of the insurer",
        "As an agent's decision, without its signature: it counts by the session, and names the account.",
        ("not-found", "not-changeable", "invalid-fields", *_ACT), body="DeskDecision",
    ),
    "DeskListRightsFiles": Words(
        "The insurer's rights files",
        "The newest first, with what each changed; go on with next_below.", ("not-found", "invalid-fields", *_READ),
    ),
    "DeskReadRightsFile": Words(
        "One rights file and its report",
        "Bad lines by their number, field and code: never a value.", ("not-found", *_READ),
    ),
    "DeskSpeakOnRightsFile": Words(
        "A manager's word on a file in quarantine",
        "Two different people release it, accounts or officers of the operator; one refuses it. A release is signed"
        " (action `rights-release`); the worker carries it out within minutes, once the keeper proved both.",
        ("not-found", "not-in-quarantine", "officer-already-spoke", "approval-unproven", *_PROVED, *_ACT),
        body="DeskWord",
    ),
    "DeskReadPublished": Words(
        "What the insurer published",
        "The guarantee table in force, what binds it after a closure, its stand-in rules.", ("not-found", *_READ),
    ),
    "DeskReadFunds": Words(
        "The insurer's funds at this operator", "What is left, what waits for it, and the last calls.", _READ
    ),
    "DeskListSettlements": Words(
        "The insurer's last settlement files at this operator", "As its client reads them, the newest first.", _READ
    ),
    "DeskFetchSettlement": Words(
        "A settlement file itself",
        "As the operator signed it; what tells of people in it is sealed to the insurer. One of more than 50 lines is"
        " signed for (DeskSignExport).", ("not-found", *EXPORT_REFUSALS, *_READ),
    ),
}  # fmt: skip

INSURER_DESK_FIELDS: dict[str, dict[str, str]] = {
    "DeskPending": {
        "authorization": "The hub's id, a UUID.", "requested": "When it was asked, UTC.",
        "planned": "Day planned for the delivery or admission.", "until": "Last day to decide: then it expires.",
        "site": "Billing number.", "domain": "Domain of the card.", "reason": "Why a person must decide: a code.",
        "spent": f"Total, {_CENTS}.", "amo": f"Compulsory share, {_CENTS}.",
        "amc": f"What the table alone would give, {_CENTS}.",
    },
    "DeskWeek": {
        "week": "Its Monday.", "decided": "How many were decided by hand.", "agreed": "How many were agreed to.",
        "minutes": "Median from request to decision, in minutes.",
    },
    "DeskPendingList": {"pending": "The oldest first.", "weeks": "Those in which somebody decided, the oldest first."},
    "DeskCase": {
        "case": "As an agent reads it.", "planned": "Day planned for the delivery or admission.",
        "until": "Last day to decide.", "refusals": "Codes of the reasons that a refusal may give.",
    },
    "DeskDecision": {
        "verdict": "agreed or refused.", "lines": "Every line when agreed, none when refused.",
        "reason": "One of the case's refusals when refused; left out, the first.",
    },
    "DeskVoice": {
        "verdict": "release or refuse.", "by": "account (of the insurer) or officer (of the operator).",
        "who": "The account's id, or the officer as named.",
    },
    "DeskWeights": {
        "base": "People with rights on the file's day.", "opened": "People it opens rights for.",
        "closed": "People whose rights it ends.", "changed": "People whose formula it changes.",
        "extended": "People whose rights it makes last longer: never weighed.",
    },
    "DeskRightsFile": {
        "number": "The hub's number of it.", "kind": "full or delta.", "sequence": "The insurer's own.",
        "created": "By the insurer, UTC.", "received": "When, UTC.", "decided": "When it was applied or refused, UTC.",
        "state": "applied, quarantined or refused.", "code": "Why; see docs/formats/rights-file.md.",
        "over": "Kinds of change that two people must agree to: closed, opened, changed.", "lines": "In the file.",
        "people": "In the file.", "rejected": "Bad lines.", "warned": "Lines with a warning.",
        "collisions": "People left out because another has the same identity.",
        "weights": "What it does; null for a first file.", "voices": "Who spoke on it, in order.",
        "digest": "SHA-256 of its first line without the line's end, hexadecimal: what a release signs.",
    },
    "DeskRightsList": {
        "sequence": "Of the file applied last.", "files": "The newest first.",
        "prolonged_until": "Last day for which a file in quarantine prolongs rights; empty when none does.",
        "next_below": "Ask with it as below for older ones; 0 at the end.",
    },
    "DeskBadLine": {
        "line": "Its number in the file.", "field": "The field.", "code": "What is wrong, never the value.",
        "warned": "It was taken, with a warning.",
    },
    "DeskCount": {"code": "What is wrong.", "lines": "How many lines."},
    "DeskRightsReport": {
        "file": "The file.", "bad": "The first 500, by number.", "codes": "All bad lines counted, the most first.",
    },
    "DeskWord": {
        "verdict": "release or refuse.",
        "challenge": "Of a release: the keeper's, with the action's hash behind it, base64url.",
        "signed": "Of a release: what signs it.",
    },
    "DeskSaid": {"outcome": "second-officer-missing, released (two agreed) or refused."},
    "DeskProduct": {
        "product": "As in the rights file.", "level": "As in the rights file.", "starts": "First day.",
        "ends": "Last day; empty when open.", "cases": "Formulas and cases of care it tells.",
    },
    "DeskTable": {
        "loaded": "When, UTC.", "digest": "SHA-256 of its text, hex.", "versions": "How many were ever loaded.",
        "sound": "It can be read; if not, requests wait.", "products": "Product by product.",
        "members": "Sites in its networks of care.",
    },
    "DeskBinding": {
        "kind": "accreditation, authorization, card or paper.", "starts": "First day of care.",
        "ends": "Last day; empty when open.", "professions": "Empty: every one.",
        "most": f"An invoice, {_CENTS}; 0: no limit.", "days": "How long a card or paper binds; 0: not counted.",
    },
    "DeskStandInRule": {
        "evidence": "card, paper or accreditation.", "most": f"An invoice, {_CENTS}.", "professions": "Empty: all.",
        "domains": "Empty: all.",
    },
    "DeskStandIn": {
        "sequence": "The insurer's own.", "starts": "First day.", "ends": "Last day.", "in_force": "Today.",
        "loaded": "When, UTC.", "rules": "In order.",
    },
    "DeskPublished": {
        "name": "The insurer's.", "standing": "good, suspended or left.", "table": "Null when there is none.",
        "binding_loaded": "When, UTC; empty when there is none.", "binding": "Rows; the first that fits counts.",
        "stand_in": "Null when there are none.",
    },
    "DeskCall": {
        "day": "Of the call.", "amount": f"Called, {_CENTS}.", "movements": "Of how many movements.",
        "reference": "On the transfer.", "state": "called, received or refused.", "reason": "The bank's, when refused.",
    },
    "DeskFunds": {
        "watched": "There are funding terms; if not, available says nothing.",
        "ceiling": f"What may be ordered beyond the funds, {_CENTS}.", "available": f"Left, {_CENTS}.",
        "waiting": f"Due to sites and not ordered for want of funds, {_CENTS}.", "sites": "How many sites wait.",
        "waiting_since": "Since when, UTC; empty when none.", "calls": "The newest first.",
    },
}  # fmt: skip

_ID = "019caddd-6600-7a1e-8c33-5d2f00000021"
_FILE = DeskRightsFile(
    412, "full", 57, "2026-03-01T21:00:00Z", "2026-03-02T02:10:00Z", "", "quarantined", "weighed-too-heavy",
    ("closed",), 1_200_104, 1_180_220, 41, 3, 0, DeskWeights(1_180_000, 2_100, 61_000, 40, 900_000),
    (DeskVoice("release", "account", "a7k2m9x4c1v8b3n5"),), "47" * 32,
)  # fmt: skip
REQUESTS: dict[str, Any] = {
    **EXPORT_REQUESTS,
    "DeskDecidePending": DeskDecision("agreed", (StatedLine(1, 12_000),)),
    "DeskSpeakOnRightsFile": DeskWord("release", "AA", PasskeyProof("Y3JlZC0x", "e30", "AA", "AA")),
}
"""By operation id, what may be asked."""
ANSWERS: dict[str, Any] = {
    **EXPORT_ANSWERS,
    "DeskListPending": DeskPendingList(
        (DeskPending(
            _ID, "2026-03-02T08:00:00Z", "2026-03-20", "2026-09-11", "990000002", "OPTI", "amount-to-review", 120_000,
            3_600, 40_000,
        ),),
        (DeskWeek("2026-02-23", 31, 27, 145),),
    ),
    "DeskReadPending": DeskCase(
        PendingCase(
            _ID, "2026-03-02T08:00:00Z", "990000002", "OPTI", "amount-to-review",
            (LineState(1, "OPTI", 120_000, 3_600, 40_000, 76_400),), (SealedPart(0, "request", b"invented"),),
        ),
        "2026-03-20", "2026-09-11", REFUSALS,
    ),
    "DeskDecidePending": DecisionAnswer("agreed"),
    "DeskListRightsFiles": DeskRightsList(56, (_FILE,), "2026-03-09"),
    "DeskReadRightsFile": DeskRightsReport(
        _FILE, (DeskBadLine(118, "birth_date", "date-impossible"),), (DeskCount("date-impossible", 41),)
    ),
    "DeskSpeakOnRightsFile": DeskSaid("released"),
    "DeskReadPublished": DeskPublished(
        "Mutuelle inventée", "good",
        DeskTable("2026-02-01T08:00:00Z", "47" * 32, 3, sound=True,
                  products=(DeskProduct("CONFORT", "2", "2026-01-01", "", 41),), members=12),
        "2026-01-05T08:00:00Z", (DeskBinding("card", "2026-01-01", "", ("pharmacy",), 15_000, 30),),
        DeskStandIn(3, _DAY, "2026-12-31", in_force=True, loaded="2026-03-01T08:00:00Z",
                    rules=(DeskStandInRule("card", 15_000, ("pharmacy",), ()),)),
    ),
    "DeskReadFunds": DeskFunds(
        watched=True, ceiling=5_000_000, available=1_204_110, waiting=0, sites=0, waiting_since="",
        calls=(DeskCall(_DAY, 481_220, 312, "RP26030200000017", "called"),),
    ),
    "DeskListSettlements": SettlementList((SettlementSummary(
        _ID, "horizon", 41, _DAY, 481_220, 312, 312, "47" * 32, "ready", references=True,
        written="2026-03-02T05:00:00Z",
    ),)),
}  # fmt: skip
"""By operation id, what a good answer looks like."""
