"""An optician signed in at the portal: the patient's share, a quote, the insurer's agreement, the invoice made from it.

Through the real hub, keeper and worker; what the card says is sealed to the keeper, past the hub.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.client.doors import Doors, PortalAccount, SignedIn
from rempart.ground.instants import PARIS, civil_date, now
from rempart.portal import session
from rempart.portal.app import application
from rempart.portal.port import Portal
from rempart.sealing.ringing import Nothing
from rempart.simulation.authorizations import QUOTES, Quoted, quotes
from support import signing_in as people
from support.authenticator import Authenticator
from support.houses import Town, town
from support.portals import languages, settings

pytestmark = pytest.mark.postgres
HERE = "/prises-en-charge"
OURS = {"sec-fetch-site": "same-origin", "origin": "null"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A country on the machine's own clock: people sign in today."""
    with town(tmp_path_factory.mktemp("quote") / "h", 300, simulated=False) as found:
        yield found


@dataclass
class Shop:
    """The portal's pages with an optician's cookie, and whose spectacles they are."""

    town: Town
    pages: httpx.AsyncClient
    card: dict[str, str]

    async def get(self, path: str) -> str:
        answer = await self.pages.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, form: dict[str, str]) -> str:
        answer = await self.pages.post(path, data=form, headers=OURS)
        assert answer.status_code == 200, answer.text
        return answer.text


def presented(made: Town, quoted: Quoted) -> dict[str, str]:
    """The card as it is typed."""
    shown, born = quoted.request, made.country.person(quoted.person).birth
    return {
        "amc_number": shown.amc_number, "convention": shown.convention, "csr": shown.csr, "member": shown.member,
        "nir": shown.nir or "", "birth_date": f"{born[6:]}/{born[4:6]}/{born[:4]}", "rank": shown.rank or "",
    }  # fmt: skip


def typed() -> dict[str, str]:
    """The quote of the simulation's optician as a person types it: two lenses and their frame."""
    right, left, frame = QUOTES["optician"]
    found = {"item_1": "right", "sphere_1": "-2,25", "cylinder_1": "0,50", "lens_1": "single", "basket_1": "B"}
    found |= {"item_2": "left", "sphere_2": "-2,50", "cylinder_2": "0,50", "lens_2": "single", "basket_2": "B"}
    found |= {"item_3": "frame", "basket_3": "B", "cover": "general"}
    return found | {f"price_{place}": str(line.spent // 100) for place, line in enumerate((right, left, frame), 1)}


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


async def until(shop: Shop, path: str, word: str) -> str:
    """The page once it says so."""
    end = time.monotonic() + 60
    while True:
        page = await shop.get(path)
        if word in page:
            return page
        assert time.monotonic() < end, page
        await asyncio.sleep(0.2)


def test_an_optician_asks_and_invoices_through_the_portal(made: Town) -> None:
    """Agreed at once, found in the list, invoiced from the carried quote, decided; nothing of the card is kept."""
    today = civil_date(now(), PARIS)
    quoted = next(quotes(made.country, today, profession="optician"))
    site = made.country.site(quoted.site).number
    with made.house.ring() as ring:
        keeper = ring.call("health", [Nothing()])[0].verifier_key
    account = replace(people.registered(made.house, OPERATOR), keeper=keeper)
    code = people.invited(made.house, OPERATOR, site).code
    card = presented(made, quoted)
    asyncio.run(_journey(Shop(made, httpx.AsyncClient(), card), account, code, site=site))
    assert made.broken() == {}
    with psycopg.connect(made.house.database.url("admin")) as connection:
        (log,) = connection.execute("select coalesce(json_agg(d)::text, '') from rempart.disclosure d").fetchall()
    kept = [log[0], *((made.house.folder / f"{name}.log").read_text("utf-8") for name in ("hub", "keeper", "worker"))]
    assert not [word for word in (card["nir"], card["member"]) for text in kept if word in text]


async def _journey(shop: Shop, account: PortalAccount, code: str, *, site: str) -> None:
    doors, passkey = Doors(account), Authenticator(people.HOST, people.ORIGIN)
    try:
        assert isinstance(await people.enrolled(doors, code, site, passkey), str)
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        found = await people.signed_in(doors, passkey)
        assert isinstance(found, SignedIn), found
        app = application(Portal(settings(people.ORIGIN), doors, time.time, languages()))
        cookies = {"__Host-rempart": session.write(found)}
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=people.ORIGIN, cookies=cookies, trust_env=False
        ) as pages:
            shop.pages = pages
            await _asked_and_invoiced(shop)
    finally:
        await doors.close()


async def _asked_and_invoiced(shop: Shop) -> None:
    today = civil_date(now(), PARIS).strftime("%d/%m/%Y")
    lens = {"item_1": "right", "sphere_1": "-2,25", "lens_1": "single", "basket_1": "B", "price_1": "120"}
    answer = await shop.post("/patient", {**shop.card, **lens, "care_date": today, "domains": "OPTI"})
    assert "Couvert" in answer
    assert 'class="rest"' in answer, answer
    form = fields_of(await shop.get(f"{HERE}/nouvelle"))
    asked = {**shop.card, **typed(), **form, "planned": today, "site_reference": "DEV-41"}
    agreed = await shop.post(f"{HERE}/nouvelle", asked)
    assert "L’assureur paie" in agreed, agreed
    assert await shop.post(f"{HERE}/nouvelle", asked) == agreed
    (one,) = set(re.findall(rf'data-path="({HERE}/[0-9a-f-]+)"', agreed))
    assert f'href="{one}"' in await shop.get(HERE)
    assert f'href="{one}"' in await shop.post(HERE, {"wanted": "DEV-41"})
    begun = await shop.post(f"{one}/facture", fields_of(agreed))
    amounts = dict(re.findall(r'id="((?:price|base|amc)_[0-9])"[^>]*? value="([^"]*)"', begun))
    invoice = {
        **shop.card, **typed(), **fields_of(begun), **amounts, "number": "41", "delivered": today,
        "given_1": "given", "given_2": "given", "given_3": "given",
    }  # fmt: skip
    assert "000000041" in await shop.post(f"{one}/facture", invoice)
    done = await until(shop, one, "Tout est facturé")
    assert "Facturée" in done
