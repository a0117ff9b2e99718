"""What some lines carry beside amounts: equipment, correction, ear, teeth, basket, days of a stay, price regime.

A line without them is decided as an everyday act. Baskets and items are our own words; foreign formats map theirs at
the frontier. Left out: the optician's full prescription, and the hearing test (nothing of either is paid by it).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

FRAME, LENS, CONTACTS, AID = "frame", "lens", "contact-lenses", "aid"
DAILY_FEE, DAILY_FEE_PSYCHIATRY = "daily-fee", "daily-fee-psychiatry"
EMERGENCY_FEE, EMERGENCY_FEE_REDUCED, HEAVY_ACT_FEE = "emergency-fee", "emergency-fee-reduced", "heavy-act-fee"
ITEMS = (
    FRAME,
    LENS,
    CONTACTS,
    AID,
    DAILY_FEE,
    DAILY_FEE_PSYCHIATRY,
    EMERGENCY_FEE,
    EMERGENCY_FEE_REDUCED,
    HEAVY_ACT_FEE,
    "stay",
    "private-room",
    "companion",
    "participation",
    "franchise",
)
"""`lens` is one lens, `aid` one ear's; the fees are the patient's shares that law fixes in hospital."""

FEES = frozenset({DAILY_FEE, DAILY_FEE_PSYCHIATRY, EMERGENCY_FEE, EMERGENCY_FEE_REDUCED, HEAVY_ACT_FEE})
OWN_SHARES = frozenset({"participation", "franchise"})
"""What the member must bear: 2 € a consultation, 1 € a box or act, 4 € a trip."""

BASKETS = ("A", "B", "1", "2", "no-charge", "moderated", "free")
"""Optics A and B, hearing 1 and 2, dental: nothing left to pay, moderated, free price."""
NO_CHARGE_BASKETS = frozenset({"A", "1", "no-charge"})
PRICED_BASKETS = NO_CHARGE_BASKETS | {"moderated"}
"""Baskets whose prices are limited."""

PRICINGS = ("sector-1", "optam", "non-optam")
RENEWALS = ("", "sight-worsened", "frame-outgrown", "listed-condition")
SIDES = ("left", "right")
CORRECTIONS = ("simple", "complex", "very-complex")


@dataclass(frozen=True, slots=True)
class Correction:
    """One lens in hundredths of a dioptre, the cylinder written positive; `multifocal` says progressive too."""

    sphere: int
    cylinder: int = 0
    multifocal: bool = False


@dataclass(frozen=True, slots=True)
class Particulars:
    """All optional. `price_limit` and `reference_price` in cents for one unit, as the site's product list gives them.

    `side` is an eye or an ear; `correction` is that of a lens, or on a frame that is billed apart of the weaker of its
    lenses; `teeth` are two digits each (FDI); `renewal` is why equipment is renewed early;
    `substitution` is `refused`, or `justified` when the prescriber excluded it; `days` counts a stay's days, the first
    on the care date. `first_paid`: cents that a first insurer paid of the line, on an invoice to the second;
    `last_delivery`: the last one of this equipment, where the site knows it and the insurer may not; `blind`: of a
    hearing aid, whose class 1 price then is the young one's.
    """

    item: str = ""
    side: str = ""
    teeth: tuple[str, ...] = ()
    correction: Correction | None = None
    basket: str = ""
    price_limit: int | None = None
    pricing: str = ""
    days: int = 0
    renewal: str = ""
    substitution: str = ""
    reference_price: int | None = None
    first_paid: int | None = None
    last_delivery: date | None = None
    blind: bool = False


def correction_class(correction: Correction | None) -> str:
    """`simple`, `complex` or `very-complex`, as the ceilings of responsible contracts divide lenses.

    CSS R.871-2 (2020 text; the bounds are unsourced, likely: read the article before use). A lens whose correction is
    not said is simple, the class with the lowest ceiling.
    """
    if correction is None:
        return "simple"
    sphere, cylinder = correction.sphere, correction.cylinder
    if correction.multifocal:
        low, high, strong = (-400, 400, 400) if cylinder == 0 else (-800, 800, 400)
        return "complex" if _within(sphere, cylinder, (low, high, strong)) else "very-complex"
    return "simple" if _within(sphere, cylinder, (-600, 600, 400)) else "complex"


def _within(sphere: int, cylinder: int, bounds: tuple[int, int, int]) -> bool:
    low, high, strong = bounds
    if sphere > 0:
        return sphere + cylinder <= high
    return low <= sphere and cylinder <= strong
