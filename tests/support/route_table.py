"""Every route and every kind of caller, with what is expected: the table that the walk compares with the running hub.

A route that is in the OpenAPI document or among the hot paths and not in here fails the walk.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rempart.domain.authorities import AUTHORITIES

Expected = tuple[int, str]

SIGN_IN: dict[str, Expected] = {
    "nobody": (401, "token-required"),
    "expired token": (401, "invalid-token"),
    "revoked token": (401, "invalid-token"),
    "another key": (401, "wrong-key"),
    "forged certificate": (401, "forged-certificate-header"),
}
STANDING: dict[str, Expected] = {
    "suspended client": (403, "client-standing"),
    "suspended site": (403, "site-standing"),
}
PEOPLE = {"person": "professional", "staff": "staff", "manager": "manager"}
"""Callers who are people of the site, and their roles."""
DESKS = ("agent", "support", "security", "data-protection", "case-worker", "insurer-manager")
"""Callers who are people of a desk: the operator's own, or the insurer's. Each is called as its role."""
SIGNED = ("site", "other site", "vendor", "concentrator", "insurer", *PEOPLE, *DESKS)
CALLERS = (*SIGN_IN, *SIGNED, *STANDING)


@dataclass(frozen=True, slots=True)
class Row:
    """One route: `path` with its names, and what each caller gets. `body` names what the walk sends."""

    operation: str
    method: str
    path: str
    expected: dict[str, Expected]
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def _signed(allowed: int, **refused: Expected) -> dict[str, Expected]:
    """An insurer's client and desks have no site, so the routes of sites refuse them.

    People of a site get what `person` gets.
    """
    everybody = {role: refused["person"] for role in PEOPLE if "person" in refused}
    siteless = dict.fromkeys(("insurer", *DESKS), (403, "site-standing"))
    refused = siteless | everybody | refused
    own = {caller: refused.get(caller.replace(" ", "_"), (allowed, "")) for caller in SIGNED}
    return SIGN_IN | own | STANDING


def _of_insurers(found: Expected) -> dict[str, Expected]:
    """Any client but an insurer's is refused for what it is, suspended or not."""
    others = dict.fromkeys(SIGNED, (403, "purpose"))
    return SIGN_IN | others | dict.fromkeys(STANDING, (403, "purpose")) | {"insurer": found}


def _of_people(found: Expected) -> dict[str, Expected]:
    """A program has no session of a person."""
    programs = dict.fromkeys((*SIGNED, *STANDING), (403, "purpose"))
    return SIGN_IN | programs | dict.fromkeys((*PEOPLE, *DESKS), found)


def _of_desk(action: str, found: Expected) -> dict[str, Expected]:
    """Who has the action at a desk; everybody else is refused for what they are, suspended or not."""
    others = dict.fromkeys((*SIGNED, *STANDING), (403, "purpose"))
    return SIGN_IN | others | {role: found for role in DESKS if action in AUTHORITIES[role]}


def _at_site(found: Expected) -> dict[str, Expected]:
    """People of a site alone: a desk has no workstation and no locum."""
    return _of_people(found) | dict.fromkeys(DESKS, (403, "purpose"))


def _withdrawn(expected: dict[str, Expected]) -> dict[str, Expected]:
    """Staff take nothing back, whether it is there or not."""
    return expected | {"staff": (403, "purpose")}


def _managed(expected: dict[str, Expected]) -> dict[str, Expected]:
    """A manager alone, of the site's people or of an insurer's desk."""
    desks = {role: (403, "purpose") for role in DESKS if role != "insurer-manager" and expected[role][0] != 403}
    return expected | {"staff": (403, "purpose"), "person": (403, "purpose")} | desks


def _open(status: int, code: str) -> dict[str, Expected]:
    return dict.fromkeys(CALLERS, (status, code))


def _at_counter(found: Expected) -> dict[str, Expected]:
    """A site's people alone: its programs have no page, and a desk has no counter."""
    programs = dict.fromkeys(("site", "other site", "vendor", "concentrator"), (403, "purpose"))
    return _signed(200) | programs | dict.fromkeys(PEOPLE, found)


