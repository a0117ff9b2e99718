"""One sentence for each field of the wire's types, for the API's document; a test holds the table to the structs."""

from __future__ import annotations

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
        "evidence": "How you know the card: typed by hand, read by a machine, or known (a person you already billed).",
        "convention": "Type of convention on the card.", "csr": "CSR code on the card.", "nir": _NIR, "rank": _RANK,
        "site_reference": _REFERENCE,
    },
    "EligibilityAnswer": {
        "answer": "covered or not-confirmed; with strong evidence also closed or not-covered.",
        "question": "Id of this question, 12 characters: all that support needs.",
        "domains": "One entry per domain asked, empty when not confirmed.",
        "accreditation": "20 characters, printed in fives: put it on the invoice, it is then honoured.",
        "accreditation_from": "First day of care it covers.", "accreditation_to": "Last day of care it covers.",
        "kind": "Kind of contract: responsible, scheme or c2s.",
        "ended": "With strong evidence only: the last day of rights.",
        "padding": "Spaces that give every answer to one question the same length. Ignore it.",
    },
    "DomainAnswer": {
        "domain": "The domain asked.", "open": "Whether it is open on the care date.",
        "start": "First day of the period.", "end": "Last day of the period.",
        "formula": "The card's formula for this domain, such as 100, TM or PEC.",
    },
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
    },
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
    },
    "RemittanceSummary": {
        "remittance": _ID, "day": "Day of the payment order, Paris.", "amount": f"Amount, {_CENTS}.",
        "invoices": "Invoices it pays.", "state": "reserved (ordered), settled (executed) or released (not executed).",
        "reference": "EndToEndId, as on the bank statement.", "operator": "The operator.",
        "payer": "Whose account paid.",
        "ended": "When the bank executed it or not, UTC.",
    },
    "RemittanceAdvice": {
        "site": "Billing number.", "remittance": "The payment.", "insurers": "What each insurer pays.",
        "rejected": "Rejected since the payment before.",
    },
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
    },
    "FieldError": {"field": "Path of the field in what you sent.", "code": "Stable code; never a value."},
}  # fmt: skip
"""By struct and field."""
