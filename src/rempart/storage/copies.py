"""A decided invoice as bytes (msgpack arrays) for its readers: acts, the insurer's settlement line, the member's copy.

They are sealed by the keeper before they are stored. Each begins with its version. Dates are days since 1970,
amounts integer cents. Lines of a decision without acts are stored in clear: `decision_lines`.
"""

from __future__ import annotations

from datetime import date

import msgspec

from rempart.application.invoice_records import Submitted
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Invoice

VERSION = 1
EPOCH = date(1970, 1, 1).toordinal()
_encode = msgspec.msgpack.Encoder().encode
_decode_lines = msgspec.msgpack.Decoder(list[tuple[int, str, int, int, int, int, str, list[tuple[str, int]]]]).decode


class MsgpackCopies:
    """The `Copies` port."""

    def acts(self, invoice: Invoice) -> bytes:
        """(version, [(line, care day, code, family, quantity, coefficient, detail)])."""
        return _encode((VERSION, _acts(invoice)))

    def settlement(self, person: bytes, submitted: Submitted, decision: Decision) -> bytes:
        """What the insurer settles by: person handle, invoice id, site, number, acts and decided lines."""
        invoice = submitted.invoice
        head = (person, submitted.identity, invoice.site, invoice.number, decision.outcome, decision.reason)
        return _encode((VERSION, head, _acts(invoice), lines(decision)))

    def member(self, submitted: Submitted, decision: Decision) -> bytes:
        """What the member may read: site, acts and decided lines."""
        return _encode((VERSION, submitted.invoice.site, _acts(submitted.invoice), lines(decision)))


def _acts(invoice: Invoice) -> list[tuple[object, ...]]:
    return [
        (
            line.number, line.care_date.toordinal() - EPOCH, line.code, line.family, line.quantity, line.coefficient,
            line.detail,
        )
        for line in invoice.lines
    ]  # fmt: skip


def lines(decision: Decision) -> list[tuple[object, ...]]:
    """Decided lines as plain arrays; they hold domains and amounts, no act."""
    return [
        (
            line.number, line.domain, line.spent, line.amo, line.amc, line.patient, line.reason,
            [(step.rule, step.amount) for step in line.rules],
        )
        for line in decision.lines
    ]  # fmt: skip


def decision_lines(decision: Decision) -> bytes:
    """The lines of a decision as stored."""
    return _encode(lines(decision))


def read_lines(stored: bytes) -> tuple[DecidedLine, ...]:
    """The inverse of `decision_lines`."""
    return tuple(
        DecidedLine(number, domain, spent, amo, amc, patient, tuple(RuleAmount(*rule) for rule in rules), reason)
        for number, domain, spent, amo, amc, patient, reason, rules in _decode_lines(stored)
    )
