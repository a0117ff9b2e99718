"""PaymentReconciliation and PaymentNotice: what a remittance pays and where it stands. No act and no identity."""

from __future__ import annotations

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, concept, encode, identifier, money, ours
from rempart.wire.payments import AdviceInvoice, RemittanceAdvice, RemittanceSummary

STATUS = {"reserved": "active", "settled": "active", "released": "cancelled", "returned": "cancelled"}
PAID = {"reserved": "paid", "settled": "cleared"}
"""HL7's payment status: `paid` is ordered, `cleared` executed. What did not go through has none."""
_TYPES = names.TERMINOLOGY + "payment-type"
_STATUSES = names.TERMINOLOGY + "paymentstatus"


def reconciliation(advice: RemittanceAdvice) -> bytes:
    """One remittance in detail: its invoices, what is deducted, penalties, and in notes what was rejected meanwhile."""
    found = advice.remittance
    payee: Json = {"identifier": identifier(names.SITE, advice.site)}
    details: list[Json] = [_paid(invoice, part.insurer, payee) for part in advice.insurers for invoice in part.invoices]
    details += [
        {
            "extension": [ours("reason", "Code", one.reason)],
            "identifier": identifier(names.INVOICE, one.invoice),
            "type": concept(_TYPES, "adjustment"),
            "request": {"identifier": identifier(names.NUMBER, one.number)},
            "payee": payee,
            "amount": money(-one.amount),
        }
        for one in advice.deductions
    ]
    details += [
        {
            "extension": [
                ours("reason", "Code", one.reason),
                ours("insurer", "Identifier", identifier(names.AMC, one.insurer)),
            ],
            "type": concept(_TYPES, "adjustment"),
            "payee": payee,
            "amount": money(one.amount),
        }
        for one in advice.penalties
    ]
    made: Json = {
        "resourceType": "PaymentReconciliation", "id": found.remittance,
        "extension": [ours("state", "Code", found.state)], "status": STATUS[found.state], "created": found.day,
        "outcome": "complete", "paymentIssuer": {"display": found.payer}, "paymentDate": found.day,
        "paymentAmount": money(found.amount), "paymentIdentifier": identifier(names.END_TO_END, found.reference),
    }  # fmt: skip
    if details:
        made["detail"] = details
    notes = [f"Facture {one.number} rejetée ({one.reason}) : {one.sentence}" for one in advice.rejected]
    if notes:
        made["processNote"] = [{"type": "display", "text": note} for note in notes]
    return encode(made)


def _paid(invoice: AdviceInvoice, insurer: str, payee: Json) -> Json:
    return {
        "extension": [ours("insurer", "Identifier", identifier(names.AMC, insurer))],
        "identifier": identifier(names.INVOICE, invoice.invoice),
        "type": concept(_TYPES, "payment"),
        "request": {"identifier": identifier(names.NUMBER, invoice.number)},
        "response": {"reference": f"ClaimResponse/{invoice.invoice}"},
        "payee": payee,
        "amount": money(invoice.paid),
    }


def notice(found: RemittanceSummary, site: str) -> bytes:
    """Where a payment stands, in short."""
    told = [ours("state", "Code", found.state)]
    if found.bank_reason:
        told.append(ours("bank-reason", "Code", found.bank_reason))
    made: Json = {
        "resourceType": "PaymentNotice", "id": found.remittance, "extension": told, "status": STATUS[found.state],
        "created": found.ended or found.day,
        "payment": {"reference": f"PaymentReconciliation/{found.remittance}"}, "paymentDate": found.day,
        "recipient": {"identifier": identifier(names.SITE, site)}, "amount": money(found.amount),
    }  # fmt: skip
    if found.state in PAID:
        made["paymentStatus"] = concept(_STATUSES, PAID[found.state])
    return encode(made)
