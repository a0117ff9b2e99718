"""What the API's document says in words: each operation with the codes it may refuse with, each sign-in code.

The generated document knows shapes only; tests hold these tables to the routes, structs and codes that exist.
"""

from __future__ import annotations

from rempart.api.schema_account import ACCOUNT_WORDS
from rempart.api.schema_base import AGENT as _AGENT
from rempart.api.schema_base import ALWAYS as _ALWAYS
from rempart.api.schema_base import DOOR as _DOOR
from rempart.api.schema_base import LOOKING as _LOOKING
from rempart.api.schema_base import SIGNED as _SIGNED
from rempart.api.schema_base import Words
from rempart.api.schema_desk_gaps import DESK_GAPS
from rempart.api.schema_enrolment import ENROLMENT
from rempart.api.schema_insurer_desk import INSURER_DESK
from rempart.api.schema_log import LOG
from rempart.api.schema_money import MONEY
from rempart.api.schema_operator_desk import OPERATOR_DESK
from rempart.api.schema_own_site import OWN_SITE
from rempart.api.schema_own_site import TAG as OWN_SITE_TAG
from rempart.api.schema_people import PEOPLE, TAG
from rempart.api.schema_presence import presence_words
from rempart.api.schema_provider import PROVIDER
from rempart.api.schema_receipts import RECEIPT_WORDS
from rempart.api.schema_stations import STATION_WORDS
from rempart.api.schema_support import SUPPORT
from rempart.api.schema_support import TAG as SUPPORT_TAG
from rempart.api.schema_waiting_room import TAG as WAITING_ROOM_TAG
from rempart.api.schema_waiting_room import WAITING_ROOM

_SEALED = (
    "identity-unreadable", "identity-key-unknown", "identity-not-yours", "identity-stale", "identity-labels",
)  # fmt: skip
_CARD = (
    "card-unreadable", "card-signature", "card-key-unknown", "card-proof", "card-expired", "card-not-yet",
    "card-labels", "card-velocity",
)  # fmt: skip
_CONTRACT = ("handled-elsewhere", "site-without-contract")
_REQUESTED = (
    "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "unknown-amc-number", *_CONTRACT,
    "nir-required", "evidence", "site-budget", "client-budget", "hour-budget", "meter", "idempotency-key-required",
    "idempotency-key-reused", *_SEALED, "identity-spent", *_SIGNED, *_LOOKING,
)  # fmt: skip
_OPTICS = tuple(code for code in _REQUESTED if code not in {"repeated-field", "idempotency-key-required"})

