"""Signed words of desks: an agent's yes to somebody who joins, letting back in who has nobody at the site to ask.

A yes becomes an approval, which the hub keeps and cannot make; who finishes the enrolment asks here whether both are
real and of two people. Format: docs/formats/sessions.md, Dangerous actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from rempart.domain import dangerous
from rempart.domain.authorities import SITE_ROLES
from rempart.domain.dangerous import DESK_JOIN, DESK_RECOVER, Signer
from rempart.sealing import actions
from rempart.sealing.account_frames import AccountDone, RecoverResult
from rempart.sealing.action_frames import ActionResult, Approval
from rempart.sealing.desk_frames import DeskJoinItem, DeskRecoverItem, WordSaid, WordsSaidItem
from rempart.sealing.invitations import LIFE_DAYS, code_hash, fresh_code

from .account_registry import Invitation, Recovery
from .clock import DAY
from .rights_words import RightsWords
from .signed_actions import SignedActions

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .desks import Desks
    from .grants import Grants
    from .keeping import Keeping
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

REACHED_MOST = 200  # characters that say whom an agent reached, or what the agent looked at


class DeskWords:
    """Each operation one item at a time."""

    def __init__(
        self, registry: Registry, grants: Grants, own: OwnAccounts, signed: SignedActions, *, desks: Desks,
        clock: KeeperClock,
    ) -> None:  # fmt: skip
        self._registry = registry
        self._known = registry.accounts
        self._grants = grants
        self._own = own
        self._signed = signed
        self._desks = desks
        self._rights = RightsWords(own, signed)
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers at desks."""
        return {
            **self._desks.handlers(), "desk_join": self.join, "desk_recover": self.recover,
            "rights_release": self._rights.release,
        }  # fmt: skip

    def box(self) -> dict[str, Handler]:
        """What the `box` socket answers, to who carries out what was agreed."""
        return {"words_said": self.words_said, "rights_released": self._rights.released}

    def join(self, items: list[DeskJoinItem]) -> list[ActionResult]:
        """The approval of a yes. Refusals: those of `OwnAccounts.signed`, not-called-back."""
        return [self._join(each) for each in items]

    def recover(self, items: list[DeskRecoverItem]) -> list[RecoverResult]:
        """A new invitation for somebody of a site; what the account had has ended.

        Refusals: those of `OwnAccounts.signed`, not-called-back, document-unseen, account-unknown (another operator's,
        a desk's, not of that site, revoked), manager-recovers (a manager there can still get in, and does it).
        """
        return [self._recover(each) for each in items]

    def words_said(self, items: list[WordsSaidItem]) -> list[AccountDone]:
        """For who makes what was agreed. Refusals: approval-unproven, same-person."""
        return [AccountDone(self._words_said(each)) for each in items]

    def _join(self, item: DeskJoinItem) -> ActionResult:
        fields = (item.enrolment, item.place, item.document, item.reached)
        found = self._own.signed(DESK_JOIN, fields, item.asked)
        if isinstance(found, str):
            return ActionResult(found)
        if refusal := _reached_fault(item.reached):
            return ActionResult(refusal)
        return ActionResult("", self._signed.wrapped(self._signed.said(found)))

    def _recover(self, item: DeskRecoverItem) -> RecoverResult:
        shown = (item.account, item.place, item.reached, item.document)
        found = self._own.signed(DESK_RECOVER, shown, item.asked)
        if isinstance(found, str):
            return RecoverResult(found)
        now = self._clock.now()
        known = self._known.invited(item.account)
        if known is None or (known.operator, known.role in SITE_ROLES) != (found.operator, True):
            return RecoverResult("account-unknown")
        if not self._grants.may_act(item.account, item.place, now) or self._registry.delegated(
            item.account, item.place, now
        ):
            return RecoverResult("account-unknown")
        if refusal := _reached_fault(item.reached) or _document_fault(item.document):
            return RecoverResult(refusal)
        if self._registry.manager_beside(item.account, item.place, found.operator, now):
            return RecoverResult("manager-recovers")
        code, expires = fresh_code(), now + LIFE_DAYS * DAY
        told = Invitation(item.account, found.operator, item.place, known.role, expires)
        refusal = self._known.recover(code_hash(code) or b"", told, Recovery(found.grant.client, now))
        return RecoverResult(refusal) if refusal else RecoverResult("", code, expires)

    def _words_said(self, item: WordsSaidItem) -> str:
        told = [self._proven(item, each) for each in item.words]
        known = [each for each in told if each is not None]
        if len(known) != len(told):
            return "approval-unproven"
        signers = [Signer(each.account, each.passkey, each.session) for each in known]
        pairs = ((one, other) for number, one in enumerate(signers) for other in signers[:number])
        return next((code for one, other in pairs if (code := dangerous.second_person(one, other))), "")

    def _proven(self, item: WordsSaidItem, word: WordSaid) -> Approval | None:
        """What the keeper said of this word, if it did, of these fields, to this account."""
        said = self._signed.proven(word.approval, item.kind)
        wanted = actions.written(item.kind, item.operator, item.operator, *word.fields)
        if said is None or wanted is None:
            return None
        named = (said.operator, said.account, said.action) == (item.operator, word.account, wanted.digest())
        return said if named else None


class Signed(NamedTuple):
    """What people sign beside their own accounts."""

    signed_actions: SignedActions
    desk_words: DeskWords


class People(Protocol):
    """What it stands on."""

    @property
    def own_accounts(self) -> OwnAccounts: ...
    @property
    def desks(self) -> Desks: ...


def signed(
    key: bytes, registry: Registry, grants: Grants, keeping: Keeping, *, people: People, clock: KeeperClock
) -> Signed:
    """Both, under the ring's `key`."""
    own = people.own_accounts
    made = SignedActions(key, own, keeping, registry=registry, clock=clock)
    return Signed(made, DeskWords(registry, grants, own, made, desks=people.desks, clock=clock))


def _reached_fault(reached: str) -> str:
    """Whether it is said who was reached, at a number that is not the asker's own."""
    return "" if reached.strip() and len(reached) <= REACHED_MOST else "not-called-back"


def _document_fault(seen: str) -> str:
    """Whether it is said which bank document was looked at, and that its payee is the site's."""
    return "" if seen.strip() and len(seen) <= REACHED_MOST else "document-unseen"
