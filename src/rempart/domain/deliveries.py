"""Deliveries under one authorization: what each invoice takes of it, what is still owed, what it draws of allowances.

Equipment for two ears, or several lines, may be delivered and invoiced in parts. A part takes units of agreed lines;
the rest stays owed until the end of validity. Tolerances are those of the whole: by line and in all, over every part.
What was held of an allowance is spent as its line is delivered; the last delivery, a cancellation or the end of
validity releases the rest. Pure; the caller locks and writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rempart.domain.authorization import AGREED, INVOICED, PARTLY_INVOICED

CENTS = "cents"


class AgreedLine(NamedTuple):
    """One line as agreed: its mark (16 bytes), domain, cents for all its units, and how many units it has."""

    mark: bytes
    domain: str
    spent: int
    amo: int
    amc: int
    units: int = 1


class Part(NamedTuple):
    """What an invoice takes of one agreed line (its place, from 0): units, and cents owed by the insurer."""

    line: int
    units: int
    amc: int


class Tolerance(NamedTuple):
    """Cents by which all deliveries together may ask more than was agreed: for one line, and in all."""

    line: int
    total: int


class HeldLine(NamedTuple):
    """What one agreed line holds of one allowance: `amount` cents or units of it, `outside` its cents from elsewhere.

    `place` tells apart the allowances of one line; `day` is the planned delivery's. `outside` is below zero where a
    first insurer's part counts too, as in a ceiling of law.
    """

    line: int
    place: int
    unit: str
    amount: int
    outside: int


def by_line(lines: Sequence[AgreedLine], taken: Sequence[Part]) -> list[Part]:
    """For each agreed line, in order, all that was taken of it."""
    sums = [[0, 0] for _ in lines]
    for part in taken:
        sums[part.line][0] += part.units
        sums[part.line][1] += part.amc
    return [Part(place, units, amc) for place, (units, amc) in enumerate(sums)]


def rest_of(lines: Sequence[AgreedLine], taken: Sequence[Part]) -> list[int]:
    """Units of each line that are still owed."""
    return [line.units - part.units for line, part in zip(lines, by_line(lines, taken), strict=True)]


def state_of(lines: Sequence[AgreedLine], taken: Sequence[Part]) -> str:
    """Where an authorization in force stands by its live invoices."""
    if not taken:
        return AGREED
    return PARTLY_INVOICED if any(rest_of(lines, taken)) else INVOICED


def refused(lines: Sequence[AgreedLine], taken: Sequence[Part], wanted: Sequence[Part], tolerance: Tolerance) -> str:
    """Why an invoice cannot take `wanted` after `taken`, or ""."""
    if not any(rest_of(lines, taken)):
        return "authorization-used"
    after = [*taken, *wanted]
    if any(units < 0 for units in rest_of(lines, after)):
        return "authorization-quantity-over"
    over = [
        max(part.amc - agreed_for(line, part.units), 0) for line, part in zip(lines, by_line(lines, after), strict=True)
    ]
    if any(gap > tolerance.line for gap in over) or sum(over) > tolerance.total:
        return "authorization-amount-exceeded"
    return ""


def agreed_for(line: AgreedLine, units: int) -> int:
    """Cents agreed for so many units of a line, rounded up so that no rounding of a part is ever too much."""
    return -(-line.amc * units // line.units)


def share_of(amount: int, units: int, *, before: int, now: int) -> int:
    """Of `amount` over `units`, what `now` more of them take after `before`: parts of the whole always sum to it."""
    return amount * (before + now) // units - amount * before // units


def drawn(held: HeldLine, line: AgreedLine, before: int, part: Part) -> tuple[int, int]:
    """(released, spent) of what a line holds when `part` of it is delivered after `before` units.

    A line delivered for less than agreed spends less; what was asked beyond the agreement was never held.
    """
    released = share_of(held.amount, line.units, before=before, now=part.units)
    if held.unit != CENTS:
        return released, released
    outside = share_of(held.outside, line.units, before=before, now=part.units)
    return released, min(max(part.amc - outside, 0), released)


# --- when a case worker agrees ---


def held_for(held: HeldLine, amc: int) -> int:
    """What a line holds once `amc` cents are agreed for it: in cents all that is beyond its other part."""
    if amc <= 0:
        return 0
    return max(amc - held.outside, 0) if held.unit == CENTS else held.amount


class Room(NamedTuple):
    """The most that can be agreed for one line now, in cents; `free` of an allowance is what nobody used or holds."""

    line: int
    most: int


def rooms(
    held: Sequence[tuple[HeldLine, int]], wanted: Sequence[tuple[int, int]]
) -> list[Room]:  # fmt: skip
    """For each (line, cents wished), in order, what allowances leave when the lines before it get theirs.

    `held`: each with what is free of its allowance; the same `place` is the same allowance.
    """
    free = {one.place: left for one, left in held}
    found = []
    for line, wish in wanted:
        mine = [one for one, _ in held if one.line == line]
        most = wish
        for one in mine:
            if one.unit == CENTS:
                most = min(most, max(one.outside + free[one.place], 0))
            elif free[one.place] < one.amount:
                most = 0
        for one in mine:
            free[one.place] -= held_for(one, most)
        found.append(Room(line, most))
    return found
