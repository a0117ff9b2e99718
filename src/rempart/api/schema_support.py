"""What the API's document says of the support desk, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.invoices import EventState
from rempart.wire.support import (
    SupportAuthorization,
    SupportInvoice,
    SupportInvoices,
    SupportLine,
    SupportQuestion,
)

_SITE = "990000002"
_INSURER = "0099000137"
_REFUSED = ("invalid-fields", "not-found", "purpose", "client-standing", *SIGNED)
_WHOSE = (
    "The operator's own sites; another's look absent. Each look is recorded. For the roles support, agent, security."
)

SUPPORT: dict[str, Words] = {
    "ReadSupportQuestion": Words(
        "A question, for support",
        f"What was asked, by which channel, and the code that was answered; never about whom. {_WHOSE}",
        _REFUSED,
    ),
    "ReadSupportInvoices": Words(
        "An invoice, for support",
        "State, reason, events and rules of the invoices that bore a number at a site: no amount, no act."
        f" {_WHOSE} Where lines are told, it is disclosed as a reading.",
        _REFUSED,
    ),
    "ReadSupportAuthorization": Words(
        "An authorization, for support",
        "State, reason, days and rules: no amount, no act."
        f" {_WHOSE} Where lines are told, it is disclosed as a reading.",
        _REFUSED,
    ),
}
TAG = ("support", "Support", "What an operator's support sees of what a site reads out on the telephone.")

_SITE_WORDS = {"site": "Billing number.", "profession": "The site's.", "insurer": "Its number, 10 digits."}
_DECIDED = {
    "state": "Where it stands.",
    "reason": "Stable code of why, empty when there is nothing to say.",
    "sentence": "The reason in French.",
    "lines": "What was decided of each, once it was.",
    "events": "The oldest first.",
}
SUPPORT_FIELDS: dict[str, dict[str, str]] = {
    "SupportQuestion": _SITE_WORDS | {
        "question": "Its id.",
        "instant": "When, UTC.",
        "channel": "portal (a person) or api (a program).",
        "purpose": "eligibility, estimate, authorization …",
        "evidence": "card, code, known, machine or typed.",
        "outcome": "What was answered: covered, closed, not-covered, not-confirmed, or refused: and a code.",
    },
    "SupportLine": {
        "number": "Of the invoice or request.",
        "domain": "Column of the card.",
        "rules": "Names of the rules that applied, in order.",
        "reason": "Why it pays nothing, or less.",
    },
    "SupportInvoice": _SITE_WORDS | _DECIDED | {
        "invoice": "The hub's id.",
        "number": "The site's own.",
        "channel": "api or file; empty when its deposit is known no more.",
        "corrects": "Id of the invoice it replaces.",
        "corrected_by": "Id of the invoice that replaced it.",
        "waiting": "Accepted and not paid: stable code of why what the insurer owes waits; empty when nothing does.",
        "waiting_sentence": "The same in French.",
    },
    "SupportInvoices": {"invoices": "The newest first, at most ten."},
    "SupportAuthorization": _SITE_WORDS | _DECIDED | {
        "reference": "Its 20 characters, as printed.",
        "domain": "Column of the card.",
        "requested": "When, UTC.",
        "valid_from": "First day of care.",
        "valid_until": "Last day of care.",
        "delivery_until": "Last day of a delivery.",
        "invoice": "Id of the invoice made of it.",
    },
}  # fmt: skip

_EVENTS = (EventState("received", "2026-03-02T09:12:41.000000Z", "api"),)
_LINES = (SupportLine(1, "PHAR", ("ticket-moderateur", "formula-of-table")),)
ANSWERS: dict[str, Any] = {
    "ReadSupportQuestion": SupportQuestion(
        "06C5K1V2N8Q0", "2026-03-02T09:12:41.000000Z", _SITE, "pharmacy", "portal", _INSURER, "eligibility", "typed",
        "not-confirmed",
    ),
    "ReadSupportInvoices": SupportInvoices((
        SupportInvoice(
            "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7", "000000412", _SITE, "pharmacy", _INSURER, "api", "accepted",
            lines=_LINES, events=_EVENTS,
        ),
    )),
    "ReadSupportAuthorization": SupportAuthorization(
        "PBG2J 04W06 818G1 8010T", _SITE, "optics", _INSURER, "OPTI", "pending", "2026-03-02T09:12:41.000000Z",
        "amount-to-review", "Un gestionnaire de l'assureur regarde le montant.", events=_EVENTS,
    ),
}  # fmt: skip
"""By operation id, what a good answer looks like."""
