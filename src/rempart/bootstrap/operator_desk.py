"""The operator's desk as keeper and database see it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from litestar.handlers import HTTPRouteHandler

from rempart.api.desk_door import DeskDoor
from rempart.api.desk_joins import desk_join_routes
from rempart.api.desk_log import Pool, desk_log_routes
from rempart.api.operator_compartments import operator_compartment_routes
from rempart.api.operator_desk import operator_desk_routes
from rempart.application.desk_joins import DeskJoins
from rempart.application.operator_desk import Invited, Told, Wish
from rempart.application.own_account import HeldSessions
from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenCache, TokenFacts
from rempart.bootstrap.desk_joins import KeeperJoins, StoredJoins
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.sealing.desk_frames import DeskAccountsItem, DeskEndCodesItem, DeskInviteItem, DeskOpenItem
from rempart.sealing.invitations import HAS_NUMBER
from rempart.storage import operator_desk as stored
from rempart.storage.door import Databases


class KeeperDesk:
    """The `DeskKeeper` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def invite(self, held: TokenFacts, wish: Wish, proof: Proof, instant: int) -> Invited | Refusal:
        """The account and its code."""
        item = DeskInviteItem(*wish, asked=signing(held, proof, instant))
        (done,) = await self._keeper.call("desk_invite", [item])
        return Refusal(done.refusal) if done.refusal else Invited(done.account, done.code, done.expires)

    async def word(self, held: TokenFacts, part: tuple[str, int], proof: Proof, instant: int) -> str:
        """Whether a word for opening that compartment, about that closing, was signed: "" or a refusal code."""
        (done,) = await self._keeper.call("desk_open", [DeskOpenItem(*part, signing(held, proof, instant))])
        return str(done.refusal)

    async def end_codes(self, held: TokenFacts, account: str, instant: int) -> str:
        """Ends an account's unused codes: "" or a refusal code."""
        (done,) = await self._keeper.call(
            "desk_end_codes", [DeskEndCodesItem(held.grant, held.binding, account, instant)]
        )
        return str(done.refusal)

    async def told(self, held: TokenFacts, accounts: Sequence[str], instant: int) -> dict[str, Told] | Refusal:
        """What is registered of these accounts."""
        item = DeskAccountsItem(held.grant, held.binding, tuple(accounts), instant)
        (found,) = await self._keeper.call("desk_accounts", [item])
        if found.refusal:
            return Refusal(found.refusal)
        return {
            each.account: Told(each.account, each.passkeys, each.used, each.code, each.probation, each.ended)
            for each in found.accounts
        }  # fmt: skip


class StoredDesk:
    """The `DeskBooks` port. Raises `Unavailable`."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def operator_of(self, site: str) -> str:
        """Whose site it is, "" when nobody has it."""
        async with self._databases.lend() as database:
            rows = await database.fetch("select operator from rempart.site where site = $1", site)
        return str(rows[0][0]) if rows else ""

    async def add(self, agent: str, invited: Invited, wish: Wish, instant: int) -> str:
        """The account and its mandate."""
        first, last = (date.fromisoformat(day) if day else None for day in (wish.first, wish.last))
        site = wish.place if first else ""
        answers = None if wish.accountable in ("", HAS_NUMBER) else wish.accountable
        told = stored.Invited(agent, invited.account, wish.role, site, first, last, answers)
        async with self._databases.lend() as database:
            return await stored.add(database, told, instant)


def desk_routes(
    door: DeskDoor, keeper: KeeperPort, held: tuple[HeldSessions, TokenCache], log: Pool
) -> list[HTTPRouteHandler]:  # fmt: skip
    """Every route of the operator's desk; `held`: people's tokens, and what is remembered of them."""
    asks, books = KeeperDesk(keeper), StoredDesk(door.desk.databases)
    joins = DeskJoins(KeeperJoins(keeper), StoredJoins(door.desk.databases), *held)
    return [
        *operator_desk_routes(door, asks, books), *operator_compartment_routes(door, asks),
        *desk_join_routes(door, joins), *desk_log_routes(door, log),
    ]  # fmt: skip
