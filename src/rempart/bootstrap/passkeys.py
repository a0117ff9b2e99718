"""The keeper as people's sign-in sees it: challenges, enrolments, passkeys and renewals over its `ask` socket."""

from __future__ import annotations

from rempart.application.own_account import Added, OwnAccount, Passkey, Recovered, Recovery
from rempart.application.sessions import Challenged, Enrolment, Given, Presented
from rempart.application.tokens import Refusal
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.sealing.account_frames import (
    AccountItem,
    AddPasskeyItem,
    AssertionPart,
    ChallengeItem,
    EndPasskeyItem,
    EndSessionsItem,
    EnrolItem,
    PasskeyItem,
    RecoverItem,
    RenewItem,
    SessionResult,
)


class KeeperPasskeys:
    """The `Passkeys` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def challenge(self, operator: str, purpose: str, binding: str, instant: int) -> Challenged | Refusal:
        (made,) = await self._keeper.call("challenge", [ChallengeItem(purpose, operator, binding, instant)])
        return Refusal(made.refusal) if made.refusal else Challenged(made.challenge, made.rp_id, made.expires)

    async def enrol(self, asked: Enrolment, instant: int) -> str | Refusal:
        item = EnrolItem(
            asked.operator, asked.binding, asked.code, asked.site, asked.challenge, asked.client_data,
            asked.attestation, instant,
        )  # fmt: skip
        (done,) = await self._keeper.call("enrol", [item])
        return Refusal(done.refusal) if done.refusal else str(done.account)

    async def sign_in(self, presented: Presented, instant: int) -> Given | Refusal:
        item = PasskeyItem(
            presented.operator, presented.binding, presented.challenge, presented.credential, presented.client_data,
            presented.authenticator_data, presented.signature, presented.site, instant,
        )  # fmt: skip
        return given(*await self._keeper.call("passkey", [item]))

    async def renew(self, grant: bytes, site: str, binding: str, instant: int) -> Given | Refusal:
        return given(*await self._keeper.call("renew", [RenewItem(grant, site, binding, instant)]))

    async def end_session(self, grant: bytes, binding: str, instant: int) -> str:
        item = EndSessionsItem(grant, binding, b"", every=False, instant=instant)
        (done,) = await self._keeper.call("end_sessions", [item])
        return str(done.refusal)


def given(result: SessionResult) -> Given | Refusal:
    """The keeper's yes, or its refusal."""
    if result.refusal:
        return Refusal(result.refusal)
    return Given(
        result.grant, result.account, result.operator, result.role, result.site, result.sites, result.expires,
        result.until, result.session, result.passkey, result.signed_in, result.probation,
        result.insurer, result.watched,
    )  # fmt: skip


class KeeperAccounts:
    """The `Accounts` port of `application.own_account`. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def account(self, grant: bytes, binding: str, instant: int) -> OwnAccount | Refusal:
        (told,) = await self._keeper.call("account", [AccountItem(grant, binding, instant)])
        if told.refusal:
            return Refusal(told.refusal)
        passkeys = tuple(Passkey(each.passkey, each.credential, each.made, each.used) for each in told.passkeys)
        return OwnAccount(
            told.account, told.role, passkeys, told.probation, told.recovered, by_operator=told.by_operator
        )  # fmt: skip

    async def add_passkey(self, grant: bytes, binding: str, added: Added, instant: int) -> str:
        proof = None if added.proof is None else AssertionPart(*added.proof)
        item = AddPasskeyItem(
            grant, binding, added.challenge, added.client_data, added.attestation, proof, instant
        )  # fmt: skip
        (done,) = await self._keeper.call("add_passkey", [item])
        return str(done.refusal)

    async def end_passkey(self, grant: bytes, binding: str, passkey: bytes, instant: int) -> str:
        (done,) = await self._keeper.call("end_passkey", [EndPasskeyItem(grant, binding, passkey, instant)])
        return str(done.refusal)

    async def end_sessions(self, grant: bytes, binding: str, session: bytes | None, instant: int) -> str:
        item = EndSessionsItem(grant, binding, session or b"", session is None, instant)
        (done,) = await self._keeper.call("end_sessions", [item])
        return str(done.refusal)

    async def recover(self, grant: bytes, binding: str, recovery: Recovery, instant: int) -> Recovered | Refusal:
        item = RecoverItem(
            grant, binding, recovery.account, recovery.challenge, AssertionPart(*recovery.signed), instant
        )  # fmt: skip
        (done,) = await self._keeper.call("recover", [item])
        return Refusal(done.refusal) if done.refusal else Recovered(recovery.account, done.code, done.expires)
