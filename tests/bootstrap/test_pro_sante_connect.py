"""Pro Santé Connect end to end against a certified provider: sent there, back, exchanged, and verified by a keeper."""

from __future__ import annotations

import asyncio
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rempart.application.provider_sign_in import Place, Returned, Vouched
from rempart.application.tokens import Refusal
from rempart.bootstrap.provider import ProSanteConnect, registered
from rempart.client import pro_sante_connect as portal
from rempart.gateways.provider import ProviderHttp, context
from rempart.ground.options import ProSanteConnect as Options
from rempart.ground.options import ProviderClient
from rempart.identity.pro_sante_connect import nonce_of, read_keys
from rempart.sealing.account_frames import PROVIDER, SessionResult
from rempart.sealing.provider_frames import LinkItem, ProviderItem, RegisterProvider
from support.keepers import make_world
from support.oidc_provider import Provider, packages, serving
from support.people import KEY, THEIR_KEY, Door

pytestmark = [pytest.mark.oidc]
SITE = "990000002"
BACK = "https://portal.horizon.test/pro-sante-connect/retour"
PHARMACIST = "810001234565"


@dataclass
class House:
    """A hub's side and a keeper's, set up for the provider; a portal that sends people there."""

    provider: Provider
    door: Door
    hub: ProSanteConnect

    @property
    def now(self) -> int:
        return time.time_ns() // 1000

    def begin(self, operator: str = "horizon", binding: str = KEY) -> portal.Begun:
        self.door.at = self.now
        return portal.begin(nonce_of(self.door.challenge(PROVIDER, operator, binding)))

    def back(self, begun: portal.Begun, *, client: str = "rempart-horizon") -> dict[str, str]:
        """What the browser brings back."""
        return self.provider.visit(portal.address(portal.Registered(self.provider.authorize, client, BACK), begun))

    def vouch(self, begun: portal.Begun, told: dict[str, str], operator: str = "horizon") -> Vouched | Refusal:
        challenge = urlsafe_b64decode(begun.challenge + "==")
        returned = Returned(operator, KEY, challenge, told["code"], begun.verifier, told["iss"])
        return asyncio.run(self.hub.vouch(returned, self.now))

    def enter(self, begun: portal.Begun, vouched: Vouched, **changed: object) -> SessionResult:
        challenge = urlsafe_b64decode(begun.challenge + "==")
        said = {
            "operator": "horizon", "binding": KEY, "challenge": challenge, "id_token": vouched.id_token,
            "sites": (SITE,), "anywhere": False, "instant": self.now,
        } | changed  # fmt: skip
        return self.door.world.parts.providers.sign_in([ProviderItem(**said)])[0]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = packages()
    assert folder is not None
    with serving(folder, BACK) as provider:
        root = tmp_path_factory.mktemp("psc")
        door = Door(make_world(_private(root / "keeper"), demo_clock_of_callers=True), time.time_ns() // 1000).open()
        clients = tuple(_client(root, operator) for operator in ("horizon", "azur"))
        options = Options(issuer=provider.issuer, authorize=provider.authorize, clients=clients, demo_loopback=True)
        certs = ProviderHttp(context(), loopback=True).get(f"{provider.issuer}/protocol/openid-connect/certs")
        keys = read_keys(certs.body)
        assert isinstance(keys, dict)
        item = RegisterProvider("horizon", provider.issuer, "rempart-horizon", ("eidas1",), keys)
        assert door.ring("provider", item) == ""
        door.mandate(SITE)
        link = LinkItem("horizon", PHARMACIST, door.account, SITE, "professional", door.at * 2)
        assert door.ring("link", link) == ""
        yield House(provider, door, ProSanteConnect(options, registered(options)))
        door.world.parts.close()


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def _client(root: Path, operator: str) -> ProviderClient:
    secret = root / f"{operator}.secret"
    secret.write_text(f"secret of rempart-{operator}\n")
    secret.chmod(0o600)
    return ProviderClient(operator=operator, client_id=f"rempart-{operator}", redirect_uri=BACK, secret_file=secret)


def test_an_honest_sign_in_passes_and_its_code_does_not_twice(house: House) -> None:
    """The places are told, the keeper opens a session; code and challenge are good once, and for each other."""
    begun = house.begin()
    told = house.back(begun)
    assert told["state"] == begun.state
    vouched = house.vouch(begun, told)
    assert isinstance(vouched, Vouched)
    assert vouched.places == (
        Place(SITE, "PHARMACIE INVENTEE", "21", "L"), Place("990000010", "HOPITAL INVENTE", "21", "S"),
    )  # fmt: skip
    opened = house.enter(begun, vouched)
    assert (opened.refusal, opened.account, opened.site) == ("", house.door.account, SITE)
    assert house.vouch(begun, told) == Refusal("provider-code")
    assert house.enter(begun, vouched).refusal == "challenge-spent"
    assert house.enter(house.begin(), vouched).refusal == "provider-nonce"


def test_a_code_is_the_browsers_that_began(house: House) -> None:
    """With another verifier, or at another client of the same provider, it is worth nothing."""
    begun, other = house.begin(), house.begin()
    assert house.vouch(other, house.back(begun)) == Refusal("provider-code")
    begun = house.begin()
    assert house.vouch(begun, house.back(begun), "azur") == Refusal("provider-code")
    assert house.vouch(begun, {"code": "x", "iss": house.provider.issuer}, "nobody") == Refusal("provider-unknown")


def test_a_token_for_another_portal_is_refused_by_the_keeper(house: House) -> None:
    """Even where the hub would pass it on: the keeper knows which client is whose."""
    begun = house.begin()
    vouched = house.vouch(begun, house.back(begun, client="rempart-azur"), "azur")
    assert isinstance(vouched, Vouched)
    assert house.enter(begun, vouched).refusal == "provider-audience"
    assert house.enter(house.begin(), vouched, operator="azur", binding=THEIR_KEY).refusal == "provider-unknown"


def test_another_providers_answer_is_not_exchanged(house: House) -> None:
    """`iss` must be there and be the provider's, before any code leaves."""
    begun = house.begin()
    told = house.back(begun)
    for issuer in ("https://auth.other.test", ""):
        assert house.vouch(begun, told | {"iss": issuer}) == Refusal("provider-mixed-up")
    assert isinstance(house.vouch(begun, told), Vouched)


def test_a_lower_level_is_refused(house: House) -> None:
    """The provider says how sure it was; a nurse who is nobody's account here is told so by the keeper."""
    house.provider.next(acr="eidas0")
    try:
        begun = house.begin()
        assert house.vouch(begun, house.back(begun)) == Refusal("provider-acr")
    finally:
        house.provider.next(acr="eidas1")
    house.provider.next(account="810009999995")
    try:
        begun = house.begin()
        vouched = house.vouch(begun, house.back(begun))
    finally:
        house.provider.next(account=PHARMACIST)
    assert isinstance(vouched, Vouched)
    assert [place.finess for place in vouched.places] == [""]
    assert house.enter(begun, vouched, anywhere=True).refusal == "link-unknown"
