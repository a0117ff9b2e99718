"""Joining an operator at the portal: who is sent where, what is sealed before it leaves, and how each end is told."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.client import enrolment
from rempart.portal.pages.join_said import REFUSALS, STATES, form_of
from rempart.portal.settings import Enrolment, ProSanteConnect, parse
from rempart.sealing.enrolment import Package, bound_to, open_package
from rempart.wire.enrolment import EnrolmentPlace
from support.fake_doors import FakeDoors
from support.fake_joins import ENROLMENT
from support.portals import Asker, Clock, doors, settings

KEY = X25519PrivateKey.generate()
PUBLIC = urlsafe_b64encode(KEY.public_key().public_bytes_raw()).rstrip(b"=").decode()
OPEN = ProSanteConnect(client_id="rempart-horizon", authorize="https://wallet.provider.test/auth")
SITE = "990000002"
PLACES = (EnrolmentPlace(SITE, "PHARMACIE INVENTEE", "21", "L"), EnrolmentPlace("", "", "60", "S"))
IBAN = "FR76 3000 6000 0112 3456 7890 189"
DOCUMENT = b"%PDF-1.7 of nobody"


def asker(made: FakeDoors | None = None) -> Asker:
    """A browser at a portal that lets people join."""
    known = made or doors(clock=Clock())
    known.joins.vouched["good"] = PLACES
    plain = settings()
    told = {name: getattr(plain, name) for name in plain.__struct_fields__}
    return Asker(known, plain.__class__(**told | {"pro_sante_connect": OPEN, "enrolment": Enrolment(key=PUBLIC)}))


def back(browser: Asker, code: str = "good") -> httpx.Response:
    """To the provider and back."""
    sent = browser.get("/rejoindre/identite")
    assert sent.status_code == 303
    state = dict(parse_qsl(urlsplit(sent.headers["location"]).query))["state"]
    return browser.get(f"/pro-sante-connect/retour?code={code}&state={state}", sec_fetch_site="cross-site")


def upload(
    browser: Asker, holder: str = "CABINET INVENTE", iban: str = IBAN, document: bytes = DOCUMENT
) -> httpx.Response:
    """The form with its document, as a browser sends it."""

    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(browser.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url=browser.origin, cookies=browser.cookies, trust_env=False
        ) as client:
            return await client.post(
                "/rejoindre/document", data={"holder": holder, "iban": iban},
                files={"document": ("releve.pdf", document, "application/pdf")},
                headers={"sec-fetch-site": "same-origin", "origin": "null"},
            )  # fmt: skip

    return asyncio.run(sent())


def test_from_the_first_page_to_waiting() -> None:
    """Identified, a place, a document; the hub gets what only the operator's key opens, bound to this enrolment."""
    browser = asker()
    assert 'href="/rejoindre"' in browser.get("/").text
    assert "Rejoindre Horizon Tiers Payant" in browser.get("/rejoindre").text
    places = back(browser)
    assert places.status_code == 200
    assert "PHARMACIE INVENTEE" in places.text
    assert "Sans numéro FINESS" in places.text
    chosen = browser.post("/rejoindre/lieu", {"place": "0", "site": "990 000 002"})
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/rejoindre/demande")
    assert "Il manque votre document bancaire" in browser.get("/rejoindre/demande").text
    sent = upload(browser)
    assert (sent.status_code, sent.headers["location"]) == (303, "/rejoindre/demande")
    assert "Votre demande est chez votre opérateur" in browser.get("/rejoindre/demande").text
    (sealed,) = browser.doors.joins.sealed
    content = urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
    assert open_package(content, KEY, bound_to("horizon", ENROLMENT)) == Package(
        "CABINET INVENTE", IBAN.replace(" ", ""), "pdf", DOCUMENT
    )
    assert not isinstance(open_package(content, KEY, bound_to("littoral", ENROLMENT)), Package)
    for clear in (b"CABINET", DOCUMENT[:8], b"FR76"):
        assert clear not in content


def test_nothing_of_it_is_repeated_or_kept(tmp_path: Path) -> None:
    """No account number comes back in a page; the ticket's cookie is Strict, HttpOnly and for the session only."""
    browser = asker()
    answer = back(browser)
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if "-join=" in each]
    for word in ("HttpOnly", "Secure", "Path=/", "SameSite=strict"):
        assert word.lower() in cookie.lower()
    assert "max-age" not in cookie.lower()
    browser.post("/rejoindre/lieu", {"place": "0", "site": SITE})
    wrong = upload(browser, iban="FR76 3000 6000 0112 3456 7890 188")
    assert wrong.status_code == 422
    assert "Cet IBAN ne peut pas être juste" in wrong.text
    assert "7890" not in wrong.text
    assert 'value="CABINET INVENTE"' in wrong.text
    assert browser.doors.joins.sealed == []


def test_what_cannot_be_sent_is_told_beside_its_field() -> None:
    """And nothing leaves the portal, whatever its size."""
    browser = asker()
    back(browser)
    browser.post("/rejoindre/lieu", {"place": "1", "site": SITE})
    most = enrolment.MOST_DOCUMENT
    wrong = [upload(browser, document=each) for each in (b"MZ", b"", b"%PDF-" + bytes(most), bytes(most + 200_000))]
    wrong += [upload(browser, holder=each) for each in ("", "X" * 71)]
    for number, answer in enumerate(wrong):
        assert answer.status_code == 422
        assert answer.text.count('aria-invalid="true"') == 1
        assert ('aria-invalid="true"' in answer.text.partition('id="document"')[2]) == (number < 4)
    assert browser.doors.joins.sealed == []


