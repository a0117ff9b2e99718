"""What the pages of payments show, put together from the hub's answers: sums, charts, words of states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

from rempart.portal import charts
from rempart.portal.reasons import REASONS
from rempart.portal.words import N_, Words, euros
from rempart.wire.figures import DueFigure, Figures, RejectionFigure, WeekFigures
from rempart.wire.payments import ClawBackState, DebtList, RemittanceAdvice, RemittanceList, WaitingPayment

PAID: Final = {
    "reserved": (N_("Ordonné"), "calm"), "settled": (N_("Payé"), "good"), "released": (N_("Non exécuté"), "warn"),
    "returned": (N_("Revenu de votre banque"), "bad"),
}  # fmt: skip
TAKEN_BACK: Final = {
    "notified": (N_("Annoncée"), "warn"), "disputed": (N_("Contestée"), "calm"), "due": (N_("À rendre"), "warn"),
    "recovered": (N_("Rendue"), "good"), "withdrawn": (N_("Abandonnée"), "soft"),
    "written-off": (N_("Effacée"), "soft"),
}  # fmt: skip
"""States in words, and the look of their mark."""
OPEN: Final = frozenset({"notified", "disputed", "due"})
WHOLE: Final = 100  # cents: the scale of a chart of money steps by whole euros


class Rejected(NamedTuple):
    """One reason with its part of the most frequent one, in hundredths."""

    reason: str
    invoices: int
    share: int


@dataclass(frozen=True)
class Overview:
    """The page of payments. `before`: the day it goes on from, "" for the newest."""

    paid: RemittanceList
    figures: Figures
    back: tuple[ClawBackState, ...]
    debts: DebtList
    before: str
    words: Words

    states = PAID
    taken = TAKEN_BACK

    @property
    def due(self) -> tuple[DueFigure, ...]:
        return self.figures.due

    @property
    def due_amount(self) -> int:
        """Cents accepted and in no transfer."""
        return sum(one.amount for one in self.due)

    @property
    def next_day(self) -> str:
        """The first day on which something is promised, "" when no contract says one."""
        return min((one.expected for one in self.due if one.expected), default="")

    @property
    def waiting(self) -> tuple[WaitingPayment, ...]:
        return self.paid.waiting

    @property
    def running(self) -> tuple[ClawBackState, ...]:
        """What is taken back and has not ended."""
        return tuple(one for one in self.back if one.state in OPEN)

    @property
    def weeks(self) -> tuple[WeekFigures, ...]:
        return self.figures.weeks

    @property
    def amount(self) -> int:
        """Cents paid in all the weeks."""
        return sum(week.amount for week in self.weeks)

    @cached_property
    def by_week(self) -> charts.Columns:
        """Cents paid, a column a week."""
        values = [week.amount for week in self.weeks]
        return charts.columns(values, self._mondays, lambda cents: _whole(cents, self.words.language), unit=WHOLE)

    @cached_property
    def delays(self) -> charts.Columns:
        """Median days, a column a week."""
        values = [week.delay for week in self.weeks]
        return charts.columns(values, self._mondays, lambda days: self.words.say(N_("%(days)s j"), days=str(days)))

    @cached_property
    def rejected(self) -> tuple[Rejected, ...]:
        """Reasons, the most frequent first."""
        lengths = charts.shares([one.invoices for one in self.figures.rejections])
        pairs = zip(self.figures.rejections, lengths, strict=True)
        return tuple(Rejected(self._sentence(one), one.invoices, share) for one, share in pairs)

    @property
    def _mondays(self) -> list[str]:
        return [f"{week.week[8:]}/{week.week[5:7]}" for week in self.weeks]

    def _sentence(self, one: RejectionFigure) -> str:
        known = REASONS.get(one.reason)
        if known is not None:
            return self.words.say(known.what)
        return one.english if self.words.language == "en" else one.sentence


def noted(advice: RemittanceAdvice) -> int:
    """How many of its invoices have a line that was not wholly accepted."""
    return sum(1 for part in advice.insurers for invoice in part.invoices if invoice.notes)


def _whole(cents: int, language: str) -> str:
    """An amount of whole euros, as the scale of a chart has room for."""
    return euros(cents, language).replace(",00", "").removesuffix(".00")
