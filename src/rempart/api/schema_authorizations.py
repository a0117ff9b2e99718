"""One sentence for each field of the types about authorizations, a site's own records and webhooks."""

from __future__ import annotations

_AMC = "Number of the complementary insurer on the card: 10 digits, or 8."
_BIRTH = "Birth date: AAAA-MM-JJ, AAAAMMJJ or AAMMJJ. Lunar dates are kept as the card has them."
_CENTS = "in cents of euro"
_FRENCH = "The reason in French, for the screen."
_ID = "The hub's id, a UUID."
_MEMBER = "Member number as the card prints it; spaces and case follow the insurer's own rule."
_NIR = "13 characters, or 15 with the key, which is then checked. Needed when the card was typed."
_RANK = "Birth rank, one digit. Left out, 1 is meant and the question costs more budget."
_REASON = "Code of the reason, empty when there is none; see Reasons below."
_REFERENCE = "Your own reference, 20 characters at most; refused when it looks like a NIR or a birth date."

AUTHORIZATION_FIELDS: dict[str, dict[str, str]] = {
    "AuthorizationRequest": {
        "amc_number": _AMC, "member": _MEMBER, "birth_date": _BIRTH,
        "evidence": "How you know the card: typed, machine or known, as for eligibility.",
        "planned_date": "Day planned for the delivery or admission, AAAA-MM-JJ: up to a year ahead.",
        "lines": "From 1 to 200 lines of the quote.", "convention": "Type of convention on the card.",
        "csr": "CSR code on the card.", "nir": _NIR, "rank": _RANK,
        "nature": "Nature of the insurance, as on an invoice.", "exemption": "Code of exemption.",
        "site_reference": _REFERENCE,
        "attachments": "At most 5 documents of 1 MiB, kept only when a case worker must decide.",
    },
    "QuoteLine": {
        "code": "Code of the act or product group.", "family": "Act family; the domain follows from it.",
        "base": f"Reimbursement base, {_CENTS}.", "rate": "Rate of the compulsory scheme, in percent.",
        "spent": f"What the care costs, {_CENTS}.", "quantity": "How many.", "coefficient": "In hundredths.",
        "unit_price": f"Price of one, {_CENTS}.", "exemption": "Code of exemption for this line.",
        "qualifier": "Qualifier of the spending.", "place": "Place of care.",
        "detail": "Coded products: code system, code, quantity.",
        "particulars": "Equipment, correction, ear, teeth, basket, days of a stay.",
    },
    "Attachment": {"kind": "prescription, quote or letter.", "content": "The document, base64."},
    "AuthorizationState": {
        "authorization": _ID,
        "state": "pending, agreed, refused, modified, cancelled, expired, partly-invoiced or invoiced.",
        "requested": "When it was asked, UTC.", "planned_date": "As it was asked.",
        "reference": "20 characters, printed in fives: put it on the invoice.", "reason": _REASON, "sentence": _FRENCH,
        "site_reference": _REFERENCE, "valid_from": "First day of delivery.", "valid_until": "Last day of validity.",
        "delivery_until": "Last day of delivery, the tolerance on delay included.",
        "if_rights_end": "What happens when rights end before the delivery, in French: print it.",
        "line_tolerance": f"How much more a line of the invoice may ask, {_CENTS}.",
        "total_tolerance": f"How much more the invoice may ask in all, {_CENTS}.", "spent": f"Total, {_CENTS}.",
        "amo": f"Compulsory share, {_CENTS}.", "amc": f"What the insurer agrees to pay, {_CENTS}.",
        "patient": f"What is left to the patient, {_CENTS}.", "lines": "Line by line; empty while it is pending.",
        "held_until": "Until when another authorization holds the allowance, when that is the reason.",
        "replaces": "Id of the authorization that it modifies.", "invoice": "Id of the last invoice made from it.",
        "events": "Each change of state; not in lists.",
        "deliveries": "What each live invoice took of each line; not in lists.",
        "rest": "What may still be delivered of each line; not in lists.",
        "provisional": "For a newborn, under its parent's contract; left out otherwise.",
        "ceiling": "Cents that may be owed in all for a provisional newborn; what is agreed is held of it.",
        "attachments": "Documents that wait with it, sealed to the insurer; while it is pending, not in lists.",
    },
    "AttachmentState": {"kind": "prescription, quote or letter.", "bytes": "Its length as sealed."},
    "DeliveryState": {
        "invoice": _ID, "line": "Number of the agreed line.", "quantity": "Units delivered.",
        "amc": f"Owed by the insurer, {_CENTS}.",
    },
    "RestState": {
        "line": "Number of the agreed line.", "quantity": "Units still owed.", "amc": f"Agreed for them, {_CENTS}.",
    },
    "OwnRecords": {
        "authorizations": "Asked for by this site, the newest first.", "invoices": "Sent by it, the newest first.",
        "more": "There are others, older.", "padding": "Spaces: every answer has a multiple of one length.",
    },
    "OwnAuthorization": {
        "authorization": _ID, "reference": "The 20 characters; empty when refused.", "state": "Where it stands.",
        "requested": "When it was asked, UTC.", "site_reference": _REFERENCE,
    },
    "OwnInvoice": {
        "invoice": _ID, "number": "Your own number.", "state": "Where it stands.", "received": "When, UTC.",
        "site_reference": _REFERENCE,
    },
    "WebhookState": {
        "webhook": _ID, "url": "The address told.", "state": "good or stopped.", "reason": "Of the last failure.",
        "failures": "In a row.", "next_try": "When one is due, UTC.", "added": "When, UTC.",
        "events": "What happened to it, the oldest first.",
    },
    "WebhookEvent": {
        "state": "The state it took.", "instant": "When, UTC.", "cause": "Why.", "said_by": "operator, site or worker.",
    },
    "AuthorizationChange": {
        "number": "Grows with each change.", "authorization": _ID, "state": "The state it took.",
        "instant": "When, UTC.", "cause": "Why.", "site_reference": _REFERENCE,
    },
    "AuthorizationList": {
        "authorizations": "What was found, the newest first.", "changes": "What changed, the oldest first.",
        "next": "Ask next with this since, or with this recent.",
    },
    "PendingAuthorization": {
        "authorization": _ID, "requested": "When it was asked, UTC.", "site": "Billing number.",
        "domain": "Domain of the card.", "reason": _REASON, "spent": f"Total, {_CENTS}.",
        "amc": f"What the table alone would give, {_CENTS}.",
    },
    "PendingList": {"pending": "The oldest first."},
    "SealedPart": {
        "place": "0 is the request, then its attachments.", "kind": "request, prescription, quote or letter.",
        "sealed": "Base64; opens with the insurer's key only, for this authorization and place.",
    },
    "PendingCase": {
        "authorization": _ID, "requested": "When it was asked, UTC.", "site": "Billing number.",
        "domain": "Domain of the card.", "reason": _REASON, "lines": "What the table alone would give.",
        "parts": "What only the insurer opens.",
        "rooms": "Lines for which an allowance leaves less than they ask, or than the table gives.",
    },
    "LineRoom": {
        "number": "Number of the line.", "most": f"Left of all it asks, {_CENTS}.",
        "table": f"Left of what the table gives, {_CENTS}.",
    },
    "DecisionAnswer": {
        "state": "agreed, refused, or still pending.", "reason": _REASON, "sentence": _FRENCH,
        "held_until": "Until when another authorization holds the allowance; where is not told.",
    },
    "SignedDecision": {
        "statement": "A Statement as JSON, base64.", "signature": "Ed25519 over the label and the statement, base64.",
    },
    "StatedLine": {"number": "Number of the line.", "amc": f"What the insurer pays, {_CENTS}."},
    "Statement": {
        "authorization": _ID, "verdict": "agreed or refused.", "decided": "When, UTC.",
        "lines": "Every line when agreed, none when refused.",
        "reason": "Why refused: insurer-refused, or that with -document, -quote, -renewal, -contract.",
    },
}  # fmt: skip
