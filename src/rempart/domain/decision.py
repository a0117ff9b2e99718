"""What was decided about an invoice: for each line the shares, and for each amount the rule that gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from rempart.domain.allowances import CounterUse


class RuleAmount(NamedTuple):
    """One step of a line's computation: the rule's name, the amount after it in cents, its legal or table source."""

    rule: str
    amount: int


class DecidedLine(NamedTuple):
    """AMO + other + AMC + patient = spent, always; `other` is what a first insurer paid, nearly always zero.

    `reason` is "" when accepted, else a code of `domain.reasons`. `uses` is what the line takes from counters. A tuple,
    like `RuleAmount`, because a day makes a million.
    """

    number: int
    domain: str
    spent: int
    amo: int
    amc: int
    patient: int
    rules: tuple[RuleAmount, ...]
    reason: str = ""
    other: int = 0
    uses: tuple[CounterUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """`outcome` is accepted, rejected or held; `reason` a code of `domain.reasons` when not accepted."""

    outcome: str
    lines: tuple[DecidedLine, ...]
    reason: str = ""

    def shares(self) -> tuple[int, int, int, int]:
        """Spent, AMO, AMC and patient, summed over the lines."""
        spent = amo = amc = patient = 0
        for line in self.lines:
            spent += line.spent
            amo += line.amo
            amc += line.amc
            patient += line.patient
        return spent, amo, amc, patient

    @property
    def spent(self) -> int:
        return sum(line.spent for line in self.lines)

    @property
    def amo(self) -> int:
        return sum(line.amo for line in self.lines)

    @property
    def amc(self) -> int:
        return sum(line.amc for line in self.lines)

    @property
    def patient(self) -> int:
        return sum(line.patient for line in self.lines)

    @property
    def uses(self) -> tuple[CounterUse, ...]:
        """What the decision takes from counters; nothing unless it is accepted."""
        return tuple(use for line in self.lines for use in line.uses)
