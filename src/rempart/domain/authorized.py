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

from rempart.domain.authorization import AGREED, CANCELLED, EXPIRED, INVOICED
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Line

RULE = "authorization-agreed"
GUARANTEED = "guaranteed-after-closure"
CLOSED = frozenset({"rights-closed", "domain-not-covered"})
STILL = frozenset({"line-sane", "care-date-possible", "domain-of-act", "amo-verified", "own-share-excluded"})
"""Rules that stop a line whatever was agreed."""


class AgreedLine(NamedTuple):
    """One line as agreed: its mark (16 bytes), domain, cents."""

    mark: bytes
    domain: str
    spent: int
    amo: int
    amc: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """A stored authorization as an invoice finds it. `used`: the live invoice made from it; `mac` binds the person."""

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
    used: bytes = b""


class Billed(NamedTuple):
    """One line of the invoice with the mark of its acts."""

    mark: bytes
    line: Line


@dataclass(frozen=True, slots=True)
class Authorized:
    """The invoice matches: for each of its lines, in order, the line that was agreed."""

    identity: bytes
    lines: tuple[AgreedLine, ...]

    @property
    def domains(self) -> frozenset[str]:
        return frozenset(line.domain for line in self.lines)


class Claim(NamedTuple):
    """What the checks look at."""

    agreed: Agreed
    billed: tuple[Billed, ...]
    pairs: tuple[tuple[Billed, AgreedLine], ...] | None


def in_force(claim: Claim) -> str:
    """It was agreed and nothing ended it; an invoice that ended may be followed by a corrected one."""
    state = claim.agreed.state
    if state == INVOICED:
        return "authorization-used" if claim.agreed.used else ""
    if state == EXPIRED:
        return "authorization-expired"
    if state == CANCELLED:
        return "authorization-cancelled"
    return "" if state == AGREED else "authorization-not-agreed"


def delivered_in_time(claim: Claim) -> str:
    """Every line was delivered in the validity, the tolerance on delay included."""
    days = [billed.line.care_date for billed in claim.billed]
    if any(day < claim.agreed.first for day in days):
        return "authorization-too-early"
    return "authorization-expired" if any(day > claim.agreed.latest for day in days) else ""


def same_acts(claim: Claim) -> str:
    """Every line was agreed, each agreed line at most once."""
    return "authorization-acts-differ" if claim.pairs is None else ""


def within_amounts(claim: Claim) -> str:
    """No line, and not the whole, asks more than was agreed and its tolerance."""
    over = 0
    for billed, agreed in claim.pairs or ():
        gap = billed.line.amc - agreed.amc
        if gap > claim.agreed.line_cents:
            return "authorization-amount-exceeded"
        over += max(gap, 0)
    return "authorization-amount-exceeded" if over > claim.agreed.total_cents else ""


CHECKS: tuple[Callable[[Claim], str], ...] = (in_force, delivered_in_time, same_acts, within_amounts)
"""In order; each returns "" or the reason that rejects the invoice."""


def match(agreed: Agreed, billed: Sequence[Billed]) -> Authorized | str:
    """What the invoice may claim from the authorization, or the reason why nothing."""
    claim = Claim(agreed, tuple(billed), _pairs(agreed.lines, billed))
    for check in CHECKS:
        if reason := check(claim):
            return reason
    return Authorized(agreed.identity, tuple(line for _, line in claim.pairs or ()))


def _pairs(agreed: Sequence[AgreedLine], billed: Sequence[Billed]) -> tuple[tuple[Billed, AgreedLine], ...] | None:
    left = list(agreed)
    pairs = []
    for one in billed:
        found = next((line for line in left if line.mark == one.mark), None)
        if found is None:
            return None
        left.remove(found)
        pairs.append((one, found))
    return tuple(pairs)


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
    """What a line's mark is a fingerprint of: acts and what describes them, no amount and no date."""
    told = line.particulars
    parts = [line.code, line.family, line.quantity, line.coefficient, line.detail]
    if told is not None:
        parts += [told.item, told.side, told.teeth, told.basket, told.days]
    return repr(parts).encode()
