"""ClaimResponse: an invoice just taken, and where one stands. No act and no identity."""

from __future__ import annotations

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, concept, encode, identifier, masked, money, ours
from rempart.wire.invoices import InvoiceState, LineState

QUEUED = frozenset({"received", "acknowledged", "waiting", "held"})
"""States in which nothing is decided yet; every other one is `complete`."""
TYPE: Json = {"text": "Facture en tiers payant"}
HL7_AMOUNTS = names.TERMINOLOGY + "adjudication"


def taken(invoice: str, number: str, created: str) -> bytes:
    """The answer to a Claim that is durable and not decided; `invoice` is the hub's id."""
    return encode(_frame(InvoiceState(invoice, number, "received"), created))


def state(found: InvoiceState) -> bytes:
    """Where an invoice stands, with what each side pays by line."""
    created = found.events[0].instant if found.events else ""
    made = _frame(found, created)
    if found.state not in QUEUED:
        made["total"] = amounts(found.spent, found.amo, found.amc, found.patient)
        if found.lines:
            made["item"] = [item(line) for line in found.lines]
    if found.sentence:
        made["disposition"] = found.sentence
    return encode(made)


def _frame(found: InvoiceState, created: str) -> Json:
    told = [ours("state", "Code", found.state)]
    if found.reason:
        told.append(ours("reason", "Code", found.reason))
    told += [
        ours(name, "Identifier", identifier(names.INVOICE, other))
        for name, other in (("corrects", found.corrects), ("corrected-by", found.corrected_by))
        if other
    ]
    made: Json = {
        "resourceType": "ClaimResponse", "id": found.invoice, "extension": told,
        "identifier": [identifier(names.INVOICE, found.invoice)],
        "status": "cancelled" if found.state == "cancelled" else "active", "type": TYPE, "use": "claim",
        "patient": masked(), "insurer": masked(), "outcome": "queued" if found.state in QUEUED else "complete",
    }  # fmt: skip
    made["created"] = created or masked()
    if not created:  # known to be queued only: its instant is in the deposit, still sealed
        del made["created"]
        made["_created"] = masked()
    if found.number:
        made["request"] = {"identifier": identifier(names.NUMBER, found.number)}
    return made


def amounts(spent: int, amo: int, amc: int, patient: int) -> list[Json]:
    """What each side pays: HL7's words where it has one, the compulsory share and the rest under ours."""
    return [
        {"category": concept(HL7_AMOUNTS, "submitted"), "amount": money(spent)},
        {"category": concept(names.AMOUNT, "amo"), "amount": money(amo)},
        {"category": concept(HL7_AMOUNTS, "benefit"), "amount": money(amc)},
        {"category": concept(names.AMOUNT, "patient"), "amount": money(patient)},
    ]


def item(line: LineState) -> Json:
    """One decided line."""
    found = amounts(line.spent, line.amo, line.amc, line.patient)
    if line.reason:
        found[2]["reason"] = concept(names.CODE, line.reason)
    steps = [
        {
            "category": concept(names.AMOUNT, "step"),
            "reason": concept(names.CODE, step.rule),
            "amount": money(step.amount),
        }
        for step in line.rules
    ]
    return {"itemSequence": line.number, "adjudication": [*found, *steps]}
