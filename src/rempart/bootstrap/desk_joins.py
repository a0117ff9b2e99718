"""Who joins and who is let back in, as keeper and database see it."""

from __future__ import annotations

from uuid import UUID

from rempart.application.desk_joins import Reached, Yes
from rempart.application.own_account import Recovered
from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.sealing.desk_frames import DeskJoinItem, DeskRecoverItem
from rempart.storage import desk_joins as stored
from rempart.storage.door import Databases


class KeeperJoins:
    """The `JoinKeeper` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def agree(self, held: TokenFacts, yes: Yes, proof: Proof, instant: int) -> bytes | Refusal:
        """The keeper's approval of what was signed."""
        (done,) = await self._keeper.call("desk_join", [DeskJoinItem(*yes, asked=signing(held, proof, instant))])
        return Refusal(done.refusal) if done.refusal else bytes(done.approval)

    async def recover(self, held: TokenFacts, wish: Reached, proof: Proof, instant: int) -> Recovered | Refusal:
        """A new code."""
        item = DeskRecoverItem(*wish, asked=signing(held, proof, instant))
        (done,) = await self._keeper.call("desk_recover", [item])
        return Refusal(done.refusal) if done.refusal else Recovered(wish.account, done.code, done.expires)


class StoredJoins:
    """The `JoinBooks` port. Raises `Unavailable`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def agree(self, agent: str, yes: Yes, signed: bytes, instant: int) -> str:
        """One voice for the document that is there."""
        told = stored.Yes(agent, UUID(yes.enrolment), int(yes.document), yes.reached, signed)
        async with self._databases.lend() as database:
            return await stored.agree(database, told, instant)

    async def recovered(self, agent: str, account: str, instant: int) -> str:
        """The step, for the auditor."""
        async with self._databases.lend() as database:
            return await stored.recovered(database, agent, account, instant)
