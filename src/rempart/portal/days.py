"""The day and the clock at the counter: those of the site's zone, which the session names; Paris where it names none.

Between midnight at La Réunion and midnight in Paris today's care is not to come, and on an evening in Guadeloupe an
invoice is of today and not of Paris's tomorrow. The hub reads days at the site too, and has the last word.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rempart.ground.instants import PARIS

if TYPE_CHECKING:
    from rempart.client.doors import SignedIn
    from rempart.portal.port import Portal


def today(portal: Portal, session: SignedIn | None) -> date:
    """The civil day now, where the session's site is."""
    return datetime.fromtimestamp(portal.clock(), UTC).astimezone(zone_of(session)).date()


def moment(text: str, session: SignedIn | None) -> str:
    """An instant of the hub, in UTC, as the site's clock shows it: jj/mm/aaaa hh:mm; anything else as it is."""
    try:
        return datetime.fromisoformat(text).astimezone(zone_of(session)).strftime("%d/%m/%Y %H:%M")
    except ValueError:
        return text


def zone_of(session: SignedIn | None) -> ZoneInfo:
    """The zone of the session's site."""
    return _zone(session.zone if session is not None else "")


@lru_cache(maxsize=32)
def _zone(name: str) -> ZoneInfo:
    """Paris for no zone and for one that this machine does not know: the cookie that names it comes from a browser."""
    try:
        return ZoneInfo(name or PARIS)
    except (LookupError, ValueError, OSError):
        return ZoneInfo(PARIS)
