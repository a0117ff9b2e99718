"""A hospital's people sign in at the operator's portal by its own provider, a certified one: pages, hub and keeper."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from rempart.bench import doors
from rempart.bench.world import OPERATOR, World
from rempart.bootstrap.house import House, free_ports
from rempart.ground.instants import now
from rempart.simulation.country import Country
from rempart.simulation.sites import day_begun_everywhere
from support.hub_world import FAST
from support.oidc_provider import Provider, packages, serving
from support.ready import ready
from support.zygote import run

pytestmark = [pytest.mark.oidc, pytest.mark.postgres]
HERE = "/etablissement/hopital-nord"
LABEL = "Hôpital inventé du Nord"


@dataclass
class Entrance:
    """The portal at `base`; the provider to which it sends the people of the hospital that bills as `site`."""

    base: str
    site: str
    provider: Provider

    def visitor(self) -> httpx.Client:
        """A browser of its own, with its cookies; it follows nothing by itself."""
        return httpx.Client(base_url=self.base, headers={"Sec-Fetch-Site": "same-origin"}, timeout=60)

    def come(self, visitor: httpx.Client, **said: str) -> dict[str, str]:
        """Who presses the button and signs in there: what the browser brings back."""
        if said:
            self.provider.next(**said)
        sent = visitor.get(HERE)
        assert sent.status_code == 303
        assert sent.headers["location"].startswith(self.provider.authorize + "?")
        return self.provider.visit(sent.headers["location"])

    def back(self, visitor: httpx.Client, told: dict[str, str]) -> httpx.Response:
        """The page at which the browser arrives."""
        return visitor.get(f"{HERE}/retour?{urlencode(told)}")


@pytest.fixture(scope="module")
def entrance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    folder, root, port = packages(), tmp_path_factory.mktemp("p"), free_ports(1)[0]
    assert folder is not None
    origin = f"http://{doors.HOST.format(OPERATOR)}:{port}"
    with (
        serving(folder, f"{origin}{HERE}/retour") as both,
        House(ready(root / "h"), _hub(root, both.hospital, origin), FAST) as house,
    ):
        country = Country(1, 20, day=day_begun_everywhere(now()))
        World(house, country).register()
        site = next(site.number for site in country.all_sites() if site.profession == "hospital")
        house.launch("hub")
        doors.open_portal(house, doors.Brand(OPERATOR, "Horizon", "#0b5c55"), port)
        _registered(house, both.hospital, site)
        _offered(house, both.hospital)
        yield Entrance(f"http://127.0.0.1:{port}", site, both.hospital)


def _hub(root: Path, provider: Provider, origin: str) -> dict[str, dict[str, object]]:
    """What the hub is told of the hospital's provider, as docs/operations/hospitals.md says."""
    secret = root / "hopital-nord.secret"
    secret.write_text(f"secret of rempart-{OPERATOR}\n")
    secret.chmod(0o600)
    hospital = {
        "operator": OPERATOR, "name": "hopital-nord", "issuer": provider.issuer, "authorize": provider.authorize,
        "client_id": f"rempart-{OPERATOR}", "redirect_uri": f"{origin}{HERE}/retour", "secret_file": str(secret),
    }  # fmt: skip
    return {"federation": {"hospitals": [hospital], "demo_loopback": True}}


def _registered(house: House, provider: Provider, site: str) -> None:
    """The command by which an operator's agent gives the keeper the provider's keys."""
    keys = house.folder / "keys.json"
    keys.write_bytes(httpx.get(f"{provider.issuer}/protocol/openid-connect/certs", timeout=30).content)
    done = run(
        "operator", "portal", "hospital", OPERATOR, "hopital-nord", "--keys", str(keys), "--claim", "fonction",
        "--role", "praticien=professional", "--role", "admission=staff", "--amr", "mfa", "--site", site,
        "--config", str(house.config),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _offered(house: House, provider: Provider) -> None:
    """The portal's own file names the hospital; it starts again."""
    name = f"portal-{OPERATOR}"
    config = house.portals[name][0]
    table = {
        "name": "hopital-nord", "label": LABEL, "client_id": f"rempart-{OPERATOR}", "authorize": provider.authorize,
    }  # fmt: skip
    lines = "".join(f'{key} = "{value}"\n' for key, value in table.items())
    config.write_text(f"{config.read_text('utf-8')}[[hospitals]]\n{lines}", "utf-8")
    assert tomllib.loads(config.read_text("utf-8"))["hospitals"] == [table]
    house.end(name)
    house.launch(name)


def test_its_people_come_in_and_work_there(entrance: Entrance) -> None:
    """By the button of the first page; signed in, without a passkey, at the hospital's own site; the code is spent."""
    with entrance.visitor() as visitor:
        first = visitor.get("/").text
        assert LABEL in first
        assert f'href="{HERE}"' in first
        told = entrance.come(visitor, agent="agent-17", fonction="praticien", amr="pwd mfa")
        page = entrance.back(visitor, told)
        assert page.status_code == 200, page.text
        (onward,) = set(re.findall(r'class="main" href="([^"]+)"', page.text))
        assert visitor.get(onward).status_code == 200
        assert entrance.site in re.sub(r"\s|&nbsp;", "", visitor.get("/compte").text)
        assert entrance.back(visitor, told).status_code == 422, "the cookie of the beginning is gone"


def test_a_stolen_answer_opens_nothing_elsewhere(entrance: Entrance) -> None:
    """Another browser, which began nothing or something else, gets nowhere with it."""
    with entrance.visitor() as visitor, entrance.visitor() as thief:
        told = entrance.come(visitor, amr="pwd mfa")
        assert entrance.back(thief, told).status_code == 422
        own = entrance.come(thief)
        assert entrance.back(thief, {**told, "state": own["state"]}).status_code == 422
        assert thief.get("/patient").status_code == 303


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"amr": "pwd"}, "Il manque le second facteur"),
        ({"fonction": "visiteur"}, "Votre établissement ne vous donne pas d’accès ici"),
    ],
)
def test_who_is_not_to_come_in_is_told_why(entrance: Entrance, said: dict[str, str], words: str) -> None:
    """Without a second factor, or with a function that the operator has not named; nobody is signed in."""
    good = {"agent": "agent-18", "fonction": "praticien", "amr": "pwd mfa"}
    with entrance.visitor() as visitor:
        page = entrance.back(visitor, entrance.come(visitor, **(good | said)))
        assert page.status_code >= 400
        assert words in page.text
        assert visitor.get("/patient").status_code == 303