OPERATIONS: dict[str, Words] = {
    "CheckRecord": Words(
        "What does the hub hold of a person the insurer names?",
        "For a client of kind insurer. The statement counts by its Ed25519 signature, made with the key that signs the"
        " rights files; the check is counted, and logged with purpose record-check.",
        (
            "malformed-body", "repeated-field", "body-too-large", "bad-statement-signature",
            "invalid-fields", "site-budget", "client-budget", "hour-budget", "meter", "token", *_SIGNED, *_AGENT,
        ),
        body="RecordCheckRequest",
    ),
    **presence_words(*_SIGNED, *_AGENT),
    "ReadKeeperKeys": Words(
        "To which keys may identities be sealed?",
        "A compact JWS, signed by the keeper, whose payload is a set of X25519 keys (docs/formats/identity-jwe.md)."
        " Verify it with the keeper's key, which the operator gave you; seal to the first key.",
        ("unavailable",), secured=False,
    ),
    "ReadInsurerKeys": Words(
        "To which key may attachments be sealed?",
        "The same, for the insurer that answers for a card: its AMC number, convention and CSR as on the card. What is"
        " sealed to it, neither hub nor keeper can read.",
        ("invalid-fields", "not-found", "unavailable"), secured=False,
    ),
    "ReadStatus": Words(
        "Which parts of the service are open?",
        "For one operator's public: each part with its state; of what is closed or restricted since when, why in one"
        " sentence, when it is expected to open, and what goes on meanwhile. The operator serves the same as static"
        " pages, which outlive the hub (docs/operations/compartments.md).",
        ("not-found", "unavailable"), secured=False,
    ),
    "ReadStandIn": Words(
        "What does this insurer guarantee while the hub cannot answer?",
        "Two lines of text: the rules as JSON, then their insurer's signature (docs/formats/stand-in.md). Keep both as"
        " they are, verify them with the key of your contract, and go by them for seven days at most.",
        ("not-found", "unavailable"), secured=False,
    ),
    "IssueToken": Words(
        "Ask for a token",
        "Your program proves itself with an assertion signed by its registered key (private_key_jwt, RFC 7523) and"
        " ties the"
        " token to a key of its own with a DPoP proof (RFC 9449), or to its client certificate (RFC 8705). A token"
        " speaks for"
        " one site and lives 15 minutes at most.",
        ("unavailable",), secured=False, body="TokenRequest", fails="TokenRefusal",
    ),
    "RevokeToken": Words(
        "End a token",
        "It stops at once. The answer is 200 also for a token nobody knows (RFC 7009).",
        ("unavailable",), secured=False, body="RevokeRequest", fails="TokenRefusal",
    ),
    "AskEligibility": Words(
        "Is this beneficiary covered, on this date, for these domains?",
        "You send what the card says; the answer confirms it or does not, and repeats nothing of it. When covered,"
        " it carries"
        " an accreditation: put it on the invoice. Checks that need no record (a NIR key, a date, a card of another"
        " operator)"
        " are answered at once and cost nothing. Answers leave on a fixed cadence and have the same length whatever"
        " they say. Instead of what a card prints, `card` may hold the scanned text of a signed card (CardRequest):"
        " once its signature holds, the answer tells the reason of a no. Or `code` a presence code (PresenceRequest):"
        " unknown, used, expired or another site's, it is `not-confirmed`.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "unknown-amc-number",
            *_CONTRACT, "nir-required", "evidence", "site-budget", "client-budget", "hour-budget", "meter",
            "busy", "presence-attempts", *_SEALED, "identity-spent", *_CARD, *_SIGNED, *_LOOKING,
        ),
        body="EligibilityRequest",
    ),
    "SendInvoices": Words(
        "Send one or many invoices",
        "All of the token's site, 1,000 at most. Each is received, or refused alone with its faults; the others go"
        " on. Send a"
        " fresh Idempotency-Key with each new request: after a time-out, the same key with the same body gets the first"
        " answer again and nothing is taken twice.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "idempotency-key-required",
            "idempotency-key-reused", *_SEALED, *_SIGNED, *_DOOR,
        ),
        body="InvoicesRequest",
    ),
    "FindInvoices": Words(
        "Find the site's invoices by their own number or reference",
        "By number or by site_reference, one of the two. Gives the hub's ids, the newest first; empty when there is"
        " none. It is how invoices sent in files are found again.",
        ("invalid-fields", *_SIGNED),
    ),
    "ListInvoices": Words(
        "List the site's own invoices",
        "The newest first, 50 at most; all, or those of one state or of the day they were received. Ask with"
        " next_before as before_invoice for older ones until it is empty: of one state, a page may be short before"
        " the end. Only what is decided, waiting or held is listed.",
        ("invalid-fields", *_SIGNED),
    ),
    "ReadInvoice": Words(
        "What became of an invoice",
        "Its state, what each side pays by line with the rule behind each amount, and every change with its instant and"
        " cause. No act and no identity. Reading lines is disclosed, once a day for each reader; lines=false asks for"
        " the state alone.",
        ("invalid-fields", "not-found", "unknown-route", *_SIGNED),
    ),
    "CancelInvoice": Words(
        "Cancel an invoice, or take a paid one back",
        "Its number is then free, so that a corrected invoice can be sent under it. One that is paid is taken-back: its"
        " amount is deducted from the next payments.",
        ("not-found", "not-cancellable", "unknown-route", *_SIGNED, *_DOOR),
    ),
    "SayDistinct": Words(
        "Say that an invoice held as a possible duplicate is another one",
        "It is then decided like any other. Without it, it is decided after ten working days.",
        ("not-found", "unknown-route", *_SIGNED, *_DOOR),
    ),
    "SendFile": Words(
        "Send a B2 file",
        "The body is the file, streamed. What is wrong is refused at the smallest level: the file, the lot or the"
        " invoice."
        " The same file sent again gets the first one's receipt.",
        ("file-too-large", *_SIGNED, *_DOOR),
    ),
    "ReadFile": Words(
        "What became of a file",
        "Counts by outcome and the first faults, each with its record number and position. A program reads what it"
        " sent, people whatever was sent for their site.",
        ("not-found", "unknown-route", *_SIGNED),
    ),
    **MONEY,
    **PEOPLE,
    **ACCOUNT_WORDS,
    **STATION_WORDS,
    **RECEIPT_WORDS,
    **PROVIDER,
    **ENROLMENT,
    **OWN_SITE,
    **WAITING_ROOM,
    **INSURER_DESK,
    **SUPPORT,
    **OPERATOR_DESK,
    **DESK_GAPS,
    "FhirMetadata": Words(
        "What is offered in FHIR R4",
        "A CapabilityStatement. There is no search and no Patient. Anyone may read it.",
        _ALWAYS, secured=False, fails="OperationOutcome",
    ),
    "FhirAskEligibility": Words(
        "The eligibility question, in FHIR R4",
        "A CoverageEligibilityRequest with Patient and Coverage contained. The same question as POST /v1/eligibility:"
        " same door, same log, same budgets. Unknown and server-owned fields are refused by name.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "unknown-amc-number",
            *_CONTRACT, "nir-required", "evidence", "site-budget", "client-budget", "hour-budget", "meter",
            "busy", *_SIGNED, *_LOOKING,
        ),
        fails="OperationOutcome",
    ),
    "FhirSendClaim": Words(
        "One invoice or request for an authorization, in FHIR R4",
        "A Claim of use claim, taken as POST /v1/invoices takes one: the answer is a ClaimResponse, queued. Of use"
        " preauthorization, it is a request for an authorization, as POST /v1/authorizations takes one.",
        ("use-not-offered", *_REQUESTED),
        fails="OperationOutcome",
    ),
    "FhirReadClaim": Words(
        "What became of an invoice or authorization, in FHIR R4",
        "A ClaimResponse. No act and no identity.",
        ("not-found", "unknown-route", *_SIGNED), fails="OperationOutcome",
    ),
    "FhirReadPayment": Words(
        "One payment in detail, in FHIR R4",
        "A PaymentReconciliation, by the id of the remittance.",
        ("on-probation", "not-found", "unknown-route", *_SIGNED), fails="OperationOutcome",
    ),
    "FhirReadNotice": Words(
        "Where a payment stands, in FHIR R4",
        "A PaymentNotice, by the id of the remittance.",
        ("on-probation", "not-found", "unknown-route", *_SIGNED), fails="OperationOutcome",
    ),
    "FindOwnRecords": Words(
        "What has this site of the person whose card is shown?",
        "The body is that of a question about rights, and costs the same; its date and domains change nothing. The"
        " answer lists the authorizations and invoices that this site itself asked for and sent for that person in the"
        " last 27 months, the newest first: references, numbers, states; no act. What other sites have looks like"
        " nothing.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "unknown-amc-number",
            *_CONTRACT, "nir-required", "evidence", "site-budget", "client-budget", "hour-budget", "meter",
            *_SIGNED, *_LOOKING,
        ), body="EligibilityRequest",
    ),
    "ListWebhooks": Words(
        "How the site's webhooks go",
        "Each address with its state, failures in a row, why, and what happened to it. A stopped one is told nothing"
        " until it is resumed; polling goes on.",
        _SIGNED,
    ),
    "ResumeWebhook": Words(
        "Tell a stopped webhook again",
        "From where it stopped: nothing is passed over. A person needs the role of a manager.",
        ("not-found", "unknown-route", "purpose", *_SIGNED),
    ),
    "SendBatch": Words(
        "Ask about up to 2,000 people at once, to be answered later",
        "Tomorrow's appointments, each a question as /v1/eligibility takes it under a number of yours. What needs no"
        " record is refused at once, item by item; the others are answered from ready_from on, 10 to 60 minutes later."
        " People your site knows are free; strangers count against the announced appointments of each day of care, and"
        " beyond them an item is answered appointments-budget-spent without holding up the others.",
        (
            "on-probation", "malformed-body", "repeated-field", "body-too-large", "invalid-fields",
            "idempotency-key-required", "idempotency-key-reused", *_SIGNED, *_DOOR,
        ),
        body="BatchRequest",
    ),
    "ReadBatch": Words(
        "The answers of a batch, once it is ready",
        "By the id of its receipt, for the client and site that sent it. Before ready_from it is waiting whatever was"
        " asked; a day after its release the answers are destroyed and it is expired.",
        ("not-found", "client-standing", "site-standing", *_SIGNED),
    ),
    "AskEstimate": Words(
        "What would the patient pay now?",
        "You send what the card says, or a signed card scanned (CardEstimateRequest), and the lines, or the days of a"
        " hospital stay, with your accreditation when you have one. The rules of a decision say what the compulsory"
        " scheme, the insurer and the patient would pay of each line, by name. Allowances are read as they stand;"
        " nothing is held, so another invoice may come first: a prise en charge holds.",
        (
            "malformed-body", "repeated-field", "body-too-large", "invalid-fields", "unknown-amc-number",
            *_CONTRACT, "nir-required", "evidence", "site-budget", "client-budget", "hour-budget", "meter",
            *_SEALED, "identity-spent", *_CARD, *_SIGNED, *_LOOKING,
        ), body="EstimateRequest",
    ),
    "AskAuthorization": Words(
        "Ask the insurer to agree to a quote before the care",
        "You send what the card says, the day planned for the delivery or admission, and the lines of the quote. The"
        " insurer's table agrees or refuses at once, with amounts by line; or the request is pending until a case"
        " worker of the insurer decides. The reference goes on the invoice where an accreditation would stand: an"
        " invoice that matches is then owed, even if rights closed since. A repeat under the same Idempotency-Key gets"
        " the first answer again.",
        _REQUESTED, body="AuthorizationRequest",
    ),
    "ModifyAuthorization": Words(
        "Ask again with another quote",
        "Once agreed, the new authorization replaces this one, which ends; refused, this one stays as it is.",
        (*_REQUESTED, "not-found", "not-changeable", "unknown-route"), body="AuthorizationRequest",
    ),
    "FindAuthorizations": Words(
        "Find the site's authorizations, or what changed",
        "By reference, by your own site_reference, the newest (recent: 0, then the next of each answer; 0 at the end),"
        " or what changed after since (start with 0, then the next of each answer): exactly one of the four. Events and"
        " deliveries are in the authorization itself, and so are the lines of the newest.",
        ("invalid-fields", *_SIGNED),
    ),
    "ReadAuthorization": Words(
        "Where an authorization stands",
        "Its state, what was agreed by line with the rule behind each amount, until when, and every change. No act and"
        " no identity. Reading lines is disclosed, once a day for each reader; lines=false asks for the state alone.",
        ("invalid-fields", "not-found", "unknown-route", *_SIGNED),
    ),
    "CancelAuthorization": Words(
        "End an authorization that will not be used",
        "One that waits or was agreed. What it held of an allowance is free again.",
        ("not-found", "not-changeable", "unknown-route", *_SIGNED, *_DOOR),
    ),
    "SendOpticsMessage": Words(
        "What optics software says, in messages of its own",
        "XML by docs/formats/optics-messages.md, a profile of ours: query, request, state, cancel, invoice. Each is"
        " taken as the JSON route takes it, with the same door, log and budgets, and answered by a message; a refusal"
        " names line and element. The message's own id is its idempotency key.",
        ("wrong-media-type", "not-cancellable", "not-changeable", "not-found", "busy", *_OPTICS),
        fails="OpticsRefusal",
    ),
    "ListPending": Words(
        "What waits for the insurer's case workers",
        "For a client of kind insurer. The oldest first; no identity.",
        (*_SIGNED, *_AGENT),
    ),
    "ReadPending": Words(
        "One waiting request, sealed to the insurer",
        "The quote with its acts, the member's reference and the attachments, each sealed to the insurer's own key; and"
        " what allowances leave where it is less than a line asks.",
        ("not-found", "unknown-route", *_SIGNED, *_AGENT),
    ),
    "DecidePending": Words(
        "Decide a waiting request",
        "The statement counts by its Ed25519 signature, made with the key that signs the rights files. What is agreed"
        " holds its allowance; where that was used or is held meanwhile the request stays pending, with the reason.",
        (
            "malformed-body", "invalid-fields", "body-too-large", "bad-statement-signature", "not-found",
            "not-changeable", "unknown-route", *_SIGNED, *_AGENT,
        ),
        body="SignedDecision",
    ),
    **LOG,
}  # fmt: skip
"""By operation id."""

