"""The remittance advice as a PDF, in French: what was paid for which invoice, by insurer, what was rejected and why.

PDF/UA-1 (ISO 14289-1) by typst with the fonts it carries; the same advice gives the same bytes. It holds no act and no
identity.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import typst

from rempart.application.remittances import (
    Advice,
    DeductedPart,
    InsurerPart,
    PaidInvoice,
    PenaltyPart,
    RejectedInvoice,
)
from rempart.domain import reasons
from rempart.domain.money import format_euros

STATES = {
    "reserved": "Virement ordonné à la banque",
    "settled": "Virement exécuté par la banque",
    "released": "Virement non exécuté : un prochain virement le remplace",
    "returned": "Virement retourné par votre banque : un prochain virement le remplace",
}
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
THIN = "\u202f"


def pdf(advice: Advice) -> bytes:
    """The advice as a PDF."""
    day = advice.summary.day
    made = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"advice": msgspec.json.encode(content(advice)).decode()},
        pdf_standards=["ua-1"],
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        ignore_system_fonts=True,
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single document")
    return made


def content(advice: Advice) -> dict[str, Any]:
    """What the template prints: texts only, so that it formats nothing and can run nothing of ours."""
    summary = advice.summary
    names = {part.insurer: part.name for part in advice.parts}
    return {
        "payer": summary.payer,
        "amount": format_euros(summary.amount),
        "day": long_day(summary.day),
        "state": STATES[summary.state],
        "executed": summary.state == "settled",
        "reference": summary.reference,
        "site": spaced(advice.site),
        "count": _counted(summary.invoices, "facture payée", "factures payées"),
        "parts": [_part(part) for part in advice.parts],
        "deductions": [_deduction(one, names) for one in advice.deductions],
        "penalties": [_penalty(one, names) for one in advice.penalties],
        "penalised": format_euros(sum(one.amount for one in advice.penalties)),
        "gross": format_euros(sum(part.amount for part in advice.parts)),
        "deducted": format_euros(-summary.deducted),
        "rejected": [_rejected(one, names) for one in advice.rejected],
    }


def _part(part: InsurerPart) -> dict[str, Any]:
    return {
        "insurer": part.insurer,
        "name": part.name,
        "number": str(len(part.invoices)),
        "count": _counted(len(part.invoices), "facture", "factures"),
        "amount": format_euros(part.amount),
        "invoices": [_invoice(invoice) for invoice in part.invoices],
        "totals": _totals(part.invoices),
    }


def _invoice(paid: PaidInvoice) -> dict[str, Any]:
    return {
        "number": paid.number,
        "care": short_day(paid.care),
        "spent": format_euros(paid.spent),
        "amo": format_euros(paid.amo),
        "paid": format_euros(paid.paid),
        "patient": format_euros(paid.patient),
        "notes": [f"Ligne {note.number} ({note.domain}) : {reasons.sentence(note.reason)}" for note in paid.notes],
    }


def _rejected(one: RejectedInvoice, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": one.number,
        "care": short_day(one.care),
        "insurer": names.get(one.insurer, one.insurer),
        "spent": format_euros(one.spent),
        "reason": reasons.sentence(one.reason),
    }


def _deduction(one: DeductedPart, names: dict[str, str]) -> dict[str, Any]:
    return {
        "number": one.number,
        "care": short_day(one.care),
        "insurer": names.get(one.insurer, one.insurer),
        "reason": reasons.sentence(one.reason),
        "amount": format_euros(-one.amount),
        "left": format_euros(one.left),
    }


def _penalty(one: PenaltyPart, names: dict[str, str]) -> dict[str, Any]:
    return {
        "half": f"{'1er' if one.half.endswith('1') else '2e'} semestre {one.half[:4]}",
        "insurer": names.get(one.insurer, one.insurer),
        "count": _counted(one.invoices, "facture", "factures"),
        "reason": reasons.sentence("late-payment-penalty"),
        "amount": format_euros(one.amount),
    }


def _totals(invoices: tuple[PaidInvoice, ...]) -> dict[str, str]:
    return {
        "spent": format_euros(sum(invoice.spent for invoice in invoices)),
        "amo": format_euros(sum(invoice.amo for invoice in invoices)),
        "paid": format_euros(sum(invoice.paid for invoice in invoices)),
        "patient": format_euros(sum(invoice.patient for invoice in invoices)),
    }


def long_day(day: date) -> str:
    """`1er mars 2026`, `22 novembre 2026`."""
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number}\u00a0{MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """`22/11/2026`."""
    return f"{day:%d/%m/%Y}"


def spaced(site: str) -> str:
    """A billing number in groups of three, as people read it out."""
    return THIN.join(site[start : start + 3] for start in range(0, len(site), 3))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


@cache
def _template() -> bytes:
    return files("rempart.documents").joinpath("templates", "remittance.typ").read_bytes()
