"""What a site asks an insurer to pay: one invoice about one beneficiary, its lines and its announced totals.

Foreign formats (B2, JSON) become these records at the frontier; nothing further in knows who sent them.
Amounts are integer cents of euro; dates are civil dates at the site.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rempart.domain.binding import Declared
    from rempart.domain.particulars import Particulars


@dataclass(frozen=True, slots=True)
class Presented:
    """What identifies the beneficiary, as the card or the invoice shows it; nothing is checked or canonical yet.

    `birth` is AAMMJJ text (lunar dates kept as they are). `nir` is 13 characters upper case, or None when not given.
    `rank` is one digit, or None when not given. `sealed` stands for member, NIR, birth and rank, which are then empty:
    only the keeper opens it.
    """

    amc_number: str
    member: str
    nir: str | None
    birth: str
    rank: str | None
    convention: str = ""
    csr: str = ""
    sealed: str = ""

    def __repr__(self) -> str:  # an identity must never reach a log through a repr
        return "Presented(…)"


@dataclass(frozen=True, slots=True)
class Line:
    """One act, product or fee of an invoice.

    `family` is the act family the domain table is keyed by (see `domain.acts`), `rate` the AMO rate in percent,
    `quantity` a plain count, `coefficient` in hundredths. `detail` carries the coded products of the line
    (CIP, LPP, CCAM, biology codes), as (code system, code, quantity) triples. `particulars` is None for most lines.
    """

    number: int
    care_date: date
    code: str
    family: str
    base: int
    rate: int
    amo: int
    spent: int
    amc: int
    quantity: int = 1
    coefficient: int = 100
    unit_price: int = 0
    exemption: str = ""
    qualifier: str = ""
    place: str = ""
    detail: tuple[tuple[str, str, int], ...] = ()
    particulars: Particulars | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as received. `number` is the site's own, 9 characters, unique among its live invoices."""

    site: str
    number: str
    issued: date
    presented: Presented
    lines: tuple[Line, ...]
    total_spent: int
    total_amo: int
    total_amc: int
    nature: str = "10"
    exemption: str = ""
    accreditation: str | None = None
    site_reference: str = ""
    mode: str = "real"
    corrects: str | None = None
    declared: Declared | None = None
    receipt: str = ""  # of a card check made without network, as its text
    source: tuple[tuple[str, str], ...] = field(default=())

    def __repr__(self) -> str:
        return f"Invoice(site={self.site}, number={self.number}, lines={len(self.lines)})"