TAGS: tuple[tuple[str, str, str], ...] = (
    (
        "token",
        "Signing in",
        "A program proves itself, once for each quarter of an hour, and receives a token for one site.",
    ),
    TAG,
    ("eligibility", "Eligibility", "Is this patient covered, today, for this care?"),
    ("invoices", "Invoices and files", "What the site is owed: sent by the API or as B2 files, decided line by line."),
    ("authorizations", "Authorizations", "Will the insurer pay this quote: spectacles, hearing aids, dental, a stay?"),
    ("optics", "Optics messages", "The same, in XML, for opticians' software: from query to invoice."),
    ("insurer", "The insurer's agent", "What waits for an insurer's case workers, and what they decide."),
    OWN_SITE_TAG,
    WAITING_ROOM_TAG,
    ("desk", "Desks", "For people of an insurer or an operator, signed in at a portal; refused to programs and sites."),
    SUPPORT_TAG,
    ("payments", "Payments", "What was paid to the site, and for which invoices."),
    ("fhir", "FHIR R4", "The same questions, invoices and payments, for software that speaks FHIR."),
    ("keys", "Keys", "To which keys identities and attachments are sealed, past the hub; signed, open to all."),
    ("operators", "Operators", "Which parts of the service are open; for everyone."),
    ("insurers", "Insurers", "What each insurer publishes for sites, signed by itself; open to all."),
    (
        "log",
        "The log of disclosures",
        "Every answer leaves a trace that nobody can alter unseen. Hashes only; open to all.",
    ),
)
"""Tag, title, sentence."""

