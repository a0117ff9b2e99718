"""Dangerous actions: what a person signed becomes an approval of the keeper's, which the hub keeps and cannot make.

A session is not enough for any of them, however young. Bank details need two of them, or one and an officer's word; the
worker asks again, when the wait is over, whether both are the keeper's. Format: docs/formats/sessions.md.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec

from rempart.domain import dangerous
from rempart.domain.dangerous import Signer
from rempart.sealing.action_frames import (
    MAC_BYTES,
    ActionResult,
    Approval,
    ApproveBankItem,
    BankApprovedItem,
    BankApprovedResult,
    ProposeBankItem,
    ProposeBankResult,
    about_bank,
    unwrapped,
)
from rempart.sealing.frames import MacItem, SealIbanItem
from rempart.sealing.prf import short_prf

from .exports import Exports

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .keeping import Keeping
    from .own_account import OwnAccounts, Signatory
    from .registry import Registry
    from .server import Handler

INDEX_SCOPE = "payee-index"
MANAGER = "manager"
ENDING = 4  # characters of an account that are shown again


class SignedActions:
    """Each operation one item at a time; `key` of the ring's, which no other program has."""

    def __init__(
        self, key: bytes, accounts: OwnAccounts, keeping: Keeping, *, registry: Registry, clock: KeeperClock
    ) -> None:
        self._mac = short_prf(key, "rempart/1/approval", size=MAC_BYTES)
        self._accounts = accounts
        self._keeping = keeping
        self._registry = registry
        self._clock = clock

    # Refusals of all that is signed: those of a session (`OwnAccounts`), purpose-not-granted, on-probation, those of
    # challenges and passkeys; challenge-invalid also when another action was signed.

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them; `bank_approved` is the box's."""
        exports = Exports(self._accounts, self, self._clock)
        return {
            "propose_bank": self.propose_bank, "approve_bank": self.approve_bank, "sign_export": exports.sign,
        }  # fmt: skip

    def propose_bank(self, items: list[ProposeBankItem]) -> list[ProposeBankResult]:
        """A new account, sealed. Refusals, further: iban-malformed, name-malformed, manager-signs."""
        return [self._propose(each) for each in items]

    def approve_bank(self, items: list[ApproveBankItem]) -> list[ActionResult]:
        """The second word. Refusals, further: approval-unproven, same-person."""
        return [self._approve(each) for each in items]

    def bank_approved(self, items: list[BankApprovedItem]) -> list[BankApprovedResult]:
        """For the payer, before an account is paid. Refusals: approval-unproven, same-person."""
        return [self._approved(each) for each in items]

    def wrapped(self, said: Approval) -> bytes:
        """With its MAC."""
        raw = msgspec.msgpack.encode(said)
        return self._mac(raw) + raw

    def proven(self, approval: bytes, kind: str) -> Approval | None:
        """What an approval says, if it is the keeper's own and of that kind."""
        said = unwrapped(approval)
        whole = hmac.compare_digest(self._mac(approval[MAC_BYTES:]), approval[:MAC_BYTES])
        return said if said is not None and whole and said.kind == kind else None

    def said(self, found: Signatory, *, about: bytes = b"", ending: str = "") -> Approval:
        """What the keeper says of an action that was signed."""
        wanted, grant = found.action, found.grant
        return Approval(
            wanted.kind, found.operator, found.place, grant.client, found.role, wanted.digest(), about, ending,
            found.passkey, grant.session, self._clock.now(),
        )  # fmt: skip

    def _propose(self, item: ProposeBankItem) -> ProposeBankResult:
        found = self._accounts.signed(dangerous.BANK_PROPOSE, (item.change, item.name, item.iban), item.asked)
        if isinstance(found, str):
            return ProposeBankResult(found)
        now = self._clock.now()
        if found.role != MANAGER and self._registry.people_at(found.place, found.operator, MANAGER, now):
            return ProposeBankResult("manager-signs")
        (sealed,) = self._keeping.seal_iban([SealIbanItem(item.change, item.iban, item.name)])
        if sealed.refusal:
            return ProposeBankResult(sealed.refusal)
        (index,) = self._keeping.mac([MacItem("iban", INDEX_SCOPE, item.iban.encode())])
        ending = item.iban[-ENDING:]
        said = self.said(found, about=about_bank(item.change, sealed.sealed), ending=ending)
        return ProposeBankResult("", sealed.sealed, index.mac, ending, self.wrapped(said))

    def _approve(self, item: ApproveBankItem) -> ActionResult:
        about = about_bank(item.change, item.sealed)
        first = self.proven(item.proposal, dangerous.BANK_PROPOSE)
        if first is None or first.about != about:
            return ActionResult("approval-unproven")
        found = self._accounts.signed(dangerous.BANK_APPROVE, (item.change, first.account, first.ending), item.asked)
        if isinstance(found, str):
            return ActionResult(found)
        if (first.operator, first.site) != (found.operator, found.place):
            return ActionResult("approval-unproven")
        said = self.said(found, about=about, ending=first.ending)
        refusal = dangerous.second_person(_signer(first), _signer(said))
        return ActionResult(refusal) if refusal else ActionResult("", self.wrapped(said))

    def _approved(self, item: BankApprovedItem) -> BankApprovedResult:
        told = (item.operator, item.site, about_bank(item.change, item.sealed))
        first = self.proven(item.proposal, dangerous.BANK_PROPOSE)
        if first is None or (first.operator, first.site, first.about) != told:
            return BankApprovedResult("approval-unproven")
        if not item.second:
            return BankApprovedResult("", first.account)
        second = self.proven(item.second, dangerous.BANK_APPROVE)
        if second is None or (second.operator, second.site, second.about) != told:
            return BankApprovedResult("approval-unproven")
        refusal = dangerous.second_person(_signer(first), _signer(second))
        return BankApprovedResult(refusal) if refusal else BankApprovedResult("", first.account, second.account)


def _signer(said: Approval) -> Signer:
    return Signer(said.account, said.passkey, said.session)
