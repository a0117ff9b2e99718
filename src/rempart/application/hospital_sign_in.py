"""Signing in by a hospital's own OpenID provider: the code is exchanged here, the keeper verifies who it is.

The person's account comes into being with the first sign-in; the hub keeps the keeper's word for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from rempart.application.sessions import Given, Session, Sessions
from rempart.application.tokens import Refusal

PURPOSE = "provider"
"""Of the challenge that is the nonce."""


@dataclass(frozen=True, slots=True)
class Came:
    """What a browser came back with; `binding` is the portal's, as its proof showed. `issuer` "" when not told."""

    operator: str
    binding: str
    hospital: str
    challenge: bytes
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""


class HospitalProvider(Protocol):
    """The hospitals' providers: an id_token for a code. Raises `Unavailable`."""

    async def vouch(self, came: Came, instant: int) -> bytes | Refusal: ...


class Vouchers(Protocol):
    """The keeper. Instants in microseconds UTC; raises `Unavailable`."""

    async def vouched(self, came: Came, id_token: bytes, instant: int) -> Given | Refusal: ...


class Federated(Protocol):
    """Accounts of people whom a provider named, as the hub has them."""

    async def federate(self, given: Given, instant: int) -> None: ...


@dataclass(frozen=True, slots=True)
class HospitalSignIn:
    """The use case."""

    provider: HospitalProvider
    keeper: Vouchers
    accounts: Federated
    sessions: Sessions

    async def sign_in(self, came: Came, *, device: str, instant: int) -> Session | Refusal:
        """A session for who comes back from the hospital's provider, or why there is none. Raises `Unavailable`."""
        # The keeper knows portals and their keys. Asked first, so that no stranger can make us ask a provider.
        asked = await self.sessions.passkeys.challenge(came.operator, PURPOSE, came.binding, instant)
        if isinstance(asked, Refusal):
            return asked
        id_token = await self.provider.vouch(came, instant)
        if isinstance(id_token, Refusal):
            return id_token
        given = await self.keeper.vouched(came, id_token, instant)
        if isinstance(given, Refusal):
            return given
        await self.accounts.federate(given, instant)
        return await self.sessions.opened(given, came.binding, instant, device=device)
