"""An insurer's manager agrees by a signature to release a rights file from quarantine; who applies it asks about both.

The approval is of one file: its number, and the digest of the line that the insurer signed. A hub keeps approvals and
cannot make one. Format: docs/formats/sessions.md, Dangerous actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.domain import dangerous
from rempart.domain.dangerous import RIGHTS_RELEASE, Signer
from rempart.sealing import actions
from rempart.sealing.action_frames import ActionResult, Approval
from rempart.sealing.desk_frames import RightsReleasedItem, RightsReleasedResult, RightsReleaseItem, RightsWord

if TYPE_CHECKING:
    from .own_account import OwnAccounts
    from .signed_actions import SignedActions

ROLE = "insurer-manager"


class RightsWords:
    """Each operation one item at a time."""

    def __init__(self, own: OwnAccounts, signed: SignedActions) -> None:
        self._own = own
        self._signed = signed

    def release(self, items: list[RightsReleaseItem]) -> list[ActionResult]:
        """The approval of a yes. Refusals: those of `OwnAccounts.signed`."""
        return [self._release(each) for each in items]

    def released(self, items: list[RightsReleasedItem]) -> list[RightsReleasedResult]:
        """For who applies the file. Refusals: approval-unproven, same-person; what is not proven counts for nobody."""
        return [self._released(each) for each in items]

    def _release(self, item: RightsReleaseItem) -> ActionResult:
        found = self._own.signed(RIGHTS_RELEASE, (item.file, item.digest), item.asked)
        if isinstance(found, str):
            return ActionResult(found)
        return ActionResult("", self._signed.wrapped(self._signed.said(found)))

    def _released(self, item: RightsReleasedItem) -> RightsReleasedResult:
        told = [self._proven(item, each) for each in item.words]
        people: list[Signer] = []
        for each in told:
            signer = each and Signer(each.account, each.passkey, each.session)
            if signer and not any(dangerous.second_person(one, signer) for one in people):
                people.append(signer)
        proven = sum(each is not None for each in told)
        refusal = "approval-unproven" if proven < len(told) else "same-person" if len(people) < proven else ""
        return RightsReleasedResult(refusal, len(people))

    def _proven(self, item: RightsReleasedItem, word: RightsWord) -> Approval | None:
        """What the keeper said of this word, if it did, of that file, to this manager of that insurer."""
        said = self._signed.proven(word.approval, RIGHTS_RELEASE)
        if said is None:
            return None
        wanted = actions.written(RIGHTS_RELEASE, said.operator, item.insurer, item.file, item.digest)
        same = wanted is not None and said.action == wanted.digest()
        return said if same and (said.site, said.account, said.role) == (item.insurer, word.account, ROLE) else None
