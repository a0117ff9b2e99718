"""Reopening in waves: at which minute each site may sign in again, so that 200,000 do not come at once.

A plan is data: windows, each with a start, a length and its share of the sites. A site's place comes of a hash of its
billing number and the plan's own name: nobody chooses it, everybody can count it again, the next reopening draws anew.
Within its window each site has a minute of its own; from that minute on it may come at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from rempart.domain.identifiers import Fault

MINUTE: Final = 60_000_000  # microseconds
WHOLE: Final = 100  # percent
WINDOWS_MOST: Final = 24
MINUTES_MOST: Final = 24 * 60
_DRAWN: Final = 2**64


class Window(NamedTuple):
    """`starts` microseconds UTC; `share` percent of the sites."""

    starts: int
    minutes: int
    share: int

    @property
    def ends(self) -> int:
        return self.starts + self.minutes * MINUTE


@dataclass(frozen=True, slots=True)
class Plan:
    """The waves of one operator's portal. `drawn` names the draw: the closing after which it reopens."""

    operator: str
    drawn: int
    windows: tuple[Window, ...]

    @property
    def ends(self) -> int:
        """From then on everybody comes as they like; 0 of a plan without windows, which ends the one before."""
        return self.windows[-1].ends if self.windows else 0


class Turn(NamedTuple):
    """A site's turn: `place` from 1 `of` so many sites, and from when, microseconds UTC."""

    place: int
    of: int
    opens: int


def plan_fault(plan: Plan) -> Fault | None:
    """Why a plan cannot be: shares make 100, windows follow each other without overlapping."""
    windows = plan.windows
    if not windows:
        return None
    if len(windows) > WINDOWS_MOST or any(not 1 <= each.minutes <= MINUTES_MOST for each in windows):
        return Fault("windows", "windows-shape")
    if any(each.share < 1 for each in windows) or sum(each.share for each in windows) != WHOLE:
        return Fault("windows", "shares-not-whole")
    if any(later.starts < earlier.ends for earlier, later in pairwise(windows)):
        return Fault("windows", "windows-overlap")
    return None


def place_of(plan: Plan, site: str) -> Fraction:
    """Where in the queue a site stands, from 0 to less than 1."""
    text = f"rempart/1/wave\n{plan.operator}\n{plan.drawn}\n{site}"
    return Fraction(int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big"), _DRAWN)


def turn(plan: Plan, site: str, sites: int) -> Turn:
    """The turn of a site, of about so many `sites`."""
    place = place_of(plan, site)
    return Turn(int(place * sites) + 1, sites, _opens(plan.windows, place))


def waits(plan: Plan, site: str, sites: int, instant: int) -> Turn | None:
    """The turn of a site that has to wait at `instant`; None when it may come."""
    if instant >= plan.ends:
        return None
    found = turn(plan, site, sites)
    return found if instant < found.opens else None


def _opens(windows: Sequence[Window], place: Fraction) -> int:
    below = 0
    for window in windows:
        if place * WHOLE < below + window.share:
            minute = (place * WHOLE - below) / window.share * window.minutes
            return window.starts + int(minute) * MINUTE
        below += window.share
    return windows[-1].ends
