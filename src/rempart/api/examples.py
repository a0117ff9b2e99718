"""One invented request and answer for each operation of the API, built from the wire's own types.

Nobody is meant: the NIR's commune code (925) and the numbers of insurer and site are from ranges that do not exist.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from rempart.api import (
    people_examples,
    schema_account,
    schema_desk_gaps,
    schema_enrolment,
    schema_insurer_desk,
    schema_mandates,
    schema_operator_desk,
    schema_own_bank,
    schema_presence,
    schema_provider,
    schema_receipts,
    schema_stations,
)
from rempart.api.money_examples import CLAW_BACK, INSURER, MONEY, SETTLEMENT
from rempart.api.schema_own_site import ANSWERS as OWN_SITE_ANSWERS
from rempart.api.schema_support import ANSWERS as SUPPORT_ANSWERS
from rempart.api.schema_waiting_room import ANSWERS as WAITING_ROOM_ANSWERS
from rempart.api.schema_waiting_room import REQUESTS as WAITING_ROOM_REQUESTS
from rempart.documents.status_page import status
from rempart.domain.authorization import if_rights_end
from rempart.domain.compartments import Closure
from rempart.domain.reasons import sentence
from rempart.wire.authorizations import (
    Attachment,
    AuthorizationChange,
    AuthorizationList,
    AuthorizationRequest,
    AuthorizationState,
    DecisionAnswer,
    PendingAuthorization,
    PendingCase,
    PendingList,
    QuoteLine,
    SealedPart,
    SignedDecision,
    StatedLine,
    Statement,
)
from rempart.wire.batches import BatchAnswer, BatchItem, BatchReceipt, BatchRequest, BatchState, ItemRefusal
from rempart.wire.eligibility import DomainAnswer, EligibilityAnswer, EligibilityRequest
from rempart.wire.estimates import EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.invoices import (
    CorrectionRequest,
    EventState,
    Fault,
    FileReceipt,
    FileState,
    InvoiceList,
    InvoiceReceipt,
    InvoiceRequest,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
    InvoiceSummary,
    LineRequest,
    LineState,
    ParticularsRequest,
    RuleLine,
)
from rempart.wire.own_records import OwnAuthorization, OwnInvoice, OwnRecords
from rempart.wire.payments import (
    AdviceDeduction,
    AdviceInvoice,
    AdviceNote,
    AdvicePart,
    AdvicePenalty,
    AdviceRejection,
    ClawBackState,
    RemittanceAdvice,
    RemittanceList,
    RemittanceSummary,
    WaitingPayment,
)
from rempart.wire.record_check import (
    HeldPeriod,
    RecordCheckAnswer,
    RecordCheckRequest,
    RecordStatement,
    RightsFileNamed,
)
from rempart.wire.token import ASSERTION_TYPE, GRANT_TYPE, RevokeRequest, TokenAnswer, TokenRequest
from rempart.wire.webhooks import WebhookEvent, WebhookState

DAY = "2026-03-02"
SITE = "990000002"
MEMBER = "12345678"
NIR = "285047592512345"
ACCREDITATION = "ABG2J 04W06 818G1 8010K"
QUESTION = "CK07MSGGMG00"
FILE = "019caddd-6600-7a1e-8c33-5d2f00000000"
INVOICE = "019caddd-6600-7a1e-8c33-5d2f00000001"
AUTHORIZATION = "019caddd-6600-7a1e-8c33-5d2f0000000a"
BATCH = "019caddd-6600-7a1e-8c33-5d2f4b1c0d0e"
WEBHOOK = "019caddd-6600-4a1e-8c33-5d2f0000000b"
REMITTANCE = "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7"
TOKEN = "w2YcXv5tq0m6s8G1rTn3bJ9kLz4aQe7uHdPoIyXfVgA"  # noqa: S105 - invented, opens nothing
ASSERTION = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6Ii4uLiJ9.eyJpc3MiOiIuLi4ifQ.c2lnbmF0dXJl"

_LINE = LineRequest(DAY, "PH7", "pharmacy", 1340, 65, 871, 1340, 469, unit_price=1340, detail=(("CIP", "3400996", 1),))
_PAID = RemittanceSummary(
    REMITTANCE, "2026-03-04", 469, 1, "settled", "RP20260304000001", "operator", "operator", "2026-03-05T05:12:00Z"
)
_CLAW_BACK = ClawBackState(
    CLAW_BACK, "019caddd-6600-7a1e-8c33-5d2f00000003", "000000017", INSURER, 200, 200, "over-billing",
    sentence("over-billing"), "recovered", "2026-02-17",
)  # fmt: skip

_LENS = QuoteLine(
    "VER",
    "optics",
    5,
    60,
    12000,
    particulars=ParticularsRequest("lens", "left", correction=CorrectionRequest(-225), basket="B"),
)
_ESTIMATE = EstimateRequest(
    INSURER, MEMBER, "1985-04-12", "machine", (EstimateLine("PH7", "pharmacy", 4000, 65, 4000, care_date=DAY),),
    accreditation=ACCREDITATION, nir=NIR, rank="1",
)  # fmt: skip
_SHOWN = EligibilityRequest(INSURER, MEMBER, "1985-04-12", DAY, ("OPTI",), "machine", nir=NIR, rank="1")
_QUOTE = AuthorizationRequest(
    INSURER, MEMBER, "1985-04-12", "machine", DAY, (_LENS,), nir=NIR, rank="1", site_reference="T2-0041",
    attachments=(Attachment("prescription", b"%PDF-1.7"),),
)  # fmt: skip
_AGREED = AuthorizationState(
    AUTHORIZATION, "agreed", "2026-03-02T10:00:00Z", DAY, reference="PBG2J 04W06 818G1 8010T", site_reference="T2-0041",
    valid_from=DAY, valid_until="2026-08-28", delivery_until="2026-09-12",
    if_rights_end=if_rights_end(date(2026, 9, 12), cut=False), line_tolerance=100, total_tolerance=200, spent=12000,
    amo=3, amc=11997, patient=0,
    lines=(LineState(1, "OPTI", 12000, 3, 11997, 0, (RuleLine("formula-of-table", 11997),)),),
    events=(
        EventState("requested", "2026-03-02T10:00:00Z", "site"), EventState("agreed", "2026-03-02T10:00:00Z", "table"),
    ),
)  # fmt: skip
_STATEMENT = Statement(AUTHORIZATION, "agreed", "2026-03-03T09:12:00Z", (StatedLine(1, 10000),))

REQUESTS: dict[str, Any] = {
    **people_examples.REQUESTS,
    **schema_account.REQUESTS,
    **WAITING_ROOM_REQUESTS,
    **schema_stations.REQUESTS,
    **schema_receipts.RECEIPT_REQUESTS,
    **schema_own_bank.REQUESTS,
    **schema_mandates.REQUESTS,
    **schema_operator_desk.REQUESTS,
    **schema_desk_gaps.REQUESTS,
    **schema_presence.REQUESTS,
    **schema_provider.REQUESTS,
    **schema_enrolment.REQUESTS,
    **schema_insurer_desk.REQUESTS,
    "IssueToken": TokenRequest(GRANT_TYPE, ASSERTION_TYPE, ASSERTION, SITE),
    "RevokeToken": RevokeRequest(TOKEN, ASSERTION_TYPE, ASSERTION),
    "AskEligibility": EligibilityRequest(
        INSURER, MEMBER, "1985-04-12", DAY, ("PHAR",), "typed", nir=NIR, rank="1", site_reference="T2-0041"
    ),
    "AskEstimate": _ESTIMATE,
    "SendBatch": BatchRequest((BatchItem(1, _SHOWN), BatchItem(2, msgspec.structs.replace(_SHOWN, rank="2")))),
    "FindOwnRecords": _SHOWN,
    "AskAuthorization": _QUOTE,
    "ModifyAuthorization": _QUOTE,
    "CheckRecord": RecordCheckRequest(
        msgspec.json.encode(
            RecordStatement("0000401166", "INVENTED", None, "850412", "1", "2026-03-02", 1_772_445_600)
        ),
        bytes(64),
    ),
    "DecidePending": SignedDecision(msgspec.json.encode(_STATEMENT), bytes(64)),
    "SendInvoices": InvoicesRequest(
        (
            InvoiceRequest(
                "000000041", DAY, INSURER, MEMBER, "1985-04-12", (_LINE,), nir=NIR, rank="1",
                accreditation=ACCREDITATION.replace(" ", ""), site_reference="T2-0041",
            ),
        )
    ),
}  # fmt: skip
"""By operation id. A file's body is not here: samples of B2 files are in the documentation of that format."""

