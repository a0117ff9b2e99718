"""Invoices whose beneficiary is sealed to the keeper: how they are asked about, and what is known of them after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from rempart.application.eligibility import EPOCH
from rempart.application.guard import INVOICE
from rempart.application.invoice_records import Routed, Submitted
from rempart.application.ports import Derive, Opened, SealedAsk
from rempart.application.unsealed import born_of
from rempart.domain.invoice import Invoice
from rempart.domain.member import MemberRule


def sealed_ask(invoice: Invoice, amc: str, rule: MemberRule) -> SealedAsk:
    """What the keeper is given: the labels as routed, the days of care of every line."""
    presented = invoice.presented
    days = {line.care_date.toordinal() - EPOCH for line in invoice.lines}
    return SealedAsk(presented.sealed, (amc, presented.convention, presented.csr), rule, tuple(sorted(days)))


def derive_sealed(submitted: Submitted, routed: Routed, amc: str, days: tuple[int, date]) -> Derive:
    """The question to the keeper; `days`: today since 1970, and the day of care that the card was routed by."""
    ask = sealed_ask(submitted.invoice, amc, routed.rule)
    care = days[1].toordinal() - EPOCH
    return Derive(submitted.caller.grant, INVOICE, routed.insurer, "", None, "", "", days[0], care, ask)


def aged(submitted: Submitted, seen: Opened) -> Submitted:
    """With a birth date of the ages that decide, as the keeper told it."""
    presented = submitted.invoice.presented
    if not presented.sealed:
        return submitted
    told = replace(presented, birth=born_of(seen, ""))
    return submitted._replace(invoice=replace(submitted.invoice, presented=told))


def reason_of(refusal: str) -> str:
    """A keeper's no to a sealed identity as a reason of an invoice: it was checked when it came, so this is rare."""
    return "field-malformed" if refusal.startswith("identity-") or refusal == "nir-required" else refusal
