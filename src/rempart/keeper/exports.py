"""A file that tells many invoices is signed for: by who takes it, and by a second person where it tells very many.

Both sign the same fields. The hub keeps the approvals and cannot make one; that two are two is compared here, by
account, passkey and session. Format: docs/formats/sessions.md, Dangerous actions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rempart.domain import dangerous
from rempart.domain.dangerous import SECOND_EXPORT, SIGN_EXPORT, Signer
from rempart.domain.exports import EXPORTS, SECOND_FOR
from rempart.sealing import actions
from rempart.sealing.action_frames import ActionResult, Approval

if TYPE_CHECKING:
    from rempart.sealing.export_frames import ExportItem

    from .clock import KeeperClock
    from .own_account import OwnAccounts, Signatory


class Approvals(Protocol):
    """What the keeper says of an action that was signed, under a MAC of its own."""

    def said(self, found: Signatory) -> Approval: ...
    def wrapped(self, said: Approval) -> bytes: ...
    def proven(self, approval: bytes, kind: str) -> Approval | None: ...


class Exports:
    """Each operation one item at a time."""

    def __init__(self, own: OwnAccounts, signed: Approvals, clock: KeeperClock) -> None:
        self._own = own
        self._signed = signed
        self._clock = clock

    def sign(self, items: list[ExportItem]) -> list[ActionResult]:
        """The approval of one signature.

        Refusals: those of `OwnAccounts.signed`, export-unknown (a kind of nobody's, or the taker's own word is of
        somebody else), approval-unproven (the taker's word is not the keeper's, not of this, or older than a day),
        same-person.
        """
        return [self._sign(each) for each in items]

    def _sign(self, item: ExportItem) -> ActionResult:
        if item.what not in EXPORTS or item.invoices < 1:
            return ActionResult("export-unknown")
        fields = (item.what, item.document, str(item.invoices), item.taker)
        found = self._own.signed(SECOND_EXPORT if item.first else SIGN_EXPORT, fields, item.asked)
        if isinstance(found, str):
            return ActionResult(found)
        if not item.first and found.grant.client != item.taker:
            return ActionResult("export-unknown")
        said = self._signed.said(found)
        if item.first:
            first = self._first(item.first, found, fields)
            refusal = "approval-unproven" if first is None else dangerous.second_person(_signer(first), _signer(said))
            if refusal:
                return ActionResult(refusal)
        return ActionResult("", self._signed.wrapped(said))

    def _first(self, approval: bytes, second: Signatory, fields: tuple[str, ...]) -> Approval | None:
        """The taker's own word about the very same, a day old at most."""
        said = self._signed.proven(approval, SIGN_EXPORT)
        wanted = actions.written(SIGN_EXPORT, second.operator, second.place, *fields)
        if said is None or wanted is None or said.action != wanted.digest() or said.account != fields[-1]:
            return None
        return said if said.instant + SECOND_FOR > self._clock.now() else None


def _signer(said: Approval) -> Signer:
    return Signer(said.account, said.passkey, said.session)
