"""What one hub process holds: settings, last reading of the database, the queue that shares work, its own instants."""

from __future__ import annotations

from dataclasses import dataclass, field

from rempart.application.eligibility import Answer, Question
from rempart.application.guard import Caller, SiteFacts
from rempart.application.together import Together
from rempart.domain.compartments import SIGNED_CARD
from rempart.domain.parties import ACCOUNT
from rempart.ground.figures import HubFigures
from rempart.ground.instants import Clock
from rempart.ground.settings import Settings
from rempart.storage.facts import Facts

NO_CAP = 2**31 - 1
"""What `settle` reads as: no cap of its own."""


class Instants:
    """Instants of this hub, never twice the same: a question id names one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> int:
        """Microseconds UTC, later than any given before."""
        instant = self._clock.now()
        if instant <= self._last:
            instant = self._last + 1
        self._last = instant
        return instant


@dataclass(slots=True)
class HubState:
    """Shared by every route. `facts` is replaced whole at each reading."""

    settings: Settings
    instants: Instants
    together: Together[Question, Answer]
    facts: Facts = field(default_factory=Facts)
    hub: int = 0
    read_at: float = 0.0  # seconds of the monotonic clock at which the database was last read
    figures: HubFigures = field(default_factory=HubFigures)
    _caps: dict[tuple[str, str, str], tuple[int, int]] = field(default_factory=dict)  # settings never change

    def caps(self, site: SiteFacts, evidence: str, kind: str, *, halved: bool = False) -> tuple[int, int]:
        """(site cap, client cap) of strangers a day for this evidence. A site's own client has no second cap.

        `halved`: a person on probation may ask half of what a person may.
        """
        key = (site.profession, evidence, kind)
        known = self._caps.get(key)
        if known is None:
            known = self._caps[key] = self._read_caps(site, evidence, kind)
        return (known[0], known[1] // 2) if halved else known

    def further_cap(self, caller: Caller, site: SiteFacts, evidence: str, instant: int) -> int:
        """A third cap: of who sits at a program, what a person with an account of this site may, by this evidence.

        Of a person whose account is on probation at `instant` (microseconds UTC): `budgets.probation`, of every
        evidence together.
        """
        if caller.watched > instant:
            return self.settings.budgets.probation
        return self.caps(site, evidence, ACCOUNT)[1] if caller.agent else NO_CAP

    def _read_caps(self, site: SiteFacts, evidence: str, kind: str) -> tuple[int, int]:
        budget = self.settings.budgets.of(site.profession)
        if budget is None:
            return 0, 0
        times = self.settings.budgets.paper_card_times if evidence == SIGNED_CARD else 1
        cap = budget.machine if evidence == "machine" else budget.typed * times
        if kind == ACCOUNT:
            own = self.settings.budgets.account
            return cap, own.machine if evidence == "machine" else own.typed * times
        return cap, NO_CAP if kind == "site" else self.settings.budgets.vendor_a_day
