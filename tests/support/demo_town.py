"""What `rempart demo` serves at its end, on a small country: two operators' portals, their ready-made people, a bank.

Besides, one insurer whose table leaves big spectacles to its case workers, and people for whom a test asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
from playwright.sync_api import Browser, Page

from rempart.bench import demo_contracts, doors
from rempart.bench.world import World
from rempart.bootstrap.house import House
from rempart.bootstrap.pay import payer, terms
from rempart.domain.invoice import Presented
from rempart.ground.instants import now
from rempart.simulation.authorizations import presented
from rempart.simulation.country import Country
from rempart.simulation.guarantees import opticians_of, table_toml
from rempart.simulation.insurers import Insurer
from rempart.simulation.people import Person
from rempart.simulation.sites import day_begun_everywhere
from rempart.storage.insurers import add_guarantee_table
from support.houses import LOUD, SERVER, Town
from support.ready import ready

PEOPLE, INSURERS, AGENTS = 300, 3, 4
OPTIONS = {**LOUD, "payment": {"unsafe_clear_files": True}, "batches": {"demo_release_seconds": 2.0}}
PASSKEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip
DAY = 86_400_000_000
SPECTACLES = "1500.00"  # euros for a pair at most: only under this do a case worker's 1,000 come into view


@dataclass
class DemoTown:
    """The house, where each operator's portal is, and what browsers said and asked meanwhile."""

    town: Town
    opened: tuple[doors.Opened, ...]
    insurer: Insurer  # whose desk has people
    agents: list[doors.Guest]  # invited to the first operator's desk, each with a whole code
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    told: list[Presented] = field(default_factory=list)  # whose cards were typed
    _paid: int = 0
    _taken: set[int] = field(default_factory=set)

    @property
    def house(self) -> House:
        return self.town.house

    @property
    def logs(self) -> list[str]:
        """What every program of the house wrote."""
        return [path.read_text("utf-8") for path in sorted(self.house.folder.glob("*.log"))]

    def site(self, profession: str, portal: int = 0) -> str:
        """Where the ready-made people of that profession work."""
        return next(each.site for each in self.opened[portal].people if each.profession == profession)

    def visitor(self, browser: Browser, language: str, width: int) -> Page:
        """Somebody's browser, with an authenticator that asks for a finger and gets it."""
        context = browser.new_context(viewport={"width": width, "height": 860}, locale=f"{language}-FR")
        page = context.new_page()
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        session = context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": PASSKEY})
        return page

    def ready(self, page: Page, profession: str, role: str, portal: int = 0) -> None:
        """Signs in as one of the portal's ready-made people, by the button that offers them."""
        here = self.opened[portal]
        place = [(each.profession, each.role) for each in here.people].index((profession, role))
        page.goto(here.address)
        page.locator(".demo button.choice").nth(place).click()
        page.wait_for_selector("form[action='/session/end']")

    def person(self, domain: str, kind: str, insurer: Insurer | None = None) -> Presented:
        """A card, born AAAAMMJJ, of somebody new to the tests: rights open in that domain, no equipment so far."""
        country = self.town.country
        for one in country.everyone():
            insured = insurer is None or country.insurer_of(one) == insurer
            if insured and one.number not in self._taken and _fits(country, one, domain, kind):
                self._taken.add(one.number)
                self.told.append(replace(presented(country, one), birth=one.birth))
                return self.told[-1]
        raise AssertionError("nobody of that kind is left: a bigger country")

    def pay(self) -> None:
        """Orders what is due and hands the bank's files over; each time four days after the time before."""
        settings, instant = self.house.settings, now() + self._paid * 4 * DAY
        self._paid += 1
        with payer(settings) as paying:
            written = paying.run(terms(settings, None, instant), instant).written
            assert written
            for file in written:
                paying.confirm(file.name, instant)


def _fits(country: Country, one: Person, domain: str, kind: str) -> bool:
    coverage = country.coverage(one)
    opened = any(each.domain == domain and each.start <= country.day <= each.end for each in coverage.periods)
    adult = one.relation == "adult" and one.ways[0][1] is not None and one.ways[0][0].strip("0") != ""
    return opened and adult and coverage.kind == kind and coverage.rank == 1 and not coverage.last_equipment


@contextmanager
def demo_town(folder: Path) -> Iterator[DemoTown]:
    """Everything up until the block ends."""
    country = Country(1, PEOPLE, day=day_begun_everywhere(now()), insurers=INSURERS)
    insurer = next(each for each in country.insurers if any(one.kind == "scheme" for one in each.products))
    operators = tuple(brand.id for brand, _ in doors.OFFERED)
    with House(ready(folder / "h"), OPTIONS, SERVER) as house:
        world = World(house, country, operator_of=doors.operator_of)
        world.register()
        world.load()
        town = Town(world)
        town.open_bank()
        _big_spectacles(house, country, insurer)
        for program in ("hub", "worker"):
            house.launch(program)
        demo_contracts.signed_in(house, [each.number for each in country.insurers], operators, insurer.number)
        opened = doors.open_both(house, country.all_sites(), insurer.number)
        # Invited here, for that runs an event loop of its own, which a browser's would not have beside it.
        agents = [doors.invite(house, operators[0], operators[0], "operator", role="agent") for _ in range(AGENTS)]
        yield DemoTown(town, opened, insurer, agents)


def _big_spectacles(house: House, country: Country, insurer: Insurer) -> None:
    """A newer table of this insurer; law caps those of its products that are responsible contracts."""
    text = table_toml(insurer, country.day.replace(month=1, day=1), opticians_of(country)).decode()
    for amount in ("300.00", "400.00"):
        text = text.replace(f'per-equipment", amount = "{amount}"', f'per-equipment", amount = "{SPECTACLES}"')
    with psycopg.connect(house.settings.database.worker_url) as connection:
        add_guarantee_table(connection, insurer.number, text, now())