_SHUT = 1_772_438_400_000_000  # 2 March 2026, 08:00 UTC
_HOUR = 3_600_000_000
ANSWERS: dict[str, Any] = {
    "SendBatch": BatchReceipt(BATCH, 2, "2026-03-01T17:21:40Z", (ItemRefusal(2, "unknown-amc-number"),)),
    "ReadBatch": BatchState(
        BATCH, "ready", 2, "2026-03-01T17:21:40Z",
        (
            BatchAnswer(1, answer=EligibilityAnswer("not-confirmed", QUESTION, padding="   ")),
            BatchAnswer(2, "unknown-amc-number"),
        ),
    ),
    "AskEstimate": EstimateAnswer(
        "estimated", spent=4000, amo=2600, amc=1400,
        lines=(LineState(1, "PHAR", 4000, 2600, 1400, 0, (RuleLine("formula-of-table", 1400),)),), padding="   ",
    ),
    "AskAuthorization": _AGREED,
    "ModifyAuthorization": _AGREED,
    "ReadAuthorization": _AGREED,
    "FindAuthorizations": AuthorizationList(
        changes=(AuthorizationChange(418, AUTHORIZATION, "agreed", "2026-03-03T09:12:01Z", "insurer", "T2-0041"),),
        next=418,
    ),
    "CancelAuthorization": {"state": "cancelled"},
    "CheckRecord": RecordCheckAnswer(
        "covered", "ESS-1", "1", "responsible", "", (HeldPeriod("OPTI", "2026-01-01", "2026-12-31", "100"),),
        RightsFileNamed("full", 12, "0" * 64, "2026-03-01T04:00:00Z"), bytes(88), bytes(88), bytes(16),
    ),
    "ListPending": PendingList(
        (PendingAuthorization(AUTHORIZATION, "2026-03-02T10:00:00Z", SITE, "OPTI", "amount-to-review", 12000, 11997),)
    ),
    "ReadPending": PendingCase(
        AUTHORIZATION, "2026-03-02T10:00:00Z", SITE, "OPTI", "amount-to-review",
        (LineState(1, "OPTI", 12000, 3, 11997, 0),), (SealedPart(0, "request", bytes(24)),),
    ),
    "DecidePending": DecisionAnswer("agreed"),
    "FindOwnRecords": OwnRecords(
        (OwnAuthorization(AUTHORIZATION, "PBG2J 04W06 818G1 8010T", "agreed", "2026-03-02T10:00:00Z", "T2-0041"),),
        (OwnInvoice(INVOICE, "000000041", "paid", "2026-02-12T10:00:00Z", "T2-0041"),), padding="    ",
    ),
    "ListWebhooks": [
        WebhookState(
            WEBHOOK, "https://hooks.vendor.example/rempart", "stopped", "no-answer", 14, "", "2026-02-01T08:00:00Z",
            (
                WebhookEvent("good", "2026-02-01T08:00:00Z", "added", "operator"),
                WebhookEvent("stopped", "2026-03-02T04:00:00Z", "no-answer", "worker"),
            ),
        )
    ],
    "ResumeWebhook": {"state": "good"},
    **people_examples.ANSWERS,
    **schema_account.ANSWERS,
    **schema_stations.ANSWERS,
    **schema_receipts.RECEIPT_ANSWERS,
    **schema_own_bank.ANSWERS,
    **schema_mandates.ANSWERS,
    **schema_operator_desk.ANSWERS,
    **schema_desk_gaps.ANSWERS,
    **schema_presence.ANSWERS,
    **schema_provider.ANSWERS,
    **schema_enrolment.ANSWERS,
    **schema_insurer_desk.ANSWERS,
    "IssueToken": TokenAnswer(TOKEN, "DPoP", 900, SITE),
    "AskEligibility": EligibilityAnswer(
        "covered", QUESTION, (DomainAnswer("PHAR", open=True, start="2026-01-01", end="2026-12-31", formula="100"),),
        ACCREDITATION, DAY, DAY, "responsible", padding="    ",
    ),
    "SendInvoices": InvoicesReceipt(
        FILE,
        (
            InvoiceReceipt("000000041", "received", INVOICE),
            InvoiceReceipt("000000042", "refused", faults=(Fault("nir-key", "nir"),)),
        ),
    ),
    "FindInvoices": [INVOICE],
    "ListInvoices": InvoiceList(
        (InvoiceSummary(
            INVOICE, "000000041", DAY, "2026-03-02T10:00:00Z", "paid", spent=1340, amo=871, amc=469, patient=0
        ),)
    ),
    "ReadInvoice": InvoiceState(
        INVOICE, "000000041", "paid", spent=1340, amo=871, amc=469, patient=0,
        lines=(LineState(1, "PHAR", 1340, 871, 469, 0, (RuleLine("ticket-moderateur", 469),)),),
        events=(
            EventState("received", "2026-03-02T10:00:00Z"),
            EventState("accepted", "2026-03-02T10:00:02Z"),
            EventState("paid", "2026-03-05T05:12:00Z"),
        ),
    ),
    "ReadStatus": status("horizon", [Closure("portal:horizon", "closed", "maintenance", _SHUT, _SHUT + _HOUR)], _SHUT),
    "CancelInvoice": {"state": "cancelled"},
    "SayDistinct": {"state": "held"},
    "SendFile": FileReceipt(FILE, "received"),
    "ReadFile": FileState(
        FILE, "decided", "2026-03-02T19:42:10Z", invoices=212, accepted=205, rejected=4, held=1, refused=2,
        faults=(Fault("nir-key", "nir", record=118, position=20, level="invoice", site=SITE, number="000000042"),),
        fault_count=2,
    ),
    "ListRemittances": RemittanceList(
        (_PAID,), "2026-02-27",
        (WaitingPayment(
            INSURER, "operator", 2210, "insurer-out-of-funds", sentence("insurer-out-of-funds"), "2026-03-03T05:00:00Z"
        ),),
    ),
    "ListClawBacks": [_CLAW_BACK],
    "DisputeClawBack": {"state": "disputed"},
    **MONEY,
    **OWN_SITE_ANSWERS,
    **WAITING_ROOM_ANSWERS,
    **SUPPORT_ANSWERS,
    "ReadRemittance": RemittanceAdvice(
        SITE, _PAID,
        (
            AdvicePart(INSURER, "Mutuelle inventée", 469, (
                AdviceInvoice(INVOICE, "000000041", DAY, 1340, 871, 469, 0, (
                    AdviceNote(1, "PHAR", "domain-not-covered", sentence("domain-not-covered")),
                )),
            )),
        ),
        (AdviceRejection(
            "019caddd-6600-7a1e-8c33-5d2f00000007", "000000047", DAY, INSURER, 2210, "rights-closed",
            sentence("rights-closed"),
        ),),
        (AdviceDeduction(
            CLAW_BACK, "019caddd-6600-7a1e-8c33-5d2f00000003", "000000017", "2026-01-12", INSURER, "over-billing",
            sentence("over-billing"), 200, 0,
        ),),
        (AdvicePenalty(
            "019caddd-6600-7a1e-8c33-5d2f00000011", INSURER, "2025-2", 2, "late-payment-penalty",
            sentence("late-payment-penalty"), 200,
        ),),
    ),
}  # fmt: skip
"""By operation id, what a good answer looks like."""

