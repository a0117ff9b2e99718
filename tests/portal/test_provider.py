"""Signing in by Pro Santé Connect at the portal: who is sent where, who may come back, what is said when not."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx

from rempart.client.pro_sante_connect import code_challenge
from rempart.portal.pages import provider
from rempart.portal.settings import ProSanteConnect, parse
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace
from support.fake_doors import FakeDoors, Person
from support.portals import OTHER_SITE, SITE, Asker, Clock, doors, settings

AUTHORIZE = "https://wallet.provider.test/auth"
ISSUER = "https://auth.provider.test/auth/realms/esante-wallet"
COOKIE = "__Host-rempart-psc"
BACK = "/pro-sante-connect/retour"
OPEN = ProSanteConnect(client_id="rempart-horizon", authorize=AUTHORIZE)
THREE = "a0000000000three"
HERE = Workplace(SITE, "PHARMACIE INVENTEE", "21", "L")


def asker(made: FakeDoors | None = None) -> Asker:
    """A browser at a portal that has opened it."""
    known = made or doors(clock=Clock())
    known.workplaces = {SITE: HERE}
    plain = settings()
    return Asker(known, plain.__class__(**{name: getattr(plain, name) for name in plain.__struct_fields__} | {
        "pro_sante_connect": OPEN,
    }))  # fmt: skip


def sent(browser: Asker) -> dict[str, str]:
    """Begins, and what the provider is asked."""
    answer = browser.get("/pro-sante-connect")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(AUTHORIZE + "?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query, strict_parsing=True))


def back(browser: Asker, **told: str) -> httpx.Response:
    query = "&".join(f"{name}={value}" for name, value in told.items())
    return browser.get(f"{BACK}?{query}", sec_fetch_site="cross-site")


def test_the_request_asks_for_all_that_is_checked_later() -> None:
    """PKCE S256, state, nonce, level; what is to come back waits in a Lax cookie, for five minutes."""
    browser = asker()
    answer = browser.get("/pro-sante-connect")
    asked = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid scope_all"
    assert asked["acr_values"] == "eidas1"
    assert asked["client_id"] == "rempart-horizon"
    assert asked["redirect_uri"] == f"https://portail.horizon.test{BACK}"
    assert asked["code_challenge_method"] == "S256"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(COOKIE + "=")
    for word in ("HttpOnly", "Secure", "Path=/", "SameSite=lax", "Max-Age=300"):
        assert word.lower() in cookie.lower()
    begun = provider._read(browser.cookies[COOKIE])
    assert begun is not None
    assert (begun.state, begun.challenge) == (asked["state"], asked["nonce"])
    assert asked["code_challenge"] == code_challenge(begun.verifier)
    assert begun.verifier not in answer.headers["location"]
    assert sent(browser)["state"] != asked["state"]


def test_who_comes_back_chooses_where_and_is_in() -> None:
    """Each place with its name and its number; choosing opens the site, and what was kept to come back is gone."""
    browser = asker()
    browser.doors.vouched["good"] = Person(THREE, (SITE, OTHER_SITE))
    answer = back(browser, code="good", state=sent(browser)["state"], iss=ISSUER)
    assert answer.status_code == 200
    for text in ("PHARMACIE INVENTEE", "Pharmacien, exercice libéral", f'value="{OTHER_SITE}"'):
        assert text in answer.text
    assert COOKIE not in browser.cookies
    chosen = browser.post("/site", {"site": OTHER_SITE})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/patient")
    held = browser.held()
    assert held is not None
    assert (held.account, held.site) == (THREE, OTHER_SITE)


def test_one_place_is_shown_as_well() -> None:
    """So that nobody works for a place unseen."""
    browser = asker()
    browser.doors.vouched["good"] = Person(THREE, (SITE,))
    answer = back(browser, code="good", state=sent(browser)["state"])
    assert answer.text.count('class="choice"') == 1


def test_another_browser_does_not_come_in() -> None:
    """No cookie, a state of another browser, none, two: refused before the hub is asked."""
    victim, attacker = asker(), asker()
    attacker.doors.vouched["theirs"] = victim.doors.vouched["theirs"] = Person(THREE, (SITE,))
    theirs = sent(attacker)["state"]
    unasked = back(victim, code="theirs", state=theirs)
    sent(victim)
    swapped = back(victim, code="theirs", state=theirs)
    sent(victim)
    without = back(victim, code="theirs")
    own = sent(victim)["state"]
    twice = victim.get(f"{BACK}?code=theirs&state={theirs}&state={own}")
    victim.cookies[COOKIE] = "not-ours"
    strange = back(victim, code="theirs", state=own)
    for answer in (unasked, swapped, without, twice, strange):
        assert answer.status_code == 422
        assert "provider-state" in answer.text
    assert victim.held() is None
    assert "theirs" in victim.doors.vouched
    assert back(attacker, code="theirs", state=theirs).status_code == 200


def test_coming_back_is_good_once() -> None:
    """The same address again finds no cookie; begun again with the code of before, the provider's no is told."""
    browser = asker()
    browser.doors.vouched["good"] = Person(THREE, (SITE,))
    state = sent(browser)["state"]
    assert back(browser, code="good", state=state).status_code == 200
    assert "provider-state" in back(browser, code="good", state=state).text
    assert back(browser, code="good", state=sent(browser)["state"]).status_code == 422


