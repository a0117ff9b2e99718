"""Shared workstations and locums in the portal: what passes it, what it shows, and to whom."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from rempart.portal.settings import Hospital
from rempart.sealing import actions
from rempart.sealing.stations import to_sit, to_switch
from rempart.wire.own_site import OwnMember
from rempart.wire.stations import DelegationRequest, StationRequest
from support.authenticator import text
from support.fake_account import account
from support.fake_counter import LOCUM, FakeCounter
from support.fake_doors import Person
from support.portals import ONE, SITE, TWO, Asker, Clock, doors, settings
from support.stations import Workstation

SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
POSTS, LOCUMS = "/site-et-equipe/postes", "/site-et-equipe/remplacements"
SALT = bytes(16)
HERS = "a7h8j9k0m1n2p3q4"


def _seat(role: str = "manager") -> tuple[Asker, FakeCounter]:
    made = doors(clock=Clock())
    made.people[ONE] = replace(made.people[ONE], role=role)
    counter = FakeCounter(made, members=[OwnMember(ONE, "account", role, "2026-01-01", "2026-12-31")])
    made.desks.append(account())
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, counter


def _raw(said: str) -> bytes:
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


def _enrolled(asker: Asker, browser: Workstation) -> str:
    key = text(browser.point)
    told = asker.post(POSTS + "/defi", {"key": key}).json()
    asker.post(POSTS, {"key": key, "challenge": told["challenge"], **SIGNED})
    return str(told["challenge"])


def _name(counter: FakeCounter) -> str:
    return next(iter(counter.keys))


def _sits(asker: Asker, counter: FakeCounter, browser: Workstation, pin: str, who: str = ONE) -> str:
    challenge = asker.post("/comptoir/defi").json()["challenge"]
    proof = browser.proof(pin, SALT)
    shown = {"proof": text(proof), "signature": text(browser.sign(to_sit(_raw(challenge), who, proof)))}
    done = asker.post("/comptoir/code", {"challenge": challenge, "station": _name(counter), **shown})
    assert done.status_code == 200, done.text
    return str(done.json()["seat"])


def _switch(
    asker: Asker, counter: FakeCounter, browser: Workstation, seat: str, pin: str
) -> tuple[int, dict[str, str]]:
    challenge = asker.post("/comptoir/defi").json()["challenge"]
    proof = browser.proof(pin, SALT)
    shown = {
        "proof": text(proof),
        "signature": text(browser.sign(to_switch(_raw(challenge), bytes.fromhex(seat), proof))),
    }
    done = asker.post("/comptoir", {"challenge": challenge, "station": _name(counter), "seat": seat, **shown})
    return done.status_code, done.json()


def test_a_manager_signs_the_browser_s_own_key() -> None:
    """The challenge holds the hash of that key; the page then names the workstation, and the browser keeps a mark."""
    asker, counter = _seat()
    browser = Workstation()
    challenge = _enrolled(asker, browser)
    action = actions.Action("station", ("horizon", SITE, browser.point.hex()))
    assert _raw(challenge)[actions.CHALLENGE_BYTES :] == action.digest()
    ((said, asked),) = counter.told
    assert (said, isinstance(asked, StationRequest)) == ("enrol", True)
    assert asker.cookies["__Host-rempart-station"] == "1"
    assert _name(counter)[:4].upper() in asker.get(POSTS).text
    assert "Autre personne" in asker.get("/compte").text
    ended = asker.post(POSTS + "/fin", {"station": _name(counter)})
    assert ended.headers["location"] == POSTS
    assert counter.keys == {}


def test_what_is_no_key_is_signed_by_nobody() -> None:
    """Neither a challenge nor a request to the hub comes of it."""
    asker, counter = _seat()
    for key in ("", "AA", "é", "A" * 86, text(secrets.token_bytes(200))):
        assert "challenge" not in asker.post(POSTS + "/defi", {"key": key}).json()
        assert asker.post(POSTS, {"key": key, "challenge": "AA", **SIGNED}).status_code == 422
    assert counter.told == []


def test_two_people_change_places_by_their_pins() -> None:
    """Each gets the own session, the one before it ends, and no PIN and no label ever passes the portal."""
    asker, counter = _seat()
    browser = Workstation()
    _enrolled(asker, browser)
    first = _sits(asker, counter, browser, "2580")
    asker.signed_in(TWO, SITE)
    second = _sits(asker, counter, browser, "9753", TWO)
    before = asker.held()
    assert before is not None
    status, told = _switch(asker, counter, browser, first, "2580")
    assert (status, told) == (200, {"to": "/patient"})
    now = asker.held()
    assert now is not None
    assert (now.account, before.account) == (ONE, TWO)
    assert asker.doors.ended == [before.token]
    assert _switch(asker, counter, browser, second, "2580")[1]["code"] == "pin-refused"
    held = asker.held()
    assert held is not None
    assert held.token == now.token


def test_who_signs_in_by_passkey_at_a_workstation_is_asked_for_a_pin() -> None:
    """Once a shift; elsewhere nothing is asked."""
    asker, _ = _seat()
    assert "/comptoir" not in asker.get("/compte").text
    page = asker.get("/comptoir/code")
    assert page.status_code == 200
    assert 'name="pin"' not in page.text
    assert 'name="label"' not in page.text
    asker.cookies.clear()
    asker.cookies["__Host-rempart-station"] = "1"
    assert "Revenir avec mon code" in asker.get("/").text


def test_a_no_is_told_with_the_code_that_the_page_goes_by() -> None:
    """And with what to do."""
    asker, counter = _seat()
    browser = Workstation()
    _enrolled(asker, browser)
    seat = _sits(asker, counter, browser, "2580")
    for refusal in ("station-unknown", "seat-unknown", "pin-refused"):
        counter.refusal = refusal
        status, told = _switch(asker, counter, browser, seat, "2580")
        assert (status, told["code"]) == (422, refusal)
        assert told["title"]
        assert told["todo"]


def test_a_manager_signs_a_locum_s_account_and_days() -> None:
    """As typed, however it is spaced; afterwards the page lists it, and ends it."""
    asker, counter = _seat()
    today = "2026-11-18"
    form = {"account": "A7K2 M9X4-c1v8 b3n5", "first": today, "last": "2026-11-30"}
    told = asker.post(LOCUMS + "/defi", form).json()
    action = actions.Action("delegate", ("horizon", SITE, LOCUM, today, "2026-11-30"))
    assert _raw(told["challenge"])[actions.CHALLENGE_BYTES :] == action.digest()
    done = asker.post(LOCUMS, form | {"challenge": told["challenge"]} | SIGNED)
    assert done.headers["location"] == LOCUMS
    ((_, asked),) = counter.told
    assert isinstance(asked, DelegationRequest)
    assert (asked.account, asked.first, asked.last) == (LOCUM, today, "2026-11-30")
    assert LOCUM in asker.get(LOCUMS).text
    assert "Remplaçant" in asker.get("/site-et-equipe").text
    assert asker.post(LOCUMS + "/fin", {"account": LOCUM}).headers["location"] == LOCUMS
    assert counter.told[-1] == ("end", LOCUM)


def test_what_cannot_be_right_is_named_before_anybody_signs() -> None:
    """The field alone; nothing is sent to the hub."""
    asker, counter = _seat()
    for field, value in (
        ("account", "b7k2m9x4c1v8b3n5"), ("account", ""), ("first", "2026-11-17"), ("first", "x"),
        ("last", "2026-11-17"), ("last", "2028-01-01"),
    ):  # fmt: skip
        form = {"account": LOCUM, "first": "2026-11-18", "last": "2026-11-20"} | {field: value}
        refused = asker.post(LOCUMS + "/defi", form)
        assert refused.status_code == 422
        assert field in refused.json()["wrong"]
        assert asker.post(LOCUMS, form | {"challenge": "AA"} | SIGNED).status_code == 422
    assert counter.told == []


@pytest.mark.parametrize("role", ["professional", "staff"])
def test_who_is_no_manager_finds_no_such_page(role: str) -> None:
    """No tab leads there either."""
    asker, _ = _seat(role)
    assert {asker.get(path).status_code for path in (POSTS, LOCUMS)} == {404}
    mine = asker.get("/site-et-equipe").text
    assert POSTS not in mine
    assert LOCUMS not in mine


def test_everybody_reads_the_own_number_out() -> None:
    """On a page of its own, four by four."""
    asker, _ = _seat("professional")
    assert "A000 0000 0000 ONE" in asker.get("/compte/remplacement").text


def test_who_answers_for_staff_is_shown() -> None:
    """By the same short code as everywhere."""
    asker, counter = _seat()
    counter.members.append(
        OwnMember("a2b4c6d8e0f1g3h5", "account", "staff", "2026-01-01", "2026-12-31", accountable=LOCUM)
    )
    assert "B3N5" in asker.get("/site-et-equipe").text


def _hospital() -> Asker:
    """A portal at which one hospital's people come in."""
    made = doors(clock=Clock())
    made.vouched["hopital-nord/good"] = Person(HERS, (SITE,), role="staff")
    hospital = Hospital(
        name="hopital-nord", label="Hôpital Nord", client_id="c", authorize="https://connexion.test/auth"
    )
    return Asker(made, msgspec.structs.replace(settings(), hospitals=(hospital,)))


