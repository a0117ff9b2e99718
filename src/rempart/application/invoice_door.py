"""What an invoice tells the door: one line of `settle`, priced against its site's budget of strangers."""

from __future__ import annotations

from rempart.application.guard import INVOICE
from rempart.application.invoice_records import Needs, Routed, Standing, Submitted
from rempart.application.ports import Opened, Settle
from rempart.domain.duplicates import DuplicateFacts, judge, repeatable

NO_CAP = 2**31 - 1
TEMPLATE = "invoice-decided/1"
WAITING_REFUSALS = ("meter-", "rate")


def waiting(verdict: str, refusal: str) -> str:
    """Why an invoice waits, by the door's verdict and the keeper's refusal; "" when it does not."""
    if verdict.startswith("waiting:") or refusal.startswith(WAITING_REFUSALS):
        return "budget-waiting"
    return "compartment-closed" if verdict.startswith("refused:compartment") else ""


def suspected(submitted: Submitted, standing: Standing) -> str:
    """What its number and content say of an invoice that resembles another."""
    return judge(
        DuplicateFacts(
            bool(standing.live), bool(standing.same_content), repeatable(submitted.invoice.lines), submitted.distinct,
            submitted.waited,
        )
    )  # fmt: skip


def line_of(needs: Needs, submitted: Submitted, routed: Routed, seen: Opened, *, instant: int) -> Settle:
    """The line of one invoice about who was found or missed, at `instant` (microseconds UTC)."""
    caller, hit = submitted.caller, bool(seen.coverage)
    outcome = "found" if hit else "not-confirmed"
    cap = NO_CAP if submitted.windowed else needs.caps.get(submitted.site.profession, 0)
    return Settle(
        instant, None, caller.grant_id, caller.client, caller.site, routed.operator, routed.insurer,
        submitted.channel, INVOICE, "machine", TEMPLATE, TEMPLATE, outcome, outcome,
        seen.tag, seen.meeting if hit else None, 1, cap, NO_CAP,
    )  # fmt: skip