ABSENT: Expected = (404, "not-found")
PDF_IDENTITY = "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7"  # no such remittance: allowed callers get `not-found`
NOBODYS = _signed(404, site=ABSENT, other_site=ABSENT, vendor=ABSENT, person=ABSENT, concentrator=ABSENT)
# Its own people and program alone read of a site who asks there.
_OWN_SITE = _signed(200, vendor=(403, "purpose"), concentrator=(403, "purpose"))

ROUTES: tuple[Row, ...] = (
    Row("AskEligibility", "POST", "/v1/eligibility", _signed(200, concentrator=(403, "purpose")), "question"),
    Row("AskEstimate", "POST", "/v1/estimates", _signed(200, concentrator=(403, "purpose")), "estimate"),
    Row("FindOwnRecords", "POST", "/v1/own-records", _signed(200, concentrator=(403, "purpose")), "question"),
    Row("ListNotices", "GET", "/v1/notices?since=0&newest=true", _signed(200)),
    Row("ListWebhooks", "GET", "/v1/webhooks", _signed(200)),
    Row("ResumeWebhook", "POST", f"/v1/webhooks/{PDF_IDENTITY}/resume", _managed(NOBODYS)),
    Row("SendBatch", "POST", "/v1/eligibility/batches", _signed(202, concentrator=(403, "purpose")), "batch",
        {"Idempotency-Key": "route-table-batch"}),
    Row("ReadBatch", "GET", f"/v1/eligibility/batches/{PDF_IDENTITY}", NOBODYS),
    Row("SendInvoices", "POST", "/v1/invoices", _signed(202), "invoices", {"Idempotency-Key": "route-table"}),
    Row("FindInvoices", "GET", "/v1/invoices?number=1", _signed(200)),
    Row("ListInvoices", "GET", "/v1/invoices/recent", _signed(200)),
    # The invoice below was sent by the site's own client and is not decided: only that client may look.
    Row("ReadInvoice", "GET", "/v1/invoices/{invoice}",
        _signed(200, other_site=ABSENT, vendor=ABSENT, person=ABSENT, concentrator=ABSENT)),
    Row("CancelInvoice", "POST", "/v1/invoices/{invoice}/cancel", _withdrawn(NOBODYS)),
    Row("SayDistinct", "POST", "/v1/invoices/{invoice}/distinct", _withdrawn(NOBODYS)),
    Row("SendFile", "POST", "/v1/files", _signed(202), "file", {"Content-Type": "application/octet-stream"}),
    Row("ListFiles", "GET", "/v1/files", _signed(200)),
    # Sent by the site's own program: no other program looks, the site's people may.
    Row("ReadFile", "GET", "/v1/files/{file}", _signed(200, other_site=ABSENT, vendor=ABSENT, concentrator=ABSENT)),
    Row("AskAuthorization", "POST", "/v1/authorizations", _signed(201, concentrator=(403, "purpose")), "quote",
        {"Idempotency-Key": "route-table-quote"}),
    Row("FindAuthorizations", "GET", "/v1/authorizations?since=0", _signed(200)),
    Row("ReadAuthorization", "GET", "/v1/authorizations/{authorization}",
        _signed(200, other_site=ABSENT, concentrator=ABSENT)),
    Row("ModifyAuthorization", "POST", "/v1/authorizations/{authorization}/modify", _signed(
        409, site=(409, "not-changeable"), other_site=ABSENT, vendor=(409, "not-changeable"),
        person=(409, "not-changeable"), concentrator=(403, "purpose")), "quote",
        {"Idempotency-Key": "route-table-other-quote"}),
    Row("CancelAuthorization", "POST", "/v1/authorizations/{authorization}/cancel", _withdrawn(_signed(
        409, site=(409, "not-changeable"), other_site=ABSENT, vendor=(409, "not-changeable"),
        person=(409, "not-changeable"), concentrator=(403, "purpose")))),
    Row("ListPending", "GET", "/v1/insurer/authorizations", _of_insurers((200, ""))),
    Row("ReadPending", "GET", "/v1/insurer/authorizations/{authorization}", _of_insurers(ABSENT)),
    Row("DecidePending", "POST", "/v1/insurer/authorizations/{authorization}/decision",
        _of_insurers((403, "bad-statement-signature")), "decision"),
    Row("DeskListPending", "GET", "/v1/desk/insurer/authorizations", _of_desk("decide", (200, ""))),
    Row("DeskReadPending", "GET", "/v1/desk/insurer/authorizations/{authorization}", _of_desk("decide", ABSENT)),
    Row("DeskDecidePending", "POST", "/v1/desk/insurer/authorizations/{authorization}/decision",
        _of_desk("decide", ABSENT), "desk decision"),
    Row("DeskListRightsFiles", "GET", "/v1/desk/insurer/rights-files", _of_desk("insurer-read", (200, ""))),
    Row("DeskReadRightsFile", "GET", "/v1/desk/insurer/rights-files/987654", _of_desk("insurer-read", ABSENT)),
    Row("DeskSpeakOnRightsFile", "POST", "/v1/desk/insurer/rights-files/987654/word", _of_desk("release", ABSENT),
        "desk word"),
    Row("DeskReadPublished", "GET", "/v1/desk/insurer/published", _of_desk("insurer-read", (200, ""))),
    Row("DeskReadFunds", "GET", "/v1/desk/insurer/funds", _of_desk("insurer-read", (200, ""))),
    Row("DeskListSettlements", "GET", "/v1/desk/insurer/settlements", _of_desk("insurer-read", (200, ""))),
    Row("DeskFetchSettlement", "GET", f"/v1/desk/insurer/settlements/{PDF_IDENTITY}/file",
        _of_desk("insurer-read", ABSENT)),
    Row("ListRemittances", "GET", "/v1/remittances", _signed(200)),
    Row("ReadRemittance", "GET", f"/v1/remittances/{PDF_IDENTITY}", NOBODYS),
    Row("PrintRemittance", "GET", f"/v1/remittances/{PDF_IDENTITY}/advice.pdf", NOBODYS),
    Row("ReturnRemittance", "GET", f"/v1/remittances/{PDF_IDENTITY}/advice.noemie", NOBODYS),
    # Nobody's wish is there to be seconded.
    Row("ListExports", "GET", "/v1/exports", _at_counter((200, ""))),
    Row("SignExport", "POST", "/v1/exports", _at_counter(ABSENT), "export"),
    Row("DeskListExports", "GET", "/v1/desk/insurer/exports", _of_desk("insurer-read", (200, ""))),
    Row("DeskSignExport", "POST", "/v1/desk/insurer/exports", _of_desk("insurer-read", ABSENT), "desk export"),
    Row("ListClawBacks", "GET", "/v1/claw-backs", _signed(200)),
    Row("DisputeClawBack", "POST", f"/v1/claw-backs/{PDF_IDENTITY}/dispute", _withdrawn(NOBODYS)),
    Row("ListDebts", "GET", "/v1/debts", _signed(200)),
    Row("PrintDemand", "GET", f"/v1/debts/{PDF_IDENTITY}/demand.pdf", NOBODYS),
    Row("ReadFigures", "GET", "/v1/figures", _signed(200)),
    Row("ListQuestions", "GET", "/v1/questions", _OWN_SITE),
    Row("CountQuestions", "GET", "/v1/questions/counts", _OWN_SITE),
    Row("ReadOwnSite", "GET", "/v1/own-site", _OWN_SITE),
    Row("ReadWaitingRoom", "GET", "/v1/waiting-room", _at_counter((200, ""))),
    Row("LeaveInWaitingRoom", "POST", "/v1/waiting-room", _at_counter((409, "not-closed")), "left"),
    Row("ListSettlements", "GET", "/v1/settlements", _of_insurers((200, ""))),
    Row("ReadSettlement", "GET", f"/v1/settlements/{PDF_IDENTITY}", _of_insurers(ABSENT)),
    Row("FetchSettlement", "GET", f"/v1/settlements/{PDF_IDENTITY}/file", _of_insurers(ABSENT)),
    Row("FetchSettlementReferences", "GET", f"/v1/settlements/{PDF_IDENTITY}/references", _of_insurers(ABSENT)),
    Row("AnswerSettlement", "POST", f"/v1/settlements/{PDF_IDENTITY}/answers",
        _of_insurers((403, "bad-statement-signature")), "settlement answers"),
    Row("ReturnFile", "GET", "/v1/files/{file}/noemie",
        _signed(200, other_site=ABSENT, vendor=ABSENT, concentrator=ABSENT)),
    Row("SendOpticsMessage", "POST", "/v1/optics/messages", _signed(200, concentrator=(403, "purpose")),
        "optics query", {"Content-Type": "application/xml"}),
    Row("FhirMetadata", "GET", "/fhir/metadata", _open(200, "")),
    Row("FhirAskEligibility", "POST", "/fhir/CoverageEligibilityRequest/$submit",
        _signed(200, concentrator=(403, "purpose")), "fhir question"),
    Row("FhirSendClaim", "POST", "/fhir/Claim/$submit", _signed(200), "fhir claim",
        {"Idempotency-Key": "route-table-fhir"}),
    Row("FhirReadClaim", "GET", "/fhir/ClaimResponse/{invoice}",
        _signed(200, other_site=ABSENT, vendor=ABSENT, person=ABSENT, concentrator=ABSENT)),
    Row("FhirReadPayment", "GET", f"/fhir/PaymentReconciliation/{PDF_IDENTITY}", NOBODYS),
    Row("FhirReadNotice", "GET", f"/fhir/PaymentNotice/{PDF_IDENTITY}", NOBODYS),
    Row("GivePresenceCode", "POST", "/v1/insurer/presence-codes",
        _of_insurers((403, "bad-statement-signature")), "presence code"),
    Row("CheckRecord", "POST", "/v1/insurer/record-check",
        _of_insurers((403, "bad-statement-signature")), "record check"),
    Row("RenewSession", "POST", "/v1/session/renew", _of_people((200, "")), "renewal"),
    Row("ReadAccount", "GET", "/v1/account", _of_people((200, ""))),
    Row("AddPasskey", "POST", "/v1/account/passkeys", _of_people((409, "challenge-invalid")), "passkey"),
    # Nobody's passkey, and nobody's session: the first is absent, the second is over either way.
    Row("EndPasskey", "POST", "/v1/account/passkeys/" + "0" * 32 + "/end", _of_people(ABSENT)),
    Row("EndOneSession", "POST", "/v1/account/sessions/" + "0" * 16 + "/end", _of_people((204, ""))),
    Row("RecoverColleague", "POST", "/v1/account/recoveries",
        _managed(_of_people((409, "challenge-invalid"))), "recovery"),
    # Another operator's site, and nobody's account: absent. Challenges are of nobody.
    Row("DeskListSites", "GET", "/v1/desk/sites?number=99", _of_desk("register", (200, ""))),
    Row("DeskReadSite", "GET", "/v1/desk/sites/910000009", _of_desk("register", ABSENT)),
    Row("DeskListAccounts", "GET", "/v1/desk/accounts", _of_desk("register", (200, ""))),
    Row("DeskReadAccount", "GET", "/v1/desk/accounts/a000000000000000", _of_desk("register", ABSENT)),
    Row("DeskSetSiteStanding", "POST", "/v1/desk/sites/910000009/standing",
        _of_desk("register", ABSENT), "desk standing"),
    Row("DeskSetAccountStanding", "POST", "/v1/desk/accounts/a000000000000000/standing",
        _of_desk("register", ABSENT), "desk standing"),
    Row("DeskEndCodes", "POST", "/v1/desk/accounts/a000000000000000/codes/end", _of_desk("register", ABSENT)),
    Row("DeskInvite", "POST", "/v1/desk/invitations", _of_desk("register", (409, "challenge-invalid")), "desk invite"),
    Row("DeskListEnrolments", "GET", "/v1/desk/enrolments", _of_desk("register", (200, ""))),
    Row("DeskReadEnrolment", "GET", f"/v1/desk/enrolments/{PDF_IDENTITY}", _of_desk("register", ABSENT)),
    Row("DeskFetchEnrolmentDocument", "GET", f"/v1/desk/enrolments/{PDF_IDENTITY}/document",
        _of_desk("register", ABSENT)),
    Row("DeskAgreeEnrolment", "POST", f"/v1/desk/enrolments/{PDF_IDENTITY}/yes", _of_desk("register", ABSENT),
        "desk yes"),
    Row("DeskAnswerEnrolment", "POST", f"/v1/desk/enrolments/{PDF_IDENTITY}/answer", _of_desk("register", ABSENT),
        "desk answer"),
    Row("DeskRecoverAccount", "POST", "/v1/desk/accounts/a000000000000000/recovery",
        _of_desk("register", (409, "challenge-invalid")), "desk recovery"),
    Row("DeskCountLog", "GET", "/v1/desk/log/counts?by=day&period=2026-03-02/2026-03-02",
        _of_desk("log-read", (200, ""))),
    Row("DeskReadLogEntry", "GET", "/v1/desk/log/questions/06C5K1V2N8Q0", _of_desk("log-read", ABSENT)),
    Row("DeskCountRejections", "GET", "/v1/desk/insurer/rejections", _of_desk("insurer-read", (200, ""))),
    Row("DeskListRejections", "GET", "/v1/desk/insurer/rejections/rights-closed", _of_desk("insurer-read", (200, ""))),
    Row("DeskReadCompartments", "GET", "/v1/desk/compartments", _of_desk("compartments", (200, ""))),
    Row("DeskShutCompartment", "POST", "/v1/desk/compartments/portal:azur/shut",
        _of_desk("compartments", ABSENT), "desk shut"),
    Row("DeskOpenCompartment", "POST", "/v1/desk/compartments/portal:azur/open",
        _of_desk("compartments", ABSENT), "desk open"),
    Row("ReadSupportQuestion", "GET", "/v1/desk/support/questions?question=06C5K1V2N8Q0",
        _of_desk("support-read", ABSENT)),
    Row("ReadSupportInvoices", "GET", "/v1/desk/support/invoices?site=123456782&number=1",
        _of_desk("support-read", ABSENT)),
    Row("ReadSupportAuthorization", "GET", "/v1/desk/support/authorizations?reference=P0000000000000000000",
        _of_desk("support-read", (422, "invalid-fields"))),
    # No change of bank details waits in the walk, and nobody signed one.
    Row("ReadBankDetails", "GET", "/v1/bank-details", _at_site((200, ""))),
    Row("ProposeBankDetails", "POST", "/v1/bank-details/changes",
        _withdrawn(_at_site((409, "challenge-invalid"))), "bank proposal"),
    Row("ApproveBankDetails", "POST", f"/v1/bank-details/changes/{PDF_IDENTITY}/approve",
        _managed(_at_site(ABSENT)), "bank approval"),
    Row("CancelBankDetails", "POST", f"/v1/bank-details/changes/{PDF_IDENTITY}/cancel",
        _withdrawn(_at_site(ABSENT))),
    # A key, a PIN and days of nobody's: challenges are none, and no workstation and no locum is called so.
    Row("ListStations", "GET", "/v1/stations", _at_site((200, ""))),
    Row("EnrolStation", "POST", "/v1/stations", _managed(_at_site((409, "challenge-invalid"))), "station"),
    Row("EndStation", "POST", "/v1/stations/" + "0" * 32 + "/end", _managed(_at_site(ABSENT))),
    Row("SitDown", "POST", "/v1/stations/" + "0" * 32 + "/seats", _at_site((409, "challenge-invalid")), "seat"),
    # No point of any curve, and a key of nobody's.
    Row("ListReceiptKeys", "GET", "/v1/receipt-keys", _at_counter((200, ""))),
    Row("EnrolReceiptKey", "POST", "/v1/receipt-keys", _at_counter((422, "invalid-fields")), "receipt key"),
    Row("EndReceiptKey", "POST", "/v1/receipt-keys/" + "0" * 32 + "/end", _at_counter(ABSENT)),
    Row("DelegateSite", "POST", "/v1/delegations", _managed(_at_site((409, "challenge-invalid"))), "delegation"),
    Row("GiveDelegationCode", "POST", "/v1/delegation-codes", _managed(_at_site((409, "challenge-invalid"))),
        "delegation code"),
    Row("TakeDelegation", "POST", "/v1/delegations/take", _at_site((403, "code-unknown")), "delegation claim"),
    Row("EndDelegation", "POST", "/v1/delegations/a000000000000000/end", _managed(_at_site(ABSENT))),
    Row("GiveMandateCode", "POST", "/v1/mandate-codes",
        _managed(_at_site((409, "challenge-invalid"))), "mandate code"),
    Row("RenewMandate", "POST", "/v1/mandates/renewals", _managed(_at_site(ABSENT)), "mandate renewal"),
    Row("EndMandate", "POST", "/v1/mandates/ends", _managed(_at_site(ABSENT)), "mandate end"),
    # A program without a mandate has no token for the site: it comes with an assertion, here of nobody.
    Row("ClaimMandate", "POST", "/v1/mandates", _open(403, "assertion-refused"), "mandate claim"),
    # Keys are public, and signed by the keeper.
    Row("ReadKeeperKeys", "GET", "/v1/keeper-keys", _open(200, "")),
    Row("ReadInsurerKeys", "GET", "/v1/insurers/0099000137/keys", _open(200, "")),
    # Stand-in rules are public and signed by their insurer; none is published in the walk.
    Row("ReadStandIn", "GET", "/v1/insurers/0099000137/stand-in", _open(404, "not-found")),
    # Whether the service is open is for everyone.
    Row("ReadStatus", "GET", "/v1/operators/horizon/status", _open(200, "")),
    # The log is for anyone, and holds hashes only; nothing is folded yet, so there is no month.
    Row("ReadCheckpoint", "GET", "/log/2026-03/checkpoint", _open(404, "not-found")),
    Row("ReadProof", "GET", "/log/2026-03/proof?from=1&to=2", _open(404, "not-found")),
    Row("ReadTile", "GET", "/log/2026-03/tile/0/000", _open(404, "not-found")),
    # The last two: who ends a session is nobody afterwards.
    Row("EndSession", "POST", "/v1/session/end", _of_people((204, ""))),
    Row("EndEverySession", "POST", "/v1/account/sessions/end", _of_people((401, "invalid-token"))),
)  # fmt: skip

