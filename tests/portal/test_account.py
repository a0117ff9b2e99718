"""My account: what is listed, what is ended, a passkey more, signing out everywhere, a colleague's recovery."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest

from rempart.portal.devices import NAMES, device, named
from rempart.sealing import actions
from rempart.wire.account import AddPasskeyRequest, RecoveryRequest
from rempart.wire.sign_in import BROWSERS, DEVICES, SYSTEMS
from support.fake_account import CODE, COLLEAGUE, FIRST, HERE, SECOND, THERE, FakeAccount, account
from support.portals import ONE, SITE, Asker, Clock, doors

MADE = {"client_data": "e30", "attestation": "oA"}
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"


def _seat(role: str = "manager", **others: Any) -> tuple[Asker, FakeAccount]:
    made, own = doors(clock=Clock()), account(**others)
    made.people[ONE] = replace(made.people[ONE], role=role)
    made.desks.append(own)
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, own


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_page_shows_passkeys_and_sessions_without_their_whole_names() -> None:
    """Short ids, days, devices in words; a credential id and an account's whole id are not in the page."""
    asker, _ = _seat()
    page = asker.get("/compte")
    assert page.status_code == 200
    for text in (
        "0A1B 2C3D", "02/03/2026", "date non gardée", "jamais", "Firefox sur Windows, Rennes",
        "Safari sur iPhone",
    ):  # fmt: skip
        assert text in page.text
    assert page.text.count("Utilisée ici") == page.text.count("Cette session</span>") == 1
    assert "Y3JlZC0x" not in page.text
    assert ONE not in page.text


def test_the_last_passkey_has_no_button_that_ends_it() -> None:
    """With one passkey the page asks for a second and offers no end."""
    asker, own = _seat()
    del own.passkeys[1]
    page = asker.get("/compte").text
    assert "Vous n’en avez qu’une." in page
    assert "/compte/cles/fin" not in page


