"""What a signed-in person sees and ends of the own account: passkeys, sessions; and a manager, of a colleague's.

The keeper decides, because it alone lets people in. The hub adds the sessions that it holds tokens of, and ends those.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rempart.application.tokens import Refusal, TokenCache, TokenFacts

OVER = "session-over"


class Passkey(NamedTuple):
    """`passkey` is its digest, `made` microseconds UTC (0: not kept), `used` the last day, counted since 1970."""

    passkey: bytes
    credential: bytes
    made: int
    used: int


class Held(NamedTuple):
    """A live session; instants in microseconds UTC, `passkey` the digest of what opened it."""

    session: bytes
    device: str
    began: int
    renewed: int
    site: str
    passkey: bytes


class Signed(NamedTuple):
    """What a browser signed with a passkey there is."""

    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """As the keeper has it. `probation` in microseconds UTC, 0 when there is none.

    `recovered`: when access was last given back, microseconds UTC (0: never), by the operator or by a colleague.
    """

    account: str
    role: str
    passkeys: tuple[Passkey, ...]
    probation: int
    recovered: int = 0
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class Added:
    """A new passkey as a browser made it; `proof` signs the same challenge with an older one."""

    challenge: bytes
    client_data: bytes
    attestation: bytes
    proof: Signed | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Whose, and what the manager signed: the challenge with the action in it."""

    account: str
    challenge: bytes
    signed: Signed = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recovered:
    """`code` leaves once, to the manager; `expires` microseconds UTC."""

    account: str
    code: str = field(repr=False)
    expires: int


class Accounts(Protocol):
    """The keeper. `session` None: every one. "" or a refusal code; raises `Unavailable`."""

    async def account(self, grant: bytes, binding: str, instant: int) -> OwnAccount | Refusal: ...
    async def add_passkey(self, grant: bytes, binding: str, added: Added, instant: int) -> str: ...
    async def end_passkey(self, grant: bytes, binding: str, passkey: bytes, instant: int) -> str: ...
    async def end_sessions(self, grant: bytes, binding: str, session: bytes | None, instant: int) -> str: ...
    async def recover(self, grant: bytes, binding: str, recovery: Recovery, instant: int) -> Recovered | Refusal: ...


class HeldSessions(Protocol):
    """Tokens of people. Each revocation says how many were live."""

    async def sessions(self, account: str, instant: int) -> tuple[Held, ...]: ...
    async def revoke_session(self, account: str, session: bytes, instant: int) -> int: ...
    async def revoke_opened_by(self, account: str, passkey: bytes, instant: int) -> int: ...
    async def revoke_client(self, client: str, instant: int) -> int: ...
    async def end_recovered(self, account: str, instant: int) -> int: ...


@dataclass(frozen=True, slots=True)
class OwnAccounts:
    """The use cases, each in the session `held`; instants in microseconds UTC."""

    keeper: Accounts
    store: HeldSessions
    cache: TokenCache

    async def read(self, held: TokenFacts, instant: int) -> tuple[OwnAccount, tuple[Held, ...]] | Refusal:
        """The account and its live sessions."""
        found = await self.keeper.account(held.grant, held.binding, instant)
        return found if isinstance(found, Refusal) else (found, await self.store.sessions(held.client, instant))

    async def add_passkey(self, held: TokenFacts, added: Added, instant: int) -> str:
        """One more passkey; "" or a refusal code."""
        return await self.keeper.add_passkey(held.grant, held.binding, added, instant)

    async def end_passkey(self, held: TokenFacts, passkey: bytes, instant: int) -> str:
        """Ends a passkey and the sessions that it opened; "" or a refusal code."""
        refusal = await self.keeper.end_passkey(held.grant, held.binding, passkey, instant)
        if not refusal:
            await self.store.revoke_opened_by(held.client, passkey, instant)
            self.cache.forget_client(held.client)
        return refusal

    async def end_session(self, held: TokenFacts, session: bytes, instant: int) -> str:
        """Ends one session of the account; "" or a refusal code. The keeper first: what it knows, no hub undoes."""
        refusal = await self.keeper.end_sessions(held.grant, held.binding, session, instant)
        if refusal:
            return refusal
        await self.store.revoke_session(held.client, session, instant)
        self.cache.forget_client(held.client)
        return ""

    async def end_every_session(self, held: TokenFacts, instant: int) -> str:
        """Signs out everywhere; may be repeated when an answer got lost. "" or a refusal code."""
        refusal = await self.keeper.end_sessions(held.grant, held.binding, None, instant)
        if refusal not in ("", OVER):
            return refusal
        await self.store.revoke_client(held.client, instant)
        self.cache.forget_client(held.client)
        return ""

    async def recover(self, held: TokenFacts, recovery: Recovery, instant: int) -> Recovered | Refusal:
        """A colleague's new invitation; what that account had has ended, and its sites are told."""
        found = await self.keeper.recover(held.grant, held.binding, recovery, instant)
        if isinstance(found, Recovered):
            await self.store.end_recovered(recovery.account, instant)
            self.cache.forget_client(recovery.account)
        return found