PORTAL_ROUTES = {
    "AskChallenge": "/v1/sign-in/challenge",
    "EnrolPasskey": "/v1/sign-in/enrol",
    "SignInByPasskey": "/v1/sign-in/passkey",
    "SignInByProvider": "/v1/sign-in/provider",
    "OpenEnrolment": "/v1/enrolment/open",
    "ShowEnrolment": "/v1/enrolment/show",
    "ChooseEnrolmentPlace": "/v1/enrolment/place",
    "SendEnrolmentDocument": "/v1/enrolment/documents",
    "SignInByPin": "/v1/sign-in/pin",
    "SignInByHospital": "/v1/sign-in/hospital",
}
"""Routes of who is not signed in yet, by a portal's proof."""
PORTAL_REFUSALS: dict[str, Expected] = {
    "stranger's key": (403, "portal-key-unknown"),
    "other operator": (403, "unknown-portal"),
    "no invitation": (403, "invitation-unknown"),
    "no passkey": (401, "unknown-passkey"),
    "challenge of another purpose": (409, "challenge-invalid"),
}

TOKEN_ROUTES: dict[str, dict[str, Expected]] = {
    "IssueToken": {
        "nobody": (400, "missing-field"),
        "no proof": (400, "binding-required"),
        "forged certificate": (400, "forged-certificate-header"),
        "site": (200, ""),
        "site for another site": (403, "no-mandate"),
        "vendor": (200, ""),
        "vendor without mandate": (403, "no-mandate"),
        "concentrator": (200, ""),
        "concentrator without mandate": (403, "no-mandate"),
        "suspended client": (403, "client-suspended"),
        "suspended site": (403, "site-suspended"),
    },
    "RevokeToken": {
        "nobody": (400, "missing-field"),
        "site": (200, ""),
        "another client's token": (200, ""),
    },
}
