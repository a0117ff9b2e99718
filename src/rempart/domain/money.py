"""Money as integer cents of euro: rounded percentages, reading and writing of euro amounts.

Rounding is half-up (away from zero) to the cent, once per amount, as the worked arithmetic of French third-party
payment does it (unsourced, likely). There is no float anywhere.
"""

from __future__ import annotations

import re

MAX_CENTS = 99_999_999_999
"""One cent under a thousand million euros: larger amounts are mistakes, and every total still fits a bigint."""

_PLAIN = re.compile(r"(-?)([0-9]{1,9})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_GROUPED = re.compile(r"(-?)([0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3}){1,2})(?:[.,]([0-9]{1,2}))?", re.ASCII)


def percent(amount: int, rate: int) -> int:
    """`rate` percent of `amount` cents, half-up to the cent; symmetrical for negative amounts."""
    doubled = amount * rate * 2
    if doubled < 0:
        return -((100 - doubled) // 200)
    return (doubled + 100) // 200


def is_cents(value: object) -> bool:
    """Whether `value` is an amount this system can hold: a true integer of at most `MAX_CENTS` either side of zero."""
    return type(value) is int and -MAX_CENTS <= value <= MAX_CENTS


def parse_euros(text: str) -> int | None:
    """Cents of an amount written in euros, or None when it is not one.

    Accepts "12", "12.5", "12,50", "1 234,56", "1 234,56 €" (ordinary, no-break and narrow no-break spaces, in groups
    of three). "1.234" and "1,234.56" are refused rather than guessed.
    """
    bare = text.strip()
    if bare.endswith("€"):
        bare = bare[:-1].rstrip()
    match = _PLAIN.fullmatch(bare) or _GROUPED.fullmatch(bare)
    if match is None:
        return None
    sign, whole, cents = match.groups()
    euros = int(re.sub(r"[ \u00a0\u202f]", "", whole))
    amount = euros * 100 + int((cents or "").ljust(2, "0"))
    return -amount if sign else amount


def format_euros(cents: int) -> str:
    """French typography: `1 234,56 €`, with a narrow no-break space between thousands and a no-break space before €."""
    euros, rest = divmod(abs(cents), 100)
    grouped = f"{euros:,}".replace(",", "\u202f")
    return f"{'-' if cents < 0 else ''}{grouped},{rest:02d}\u00a0€"


def format_plain(cents: int) -> str:
    """A plain decimal for machines and files: `1234.56`."""
    euros, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{euros}.{rest:02d}"
