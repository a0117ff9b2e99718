"""The demand for a debt as a PDF, in French: what is taken back of which invoice, what is left, how to pay or dispute.

PDF/UA-1 (ISO 14289-1) by typst with the fonts it carries; the same debt on the same day gives the same bytes. It holds
no act, no identity and no account number.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import typst

from rempart.application.debts import Debt
from rempart.documents.remittance import long_day, short_day, spaced
from rempart.domain import reasons
from rempart.domain.money import format_euros
from rempart.domain.payment import bank_reference

TITLES = {
    "": "État de la somme à rembourser",
    "demanded": "Demande de remboursement",
    "reminded": "Rappel : somme à rembourser",
    "final-notice": "Dernier rappel avant recouvrement",
}
"""By the last step taken."""
STEPS = {"demanded": "Demande", "reminded": "Rappel", "final-notice": "Dernier rappel"}


def pdf(debt: Debt, day: date) -> bytes:
    """The demand as of `day`."""
    made = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"debt": msgspec.json.encode(content(debt, day)).decode()},
        pdf_standards=["ua-1"],
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
        ignore_system_fonts=True,
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single document")
    return made


def content(debt: Debt, day: date) -> dict[str, Any]:
    """What the template prints: texts only."""
    last = debt.steps[-1].step if debt.steps else ""
    rows = [("Montant repris", debt.amount), ("Déjà déduit de vos virements", -debt.deducted)]
    rows += [("Déjà remboursé", -debt.repaid), ("Abandonné", -debt.written_off)]
    return {
        "title": TITLES[last],
        "operator": debt.operator,
        "site": spaced(debt.site),
        "day": long_day(day),
        "left": format_euros(debt.left),
        "number": debt.number,
        "insurer": debt.insurer_name,
        "reason": reasons.sentence(debt.reason),
        "since": long_day(debt.since),
        "reference": bank_reference(debt.claw_back),
        "instalment": format_euros(debt.instalment) if debt.instalment else "",
        "rows": [{"label": label, "amount": format_euros(amount)} for label, amount in rows if amount],
        "steps": [
            {"step": STEPS[one.step], "day": short_day(one.day), "amount": format_euros(one.amount)}
            for one in debt.steps
        ],
    }


@cache
def _template() -> bytes:
    return files("rempart.documents").joinpath("templates", "demand.typ").read_bytes()
