"""One sentence for each field of the wire's types, for the API's document; a test holds the table to the structs."""

from __future__ import annotations

from rempart.api.schema_account import ACCOUNT_FIELDS
from rempart.api.schema_authorizations import AUTHORIZATION_FIELDS
from rempart.api.schema_batches import BATCHES
from rempart.api.schema_desk_gaps import DESK_GAPS_FIELDS
from rempart.api.schema_enrolment import ENROLMENT_FIELDS
from rempart.api.schema_insurer_desk import INSURER_DESK_FIELDS
from rempart.api.schema_mandates import MANDATE_FIELDS
from rempart.api.schema_money import MONEY_FIELDS
from rempart.api.schema_operator_desk import OPERATOR_DESK_FIELDS
from rempart.api.schema_own_bank import OWN_BANK_FIELDS
from rempart.api.schema_own_site import OWN_SITE_FIELDS
from rempart.api.schema_people import PEOPLE_FIELDS
from rempart.api.schema_presence import PRESENCE_FIELDS
from rempart.api.schema_provider import PROVIDER_FIELDS
from rempart.api.schema_receipts import RECEIPT_FIELDS
from rempart.api.schema_stations import STATION_FIELDS
from rempart.api.schema_support import SUPPORT_FIELDS
from rempart.api.schema_waiting_room import WAITING_ROOM_FIELDS
from rempart.wire.sealed import IDENTITY

_AMC = "Number of the complementary insurer on the card: 10 digits, or 8."
_MEMBER = "Member number as the card prints it; spaces and case follow the insurer's own rule."
_BIRTH = "Birth date: AAAA-MM-JJ, AAAAMMJJ or AAMMJJ. Lunar dates are kept as the card has them."
_NIR = "13 characters, or 15 with the key, which is then checked. Needed when the card was typed."
_RANK = "Birth rank, one digit. Left out, 1 is meant and the question costs more budget."
_REFERENCE = "Your own reference, 20 characters at most; refused when it looks like a NIR or a birth date."
_CARE = "Civil day of the care at the site, AAAA-MM-JJ."
_CENTS = "in cents of euro"
_ID = "The hub's id, a UUID."
_NUMBER = "The site's own invoice number, up to 9 digits."
_REASON = "Code of the reason, empty when there is none; see Reasons below."
_FRENCH = "The reason in French, for the screen."