TEXTS: dict[str, str] = {
    "ReadCheckpoint": "rempart.example/log/2026-03\n1204\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"
    "— rempart.example/log AAAAAInvented0signature=\n",
    "ReadStandIn": '{"format":"rempart-stand-in/1","insurer":"0000401166","sequence":3,"from":"2026-11-01",'
    '"to":"2026-12-31","rules":[{"evidence":"card","most":15000,"professions":["pharmacy"]}]}\n'
    "AAAAAInvented0signature=\n",
    "ReadKeeperKeys": "eyJhbGciOiJFZERTQSJ9.eyJob2xkZXIiOiJrZWVwZXIifQ.SW52ZW50ZWQ\n",
    "ReadInsurerKeys": "eyJhbGciOiJFZERTQSJ9.eyJob2xkZXIiOiIwMDAwNDAxMTY2In0.SW52ZW50ZWQ\n",
    "ReadProof": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
}
"""By operation id, answers that are text."""

PARAMETERS: dict[str, Any] = {
    "account": "a2b4c6d8e0f1g3h5",
    "session": "0001020304050607",
    "change": "0f8b1c1e-5d0a-4e0e-9a57-3f1d2c4b5a69",
    "Idempotency-Key": "5f0c1a52-7f3f-4f6c-9d55-0c6f3f2b9a10",
    "number": "000000041",
    "reference": "PBG2J 04W06 818G1 8010T",
    "site_reference": "T2-0041",
    "since": 417,
    "newest": False,
    "recent": 0,
    "before": "2026-02-27",
    "before_invoice": INVOICE,
    "before_file": FILE,
    "older_than": "06C5K1V2N8Q0",
    "question": "06C5K1V2N8Q0",
    "site": "990000002",
    "after": "990000002",
    "compartment": "portal:horizon",
    "enrolment": "01936e5c-7a10-7000-8000-000000000001",
    "reason": "rights-closed",
    "by": "account",
    "period": "2026-11-16/2026-11-22",
    "lines": True,
    "below": 0,
    "rights_file": 412,
    "day": DAY,
    "state": "paid",
    "month": "2026-03",
    "insurer": "0000401166",
    "operator": "horizon",
    "from": 1000,
    "to": 1204,
    "level": 0,
    "place": "004.p/180",
    "file": False,
    **dict.fromkeys(("station", "key", "passkey"), "000102030405060708090a0b0c0d0e0f"),
    **dict.fromkeys(("convention", "csr"), ""),
}
IDENTITIES: dict[str, str] = {
    "/v1/eligibility/batches/": BATCH,
    "/v1/authorizations/": AUTHORIZATION, "/v1/insurer/authorizations/": AUTHORIZATION,
    "/v1/webhooks/": WEBHOOK,
    "/v1/desk/insurer/authorizations/": AUTHORIZATION, "/v1/desk/insurer/settlements/": SETTLEMENT,
    "/v1/files/": FILE, "/v1/invoices/": INVOICE, "/v1/remittances/": REMITTANCE, "/v1/claw-backs/": CLAW_BACK,
    "/v1/debts/": CLAW_BACK, "/v1/settlements/": SETTLEMENT,
    "/fhir/ClaimResponse/": INVOICE, "/fhir/Payment": REMITTANCE,
}  # fmt: skip
"""The example of `{identity}`, by the start of its path."""


def plain(value: Any) -> Any:
    """A wire struct as the JSON it becomes, defaults left out of requests by hand of `omit`."""
    return msgspec.json.decode(msgspec.json.encode(value))


def omit(value: Any) -> Any:
    """A request as a vendor would write it: what equals its default is not said."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        return {f.name: omit(found) for f in fields if (found := getattr(value, f.name)) != f.default}
    return [omit(one) for one in value] if isinstance(value, tuple) else value