def _sent(asker: Asker) -> dict[str, str]:
    """What the portal asks the provider, as the browser carries it there."""
    sent = asker.get("/etablissement/hopital-nord")
    assert sent.headers["location"].startswith("https://connexion.test/auth?")
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))


def test_somebody_of_a_hospital_comes_in_by_its_own_provider() -> None:
    """Sent with state, nonce and PKCE; back with them, in the same browser; a session, and its cookie."""
    asker = _hospital()
    assert "Hôpital Nord" in asker.get("/").text
    sent = _sent(asker)
    assert (sent["scope"], sent["code_challenge_method"], sent["client_id"]) == ("openid", "S256", "c")
    assert sent["redirect_uri"].endswith("/etablissement/hopital-nord/retour")
    back = asker.get(f"/etablissement/hopital-nord/retour?state={sent['state']}&code=good")
    assert back.status_code == 200
    held = asker.held()
    assert held is not None
    assert (held.account, held.role) == (HERS, "staff")


def test_what_does_not_come_back_as_it_went_opens_nothing() -> None:
    """Another browser's state, a denial, a code that is not good, nothing: a sentence, and no session."""
    asker = _hospital()
    for query in ("state=x&code=good", "state={state}&error=access_denied", "state={state}&code=bad", ""):
        sent = _sent(asker)
        back = asker.get("/etablissement/hopital-nord/retour?" + query.format(state=sent["state"]))
        assert back.status_code == 422
    assert asker.held() is None


def test_a_hospital_that_the_operator_has_not_opened_is_absent() -> None:
    """No button, no address."""
    asker = Asker(doors(clock=Clock()))
    assert "/etablissement" not in asker.get("/").text
    assert asker.get("/etablissement/hopital-nord").status_code == 404
