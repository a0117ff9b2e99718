"""A decided invoice as bytes (msgpack arrays) for its readers: acts, the insurer's settlement line, the member's copy.

They are sealed by the keeper before they are stored. Each begins with its version. Dates are days since 1970,
amounts integer cents. Lines of a decision without acts are stored in clear: `decision_lines`. Acts and contract hold
all that a guarantee table is asked, so that an insurer can decide a past month again by another one.
"""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
from msgspec import Raw

from rempart.application.authorizations import Asked, SealedReference
from rempart.application.invoice_records import Kept, Submitted
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Invoice
from rempart.domain.line_facts import age_on
from rempart.domain.particulars import Particulars
from rempart.domain.rights import Coverage

VERSION = 1
EPOCH = date(1970, 1, 1).toordinal()
_encode = msgspec.msgpack.Encoder().encode
_Line = tuple[int, str, int, int, int, int, str, list[tuple[str, int]], int]
_decode_lines = msgspec.msgpack.Decoder(list[_Line]).decode


class MsgpackCopies:
    """The `Copies` port."""

    def of(self, person: bytes, submitted: Submitted, decision: Decision, coverage: Coverage | None) -> Kept:
        """Acts and lines are written once and put into each copy that holds them.

        Acts: (version, [(line, care day, code, family, quantity, coefficient, detail, base, rate, amo, spent, asked,
        exemption, qualifier, place, particulars or None)]). Particulars: the fields of `Particulars` in their order.
        Settlement: (version, (person handle, invoice id, site, number, outcome, reason), acts, decided lines,
        counters, contract). A counter: (line, name, first and last day, amount, unit, what is left), -1 where nobody
        looked. Contract: (product, level, kind, profession, nature, exemption, age on the first day of care).
        Member's copy: (version, site, acts, decided lines).
        """
        invoice = submitted.invoice
        acts, decided = Raw(_encode(_acts(invoice))), Raw(_encode(lines(decision)))
        head = (person, submitted.identity, invoice.site, invoice.number, decision.outcome, decision.reason)
        return Kept(
            _encode((VERSION, acts)),
            _encode((VERSION, head, acts, decided, _counters(decision), _contract(submitted, coverage))),
            _encode((VERSION, invoice.site, acts, decided)),
        )  # fmt: skip


class JsonQuotes:
    """The `Quotes` port: what the insurer's case worker opens, as JSON, because the insurer's side reads it."""

    def request(self, asked: Asked, decision: Decision, reference: SealedReference | None, person: bytes) -> bytes:
        """Lines with their acts and what the table gives, and the reference, which only the insurer opens.

        `bound` is what the reference's seal is bound to: 16 bytes of SHA-256 of the person's handle.
        """
        given = {line.number: line for line in decision.lines}
        lines = [
            {
                "number": line.number, "code": line.code, "family": line.family, "spent": line.spent, "base": line.base,
                "rate": line.rate, "amo": given[line.number].amo, "quantity": line.quantity,
                "coefficient": line.coefficient, "detail": line.detail, "particulars": line.particulars,
                "table_amc": given[line.number].amc, "table_reason": given[line.number].reason,
            }
            for line in asked.invoice.lines
        ]  # fmt: skip
        told: dict[str, object] = {
            "version": VERSION, "insurer": asked.insurer, "site": asked.caller.site, "planned": asked.planned,
            "lines": lines,
        }  # fmt: skip
        if reference is not None:
            bound = hashlib.sha256(person).digest()[:16]
            told["reference"] = {"wrapped": reference.wrapped, "sealed": reference.sealed, "bound": bound}
        return msgspec.json.encode(told)


def _acts(invoice: Invoice) -> list[tuple[object, ...]]:
    return [
        (
            line.number, line.care_date.toordinal() - EPOCH, line.code, line.family, line.quantity, line.coefficient,
            line.detail, line.base, line.rate, line.amo, line.spent, line.amc, line.exemption, line.qualifier,
            line.place, None if line.particulars is None else _particulars(line.particulars),
        )
        for line in invoice.lines
    ]  # fmt: skip


def _particulars(told: Particulars) -> tuple[object, ...]:
    lens, last = told.correction, told.last_delivery
    return (
        told.item, told.side, told.teeth, None if lens is None else (lens.sphere, lens.cylinder, lens.multifocal),
        told.basket, told.price_limit, told.pricing, told.days, told.renewal, told.substitution, told.reference_price,
        told.first_paid, None if last is None else last.toordinal() - EPOCH, told.blind,
    )  # fmt: skip


def _contract(submitted: Submitted, coverage: Coverage | None) -> tuple[object, ...]:
    """What the table was asked beside the acts; an age, because a birth date is not needed by any table."""
    invoice = submitted.invoice
    product, level, kind = (coverage.product, coverage.level, coverage.kind) if coverage is not None else ("", "", "")
    care = invoice.lines[0].care_date if invoice.lines else invoice.issued
    age = age_on(invoice.presented.birth, care)
    return product, level, kind, submitted.site.profession, invoice.nature, invoice.exemption, age


def _counters(decision: Decision) -> list[tuple[object, ...]]:
    """What an accepted decision takes of each counter, for its insurer alone: what is left ties invoices together."""
    if decision.outcome != "accepted":
        return []
    return [
        (
            line.number, use.counter, use.period_start.toordinal() - EPOCH, use.period_end.toordinal() - EPOCH,
            use.amount, use.unit, max(use.free - use.amount, 0) if use.free >= 0 else -1,
        )
        for line in decision.lines
        for use in line.uses
        if use.amount > 0
    ]  # fmt: skip


def lines(decision: Decision) -> list[tuple[object, ...]]:
    """Decided lines as plain arrays; they hold domains and amounts, no act."""
    return [
        (number, domain, spent, amo, amc, patient, reason, rules, other)
        for number, domain, spent, amo, amc, patient, rules, reason, other, _ in decision.lines
    ]


def decision_lines(decision: Decision) -> bytes:
    """The lines of a decision as stored."""
    return _encode(lines(decision))


def read_lines(stored: bytes) -> tuple[DecidedLine, ...]:
    """The inverse of `decision_lines`."""
    return tuple(
        DecidedLine(number, domain, spent, amo, amc, patient, tuple(RuleAmount(*rule) for rule in rules), reason, other)
        for number, domain, spent, amo, amc, patient, reason, rules, other in _decode_lines(stored)
    )
