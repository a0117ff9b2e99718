"""The keeper as people's sign-in sees it: challenges, enrolments, passkeys and renewals over its `ask` socket."""

from __future__ import annotations

from rempart.application.sessions import Challenged, Enrolment, Given, Presented
from rempart.application.tokens import Refusal
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.sealing.account_frames import ChallengeItem, EnrolItem, PasskeyItem, RenewItem, SessionResult


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
        return _given(*await self._keeper.call("passkey", [item]))

    async def renew(self, grant: bytes, site: str, binding: str, instant: int) -> Given | Refusal:
        return _given(*await self._keeper.call("renew", [RenewItem(grant, site, binding, instant)]))


def _given(result: SessionResult) -> Given | Refusal:
    if result.refusal:
        return Refusal(result.refusal)
    return Given(
        result.grant, result.account, result.operator, result.role, result.site, result.sites, result.expires,
        result.until,
    )  # fmt: skip