SIGN_IN: dict[str, str] = {
    "token-required": "Send a token of POST /v1/token in the Authorization header.",
    "invalid-token": "The token is unknown, expired or revoked: ask for a new one.",
    "wrong-token-type": "A token bound to a key is sent as DPoP, one bound to a certificate as Bearer.",
    "proof-required": "Send a DPoP proof made for this request.",
    "missing-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "stale-proof": "The proof's iat is more than 60 seconds away from the hub's clock.",
    "replayed-proof": "Make a new proof for each request: each is good once.",
    "wrong-key": "The proof is signed by another key than the one the token is bound to.",
    "wrong-method": "The proof's htm is not the method of this request.",
    "wrong-url": "The proof's htu is not the address of this request, without its query.",
    "wrong-token-hash": "The proof's ath is not the hash of this token.",
    "missing-jti": "Give the proof or assertion a jti of its own.",
    "malformed-proof": "The DPoP header is not a proof as RFC 9449 defines it.",
    "oversized-proof": "The proof is too long.",
    "unsupported-algorithm": "Sign with ES256 or EdDSA.",
    "unusable-key": "The key is not a sound public key of the kind its algorithm needs.",
    "bad-signature": "The signature does not fit the key.",
    "repeated-credentials": "Send Authorization and DPoP once each.",
    "forged-certificate-header": "Client-Cert is believed from the proxy only.",
    "repeated-certificate-header": "One Client-Cert is expected.",
    "certificate-required": "This token is bound to a certificate: connect with it.",
    "wrong-certificate": "This token is bound to another certificate.",
    "certificates-not-configured": "This hub takes no client certificates: use DPoP.",
    "malformed-certificate": "The certificate cannot be read.",
    "oversized-certificate": "The certificate is too long.",
    "untrusted-certificate": "No authority of this hub signed the certificate.",
    "certificate-not-valid-now": "The certificate is not valid today.",
}
"""Codes of a refused sign-in, always 401 (400 at the token endpoint), and what to do."""
