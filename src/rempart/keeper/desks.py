"""The operator's desk: an agent invites by a signature, says that a compartment may open, and looks after accounts.

An agent invites people of sites and of support. Agents themselves, security, data protection and insurers' people come
by the `ring` socket alone: otherwise one agent could be two. Format: docs/formats/sessions.md, Desks.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from rempart.domain.authorities import INVITED_BY_AGENTS, REGISTER, SITE_ROLES, actions
from rempart.domain.dangerous import DESK_INVITE, DESK_OPEN
from rempart.sealing.account_frames import AccountDone
from rempart.sealing.desk_frames import (
    MOST_ACCOUNTS,
    DeskAccountsItem,
    DeskAccountsResult,
    DeskAccountTold,
    DeskEndCodesItem,
    DeskInvited,
    DeskInviteItem,
    DeskOpenItem,
)
from rempart.sealing.invitations import LIFE_DAYS, code_hash, fresh_account, fresh_code

from .account_registry import Invitation
from .clock import DAY, HOUR
from .registry import Mandate

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

MOST_DAYS = 3_660  # that somebody is invited for
_ZONES = 14 * HOUR  # no civil day begins further from midnight UTC (the keeper knows no zones)
_EPOCH = date(1970, 1, 1)


class Desks:
    """Each operation one item at a time."""

    def __init__(self, registry: Registry, grants: Grants, own: OwnAccounts, *, clock: KeeperClock) -> None:
        self._registry = registry
        self._known = registry.accounts
        self._grants = grants
        self._own = own
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {
            "desk_invite": self.invite, "desk_open": self.open, "desk_end_codes": self.end_codes,
            "desk_accounts": self.accounts,
        }  # fmt: skip

    def invite(self, items: list[DeskInviteItem]) -> list[DeskInvited]:
        """A new account's code, or another one for an account that never had a passkey.

        Refusals: those of `OwnAccounts.signed`, role-not-invited, days-malformed, account-unknown (another operator's,
        another role's, revoked), account-has-passkey, and those of `Registry.invite`.
        """
        return [self._invite(each) for each in items]

    def open(self, items: list[DeskOpenItem]) -> list[AccountDone]:
        """Whether a word for opening was signed by who may. Refusals: those of `OwnAccounts.signed`."""
        return [AccountDone(self._open(each)) for each in items]

    def end_codes(self, items: list[DeskEndCodesItem]) -> list[AccountDone]:
        """Refusals: those of a session, purpose-not-granted, account-unknown (another operator's as well)."""
        return [AccountDone(self._end_codes(each)) for each in items]

    def accounts(self, items: list[DeskAccountsItem]) -> list[DeskAccountsResult]:
        """Refusals: those of a session, purpose-not-granted. Accounts of other operators are left out."""
        return [self._accounts(each) for each in items]

    def _invite(self, item: DeskInviteItem) -> DeskInvited:
        fields = (item.role, item.place, item.first, item.last, item.account, item.accountable)
        found = self._own.signed(DESK_INVITE, fields, item.asked)
        if isinstance(found, str):
            return DeskInvited(found)
        now = self._clock.now()
        if refusal := self._invite_fault(item, found.operator, now):
            return DeskInvited(refusal)
        account, code, expires = item.account or fresh_account(), fresh_code(), now + LIFE_DAYS * DAY
        told = Invitation(account, found.operator, item.place, item.role, expires, accountable=item.accountable)
        if refusal := self._registry.invite(code_hash(code) or b"", told, now):
            return DeskInvited(refusal)
        if item.role in SITE_ROLES and (
            refusal := self._registry.mandate(Mandate(account, item.place, item.start, item.end))
        ):
            return DeskInvited(refusal)
        return DeskInvited("", account, code, expires)

    def _invite_fault(self, item: DeskInviteItem, operator: str, now: int) -> str:
        if item.role not in INVITED_BY_AGENTS:
            return "role-not-invited"
        dated = (item.first, item.last, item.start, item.end)
        if (dated != ("", "", 0, 0)) if item.role not in SITE_ROLES else not _days_fit(item, now):
            return "days-malformed"
        if not item.account:
            return ""
        known = self._known.invited(item.account)
        if known is None or (known.operator, known.role) != (operator, item.role):
            return "account-unknown"
        if not self._grants.stands(item.account):
            return "account-unknown"
        # A code for an account that somebody uses would let its finder in as that person: that is a recovery.
        return "account-has-passkey" if self._known.enrolled(item.account) else ""

    def _open(self, item: DeskOpenItem) -> str:
        found = self._own.signed(DESK_OPEN, (item.compartment, str(item.closing)), item.asked)
        return found if isinstance(found, str) else ""

    def _end_codes(self, item: DeskEndCodesItem) -> str:
        operator = self._registering(item.grant, item.binding, item.instant)
        if operator.startswith("!"):
            return operator[1:]
        known = self._known.invited(item.account)
        if known is None or known.operator != operator:
            return "account-unknown"
        self._known.end_codes(item.account, self._clock.now())
        return ""

    def _accounts(self, item: DeskAccountsItem) -> DeskAccountsResult:
        operator = self._registering(item.grant, item.binding, item.instant)
        if operator.startswith("!"):
            return DeskAccountsResult(operator[1:])
        now = self._clock.now()
        told = (self._told(account, operator, now) for account in item.accounts[:MOST_ACCOUNTS])
        return DeskAccountsResult("", tuple(each for each in told if each is not None))

    def _told(self, account: str, operator: str, now: int) -> DeskAccountTold | None:
        known = self._known.invited(account)
        if known is None or known.operator != operator:
            return None
        passkeys, used, probation = self._own.summary(account)
        code = 0 if known.used or known.expires <= now else known.expires
        return DeskAccountTold(account, passkeys, used, code, probation, not self._grants.stands(account))

    def _registering(self, grant: bytes, binding: str, instant: int) -> str:
        """The operator of a session that registers; or "!" and the refusal, which no operator's id begins with."""
        found = self._own.session(grant, binding, instant)
        if isinstance(found, str):
            return "!" + found
        return found[1] if REGISTER in actions(found[2]) else "!purpose-not-granted"


def _days_fit(item: DeskInviteItem, now: int) -> bool:
    """Whether the bounds are those of the days that were signed, in some zone, and the days are sensible ones."""
    try:
        first, last = date.fromisoformat(item.first), date.fromisoformat(item.last)
    except ValueError:
        return False
    if (first.isoformat(), last.isoformat()) != (item.first, item.last) or not 0 <= (last - first).days < MOST_DAYS:
        return False
    bounds = ((item.start, first), (item.end, last + timedelta(1)))
    near = all(abs(instant - (day - _EPOCH).days * DAY) <= _ZONES for instant, day in bounds)
    return near and item.start < item.end and item.end > now
