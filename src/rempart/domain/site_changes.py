"""How a site changes by day: another owner, a suspension, the end. What holds from that civil day at the site on.

Care of the days before belongs to who owned the site then, and is paid to that owner's account.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

OWNER, CLOSED, SUSPENDED = "owner", "closed", "suspended"
CHANGES = (OWNER, CLOSED, SUSPENDED)
MOST_AHEAD_DAYS = 366
ENDS_MANDATES = frozenset({OWNER, CLOSED})
"""What leaves nobody who worked there in place: accounts, vendors and concentrators are asked for anew."""


@dataclass(frozen=True, slots=True)
class SiteChange:
    """One change: `officer` says so, and why."""

    site: str
    what: str
    day: date
    officer: str
    because: str = ""


def refusal(change: SiteChange, today: date) -> str:
    """Why it cannot be, "" when it can; `today` is the civil day at the site. What is past was paid already."""
    if not change.officer.strip():
        return "officer-missing"
    if change.day < today:
        return "day-past"
    return "day-far" if (change.day - today).days > MOST_AHEAD_DAYS else ""