def test_a_passkey_and_a_session_are_ended_by_their_owner() -> None:
    """Each answer is a redirect: nothing posted stays in an address, and reloading ends nothing again."""
    asker, own = _seat()
    for path, form, said in (
        ("/compte/cles/fin", {"passkey": SECOND}, ("passkeys", SECOND)),
        ("/compte/sessions/fin", {"session": THERE}, ("sessions", THERE)),
    ):
        answer = asker.post(path, form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/compte")
        assert own.told[-1] == said
    assert [each.passkey for each in own.passkeys] == [FIRST]
    assert [each.session for each in own.sessions] == [HERE]


@pytest.mark.parametrize("value", ["", "nothing", "../../invoices", "f" * 32])
def test_what_is_no_passkey_of_ours_ends_nothing(value: str) -> None:
    """A name that cannot be one reaches no hub; one that is nobody's is answered with what there is."""
    asker, own = _seat()
    assert asker.post("/compte/cles/fin", {"passkey": value}).headers["location"] == "/compte"
    assert len(own.passkeys) == 2
    assert all(said == ("passkeys", "f" * 32) for said in own.told)


@pytest.mark.parametrize(
    ("refusal", "words"),
    [("last-passkey", ""), ("passkeys-too-many", "dix clés"), ("passkey-proof-required", "la signature d’une")],
)
def test_a_no_of_the_hub_is_said_in_plain_words(refusal: str, words: str) -> None:
    """What a second try does not change is shown on the page; the last passkey's end shows what there is."""
    asker, _ = _seat(refusal=refusal)
    if not words:
        assert asker.post("/compte/cles/fin", {"passkey": FIRST}).status_code == 303
        return
    answer = asker.post("/compte/cles", {"challenge": "AA", **MADE})
    assert answer.status_code == 422
    assert words in answer.text


def test_signing_out_everywhere_ends_this_session_too() -> None:
    """The cookie goes, the page says so, and it can be read again."""
    asker, own = _seat()
    answer = asker.post("/compte/sessions/toutes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte/partout")
    assert own.told == [("sessions", "sessions")]
    assert asker.held() is None
    assert "déconnecté partout" in asker.get("/compte/partout").text


def test_while_the_hub_is_away_nothing_is_said_to_be_ended() -> None:
    """Signing out everywhere without the hub is a calm no: the session stays, and one may try again."""
    asker, own = _seat()
    asker.doors.down = True
    answer = asker.post("/compte/sessions/toutes")
    assert answer.status_code == 503
    assert asker.held() is not None
    assert own.told == []


def test_a_new_passkey_is_made_under_a_challenge_of_the_session() -> None:
    """The script gets what to sign, which devices have one, and whether an older passkey signs first."""
    asker, own = _seat()
    told = asker.post("/compte/cles/defi").json()
    assert (told["proof"], told["credentials"]) == (True, ["Y3JlZC0x", "Y3JlZC0y"])
    assert {"challenge", "rp_id", "seconds", "handle"} <= set(told)
    proof = {f"proof_{name}": value for name, value in SIGNED.items()}
    assert asker.post("/compte/cles", {"challenge": told["challenge"], **MADE, **proof}).status_code == 303
    said, asked = own.told[-1]
    assert said == "add"
    assert isinstance(asked, AddPasskeyRequest)
    assert asked.proof is not None
    assert (asked.challenge, asked.proof.credential) == (told["challenge"], "Y3JlZC0x")
    own.passkeys.clear()
    assert asker.post("/compte/cles/defi").json()["proof"] is False
    assert asker.post("/compte/cles", {"challenge": "AA", **MADE}).status_code == 303
    last = own.told[-1][1]
    assert isinstance(last, AddPasskeyRequest)
    assert last.proof is None


def test_a_form_without_a_passkey_adds_nothing() -> None:
    """What no browser made is told on the page."""
    asker, own = _seat()
    assert asker.post("/compte/cles", {"challenge": "AA"}).status_code == 422
    assert own.told == []


def test_a_manager_signs_the_hash_of_what_is_shown_and_gets_a_code_once() -> None:
    """The challenge holds the action's hash; the code is in that one answer alone."""
    asker, own = _seat()
    listed = asker.get("/compte/secours").text
    assert COLLEAGUE in listed
    assert "logiciel" not in listed
    shown = asker.get(f"/compte/secours/{COLLEAGUE}")
    assert "Ce que vous signez" in shown.text
    told = asker.post(f"/compte/secours/{COLLEAGUE}/defi").json()
    assert _raw(told["challenge"])[actions.CHALLENGE_BYTES :] == actions.recovery("horizon", SITE, COLLEAGUE)
    done = asker.post(f"/compte/secours/{COLLEAGUE}", {"challenge": told["challenge"], **SIGNED})
    assert done.status_code == 200
    assert CODE.replace("-", " ") in done.text
    said, asked = own.told[-1]
    assert said == "recover"
    assert isinstance(asked, RecoveryRequest)
    assert (asked.account, asked.challenge) == (COLLEAGUE, told["challenge"])
    assert CODE.replace("-", " ") not in asker.get(f"/compte/secours/{COLLEAGUE}").text


@pytest.mark.parametrize(
    "path", ["/compte/secours/a000000000000000", "/compte/secours/logiciel", f"/compte/secours/{ONE}"]
)
def test_nobody_but_a_colleague_is_found(path: str) -> None:
    """An account of another site, a program and oneself: absent, all alike."""
    asker, own = _seat()
    assert asker.get(path).status_code == 404
    assert own.told == []


@pytest.mark.parametrize("role", ["professional", "staff"])
def test_who_is_no_manager_is_offered_nothing_of_it(role: str) -> None:
    """No button, and the address is absent."""
    asker, _ = _seat(role)
    assert "/compte/secours" not in asker.get("/compte").text
    assert asker.get("/compte/secours").status_code == 404
    assert asker.get(f"/compte/secours/{COLLEAGUE}").status_code == 404


def test_who_is_on_probation_reads_until_when_and_recovers_nobody() -> None:
    """The page says what is different; the manager's own button waits."""
    asker, _ = _seat(probation="2026-11-21T09:26:00Z")
    page = asker.get("/compte").text
    assert "21/11/2026 10:26" in page
    assert "/compte/secours" not in page


@pytest.mark.parametrize(("refusal", "status"), [("own-account", 422), ("not-found", 404), ("challenge-expired", 422)])
def test_a_recovery_that_is_refused_says_what_to_do(refusal: str, status: int) -> None:
    """Too slow, gone, not allowed: on the page, and no code."""
    asker, _ = _seat(refusal=refusal)
    answer = asker.post(f"/compte/secours/{COLLEAGUE}", {"challenge": "AA", **SIGNED})
    assert answer.status_code == status
    assert "account-code" not in answer.text


def test_all_of_it_needs_a_session() -> None:
    """Without one, every address leads to the sign-in."""
    asker = Asker(doors(clock=Clock()))
    assert {asker.get(path).status_code for path in ("/compte", "/compte/secours")} == {303}
    posts = ("/compte/cles", "/compte/cles/defi", "/compte/cles/fin", "/compte/sessions/fin", "/compte/sessions/toutes")
    assert {asker.post(path).headers["location"] for path in posts} == {"/"}


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (CHROME, "chrome/windows"),
        (CHROME + " Edg/131.0", "edge/windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", "firefox/linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Mobile/15E148 Safari/604.1", "safari/ios"),
        ("Mozilla/5.0 (Linux; Android 14; SM-S911B) SamsungBrowser/26.0 Chrome/122.0 Mobile Safari/537.36",
         "samsung/android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Version/18.0 Safari/605.1.15", "safari/macos"),
        ("", "other/other"),
        ("<script>alert(1)</script>" * 50, "other/other"),
    ],
)  # fmt: skip
def test_a_device_is_a_word_of_a_closed_list(agent: str, told: str) -> None:
    """Whatever a browser says of itself, one browser and one system leave the portal."""
    assert device(agent) == told
    assert told in DEVICES
    assert all(named(told)[:2])


def test_every_device_has_a_name() -> None:
    """And what was not told has none."""
    assert set(NAMES) == {*BROWSERS, *SYSTEMS}
    assert named("") == ("", "", "")
    assert max(map(len, DEVICES)) + len("@") + 39 <= 60


def test_the_hub_is_told_the_device_when_somebody_signs_in() -> None:
    """The browser's header, read once, with the sign-in."""
    asker, _ = _seat()
    challenge = asker.post("/session/challenge").json()["challenge"]
    asker.post("/session", {"challenge": challenge, **SIGNED}, user_agent=CHROME)
    assert asker.doors.device == "chrome/windows"
