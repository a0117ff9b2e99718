"""Workstations that people share, and locums: the keeper decides, the hub keeps the mandate and ends tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from rempart.application.own_account import Signed
from rempart.application.sessions import Given, Session, Sessions
from rempart.application.tokens import Parties, Refusal, TokenCache, TokenFacts
from rempart.ground.instants import start_of_day


class Station(NamedTuple):
    """`station` is 16 bytes that name it, `made` microseconds UTC, `by` the account that enrolled it."""

    station: bytes
    made: int
    by: str
    seated: int


class Seat(NamedTuple):
    """`until` in microseconds UTC."""

    seat: bytes
    until: int


@dataclass(frozen=True, slots=True)
class NewStation:
    """A browser's public key, and what the manager's passkey signed."""

    key: bytes
    challenge: bytes
    signed: Signed = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pin:
    """What a workstation shows of a PIN: never the PIN. `seat` b"" while one is taken."""

    station: bytes
    seat: bytes
    challenge: bytes
    proof: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who works at the signer's site, on which days, and what the manager's passkey signed."""

    account: str
    first: date
    last: date
    challenge: bytes
    signed: Signed = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeAsked:
    """On which days a locum may come, and what the manager's passkey signed."""

    first: date
    last: date
    challenge: bytes
    signed: Signed = field(repr=False)


@dataclass(frozen=True, slots=True)
class CodeGiven:
    """`code` leaves once, to the manager; `expires` microseconds UTC."""

    code: str = field(repr=False)
    expires: int


class Taken(NamedTuple):
    """Where a locum works now, on which days, and the manager's account that let it."""

    site: str
    first: date
    last: date
    by: str


class Span(NamedTuple):
    """The bounds of a delegation's days at the site, microseconds UTC, the end excluded."""

    start: int
    end: int


class Counter(Protocol):
    """The keeper. "" or a refusal code where nothing else is told; raises `Unavailable`."""

    async def enrol(self, held: TokenFacts, new: NewStation, instant: int) -> bytes | Refusal: ...
    async def stations(self, held: TokenFacts, instant: int) -> tuple[Station, ...] | Refusal: ...
    async def end(self, held: TokenFacts, station: bytes, instant: int) -> str: ...
    async def sit(self, held: TokenFacts, pin: Pin, instant: int) -> Seat | Refusal: ...
    async def switch(self, operator: str, binding: str, pin: Pin, instant: int) -> Given | Refusal: ...
    async def delegate(self, held: TokenFacts, asked: Delegation, span: Span, instant: int) -> str: ...
    async def end_delegation(self, held: TokenFacts, account: str, instant: int) -> str: ...
    async def give_code(self, held: TokenFacts, asked: CodeAsked, span: Span, instant: int) -> CodeGiven | Refusal: ...
    async def take(self, held: TokenFacts, code_hash: bytes, instant: int) -> Taken | Refusal: ...


class Delegations(Protocol):
    """Mandates of locums as the hub has them."""

    async def delegate(self, held: TokenFacts, asked: Delegation, instant: int) -> None: ...
    async def end(self, held: TokenFacts, account: str, instant: int) -> None: ...
    async def take(self, account: str, taken: Taken, instant: int) -> None: ...
    async def revoke_client(self, client: str, instant: int) -> int: ...


@dataclass(frozen=True, slots=True)
class Stations:
    """The use cases; instants in microseconds UTC."""

    keeper: Counter
    sessions: Sessions
    parties: Parties
    delegations: Delegations
    cache: TokenCache

    async def switch(self, operator: str, binding: str, pin: Pin, *, device: str, instant: int) -> Session | Refusal:
        """A session for who is seated at a workstation and gives the PIN."""
        given = await self.keeper.switch(operator, binding, pin, instant)
        if isinstance(given, Refusal):
            return given
        return await self.sessions.opened(given, binding, instant, device=device)

    async def delegate(self, held: TokenFacts, asked: Delegation, instant: int) -> str:
        """A locum's mandate, the keeper first; "" or a refusal code."""
        place = await self.parties.site(held.site)
        if place is None:
            return "purpose-not-granted"
        span = Span(start_of_day(asked.first, place.zone), start_of_day(asked.last + timedelta(1), place.zone))
        refusal = await self.keeper.delegate(held, asked, span, instant)
        if not refusal:
            await self.delegations.delegate(held, asked, instant)
        return refusal

    async def give_code(self, held: TokenFacts, asked: CodeAsked, instant: int) -> CodeGiven | Refusal:
        """A code for whoever works here on these days."""
        place = await self.parties.site(held.site)
        if place is None:
            return Refusal("purpose-not-granted")
        span = Span(start_of_day(asked.first, place.zone), start_of_day(asked.last + timedelta(1), place.zone))
        return await self.keeper.give_code(held, asked, span, instant)

    async def take(self, held: TokenFacts, code_hash: bytes, instant: int) -> Taken | Refusal:
        """A locum's mandate by a code, the keeper first."""
        found = await self.keeper.take(held, code_hash, instant)
        if isinstance(found, Taken):
            await self.delegations.take(held.client, found, instant)
        return found

    async def end_delegation(self, held: TokenFacts, account: str, instant: int) -> str:
        """Ends it now, and with it the account's live sessions, which begin anew elsewhere; "" or a refusal code."""
        refusal = await self.keeper.end_delegation(held, account, instant)
        if refusal:
            return refusal
        await self.delegations.end(held, account, instant)
        await self.delegations.revoke_client(account, instant)
        self.cache.forget_client(account)
        return ""
