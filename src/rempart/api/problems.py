"""The refusals of the hub as HTTP: status and sentence for each stable code, in one table.

A sentence says what to do next and repeats nothing that was presented.
"""

from __future__ import annotations

from rempart.api.problems_enrolment import ENROLMENT
from rempart.api.problems_people import PEOPLE
from rempart.api.problems_provider import PROVIDER
from rempart.wire.problem import FieldError, Problem

TABLE: dict[str, tuple[int, str, str]] = {
    # code: (status, title, what to do)
    "malformed-body": (400, "The body is not what is expected here", "Compare it with the example at /schema."),
    "repeated-field": (400, "A field is given twice in one object", "Send each field once; nothing was looked up."),
    "malformed-request": (400, "The request cannot be read", "Compare it with the example at /schema."),
    "unknown-route": (404, "There is nothing at this address", "The addresses are listed at /schema."),
    "method-not-allowed": (405, "This address has other methods", "Use one of those in the Allow header."),
    "internal-error": (500, "The hub failed", "The operator has been told. Send the same request again later."),
    "body-too-large": (413, "The body is too large", "Send fewer invoices at a time, or a file to /v1/files."),
    "wrong-media-type": (415, "The content type is not taken", "Send application/xml, in UTF-8."),
    "invalid-fields": (
        422,
        "Some fields cannot be right",
        "Correct the fields listed in errors; nothing was looked up.",
    ),
    "unknown-amc-number": (422, "This AMC number is not known", "Read the number on the card again."),
    "handled-elsewhere": (422, "This card is not handled here", "Send the question to the operator named on the card."),
    "site-without-contract": (
        403,
        "Your site has no contract with its operator for that day of care",
        "Ask your operator to write it down; nothing was looked up.",
    ),
    "nir-required": (422, "The NIR is needed when the card was typed", "Add nir, or scan the card."),
    "identity-unreadable": (
        422,
        "identity_jwe cannot be read",
        "Seal as docs/formats/identity-jwe.md says: ECDH-ES on X25519, A256GCM, one of the keeper's keys.",
    ),
    "identity-key-unknown": (
        422,
        "identity_jwe is sealed to a key that is no longer taken",
        "Fetch /v1/keeper-keys again, seal again, and send again, once.",
    ),
    "identity-not-yours": (
        422,
        "identity_jwe was sealed for another client, site or purpose",
        "Seal anew for this request.",
    ),
    "identity-stale": (
        422,
        "identity_jwe was not made within ten minutes of now",
        "Look at your clock, seal anew and send again.",
    ),
    "identity-labels": (
        422,
        "identity_jwe does not go with this request",
        "Seal the AMC number, convention, CSR and days of care that the request says in clear.",
    ),
    "identity-spent": (422, "identity_jwe was used before", "Seal anew for each request."),
    "card-unreadable": (422, "This code is no whole signed card", "Scan it again, or type the card."),
    "card-signature": (422, "This card was altered, or is false", "Ask for another card, or type what it prints."),
    "card-key-unknown": (422, "Who signed this card is not known here", "Type the card."),
    "card-proof": (
        422,
        "A copy of a card on a phone, or a picture of another minute",
        "Ask to show the card again on the phone, and scan it at once.",
    ),
    "card-expired": (422, "This card does not hold any more on that day", "Ask for a newer card."),
    "card-not-yet": (422, "This card does not hold yet on that day", "Ask for the card of that day."),
    "card-labels": (422, "The card does not go with this request", "Send the labels that the card itself has."),
    "card-velocity": (
        429,
        "This card was shown at too many sites today",
        "Look whether it is the patient's own, and type what it prints.",
    ),
    "presence-attempts": (
        429,
        "Too many presence codes today that found nobody",
        "Type what the card prints, or ask again tomorrow; the code itself was not looked at.",
    ),
    "presence-budget": (429, "This insurer has had its codes of the day", "Ask tomorrow, or call the operator."),
    "token": (401, "The token is expired, revoked or unknown", "Ask for a new one at /v1/token."),
    "purpose": (403, "This client may not ask this", "A concentrator carries invoices; it asks no eligibility."),
    "evidence": (403, "This evidence is not one you can hold here", "Use typed, machine or known; card with a card."),
    "client-standing": (403, "This client is suspended", "Call the operator."),
    "site-standing": (403, "This site is suspended", "Call the operator."),
    "not-in-quarantine": (409, "This rights file does not wait any more", "Read it again: somebody decided."),
    "officer-already-spoke": (409, "You have spoken on this file already", "Another person must agree too."),
    "compartment": (
        503,
        "This part of the service is closed",
        "Work by the stand-in rule of the insurer; ask again later.",
    ),
    "compartment-restricted": (
        503,
        "This part of the service answers to signed cards only",
        "Show a signed card, or work by the stand-in rule of the insurer; invoices can be sent, and wait.",
    ),
    "site-budget": (
        429,
        "Too many unknown people today for this site",
        "Scan cards instead of typing them, or ask tomorrow.",
    ),
    "client-budget": (429, "Too many unknown people today for this client", "Ask tomorrow, or call the operator."),
    "hour-budget": (429, "Too many unknown people this hour", "Wait for the next hour."),
    "busy": (503, "Too many questions wait", "Ask again in a few seconds."),
    "unavailable": (503, "The service cannot answer now", "Nothing was answered and nothing is lost: ask again."),
    "not-found": (
        404,
        "There is no such object for this site",
        "Check the number; another site's object looks absent.",
    ),
    "idempotency-key-required": (
        400,
        "An Idempotency-Key header is needed",
        "Send a fresh UUID with each new request.",
    ),
    "idempotency-key-reused": (
        409,
        "This Idempotency-Key came with other content",
        "Use a fresh key for a new request.",
    ),
    "file-too-large": (413, "The file is too large", "Split it by lots."),
    "not-cancellable": (
        409,
        "This invoice can no longer be cancelled",
        "Look at its state: it may be ordered at the bank, or cancelled.",
    ),
    "not-disputable": (
        409,
        "This claw-back can no longer be disputed",
        "Its notice has ended, or it was disputed, withdrawn or judged before.",
    ),
    "return-not-writable": (
        409,
        "This cannot be written as a NOEMIE return",
        "Read the same as JSON or PDF: a number or amount does not fit its zone.",
    ),
    "use-not-offered": (
        422,
        "This use of a Claim is not offered",
        "Send a Claim whose use is claim or preauthorization.",
    ),
    "not-changeable": (
        409,
        "This authorization can no longer be changed",
        "Look at its state: it was refused, replaced, cancelled or invoiced, or it has expired.",
    ),
    "not-closed": (
        409,
        "Nothing is closed for this any more",
        "Send it as usual: the waiting room takes nothing while the service answers.",
    ),
    "waiting-room-full": (
        409,
        "This account has left as much as it may",
        "Keep the rest until the service opens again, or use software or files.",
    ),
    "bad-statement-signature": (
        403,
        "The decision is not signed by this insurer",
        "Sign it with the key that signs the rights files.",
    ),
    "meter": (429, "The keeper's own limit is reached", "Ask later; the operator has been told."),
    "grant-invalid": (401, "The sign-in behind this token is no longer good", "Ask for a new token at /v1/token."),
    **PEOPLE,
    **PROVIDER,
    **ENROLMENT,
}


def problem(code: str, errors: tuple[FieldError, ...] = ()) -> Problem:
    """The document for a code of `TABLE`; what the keeper calls in more detail gets its family's code.

    Its faults of a sealed identity, `identity-fields:nir=nir-key,…`, become those of fields.
    """
    if code.startswith(_FAULTS):
        return problem("invalid-fields", sealed_faults(code))
    known = code if code in TABLE else _family(code)
    status, title, detail = TABLE[known]
    return Problem(title, status, known, "about:blank", detail, errors)


_FAULTS = "identity-fields:"


def sealed_faults(code: str) -> tuple[FieldError, ...]:
    """The fields at fault inside a sealed identity, as the keeper names them; () for any other refusal."""
    if not code.startswith(_FAULTS):
        return ()
    pairs = [pair.partition("=") for pair in code.removeprefix(_FAULTS).split(",")]
    return tuple(FieldError(f"identity_jwe.{field}", fault) for field, _, fault in pairs)


def _family(code: str) -> str:
    if code.startswith("meter-"):
        return "meter"
    return "grant-invalid" if "grant" in code else "unavailable"
