"""Who comes back from Pro Santé Connect: places become sites, the keeper decides, the hub looks at standing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rempart.application.provider_sign_in import Entered, Place, ProviderSignIn, Returned, Vouched
from rempart.application.sessions import Challenged, Given, Session
from rempart.application.tokens import Refusal
from rempart.domain.parties import Site

PHARMACY, HOSPITAL, SURGERY = "990000002", "990000010", "751234568"
RETURNED = Returned("horizon", "jkt:x", b"challenge", "code", "verifier")
SHOP = Place("770000099", "PHARMACIE", "21", "L")
WARD = Place(HOSPITAL, "HOPITAL", "21", "S")
ROUND = Place("", "", "60", "L")


@dataclass
class World:
    """Everything around the use case; `asked` is what the keeper was told of places."""

    places: tuple[Place, ...] = (SHOP, WARD)
    linked: tuple[str, ...] = (PHARMACY, HOSPITAL)
    standing: str = ""
    refused: str = ""
    stranger: str = ""
    exchanged: int = 0
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    @property
    def passkeys(self) -> World:
        return self

    async def challenge(self, operator: str, purpose: str, binding: str, instant: int) -> Challenged | Refusal:
        assert (operator, purpose, binding, instant) == ("horizon", "provider", "jkt:x", 7)
        return Refusal(self.stranger) if self.stranger else Challenged(b"", "", 8)

    async def vouch(self, returned: Returned, instant: int) -> Vouched | Refusal:
        assert (returned, instant) == (RETURNED, 7)
        self.exchanged += 1
        return Refusal(self.refused) if self.refused else Vouched(b"an id_token", self.places)

    async def sites_at(self, operator: str, finess: Sequence[str]) -> tuple[Site, ...]:
        known = (Site(PHARMACY, "pharmacy", "horizon", SHOP.finess), Site(HOSPITAL, "hospital", "horizon"))
        return tuple(each for each in known if each.operator == operator and {each.site, each.finess} & set(finess))

    async def vouched(
        self, returned: Returned, id_token: bytes, sites: Sequence[str], *, anywhere: bool, instant: int
    ) -> Given | Refusal:
        assert (returned, id_token, instant) == (RETURNED, b"an id_token", 7)
        self.asked.append((tuple(sites), anywhere))
        found = self.linked if anywhere else tuple(each for each in self.linked if each in sites)
        return (
            Given(b"grant", "account", "horizon", "professional", "", found, 1, 2) if found else Refusal("no-exercice")
        )

    async def opened(self, given: Given, binding: str, instant: int) -> Session | Refusal:
        assert (binding, instant) == ("jkt:x", 7)
        return Refusal(self.standing) if self.standing else Session("token", given)

    def sign_in(self) -> Entered | Refusal:
        them: Any = self
        return asyncio.run(ProviderSignIn(them, them, them, them).sign_in(RETURNED, 7))


def told(world: World) -> dict[str, Place | None]:
    found = world.sign_in()
    assert isinstance(found, Entered)
    return dict(found.told)


def test_places_are_sites_by_their_finess_number() -> None:
    """Of the operator's register, or where a site bills by it; each is told as the provider tells of it."""
    world = World()
    assert told(world) == {PHARMACY: SHOP, HOSPITAL: WARD}
    assert world.asked == [((PHARMACY, HOSPITAL), False)]


def test_a_place_that_is_not_named_leaves_every_linked_site() -> None:
    """Much of ambulatory care has no FINESS number: one such activity is told for what no other explains."""
    world = World(places=(SHOP, ROUND), linked=(PHARMACY, SURGERY))
    assert told(world) == {PHARMACY: SHOP, SURGERY: ROUND}
    assert world.asked == [((PHARMACY,), True)]
    assert told(World(places=(ROUND, ROUND), linked=(SURGERY,))) == {SURGERY: None}


def test_a_person_without_a_place_here_is_told_so() -> None:
    """Places that nobody here has registered, or none at all."""
    for places in ((Place("000000000", "ELSEWHERE", "21", "L"),), ()):
        assert World(places=places).sign_in() == Refusal("no-exercice")


def test_a_no_of_provider_or_hub_is_passed_on() -> None:
    """Before the keeper is asked, and after it; for a stranger's portal the provider is not asked at all."""
    stranger = World(stranger="portal-key-unknown")
    assert (stranger.sign_in(), stranger.exchanged) == (Refusal("portal-key-unknown"), 0)
    world = World(refused="provider-code")
    assert (world.sign_in(), world.asked) == (Refusal("provider-code"), [])
    assert World(standing="client-suspended").sign_in() == Refusal("client-suspended")
    assert "'code'" not in repr(RETURNED)
    assert "'verifier'" not in repr(RETURNED)