CODES = {
    "link-unknown": 403, "passkey-required": 403, "no-exercice": 403, "provider-unknown": 403,
    "provider-key-unknown": 503, "malformed-userinfo": 503, "provider-acr": 422, "provider-code": 422,
    "provider-expired": 422, "provider-mixed-up": 422, "provider-issuer": 422, "provider-audience": 422,
    "provider-nonce": 422, "provider-signature": 422, "provider-identity": 422, "unsupported-algorithm": 422,
    "malformed-id-token": 422, "oversized-id-token": 422, "challenge-spent": 422, "account-revoked": 403,
    "no-mandate": 403, "unavailable": 503,
}  # fmt: skip


def test_every_refusal_is_a_calm_page() -> None:
    """With what to do, and no session; nothing that came back is repeated."""
    browser = asker()
    for code, status in CODES.items():
        browser.doors.vouched["bad-code"] = code
        answer = back(browser, code="bad-code", state=sent(browser)["state"])
        assert (code, answer.status_code) == (code, status)
        assert "bad-code" not in answer.text
        assert browser.held() is None
        assert provider.of(Problem("", 401, code)).todo


def test_the_provider_may_say_no() -> None:
    """A person who gives up there, and a hub that is away, are told so."""
    browser = asker()
    answer = back(browser, error="access_denied", state=sent(browser)["state"])
    assert (answer.status_code, "provider-denied" in answer.text) == (422, True)
    state = sent(browser)["state"]
    browser.doors.down = True
    assert back(browser, code="good", state=state).status_code == 503
    assert browser.get("/pro-sante-connect").status_code == 503


def test_it_is_there_where_the_operator_has_opened_it() -> None:
    """The button with its official words; elsewhere neither button nor addresses."""
    words = "S’identifier avec Pro Santé Connect"
    assert words in asker().get("/").text
    closed = Asker(doors(clock=Clock()))
    assert words not in closed.get("/").text
    assert closed.get("/pro-sante-connect").status_code == 404
    assert closed.get(BACK).status_code == 404


def test_people_are_sent_to_the_pinned_page_only() -> None:
    """The address is the portal's own configuration: https, whole, and nothing else is a fault."""
    text = """
    public_origin = "https://portail.horizon.test"
    hub = "https://hub.test"
    keeper = "k"
    [operator]
    id = "horizon"
    name = "Horizon"
    telephone = "01"
    [pro_sante_connect]
    client_id = "rempart-horizon"
    """
    folder = Path("/nowhere")
    assert not isinstance(parse(text, folder), tuple)
    for wrong in ("http://wallet.test/auth", "https://wallet.test/auth?x=1", "wallet", "https://a@b/auth"):
        found = parse(f'{text}authorize = "{wrong}"\n', folder)
        assert isinstance(found, tuple)
        assert found[0].key == "pro_sante_connect.authorize"


# ---- while the portal reopens in waves --------------------------------------------------------------------------


def waves(told: list[str]) -> FakeDoors:
    """Doors where the turn of `SITE` has come and no other's; whoever names no place is told to."""
    made = doors(clock=Clock())

    def turn(site: str) -> Problem | None:
        told.append(site)
        return None if site == SITE else Problem("No", 503, "turn" if site else "turn-site")

    made.turns = turn
    return made


def test_who_comes_by_it_waits_their_turn_like_everybody() -> None:
    """No place named, or another's turn: to the page that tells it. Their own: to the provider, with the site named."""
    told: list[str] = []
    browser = asker(waves(told))
    early = browser.get("/pro-sante-connect")
    assert (early.status_code, early.headers["location"]) == (303, "/tour")
    browser.post("/tour", {"site": OTHER_SITE})
    assert browser.get("/pro-sante-connect").headers["location"] == "/tour"
    page = browser.post("/tour", {"site": SITE})
    assert 'href="/pro-sante-connect"' in page.text
    cookie = page.headers["set-cookie"].lower()
    for word in ("__host-rempart-turn=", "httponly", "secure", "samesite=strict"):
        assert word in cookie
    told.clear()
    browser.doors.vouched["good"] = Person(THREE, (SITE,))
    answer = back(browser, code="good", state=sent(browser)["state"], iss=ISSUER)
    assert (answer.status_code, told) == (200, [SITE])


def test_who_names_another_s_site_to_come_early_is_sent_back_to_wait() -> None:
    """The hub looks again at who came: nothing is opened, and both cookies are gone."""
    browser = asker(waves([]))
    browser.post("/tour", {"site": SITE})
    browser.doors.vouched["early"] = "turn"
    answer = back(browser, code="early", state=sent(browser)["state"], iss=ISSUER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/tour")
    assert "__Host-rempart-turn" not in browser.cookies or not browser.cookies["__Host-rempart-turn"]
    assert browser.get("/patient").headers["location"] == "/"
