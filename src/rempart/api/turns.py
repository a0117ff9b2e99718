"""Waves at the door: whose turn has not come is told when, before the keeper is asked anything.

While a plan runs, who signs in names a place: a site's billing number, or what a desk's invitation names. A desk has no
turn. A session that was opened before waits as well: it is not renewed until its site's turn.
"""

from __future__ import annotations

import re

import msgspec

from rempart.api.problems import problem
from rempart.api.state import HubState
from rempart.domain.authorities import SITE_ROLES
from rempart.domain.waves import Turn, waits
from rempart.ground.instants import MICROSECONDS, iso
from rempart.wire.problem import Problem, TurnTold

NOT_YET, NAMELESS = "turn", "turn-site"
_SITE = re.compile(r"[0-9][0-9AB][0-9]{7}")


class Turns:
    """`code` is the hook of `application.sessions`; `early` what the routes ask first."""

    def __init__(self, state: HubState) -> None:
        self._state = state

    def code(self, operator: str, site: str, role: str, instant: int) -> str:
        """`turn` for a site's person whose turn has not come."""
        return NOT_YET if role in SITE_ROLES and site and self._turn(operator, site, instant) is not None else ""

    def early(self, operator: str, place: str, instant: int) -> Problem | None:
        """The refusal of who names this place; `turn-site` when none is named while a plan runs."""
        plan = self._state.facts.snapshot.waves.get(operator)
        if plan is None or instant >= plan.ends:
            return None
        return self.told(operator, place, instant) if place else problem(NAMELESS)

    def told(self, operator: str, site: str, instant: int) -> Problem | None:
        """The refusal with place and hour; None for whose turn has come, and for a desk."""
        found = self._turn(operator, site, instant)
        if found is None:
            return None
        seconds = -(-(found.opens - instant) // MICROSECONDS)
        turn = TurnTold(found.place, found.of, iso(found.opens), seconds)
        return msgspec.structs.replace(problem(NOT_YET), turn=turn)

    def _turn(self, operator: str, site: str, instant: int) -> Turn | None:
        snapshot = self._state.facts.snapshot
        plan = snapshot.waves.get(operator)
        if plan is None or not _SITE.fullmatch(site):
            return None
        return waits(plan, site, snapshot.sites_of.get(operator, 0), instant)
