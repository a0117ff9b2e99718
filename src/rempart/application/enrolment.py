"""Joining an operator by oneself, on the hub's side: vouched for by the provider, a place, a sealed document, waiting.

The keeper says who it is, by a name of its own; the hub stores what it cannot read, and approves nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import Protocol
from uuid import UUID, uuid4

from rempart.application.provider_sign_in import Place as Told
from rempart.application.provider_sign_in import Provider, Returned
from rempart.application.sessions import Passkeys
from rempart.application.tokens import Refusal
from rempart.domain.enrolment import (
    ASKED,
    AWAITING,
    ENDED,
    EXPIRED,
    LIFE,
    TICKET_LIFE,
    WITHDRAWN,
    Choice,
    Place,
    Step,
    choice_refusal,
    present,
    step,
)

PURPOSE = "provider"
TICKET_BYTES = 32
PERSON = "person"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One enrolment with its steps; instants in microseconds UTC. Who it is, is a name that only the keeper makes."""

    enrolment: UUID
    operator: str
    person: bytes = field(repr=False)
    site: str
    place: Place
    listed: str
    asked: int
    expires: int
    steps: tuple[Step, ...] = ()

    def state(self, instant: int) -> str:
        """Where it stands."""
        return present(self.steps, self.expires, instant)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one browser may go on with: whose it is, through which portal's key, and the places it was told."""

    operator: str
    person: bytes = field(repr=False)
    binding: str
    places: tuple[Place, ...]
    expires: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh ticket, the places with their trade names as told just now, and the enrolment there is already."""

    ticket: str = field(repr=False)
    expires: int
    places: tuple[Told, ...]
    enrolment: Enrolment | None


class Strangers(Protocol):
    """The keeper: who an id_token names, when nobody is linked so yet. Raises `Unavailable`."""

    async def stranger(self, returned: Returned, id_token: bytes, instant: int) -> bytes | Refusal: ...


class EnrolmentBooks(Protocol):
    """The database's side of the hub. `add` and `move` are one transaction each."""

    async def latest(self, operator: str, person: bytes) -> Enrolment | None: ...
    async def keep_ticket(self, digest: bytes, ticket: Ticket) -> None: ...
    async def ticket(self, digest: bytes, instant: int) -> Ticket | None: ...
    async def registered(self, site: str) -> bool: ...
    async def directory(self, finess: str) -> str: ...
    async def add(self, enrolment: Enrolment, instead_of: Enrolment | None, instant: int) -> None: ...
    async def move(self, enrolment: Enrolment, following: Step, sealed: bytes | None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Joining:
    """The use case. Every method raises `Unavailable`; refusals are `Refusal` with a stable code."""

    provider: Provider
    passkeys: Passkeys
    keeper: Strangers
    books: EnrolmentBooks

    async def open(self, returned: Returned, instant: int) -> Opened | Refusal:
        """Who comes back from the provider without an account here; `account-exists` for who has one."""
        # As for a sign-in: the keeper knows portals and their keys, and no stranger makes us ask the provider.
        asked = await self.passkeys.challenge(returned.operator, PURPOSE, returned.binding, instant)
        if isinstance(asked, Refusal):
            return asked
        vouched = await self.provider.vouch(returned, instant)
        if isinstance(vouched, Refusal):
            return vouched
        person = await self.keeper.stranger(returned, vouched.id_token, instant)
        if isinstance(person, Refusal):
            return person
        raw = secrets.token_urlsafe(TICKET_BYTES)
        places = tuple(Place(each.finess, each.profession, each.mode) for each in vouched.places)
        ticket = Ticket(returned.operator, person, returned.binding, places, instant + TICKET_LIFE)
        await self.books.keep_ticket(_digest(raw), ticket)
        return Opened(raw, ticket.expires, vouched.places, await self._current(ticket, instant))

    async def show(self, operator: str, binding: str, raw: str, instant: int) -> Enrolment | Refusal:
        """The enrolment of who holds the ticket; `not-found` when none was begun."""
        ticket = await self._ticket(operator, binding, raw, instant)
        if isinstance(ticket, Refusal):
            return ticket
        return await self.books.latest(operator, ticket.person) or Refusal("not-found")

    async def choose(self, ticket: Ticket, place: int, site: str, instant: int) -> Enrolment | Refusal:
        """Begins an enrolment for a place; one that has not ended is withdrawn for it.

        Refusals: place-unknown, site-malformed, place-ended, site-registered.
        """
        chosen = ticket.places[place] if 0 <= place < len(ticket.places) else None
        finess = chosen.finess if chosen else ""
        listed = await self.books.directory(finess) if finess else "no-finess"
        known = await self.books.registered(site)
        if code := choice_refusal(Choice(site, chosen, known, listed)):
            return Refusal(code)
        before = await self._current(ticket, instant)
        asked = Step(1, ASKED, PERSON, "", instant)
        made = Enrolment(
            uuid4(), ticket.operator, ticket.person, site, chosen or Place("", "", ""), listed, instant, instant + LIFE,
            (asked,),
        )  # fmt: skip
        going = before is not None and before.state(instant) not in ENDED
        await self.books.add(made, before if going else None, instant)
        return made

    async def send(self, ticket: Ticket, enrolment: str, sealed: bytes, instant: int) -> Enrolment | Refusal:
        """The document of an enrolment, sealed to the operator.

        Refusals: not-found, transition-not-allowed (it waits already, or has ended).
        """
        found = await self.books.latest(ticket.operator, ticket.person)
        if found is None or str(found.enrolment) != enrolment:
            return Refusal("not-found")
        if code := step(found.state(instant), AWAITING):
            return Refusal(code)
        sent = Step(len(found.steps) + 1, AWAITING, PERSON, "", instant)
        if not await self.books.move(found, sent, sealed):
            return Refusal("transition-not-allowed")
        return _with(found, sent)

    async def held(self, operator: str, binding: str, raw: str, instant: int) -> Ticket | Refusal:
        """The ticket of a request; `ticket-over` when it is unknown, too old, or of another portal."""
        return await self._ticket(operator, binding, raw, instant)

    async def _ticket(self, operator: str, binding: str, raw: str, instant: int) -> Ticket | Refusal:
        found = await self.books.ticket(_digest(raw), instant)
        if found is None or (found.operator, found.binding) != (operator, binding):
            return Refusal("ticket-over")
        return found

    async def _current(self, ticket: Ticket, instant: int) -> Enrolment | None:
        """Their latest; one whose time is over is ended on the way."""
        found = await self.books.latest(ticket.operator, ticket.person)
        if found is None or found.state(instant) != EXPIRED or found.steps[-1].state == EXPIRED:
            return found
        over = Step(len(found.steps) + 1, EXPIRED, "clock", "", instant)
        await self.books.move(found, over, None)
        return _with(found, over)


def withdrawal(found: Enrolment, instant: int) -> Step:
    """The step that ends an enrolment because its person began another."""
    return Step(len(found.steps) + 1, WITHDRAWN, PERSON, "", instant)


def _with(found: Enrolment, following: Step) -> Enrolment:
    return replace(found, steps=(*found.steps, following))


def _digest(raw: str) -> bytes:
    return hashlib.sha256(b"rempart/1/enrolment-ticket\n" + raw.encode("utf-8", "replace")).digest()
