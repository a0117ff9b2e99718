"""The hub's support desk at the fake doors: one question, one number with two invoices, one authorization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.invoices import EventState
from rempart.wire.support import (
    SupportAuthorization,
    SupportInvoice,
    SupportInvoices,
    SupportLine,
    SupportQuestion,
)
from support.fake_doors import no

QUESTION, SITE, NUMBER, REFERENCE = "0Q1W2E3R4T5Y", "123456782", "412", "P1B2C3D4E5F6G7H8J9K0"
ASKED = "2026-11-18T09:12:41.000000Z"
INSURER = "0000401166"


@dataclass
class FakeSupport:
    """Answers of `/v1/desk/support/…`; `told` is what was looked up. `outcome`, `state`: what they are."""

    outcome: str = "not-confirmed"
    state: str = "agreed"
    invoices: SupportInvoices = field(default_factory=lambda: INVOICES)
    authorization: SupportAuthorization | None = None
    told: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        path, _, query = call.path.partition("?")
        if not path.startswith("/v1/desk/support/"):
            return None
        if session.role not in {"agent", "support", "security"}:
            return no("purpose")
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        self.told.append((path.rpartition("/")[2], " ".join(wanted.values())))
        found: dict[str, object] = {
            QUESTION: self._question(), f"{SITE} {NUMBER}": self.invoices, REFERENCE: self._authorization(),
        }  # fmt: skip
        return found.get(self.told[-1][1]) or no("not-found")

    def _question(self) -> SupportQuestion:
        return SupportQuestion(
            QUESTION, ASKED, SITE, "pharmacy", "portal", INSURER, "eligibility", "typed", self.outcome
        )

    def _authorization(self) -> SupportAuthorization:
        if self.authorization is not None:
            return self.authorization
        if self.state == "pending":
            return SupportAuthorization(
                REFERENCE, SITE, "optician", INSURER, "OPTI", "pending", ASKED, "amount-to-review", events=_ASKED
            )
        return SupportAuthorization(
            REFERENCE, SITE, "optician", INSURER, "OPTI", "agreed", ASKED, valid_from="2026-11-18",
            valid_until="2027-02-18", delivery_until="2027-03-18",
            lines=(SupportLine(1, "OPTI", ("responsible-optics-ceiling", "case-worker-decided")),),
            events=(*_ASKED, EventState("agreed", ASKED, "table")),
        )  # fmt: skip


_ASKED = (EventState("requested", ASKED, "site"),)
INVOICES = SupportInvoices((
    SupportInvoice(
        "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b7", NUMBER, SITE, "pharmacy", INSURER, "api", "accepted",
        lines=(SupportLine(1, "PHAR", ("ticket-moderateur", "formula-of-table")),),
        events=(EventState("received", ASKED, "api"), EventState("accepted", ASKED)),
        corrects="019cb30d-5c00-7b52-9f0e-3c6a41d2e8b6",
    ),
    SupportInvoice(
        "019cb30d-5c00-7b52-9f0e-3c6a41d2e8b6", NUMBER, SITE, "pharmacy", INSURER, "file", "rejected",
        "amo-inconsistent", "La part obligatoire ne correspond pas.",
        (SupportLine(1, "PHAR", ("amo-inconsistent",), "amo-inconsistent"), SupportLine(2, "", ("rule-of-tomorrow",))),
        (EventState("received", ASKED, "file"), EventState("rejected", ASKED, "amo-inconsistent")),
    ),
))  # fmt: skip
