"""POST /v1/eligibility: what a card says, and what the hub answers about it.

The answer never repeats what was presented. `question` is all that support needs.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Evidence = Literal["typed", "machine", "known"]
Shown = Literal["typed", "machine", "known", "card"]
"""`card`: a signed card that was scanned; then who is presented is sealed, or the request is a `CardRequest`."""


class EligibilityRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One question about one beneficiary. `nir` 13 or 15 characters; `birth_date` AAAA-MM-JJ, AAAAMMJJ or AAMMJJ."""

    amc_number: str
    member: str
    birth_date: str
    care_date: str
    domains: tuple[str, ...]
    evidence: Shown
    convention: str = ""
    csr: str = ""
    nir: str | None = None
    rank: str | None = None
    site_reference: str = ""

    def __repr__(self) -> str:
        return "EligibilityRequest(…)"


class CardRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One question about whose signed card was scanned. `card` is the text of its code, `RPC1:…` or `RPM1:…`."""

    card: str
    care_date: str
    domains: tuple[str, ...]
    evidence: Literal["card"] = "card"
    site_reference: str = ""

    def __repr__(self) -> str:
        return "CardRequest(…)"


class PresenceRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True):
    """One question about who gave a presence code at the counter; spaces, hyphens and small letters do no harm."""

    code: str
    care_date: str
    domains: tuple[str, ...]
    evidence: Literal["code"] = "code"
    site_reference: str = ""

    def __repr__(self) -> str:
        return "PresenceRequest(…)"


class DomainAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """One domain: `open` on the care date, from and to when open, the card's formula."""

    domain: str
    open: bool
    start: str = ""
    end: str = ""
    formula: str = ""


class EligibilityAnswer(msgspec.Struct, frozen=True):
    """`answer`: covered, not-confirmed, or with strong evidence closed, not-covered; `accreditation`: 4×5 characters.

    `provisional`: a newborn, covered under its parent's contract for at most `ceiling` cents in all until the insurer
    registers it. `ended`, with strong evidence only, is the last day of rights. `padding` gives every answer to one
    question the same length.
    """

    answer: str
    question: str
    domains: tuple[DomainAnswer, ...] = ()
    accreditation: str = ""
    accreditation_from: str = ""
    accreditation_to: str = ""
    kind: str = ""
    ended: str = ""
    provisional: bool = False
    ceiling: int = 0
    padding: str = ""
