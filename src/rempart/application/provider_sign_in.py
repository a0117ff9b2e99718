"""Signing in by Pro Santé Connect: the code is exchanged here, the keeper verifies who it is, the person chooses where.

What the provider tells of places only narrows down what the keeper has linked to that person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rempart.application.sessions import Given, Session, Sessions
from rempart.application.tokens import Refusal
from rempart.domain.parties import Site

PURPOSE = "provider"
"""Of the challenge that is the nonce."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a browser came back with; `binding` is the portal's, as its proof showed. `issuer` "" when not told."""

    operator: str
    binding: str
    challenge: bytes
    code: str = field(repr=False)
    verifier: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the provider says that the person works; any value may be ""."""

    finess: str
    name: str
    profession: str
    mode: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the provider gave for the code; verified here once, and by the keeper again."""

    id_token: bytes = field(repr=False)
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Entered:
    """A session, and each of its sites as the provider tells of it (None: it does not)."""

    session: Session
    told: tuple[tuple[str, Place | None], ...]


class Provider(Protocol):
    """Pro Santé Connect. Raises `Unavailable`."""

    async def vouch(self, returned: Returned, instant: int) -> Vouched | Refusal: ...


class Vouchers(Protocol):
    """The keeper. Instants in microseconds UTC; raises `Unavailable`."""

    async def vouched(
        self, returned: Returned, id_token: bytes, sites: Sequence[str], *, anywhere: bool, instant: int
    ) -> Given | Refusal: ...


class Places(Protocol):
    """The sites of an operator that stand at these FINESS numbers."""

    async def sites_at(self, operator: str, finess: Sequence[str]) -> tuple[Site, ...]: ...


@dataclass(frozen=True, slots=True)
class ProviderSignIn:
    """The use case."""

    provider: Provider
    keeper: Vouchers
    places: Places
    sessions: Sessions

    async def sign_in(self, returned: Returned, instant: int) -> Entered | Refusal:
        """A session for who comes back from the provider, or why there is none. Raises `Unavailable`."""
        # The keeper knows portals and their keys. Asked first, so that no stranger can make us ask the provider.
        asked = await self.sessions.passkeys.challenge(returned.operator, PURPOSE, returned.binding, instant)
        if isinstance(asked, Refusal):
            return asked
        vouched = await self.provider.vouch(returned, instant)
        if isinstance(vouched, Refusal):
            return vouched
        placed = {place.finess: place for place in vouched.places if place.finess}
        sites = await self.places.sites_at(returned.operator, tuple(placed)) if placed else ()
        unplaced = [place for place in vouched.places if not place.finess]
        given = await self.keeper.vouched(
            returned, vouched.id_token, [each.site for each in sites], anywhere=bool(unplaced), instant=instant
        )
        if isinstance(given, Refusal):
            return given
        session = await self.sessions.opened(given, returned.binding, instant)
        if isinstance(session, Refusal):
            return session
        known = {each.site: placed.get(each.finess) or placed.get(each.site) for each in sites}
        elsewhere = unplaced[0] if len(unplaced) == 1 else None
        return Entered(session, tuple((site, known.get(site) or elsewhere) for site in given.sites))
