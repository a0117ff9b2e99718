"""POST /v1/estimates: lines not invoiced yet, and what each side would pay of them now. Amounts are integer cents."""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.authorizations import QuoteLine
from rempart.wire.eligibility import Shown
from rempart.wire.invoices import LineState


class EstimateLine(QuoteLine, forbid_unknown_fields=True, frozen=True, omit_defaults=True, kw_only=True):
    """One act, item or fee: as a line of a quote, with its day of care."""

    care_date: str


class EstimateStay(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """A stay whose daily fees the hub adds as a last line, each day at its own tariff."""

    first_day: str
    days: int
    psychiatry: bool = False


class EstimateRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """What the card shows of one beneficiary, and the lines; `accreditation` when the site has one for the person."""

    amc_number: str
    member: str
    birth_date: str
    evidence: Shown
    lines: tuple[EstimateLine, ...] = ()
    stay: EstimateStay | None = None
    accreditation: str = ""
    convention: str = ""
    csr: str = ""
    nir: str | None = None
    rank: str | None = None
    nature: str = "10"
    exemption: str = ""
    site_reference: str = ""

    def __repr__(self) -> str:
        return "EstimateRequest(…)"


class CardEstimateRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """The same for whose signed card was scanned. `card` is the text of its code, as a `CardRequest` has it."""

    card: str
    lines: tuple[EstimateLine, ...] = ()
    stay: EstimateStay | None = None
    accreditation: str = ""
    nature: str = "10"
    exemption: str = ""
    evidence: Literal["card"] = "card"
    site_reference: str = ""

    def __repr__(self) -> str:
        return "CardEstimateRequest(…)"

    def labelled(self, amc_number: str, convention: str, csr: str) -> EstimateRequest:
        """The request of whom the card itself presents, under what it says of routing."""
        return EstimateRequest(
            amc_number, "", "", "card", self.lines, self.stay, self.accreditation, convention, csr,
            nature=self.nature, exemption=self.exemption, site_reference=self.site_reference,
        )  # fmt: skip


class EstimateAnswer(msgspec.Struct, frozen=True):
    """`answer`: estimated, or not-confirmed; then the rest is empty. Nothing is held: another invoice may come first.

    `reason` says why the insurer would pay nothing at all, `sentence` says it in French. `provisional`: for a newborn
    under its parent's contract, within what is left of `ceiling` cents in all.
    """

    answer: Literal["estimated", "not-confirmed"]
    reason: str = ""
    sentence: str = ""
    spent: int = 0
    amo: int = 0
    amc: int = 0
    patient: int = 0
    lines: tuple[LineState, ...] = ()
    provisional: bool = False
    ceiling: int = 0
    padding: str = ""