FIELDS: dict[str, dict[str, str]] = {
    "EligibilityRequest": {
        "amc_number": _AMC, "member": _MEMBER, "birth_date": _BIRTH,
        "care_date": "Day of care at the site, AAAA-MM-JJ: up to 27 months ago or 60 days ahead.",
        "domains": "Columns of the card that the care falls under, at least one.",
        "evidence": "How you know the card: typed by hand, read by a machine, or known (a person you already billed);"
                    " card only with identity_jwe, where a signed card is sealed.",
        "convention": "Type of convention on the card.", "csr": "CSR code on the card.", "nir": _NIR, "rank": _RANK,
        "site_reference": _REFERENCE,
    },
    "CardRequest": {
        "card": "The text that the scanner read of a signed card, RPC1:… or RPM1:…; it says who is presented.",
        "care_date": "Day of care at the site, AAAA-MM-JJ: up to 27 months ago or 60 days ahead.",
        "domains": "Columns of the card that the care falls under, at least one.",
        "evidence": "card.", "site_reference": _REFERENCE,
    },
    "EligibilityAnswer": {
        "answer": "covered or not-confirmed; with strong evidence also closed or not-covered.",
        "question": "Id of this question, 12 characters: all that support needs.",
        "domains": "One entry per domain asked, empty when not confirmed.",
        "accreditation": "20 characters, printed in fives: put it on the invoice, it is then honoured.",
        "accreditation_from": "First day of care it covers.", "accreditation_to": "Last day of care it covers.",
        "kind": "Kind of contract: responsible, scheme or c2s.",
        "ended": "With strong evidence only: the last day of rights.",
        "provisional": "A newborn, covered under its parent's contract until the insurer registers it.",
        "ceiling": "Cents that may be owed in all for a provisional newborn; 0 otherwise.",
        "padding": "Spaces that give every answer to one question the same length. Ignore it.",
    },
    "DomainAnswer": {
        "domain": "The domain asked.", "open": "Whether it is open on the care date.",
        "start": "First day of the period.", "end": "Last day of the period.",
        "formula": "The card's formula for this domain, such as 100, TM or PEC.",
    },
    **BATCHES,
    "InvoicesRequest": {"invoices": "From 1 to 1,000 invoices."},
    "InvoiceRequest": {
        "number": _NUMBER, "issued": "Day of issue, AAAA-MM-JJ.", "amc_number": _AMC, "member": _MEMBER,
        "birth_date": _BIRTH, "lines": "From 1 to 200 acts.", "nir": _NIR, "rank": _RANK,
        "convention": "Type of convention on the card.", "csr": "CSR code on the card.",
        "nature": "Nature of the insurance: 10 sickness, 30 maternity, 41 work accident …",
        "exemption": "Code of exemption from the ticket modérateur.",
        "accreditation": "Accreditation given at the visit, with or without spaces.", "site_reference": _REFERENCE,
        "mode": "real, test or demo. Only real invoices are decided and paid.",
        "distinct": "True says that this invoice is not the one it resembles.",
        "declared": "What the site saw of the person's rights; it binds where the insurer says so.",
        "receipt": "Of a card check made without network, RPR1.…: it binds as a card that was read.",
    },
    "RecordStatement": {
        "insurer": "Your AMC number, 10 digits.", "member": "Member number, canonical.", "nir": "13 characters.",
        "birth": "AAMMJJ.", "rank": "Birth rank.", "care": _CARE, "made": "Seconds since 1970; good for 5 minutes.",
    },
    "RecordCheckRequest": {
        "statement": "JSON: insurer, member, nir, birth, rank, care, made (seconds since 1970), canonical; base64.",
        "signature": "Ed25519 over rempart-record-check/1, a line feed and the statement; base64.",
    },
    "RecordCheckAnswer": {
        "answer": "covered, closed, not-covered or not-confirmed.", "product": "As your file names it.",
        "level": "As your file names it.", "kind": "responsible, scheme or c2s.",
        "closed": "Day from which your files no longer hold the person.", "periods": "Every period held.",
        "file": "The file that changed the record last.", "wrapped": "Key that opens the reference; base64.",
        "reference": "Your own reference of the person, sealed to you; base64.",
        "bound": "What the reference is bound to; base64.",
        "provisional": "A newborn that no file names yet: the parent's record answers, and the reference is its own.",
        "ceiling": "Cents that may be owed in all for a provisional newborn.",
    },
    "HeldPeriod": {
        "domain": "Card column.", "start": "First day, AAAA-MM-JJ.", "end": "Last day, AAAA-MM-JJ.",
        "formula": "The card's formula.",
    },
    "RightsFileNamed": {
        "kind": "full or delta.", "sequence": "As you numbered it.",
        "digest": "SHA-256 of its signed header line, hexadecimal.", "received": "When the hub took it in.",
    },
    "DeclaredRequest": {
        "kind": "card or paper.", "seen": "Day on which it was read or seen, AAAA-MM-JJ.",
        "until": "Last day of its validity, AAAA-MM-JJ, when it says so.",
    },
    "LineRequest": {
        "care_date": _CARE, "code": "Code of the act or product group.",
        "family": "Act family; the domain follows from it.",
        "base": f"Reimbursement base, {_CENTS}.", "rate": "Rate of the compulsory scheme, in percent.",
        "amo": f"Share of the compulsory scheme, {_CENTS}; verified, never replaced.",
        "spent": f"What the care costs, {_CENTS}.", "amc": f"Share asked of the complementary insurer, {_CENTS}.",
        "quantity": "How many.", "coefficient": "Coefficient, in hundredths.", "unit_price": f"Price of one, {_CENTS}.",
        "exemption": "Code of exemption for this line.", "qualifier": "Qualifier of the spending.",
        "place": "Place of care.", "detail": "Coded products: code system, code, quantity.",
        "particulars": "What equipment, baskets, stays and price regimes say beside amounts.",
    },
    "ParticularsRequest": {
        "item": "frame, lens, contact-lenses, aid, daily-fee, emergency-fee, heavy-act-fee, private-room and others.",
        "side": "left or right: an eye or an ear.", "teeth": "Two digits each (FDI).",
        "correction": "Of one lens; on a frame that is billed apart, of the weaker of its lenses.",
        "basket": "A, B, 1, 2, no-charge, moderated or free.",
        "price_limit": f"Price limit of one in its basket, {_CENTS}.", "pricing": "sector-1, optam or non-optam.",
        "days": "Days of a stay, the first on the care date.",
        "renewal": "Why early: sight-worsened, frame-outgrown or listed-condition.",
        "substitution": "refused, or justified when the prescriber excluded it.",
        "reference_price": f"Reference tariff of one, {_CENTS}.",
        "first_paid": f"On an invoice to a second insurer: what the first paid of the line, {_CENTS}.",
        "last_delivery": "Last delivery of this equipment, AAAA-MM-JJ, where the site knows it.",
        "blind": "Hearing aid of a blind person: the class 1 price is the one up to 20 years.",
    },
    "CorrectionRequest": {
        "sphere": "In hundredths of a dioptre.", "cylinder": "In hundredths of a dioptre, positive.",
        "multifocal": "Progressive too.",
    },
    "EstimateRequest": {
        "amc_number": _AMC, "member": _MEMBER, "birth_date": _BIRTH,
        "evidence": "How you know the card: typed, machine or known; card only with identity_jwe. As for eligibility.",
        "lines": "Up to 200 lines not invoiced yet; at least one, or a stay.",
        "stay": "Days of a hospital stay, whose daily fees are added as a last line.",
        "accreditation": "Your accreditation for this person, when you have one.",
        "convention": "Type of convention on the card.", "csr": "CSR code on the card.", "nir": _NIR, "rank": _RANK,
        "nature": "Nature of the insurance, as on an invoice.", "exemption": "Code of exemption.",
        "site_reference": _REFERENCE,
    },
    "CardEstimateRequest": {
        "card": "The text that the scanner read of a signed card, RPC1:… or RPM1:…; it says who is presented.",
        "lines": "Up to 200 lines not invoiced yet; at least one, or a stay.",
        "stay": "Days of a hospital stay, whose daily fees are added as a last line.",
        "accreditation": "Your accreditation for this person, when you have one.",
        "nature": "Nature of the insurance, as on an invoice.", "exemption": "Code of exemption.",
        "evidence": "card.", "site_reference": _REFERENCE,
    },
    "EstimateLine": {
        "care_date": "Day of care, AAAA-MM-JJ: at most 60 days ahead.", "code": "Code of the act or product group.",
        "family": "Act family; the domain follows from it.", "base": f"Reimbursement base, {_CENTS}.",
        "rate": "Rate of the compulsory scheme, in percent.", "spent": f"What the care costs, {_CENTS}.",
        "quantity": "How many.", "coefficient": "In hundredths.", "unit_price": f"Price of one, {_CENTS}.",
        "exemption": "Code of exemption for this line.", "qualifier": "Qualifier of the spending.",
        "place": "Place of care.", "detail": "Coded products: code system, code, quantity.",
        "particulars": "Equipment, correction, ear, teeth, basket, days of a stay.",
    },
    "EstimateStay": {
        "first_day": "Day of admission, AAAA-MM-JJ.", "days": "How many days are due, from 1 to 400.",
        "psychiatry": "The lower fee of psychiatry.",
    },
    "EstimateAnswer": {
        "answer": "estimated, or not-confirmed: then nothing else is told.",
        "reason": "Why the insurer would pay nothing at all.", "sentence": _FRENCH, "spent": f"Total, {_CENTS}.",
        "amo": f"What the compulsory scheme would pay, {_CENTS}.", "amc": f"What the insurer would pay, {_CENTS}.",
        "patient": f"What is left to the patient, {_CENTS}.", "lines": "Line by line, with the rules by name.",
        "provisional": "For a newborn, covered under its parent's contract until the insurer registers it.",
        "ceiling": "Cents that may be owed in all for a provisional newborn; 0 otherwise.",
        "padding": "Spaces: the length tells nothing.",
    },
    **AUTHORIZATION_FIELDS,
    "InvoicesReceipt": {
        "file": "Id of the deposit; read it at GET /v1/files/{file}.",
        "invoices": "One per invoice sent.",
    },
    "InvoiceReceipt": {
        "number": _NUMBER, "state": "received, or refused.", "invoice": f"{_ID} Empty when refused.",
        "faults": "What is wrong, when refused.",
    },
    "Fault": {
        "code": "Stable code.", "field": "The field at fault, never its content.",
        "record": "Record number in the file.",
        "position": "Position in the record, from 1.", "level": "What is refused: file, lot, invoice or line.",
        "site": "Billing number of the lot.", "number": _NUMBER,
    },
    "FileReceipt": {"file": f"{_ID} Read it at GET /v1/files/{{file}}.", "state": "received."},
    "FileState": {
        "file": _ID, "state": "received, refused or decided.", "received": "Instant it was received, UTC.",
        "invoices": "Invoices taken.", "accepted": "Of these, accepted or paid.", "rejected": "Rejected with a reason.",
        "held": "Held, possibly duplicates.", "waiting": "Waiting for the batch window.", "refused": "Refused in form.",
        "tests": "Of lots marked test or demo.", "skipped_records": "Records of types not used here.",
        "faults": "The first faults.", "fault_count": "How many there are in all.",
    },
    "InvoiceState": {
        "invoice": _ID, "number": _NUMBER,
        "state": "received, acknowledged, refused, waiting, held, accepted, rejected, paid or cancelled.",
        "reason": _REASON, "sentence": _FRENCH, "spent": f"Total, {_CENTS}.", "amo": f"Compulsory share, {_CENTS}.",
        "amc": f"What the complementary insurer pays, {_CENTS}.", "patient": f"What is left to the patient, {_CENTS}.",
        "lines": "Line by line.", "events": "Each change of state.", "corrects": "Id of the invoice it corrects.",
        "corrected_by": "Id of the invoice that corrects it.",
    },
    "InvoiceSummary": {
        "invoice": _ID, "number": _NUMBER, "care_date": _CARE, "received": "Instant it was received, UTC.",
        "state": "waiting, held, accepted, rejected, paid or cancelled.", "reason": _REASON,
        "spent": f"Total, {_CENTS}.", "amo": f"Compulsory share, {_CENTS}.",
        "amc": f"What the complementary insurer pays, {_CENTS}.", "patient": f"What is left to the patient, {_CENTS}.",
    },
    "FileList": {"files": "The newest first.", "next_before": "Ask with it for older ones; empty at the end."},
    "FileSummary": {
        "file": _ID, "state": "receiving, received, refused or decided.", "received": "When, UTC.",
        "bytes": "Its length.", "own": "Whether the caller sent it.", "invoices": "Invoices read and decided.",
        "accepted": "Accepted or paid.", "rejected": "Rejected, each with its reason.", "held": "Held as possible"
        " duplicates.", "waiting": "Waiting for a rights file.", "refused": "Invoices that could not be read.",
        "fault_count": "How many faults its report tells.",
    },
    "InvoiceList": {"invoices": "The newest first.", "next_before": "Ask with it for older ones; empty at the end."},
    "LineState": {
        "number": "Number of the line.", "domain": "Domain of the card.", "spent": f"Total, {_CENTS}.",
        "amo": f"Compulsory share, {_CENTS}.", "amc": f"Complementary share, {_CENTS}.",
        "patient": f"The rest, {_CENTS}.",
        "rules": "The computation, step by step.", "reason": _REASON,
    },
    "RuleLine": {
        "rule": "Name of the rule.", "amount": f"Complementary share after it, {_CENTS}."},
        "EventState": {"state": "The state it led to.", "instant": "When, UTC.", "cause": "Why.",
    },
    "RemittanceList": {
        "remittances": "The newest first.",
        "next_before": "Ask with it for older ones; empty at the end.",
        "waiting": "What the last payment run left due, and why.",
    },
    "WaitingPayment": {
        "insurer": "10 digits.", "operator": "The operator.", "amount": f"Due and not paid, {_CENTS}.",
        "reason": "Stable code.", "sentence": "What it means, in French.", "since": "Since when, UTC.",
    },
    "AdviceDeduction": {
        "claw_back": _ID, "invoice": _ID, "number": _NUMBER, "care_date": _CARE, "insurer": "10 digits.",
        "reason": _REASON, "sentence": "What it means, in French.", "amount": f"Deducted here, {_CENTS}.",
        "left": f"Still to be deducted, {_CENTS}.",
    },
    "ClawBackState": {
        "claw_back": _ID, "invoice": _ID, "number": _NUMBER, "insurer": "10 digits.",
        "amount": f"Taken back, {_CENTS}.", "deducted": f"Deducted so far, {_CENTS}.", "reason": _REASON,
        "sentence": "What it means, in French.",
        "state": "notified, disputed, due, recovered, withdrawn or written-off.",
        "not_before": "First day of deduction; disputable before it.",
    },
    "RemittanceSummary": {
        "remittance": _ID, "day": "Day of the payment order, Paris.", "amount": f"Amount, {_CENTS}.",
        "invoices": "Invoices it pays.",
        "state": "reserved (ordered), settled (executed), released (not executed) or returned.",
        "reference": "EndToEndId, as on the bank statement.", "operator": "The operator.",
        "payer": "Whose account paid.",
        "ended": "When the bank executed it or not, UTC.",
        "deducted": f"Deducted for claw-backs, {_CENTS}.", "bank_reason": "ISO code of why it did not go through.",
    },
    "RemittanceAdvice": {
        "site": "Billing number.", "remittance": "The payment.", "insurers": "What each insurer pays.",
        "rejected": "Rejected since the payment before.", "deductions": "Taken back of invoices paid before.",
        "penalties": "For payments that came late.",
    },
    **MONEY_FIELDS,
    **PEOPLE_FIELDS,
    **ACCOUNT_FIELDS,
    **STATION_FIELDS,
    **RECEIPT_FIELDS,
    **PRESENCE_FIELDS,
    **PROVIDER_FIELDS,
    **ENROLMENT_FIELDS,
    **OWN_SITE_FIELDS,
    **WAITING_ROOM_FIELDS,
    **OWN_BANK_FIELDS,
    **MANDATE_FIELDS,
    **INSURER_DESK_FIELDS,
    **SUPPORT_FIELDS,
    **OPERATOR_DESK_FIELDS,
    **DESK_GAPS_FIELDS,
    "AdvicePart": {
        "insurer": "10 digits.", "name": "Its name.", "amount": f"What it pays, {_CENTS}.", "invoices": "For these.",
    },
    "AdviceInvoice": {
        "invoice": _ID, "number": _NUMBER, "care_date": _CARE, "spent": f"Total, {_CENTS}.",
        "amo": f"Compulsory share, {_CENTS}.", "paid": f"Paid here, {_CENTS}.", "patient": f"The rest, {_CENTS}.",
        "notes": "Lines not wholly accepted.",
    },
    "AdviceNote": {
        "line": "Number of the line.", "domain": "Domain of the card.",
        "reason": _REASON, "sentence": _FRENCH,
    },
    "AdviceRejection": {
        "invoice": _ID, "number": _NUMBER, "care_date": _CARE, "insurer": "10 digits.", "spent": f"Total, {_CENTS}.",
        "reason": _REASON, "sentence": _FRENCH,
    },
    "TokenRequest": {
        "grant_type": "client_credentials.", "client_assertion_type": "The URN of a JWT assertion, RFC 7523.",
        "client_assertion":
            "JWT signed with your registered key: iss, sub, aud, iat, exp, jti; lives 300 seconds at most.",
        "site": "Billing number the token will speak for, 9 characters.",
    },
    "RevokeRequest": {
        "token": "The token to end.", "client_assertion_type": "The URN of a JWT assertion, RFC 7523.",
        "client_assertion": "A fresh assertion of the client whose token it is.",
        "token_type_hint": "Ignored; RFC 7009 clients may send it.",
    },
    "TokenAnswer": {
        "access_token": "Opaque; send it as Authorization: DPoP (or Bearer with a certificate).",
        "token_type": "DPoP, or Bearer when bound to a certificate.", "expires_in": "Seconds it lives.",
        "site": "The site it speaks for.",
    },
    "TokenRefusal": {
        "error": "RFC 6749 or 9449 word.", "error_description": "A sentence for people.", "title": "A few words.",
        "status": "HTTP status.", "code": "Stable code; see Refusals below.", "type": "about:blank.",
        "errors": "The field at fault, when there is one.",
    },
    "Problem": {
        "title": "A few words.", "status": "HTTP status.", "code": "Stable code: map it once.", "type": "about:blank.",
        "detail": "What to do.", "errors": "The fields at fault, when there are.",
        "closure": "Of `compartment` and `compartment-restricted`: what is not open, once the hub's memory knows.",
        "turn": "Of `turn`: the site's place, and from when it may come back.",
    },
    "ClosureTold": {
        "compartment": "Its name, as the operator closes it.", "state": "closed or restricted.",
        "since": "RFC 3339, UTC.", "french": "What the public is told.", "english": "The same in English.",
        "reopens": "When it is expected to open; left out while nobody knows.",
        "retry_after": "Seconds until then, as in the Retry-After header.",
    },
    "OperatorStatus": {
        "operator": "Whose public it is for.", "at": "When this was true; RFC 3339, UTC.",
        "state": "The worst of the parts: open, restricted or closed.", "parts": "Every part that concerns it.",
        "checkpoint": "The newest signed checkpoint of this month's log of disclosures, as C2SP note.",
        "format": "rempart-status/1.",
    },
    "PartStatus": {
        "compartment": "Its name, as the operator closes it.", "state": "open, restricted or closed.",
        "name": "What it is called.", "since": "Of what is not open: since when.",
        "reopens": "When it is expected to open; left out while nobody knows.", "sentence": "Why.",
        "meanwhile": "What goes on.",
    },
    "InBothLanguages": {"french": "In French.", "english": "In English."},
    "FieldError": {"field": "Path of the field in what you sent.", "code": "Stable code; never a value."},
}  # fmt: skip
"""By struct and field."""


def _sealed_fields() -> dict[str, dict[str, str]]:
    """The twins with a sealed identity: the words of the clear ones but those of the identity, and of the seal."""
    jwe = "Who is presented, sealed to the keeper: a compact JWE, docs/formats/identity-jwe.md."
    mark = "What stands for all that is sealed when the Idempotency-Key comes again; base64url, of your own making."
    found = {"SealedInvoicesRequest": FIELDS["InvoicesRequest"]}
    for name in ("EligibilityRequest", "EstimateRequest", "AuthorizationRequest", "InvoiceRequest"):
        words = {field: told for field, told in FIELDS[name].items() if field not in IDENTITY}
        marked = {"sealed_mark": mark} if name in {"AuthorizationRequest", "InvoiceRequest"} else {}
        found[f"Sealed{name}"] = {"identity_jwe": jwe, **words, **marked}
    return found


FIELDS |= _sealed_fields()
