"""Locums: a site's manager lets another account of the same operator work there for some days, by a signature.

It ends by itself, or early by the manager. A locum never manages the site, whatever the role elsewhere. Format:
docs/formats/stations.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from rempart.domain.authorities import MANAGE, SITE_ROLES, actions
from rempart.domain.dangerous import DELEGATE, DELEGATE_CODE
from rempart.sealing.account_frames import AccountDone
from rempart.sealing.action_frames import Signing
from rempart.sealing.invitations import LIFE_DAYS, fresh_locum_code, locum_code_hash
from rempart.sealing.station_frames import (
    DelegateItem,
    DelegationCodeItem,
    DelegationCodeResult,
    DelegationTaken,
    EndDelegationItem,
    TakeDelegationItem,
)

from .clock import DAY, HOUR
from .station_registry import Delegation, DelegationCode

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

MOST_DAYS = 366
MOST_CODES = 20  # of one site, that nobody used
MOST_WRONG = 5  # codes that one account may mistype within an hour: 40 bits are enough then
_ZONES = 14 * HOUR  # no civil day begins further from midnight UTC (the keeper knows no zones)
_EPOCH = date(1970, 1, 1)


class Locums:
    """Each operation one item at a time."""

    def __init__(self, registry: Registry, grants: Grants, own: OwnAccounts, *, clock: KeeperClock) -> None:
        self._registry = registry
        self._grants = grants
        self._own = own
        self._clock = clock
        self._wrong: dict[str, tuple[int, ...]] = {}  # when an account gave a wrong code, the last hour

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {
            "delegate": self.delegate, "end_delegation": self.end, "delegation_code": self.give_code,
            "take_delegation": self.take,
        }  # fmt: skip

    def delegate(self, items: list[DelegateItem]) -> list[AccountDone]:
        """An account may work at the session's site for some days.

        Refusals: those of `OwnAccounts.signed`, own-account, account-unknown (another operator's, a desk's, revoked),
        days-malformed (no days, over, too long, not those that were signed), mandate-exists.
        """
        return [AccountDone(self._delegate(each)) for each in items]

    def end(self, items: list[EndDelegationItem]) -> list[AccountDone]:
        """Refusals: those of `OwnAccounts`, purpose-not-granted, account-unknown (nothing is delegated to it here)."""
        return [AccountDone(self._end(each)) for each in items]

    def give_code(self, items: list[DelegationCodeItem]) -> list[DelegationCodeResult]:
        """A code for whoever works at the session's site on these days; it ends with them, or after seven days.

        Refusals: those of `OwnAccounts.signed`, days-malformed, codes-too-many.
        """
        return [self._give_code(each) for each in items]

    def take(self, items: list[TakeDelegationItem]) -> list[DelegationTaken]:
        """Who gives a code works there on its days.

        Refusals: those of a session, purpose-not-granted (a desk's), passkey-session-required, code-unknown (used,
        over, another operator's, by a manager who is none any more), codes-wrong (five within an hour), own-account,
        mandate-exists.
        """
        return [self._take(each) for each in items]

    def _give_code(self, item: DelegationCodeItem) -> DelegationCodeResult:
        if not self._own.at_site(item.asked.grant):
            return DelegationCodeResult("purpose-not-granted")
        found = self._own.signed(DELEGATE_CODE, (item.first, item.last), item.asked)
        if isinstance(found, str):
            return DelegationCodeResult(found)
        now = self._clock.now()
        if not _days_fit(item, now):
            return DelegationCodeResult("days-malformed")
        if self._registry.stations.codes_of(found.place, now) >= MOST_CODES:
            return DelegationCodeResult("codes-too-many")
        code, expires = fresh_locum_code(), min(now + LIFE_DAYS * DAY, item.end)
        told = DelegationCode(
            found.operator, found.place, item.first, item.last, item.start, item.end, expires, found.grant.client
        )  # fmt: skip
        self._registry.stations.give_code(locum_code_hash(code) or b"", told, now)
        return DelegationCodeResult("", code, expires)

    def _take(self, item: TakeDelegationItem) -> DelegationTaken:
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return DelegationTaken(found)
        grant, operator, role = found
        if role not in SITE_ROLES:
            return DelegationTaken("purpose-not-granted")
        if grant.station:
            return DelegationTaken("passkey-session-required")
        now = self._clock.now()
        wrong = tuple(at for at in self._wrong.get(grant.client, ()) if at > now - HOUR)
        if len(wrong) >= MOST_WRONG:
            return DelegationTaken("codes-wrong")
        code = self._registry.stations.codes.get(item.code_hash)
        if code is None or code.operator != operator or code.expires <= now or not self._manages(code, now):
            self._wrong[grant.client] = (*wrong, now)
            return DelegationTaken("code-unknown")
        if code.by == grant.client:
            return DelegationTaken("own-account")
        delegation = Delegation(grant.client, code.site, code.start, code.end, code.by, item.code_hash)
        if refusal := self._registry.delegate(delegation, now):
            return DelegationTaken(refusal)
        return DelegationTaken("", code.site, code.first, code.last, code.by)

    def _manages(self, code: DelegationCode, now: int) -> bool:
        """Whether who signed a code still is a manager of that site, whose word counts."""
        known = self._registry.accounts.invited(code.by)
        stands = self._grants.stands(code.by) and self._grants.may_act(code.by, code.site, now)
        return stands and known is not None and MANAGE in actions(known.role)

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


def _days_fit(item: DelegateItem | DelegationCodeItem, now: int) -> bool:
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
