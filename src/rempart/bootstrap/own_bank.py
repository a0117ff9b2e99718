"""The keeper as changes of bank details see it: the hub's side, and the payer's before it pays a new account."""

from __future__ import annotations

from rempart.application.bank_details import Change
from rempart.application.own_bank import NewAccount, Proof, Proposed, Waiting
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.sealing.account_frames import AssertionPart
from rempart.sealing.action_frames import ApproveBankItem, BankApprovedItem, ProposeBankItem, Signing
from rempart.sealing.client import KeeperSync


class KeeperSignatures:
    """The `Signatures` port of `application.own_bank`. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def propose(self, held: TokenFacts, new: NewAccount, proof: Proof, instant: int) -> Proposed | Refusal:
        """The account sealed to its change."""
        item = ProposeBankItem(str(new.change), new.name, new.iban, signing(held, proof, instant))
        (done,) = await self._keeper.call("propose_bank", [item])
        return Refusal(done.refusal) if done.refusal else Proposed(done.sealed, done.index, done.ending, done.approval)

    async def approve(self, held: TokenFacts, change: Waiting, proof: Proof, instant: int) -> bytes | Refusal:
        """The second approval."""
        item = ApproveBankItem(
            str(change.change), change.sealed, change.signed or b"", signing(held, proof, instant)
        )  # fmt: skip
        (done,) = await self._keeper.call("approve_bank", [item])
        return Refusal(done.refusal) if done.refusal else bytes(done.approval)


def signing(held: TokenFacts, proof: Proof, instant: int) -> Signing:
    """A session and what was signed in it."""
    return Signing(held.grant, held.binding, proof.challenge, AssertionPart(*proof.signed), instant)


class KeeperApprovals:
    """The `Approvals` port of `application.bank_details`. Raises `KeeperUnavailable`."""

    def __init__(self, keeper: KeeperSync) -> None:
        self._keeper = keeper

    def refusal(self, change: Change) -> str:
        """Why the signatures of a change are not what the database says of them; "" when they are."""
        item = BankApprovedItem(
            str(change.change), change.operator, change.site, change.sealed, change.signed or b"",
            change.second_signed or b"",
        )  # fmt: skip
        (told,) = self._keeper.call("bank_approved", [item])
        if told.refusal:
            return str(told.refusal)
        second = change.approved_by if change.second_signed else ""
        named = (told.proposed_by, told.approved_by) == (change.proposed_by, second)
        return "" if named else "approval-unproven"
