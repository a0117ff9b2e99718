"""Locums: a site's manager lets another account of the same operator work there for some days, by a signature.

It ends by itself, or early by the manager. A locum never manages the site, whatever the role elsewhere. Format:
docs/formats/stations.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from rempart.domain.authorities import MANAGE, SITE_ROLES
from rempart.domain.dangerous import DELEGATE
from rempart.sealing.account_frames import AccountDone
from rempart.sealing.action_frames import Signing
from rempart.sealing.station_frames import DelegateItem, EndDelegationItem

from .clock import DAY, HOUR
from .station_registry import Delegation

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

MOST_DAYS = 366
_ZONES = 14 * HOUR  # no civil day begins further from midnight UTC (the keeper knows no zones)
_EPOCH = date(1970, 1, 1)


class Locums:
    """Each operation one item at a time."""

    def __init__(self, registry: Registry, grants: Grants, own: OwnAccounts, *, clock: KeeperClock) -> None:
        self._registry = registry
        self._grants = grants
        self._own = own
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {"delegate": self.delegate, "end_delegation": self.end}

    def delegate(self, items: list[DelegateItem]) -> list[AccountDone]:
        """An account may work at the session's site for some days.

        Refusals: those of `OwnAccounts.signed`, own-account, account-unknown (another operator's, a desk's, revoked),
        days-malformed (no days, over, too long, not those that were signed), mandate-exists.
        """
        return [AccountDone(self._delegate(each)) for each in items]

    def end(self, items: list[EndDelegationItem]) -> list[AccountDone]:
        """Refusals: those of `OwnAccounts`, purpose-not-granted, account-unknown (nothing is delegated to it here)."""
        return [AccountDone(self._end(each)) for each in items]

    def _delegate(self, item: DelegateItem) -> str:
        if not self._own.at_site(item.grant):
            return "purpose-not-granted"
        asked = Signing(item.grant, item.binding, item.challenge, item.signed, item.instant)
        found = self._own.signed(DELEGATE, (item.account, item.first, item.last), asked)
        if isinstance(found, str):
            return found
        if item.account == found.grant.client:
            return "own-account"
        known = self._registry.accounts.invited(item.account)
        if known is None or (known.operator, known.role in SITE_ROLES) != (found.operator, True):
            return "account-unknown"
        if not self._grants.stands(item.account):
            return "account-unknown"
        now = self._clock.now()
        if not _days_fit(item, now):
            return "days-malformed"
        delegation = Delegation(item.account, found.place, item.start, item.end, found.grant.client)
        return self._registry.delegate(delegation, now)

    def _end(self, item: EndDelegationItem) -> str:
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        grant = found[0]
        if MANAGE not in grant.purposes:
            return "purpose-not-granted"
        refusal = self._registry.end_delegation(item.account, grant.site, grant.client, self._clock.now())
        return "account-unknown" if refusal else ""


def _days_fit(item: DelegateItem, now: int) -> bool:
    """Whether the bounds are those of the days that were signed, in some zone, and the days are sensible ones."""
    try:
        first, last = date.fromisoformat(item.first), date.fromisoformat(item.last)
    except ValueError:
        return False
    if (first.isoformat(), last.isoformat()) != (item.first, item.last) or not 0 <= (last - first).days < MOST_DAYS:
        return False
    bounds = ((item.start, first), (item.end, last + timedelta(1)))
    near = all(abs(instant - (day - _EPOCH).days * DAY) <= _ZONES for instant, day in bounds)
    return near and item.start < item.end and item.end > now and item.start > now - 2 * DAY