def test_every_state_and_every_refusal_has_its_page() -> None:
    """What it is and what to do next; a refusal that can be mended leads back to joining."""
    browser = asker()
    back(browser)
    browser.post("/rejoindre/lieu", {"place": "0", "site": SITE})
    for state, said in STATES.items():
        browser.doors.joins.told(state=state, reason="unreadable" if state == "documents" else "")
        page = browser.get("/rejoindre/demande")
        assert page.status_code == 200
        assert said.title in page.text
        assert ("Le document n’est pas lisible" in page.text) == (state == "documents")
        assert ('type="file"' in page.text) == (state in {"asked", "documents"})
    for code in REFUSALS:
        browser.doors.joins.refusal = code
        page = browser.post("/rejoindre/lieu", {"place": "0", "site": SITE})
        assert page.status_code in {403, 422}, code
        assert code in page.text
    assert browser.post("/rejoindre/lieu", {"place": "0", "site": "x"}).status_code == 422
    assert browser.post("/rejoindre/lieu", {"place": "x", "site": SITE}).status_code == 422


def test_without_a_ticket_one_begins_again() -> None:
    """A page kept for later, another browser: a calm way back, and no trace."""
    browser = asker()
    for answer in (browser.get("/rejoindre/demande"), upload(browser)):
        assert answer.status_code == 422
        assert "ticket-over" in answer.text
        assert 'href="/rejoindre"' in answer.text


def test_who_has_begun_sees_where_it_stands() -> None:
    """Identified again, days later: the state, not the places; once it has ended, the places and why."""
    browser = asker()
    back(browser)
    browser.post("/rejoindre/lieu", {"place": "0", "site": SITE})
    browser.doors.joins.told(state="awaiting")
    assert "Votre demande est chez votre opérateur" in back(asker(browser.doors)).text
    browser.doors.joins.told(state="refused", reason="not-reached")
    again = back(asker(browser.doors)).text
    assert "Votre demande n’a pas été acceptée" in again
    assert "PHARMACIE INVENTEE" in again


def test_who_has_an_account_or_no_place_is_told() -> None:
    """Neither is a dead end; and a refusal of the provider's is told as for a sign-in."""
    browser = asker()
    browser.doors.joins.vouched |= {"known": "account-exists", "nowhere": (), "bad": "provider-nonce"}
    known = back(browser, "known")
    assert (known.status_code, "Vous avez déjà un compte ici" in known.text) == (403, True)
    assert "ne connaît aucun de vos lieux" in back(browser, "nowhere").text
    assert "provider-nonce" in back(browser, "bad").text
    browser.doors.vouched["stranger"] = "link-unknown"
    begun = browser.get("/pro-sante-connect").headers["location"]
    state = dict(parse_qsl(urlsplit(begun).query))["state"]
    assert 'href="/rejoindre"' in browser.get(f"/pro-sante-connect/retour?code=stranger&state={state}").text


def test_it_is_there_where_the_operator_has_opened_it() -> None:
    """Elsewhere neither link nor addresses; and a joining cookie of elsewhere is an ordinary sign-in."""
    closed = Asker(doors(clock=Clock()))
    assert "/rejoindre" not in closed.get("/").text
    for path in ("/rejoindre", "/rejoindre/identite", "/rejoindre/demande"):
        assert closed.get(path).status_code == 404
    browser = asker()
    browser.doors.down = True
    assert browser.get("/rejoindre/identite").status_code == 503


def test_its_options_are_looked_at() -> None:
    """A key of 32 bytes, and Pro Santé Connect beside it."""
    text = """
    public_origin = "https://portail.horizon.test"
    hub = "https://hub.test"
    keeper = "k"
    [operator]
    id = "horizon"
    name = "Horizon"
    telephone = "01"
    [enrolment]
    """
    provider = '[pro_sante_connect]\nclient_id = "x"\n'
    folder = Path("/nowhere")
    good = parse(f'{text}key = "{PUBLIC}"\n{provider}', folder)
    assert not isinstance(good, tuple)
    assert good.enrolment_key == KEY.public_key().public_bytes_raw()
    for wrong, key in ((f'key = "{PUBLIC}"\n', "enrolment"), (f'key = "AAAA"\n{provider}', "enrolment.key")):
        found = parse(text + wrong, folder)
        assert isinstance(found, tuple)
        assert found[0].key == key


def test_a_form_that_is_none_gives_nothing() -> None:
    """Another kind, no boundary, cut short, a name twice: the first counts, and nothing breaks."""
    assert form_of(b"x=1", "application/x-www-form-urlencoded") == {}
    assert form_of(b"--b\r\n\r\nx", "multipart/form-data") == {}
    body = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\nX; name="a"\r\n\r\n2\r\n--b--\r\n'
    assert form_of(body, "multipart/form-data; boundary=b") == {"a": b"1"}
    assert form_of(body[:30], "multipart/form-data; boundary=b") == {}


def test_an_iban_is_looked_at_before_it_is_sealed() -> None:
    """ISO 13616: shape, then modulo 97; spaces and case make no difference."""
    assert enrolment.iban_fault(IBAN.lower()) == ""
    assert enrolment.iban_fault("FR76 3000 6000 0112 3456 7890 188") == "iban-key"
    for text in ("", "FR76", "3000 6000", "é" * 20):
        assert enrolment.iban_fault(text) == "iban-shape"
