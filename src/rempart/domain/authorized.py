"""The invoice made from an authorization: does it match, and what is then owed.

Lines are compared by marks, keyed fingerprints of their acts: what was agreed is stored without its acts. An invoice
that matches within the tolerances is owed what it asks, even if rights closed since; what the invoice itself gets wrong
(amounts that cannot be, a wrong compulsory share, an impossible date) still stops its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from rempart.domain.authorization import AGREED, CANCELLED, EXPIRED, INVOICED, PARTLY_INVOICED
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.deliveries import AgreedLine, Part, Tolerance, refused, rest_of
from rempart.domain.invoice import Line

__all__ = ["Agreed", "AgreedLine", "Authorized", "Billed", "acts_of", "match", "owed", "units_of"]

RULE = "authorization-agreed"
GUARANTEED = "guaranteed-after-closure"
CLOSED = frozenset({"rights-closed", "domain-not-covered"})
STILL = frozenset({"line-sane", "care-date-possible", "domain-of-act", "amo-verified", "own-share-excluded"})
"""Rules that stop a line whatever was agreed."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A stored authorization as an invoice finds it. `taken`: by live invoices made from it; `mac` binds the person."""

    identity: bytes
    mac: bytes
    site: str
    insurer: str
    state: str
    first: date
    latest: date
    line_cents: int
    total_cents: int
    lines: tuple[AgreedLine, ...]
    taken: tuple[Part, ...] = ()


class Billed(NamedTuple):
    """One line of the invoice with the mark of its acts."""

    mark: bytes
    line: Line


@dataclass(frozen=True, slots=True)
class Authorized:
    """The invoice matches: for each of its lines, in order, the line that was agreed, its place and the units taken."""

    identity: bytes
    lines: tuple[AgreedLine, ...]
    takes: tuple[tuple[int, int], ...] = ()

    @property
    def domains(self) -> frozenset[str]:
        return frozenset(line.domain for line in self.lines)


class Claim(NamedTuple):
    """What the checks look at: for each line of the invoice the place of its agreed line, or why there is none."""

    agreed: Agreed
    billed: tuple[Billed, ...]
    places: tuple[int, ...] | str

    def parts(self) -> list[Part]:
        """What the invoice wants."""
        places = self.places if isinstance(self.places, tuple) else ()
        return [Part(place, units_of(x.line), x.line.amc) for place, x in zip(places, self.billed, strict=False)]


def in_force(claim: Claim) -> str:
    """It was agreed, nothing ended it, and something of it is still to be delivered."""
    state = claim.agreed.state
    if state in {AGREED, PARTLY_INVOICED, INVOICED}:
        return "" if any(rest_of(claim.agreed.lines, claim.agreed.taken)) else "authorization-used"
    if state == EXPIRED:
        return "authorization-expired"
    return "authorization-cancelled" if state == CANCELLED else "authorization-not-agreed"


def delivered_in_time(claim: Claim) -> str:
    """Every line was delivered in the validity, the tolerance on delay included."""
    days = [billed.line.care_date for billed in claim.billed]
    if any(day < claim.agreed.first for day in days):
        return "authorization-too-early"
    return "authorization-expired" if any(day > claim.agreed.latest for day in days) else ""


def same_acts(claim: Claim) -> str:
    """Every line was agreed, and no more units of it than are still owed."""
    return claim.places if isinstance(claim.places, str) else ""


def within_amounts(claim: Claim) -> str:
    """With what was delivered before, no line and not the whole asks more than was agreed and its tolerance."""
    agreed = claim.agreed
    return refused(agreed.lines, agreed.taken, claim.parts(), Tolerance(agreed.line_cents, agreed.total_cents))


CHECKS: tuple[Callable[[Claim], str], ...] = (in_force, delivered_in_time, same_acts, within_amounts)
"""In order; each returns "" or the reason that rejects the invoice."""


def match(agreed: Agreed, billed: Sequence[Billed]) -> Authorized | str:
    """What the invoice may claim from the authorization, or the reason why nothing."""
    claim = Claim(agreed, tuple(billed), _places(agreed, billed))
    for check in CHECKS:
        if reason := check(claim):
            return reason
    takes = tuple((part.line, part.units) for part in claim.parts())
    return Authorized(agreed.identity, tuple(agreed.lines[place] for place, _ in takes), takes)


def _places(agreed: Agreed, billed: Sequence[Billed]) -> tuple[int, ...] | str:
    left = rest_of(agreed.lines, agreed.taken)
    found = []
    for one in billed:
        same = [place for place, line in enumerate(agreed.lines) if line.mark == one.mark]
        if not same:
            return "authorization-acts-differ"
        units = units_of(one.line)
        place = next((place for place in same if left[place] >= units), None)
        if place is None:
            return "authorization-quantity-over"
        left[place] -= units
        found.append(place)
    return tuple(found)


def owed(decision: Decision, authorized: Authorized, lines: Sequence[Line]) -> Decision:
    """The decision with every line that is sound in itself paid what it asks, as agreed."""
    decided = tuple(
        _owed(one, agreed, line) for one, agreed, line in zip(decision.lines, authorized.lines, lines, strict=True)
    )
    if any(not one.reason for one in decided):
        return Decision("accepted", decided)
    return replace(decision, outcome="rejected", lines=decided, reason=decided[0].reason)


def _owed(one: DecidedLine, agreed: AgreedLine, line: Line) -> DecidedLine:
    if one.reason and one.rules and one.rules[-1].rule in STILL:
        return one
    amount = max(min(line.amc, line.spent - line.amo - one.other), 0)
    patient = line.spent - line.amo - amount - one.other
    steps: tuple[RuleAmount, ...] = (RuleAmount(RULE, amount),)
    if one.reason in CLOSED:
        steps = (*steps, RuleAmount(GUARANTEED, amount))
    return DecidedLine(line.number, agreed.domain, line.spent, line.amo, amount, patient, steps, "", one.other)


def acts_of(line: Line) -> bytes:
    """What a line's mark is a fingerprint of: acts and what describes them, no amount, no date and no quantity."""
    told = line.particulars
    parts: list[object] = [
        line.code,
        line.family,
        line.coefficient,
        [(system, code) for system, code, _ in line.detail],
    ]
    if told is not None:
        parts += [told.item, told.side, told.teeth, told.basket]
    return repr(parts).encode()


def units_of(line: Line) -> int:
    """How many units a line delivers: a stay's days, else its quantity; one at least."""
    days = line.particulars.days if line.particulars is not None else 0
    return max(days or line.quantity, 1)
