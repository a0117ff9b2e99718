"""The portal's routes: what every answer carries, who may ask, what is shown when something is not well."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from rempart.portal import session
from rempart.portal.app import BODY_MOST, application
from rempart.portal.headers import ALONE, ALWAYS, KEPT_IN, POLICY, SCANNING, TO_SCAN, VARYING
from rempart.portal.pages.fixed import FOREVER
from rempart.portal.port import Portal
from rempart.wire.problem import ClosureTold, FieldError, Problem
from support.authenticator import Authenticator, text
from support.fake_doors import CHALLENGE, GRANT, IDLE, FakeDoors
from support.portal_routes import GETS, POSTS
from support.portals import (
    CARD,
    CODE,
    ONE,
    OTHER_SITE,
    SITE,
    TWO,
    Asker,
    Clock,
    before_doors,
    doors,
    languages,
    settings,
)

ORIGIN = "https://portail.horizon.test"
FORM = {**CARD, "care_date": "18/11/2026", "domains": ["PHAR", "OPTI"]}
TYPED = ("10000001", "2 85 04", "285047592512345", "2850475925123", "12/04/1985", "1985-04-12")


@pytest.fixture
def clock() -> Clock:
    """An hour that stands until it is moved."""
    return Clock()


@pytest.fixture
def asker(clock: Clock) -> Asker:
    """Somebody before the portal, not signed in."""
    return Asker(doors(clock=clock, rp_id="portail.horizon.test", origin=ORIGIN))


def covers_every_route(asker: Asker) -> set[str]:
    """The paths the application has."""
    framework: Any = before_doors(asker.settings)[0]._within  # type: ignore[attr-defined]  # the wrapped application
    return {route.path for route in framework.routes}


def test_the_tables_of_this_page_hold_every_route(asker: Asker) -> None:
    """A route that is added is walked."""
    assert covers_every_route(asker) == set(GETS) - {"/nowhere", "/static/../app.py"} | set(POSTS) - {"/nowhere"}


@pytest.mark.parametrize("signed_in", [False, True])
def test_every_answer_carries_the_policies(asker: Asker, *, signed_in: bool) -> None:
    """A strict content policy, no referrer, no sniffing, HSTS; pages are never stored."""
    for path in GETS:
        if signed_in:
            asker.signed_in()
        policed(asker, path)


def policed(asker: Asker, path: str) -> None:
    """One answer has them all."""
    answer = asker.get(path)
    policy = answer.headers["content-security-policy"]
    stricter = POLICY
    if path in ALONE:
        for source in ("connect-src", "form-action"):
            stricter = stricter.replace(f"{source} 'self'", f"{source} 'none'")
    assert policy.replace(" 'wasm-unsafe-eval'", "") == stricter
    assert "unsafe" not in POLICY
    assert policy.startswith("default-src 'none';")
    varying = TO_SCAN if path in SCANNING else KEPT_IN if path in ALONE else VARYING
    assert all(answer.headers[name.decode()] == value.decode() for name, value in (*varying, *ALWAYS))
    assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
    kept = path.startswith(("/static/", "/brand")) and answer.status_code == 200
    for_good = FOREVER["cache-control"] if path.startswith("/static/vendor/") else "public, max-age=300"
    assert answer.headers["cache-control"] == (for_good if kept else "no-store")
    assert "server" not in answer.headers


FOREIGN = (
    {"sec-fetch-site": "cross-site", "origin": ORIGIN}, {"sec-fetch-site": "same-site", "origin": ORIGIN},
    {"sec-fetch-site": "none"}, {"sec-fetch-site": "same-origin", "origin": "https://evil.test"},
    {"origin": "https://evil.test"}, {"origin": "null"}, {},
)  # fmt: skip


def test_no_other_page_can_post_here(asker: Asker) -> None:
    """Whatever the browser says but our own origin is refused before any route, policies included."""
    live = asker.signed_in(TWO)
    for path in POSTS:
        for headers in FOREIGN:
            answer = asker.send("POST", path, dict(FORM), headers)
            assert answer.status_code == 403
            assert answer.headers["content-security-policy"] == POLICY
            assert asker.held() == live
    assert not asker.doors.asked
    assert not asker.doors.ended


def test_an_older_browser_says_its_origin_alone(asker: Asker) -> None:
    """Without Sec-Fetch-Site, our own origin is enough."""
    assert asker.send("POST", "/session/challenge", {}, {"origin": ORIGIN}).status_code == 200


def test_the_session_cookie_is_guarded(asker: Asker) -> None:
    """`__Host-`, Secure, HttpOnly, SameSite=Strict, the whole host, until the browser closes; out again likewise."""
    asker.signed_in(TWO)
    told = asker.post("/site", {"site": SITE}).headers["set-cookie"]
    assert told.startswith("__Host-rempart=")
    parts = {part.strip().lower() for part in told.split(";")[1:]}
    assert parts == {"secure", "httponly", "samesite=strict", "path=/"}
    gone = asker.post("/session/end").headers["set-cookie"].lower()
    assert gone.startswith("__host-rempart=")
    assert "max-age=0" in gone
    assert "secure" in gone


def test_plain_http_has_a_cookie_that_says_unsafe(clock: Clock) -> None:
    """On the loopback without TLS, neither `__Host-` nor HSTS may be claimed."""
    asker = Asker(doors(clock=clock), settings("http://localhost:8481"))
    asker.signed_in(TWO)
    answer = asker.post("/site", {"site": SITE})
    assert answer.headers["set-cookie"].startswith("rempart-unsafe-http=")
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("value", ["x", "////", "e30", "", "bm90IGpzb24", "A" * 5000])
@pytest.mark.parametrize("path", ["/", "/patient", "/site"])
def test_a_cookie_that_is_none_of_ours_signs_nobody_in(asker: Asker, path: str, value: str) -> None:
    """It leads to the sign-in page, never to an error."""
    asker.cookies["__Host-rempart"] = value
    answer = asker.get(path)
    assert answer.status_code == (200 if path == "/" else 303)
    assert answer.headers.get("location", "/") == "/"


# ---- coming in ------------------------------------------------------------------------------------------------


def challenged(asker: Asker, path: str, form: dict[str, str] | None = None) -> tuple[bytes, str]:
    told = asker.post(path, form).json()
    return base64.urlsafe_b64decode(told["challenge"] + "=="), told["challenge"]


def enrolled(asker: Asker, key: Authenticator, code: str = CODE, site: str = SITE) -> Any:
    raw, challenge = challenged(asker, "/invitation/challenge", {"code": code, "site": site})
    made = key.create(raw)
    told = {"client_data": text(made.client_data), "attestation": text(made.attestation)}
    return asker.post("/invitation", {"code": code, "site": site, "challenge": challenge, **told})


def signed(asker: Asker, key: Authenticator, **lies: Any) -> Any:
    raw, challenge = challenged(asker, "/session/challenge")
    got = key.get(raw, **lies)
    told = {
        "credential": text(got.credential), "client_data": text(got.client_data),
        "authenticator_data": text(got.authenticator_data), "signature": text(got.signature),
    }  # fmt: skip
    return asker.post("/session", {"challenge": challenge, **told})


@pytest.fixture
def key() -> Authenticator:
    """The person's passkey."""
    return Authenticator("portail.horizon.test", ORIGIN)


def test_an_invitation_makes_a_passkey_that_signs_in(asker: Asker, key: Authenticator) -> None:
    """Code and site, a passkey, a session, the patient page, out; the code as people type it."""
    assert "prête" in enrolled(asker, key, "oi23 4567-89ab cdef".replace("oi", "0I"), "12 3456 782").text
    answer = signed(asker, key)
    assert (answer.status_code, answer.headers["location"]) == (303, "/patient")
    assert asker.get("/patient").status_code == 200
    assert asker.get("/").headers["location"] == "/patient"
    live = asker.held()
    out = asker.post("/session/end")
    assert (out.status_code, out.headers["location"]) == (303, "/session/ended")
    assert live is not None
    assert asker.doors.ended == [live.token]
    assert asker.get("/patient").headers["location"] == "/"


def test_a_used_code_another_site_and_another_key_are_refused(asker: Asker, key: Authenticator) -> None:
    """Each with a sentence and without a session; nothing that was sent comes back."""
    wrong_site = enrolled(asker, key, site=OTHER_SITE)
    assert wrong_site.status_code == 422
    assert "pas valable" in wrong_site.text
    assert OTHER_SITE not in wrong_site.text
    enrolled(asker, key)
    again = enrolled(asker, Authenticator("portail.horizon.test", ORIGIN))
    assert "pas valable" in again.text
    assert CODE not in again.text
    unknown = signed(asker, Authenticator("portail.horizon.test", ORIGIN))
    assert unknown.status_code == 422
    phished = signed(asker, key, origin="https://portail-horizon.evil")
    assert "acceptée" in phished.text
    unverified = signed(asker, key, verified=False)
    assert "acceptée" in unverified.text
    assert asker.held() is None


def test_a_challenge_serves_once_and_five_minutes(asker: Asker, key: Authenticator, clock: Clock) -> None:
    """Too late is told as too late."""
    enrolled(asker, key)
    raw, challenge = challenged(asker, "/session/challenge")
    got = key.get(raw)
    told = {
        "challenge": challenge, "credential": text(got.credential), "client_data": text(got.client_data),
        "authenticator_data": text(got.authenticator_data), "signature": text(got.signature),
    }  # fmt: skip
    clock.now += CHALLENGE + 1
    assert "trop de temps" in asker.post("/session", told).text
    assert "trop de temps" in asker.post("/session", told).text


@pytest.mark.parametrize("code", ["invalid-dpop-proof", "clock-apart", "unknown-portal"])
def test_the_portal_s_own_trouble_is_not_the_person_s(asker: Asker, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """A proof that the hub does not take, before anyone signed in, is no session that ended."""

    async def refuses(*_: Any) -> Problem:
        return Problem("No", 401 if code.startswith("invalid") else 503, code)

    monkeypatch.setattr(asker.doors, "challenge", refuses)
    answer = asker.post("/session/challenge")
    assert answer.status_code == (403 if code == "unknown-portal" else 503)
    assert "session" not in answer.json()["title"]


@pytest.mark.parametrize(
    ("code", "site", "wrong"),
    [("", "", ["code", "site"]), ("0123", SITE, ["code"]), (CODE, "12", ["site"]), ("U" * 16, SITE, ["code"])],
)
def test_an_invitation_is_looked_at_before_a_passkey_is_made(
    asker: Asker, code: str, site: str, wrong: list[str]
) -> None:
    """The browser is not asked for a passkey that nobody would take."""
    answer = asker.post("/invitation/challenge", {"code": code, "site": site})
    assert (answer.status_code, answer.json()) == (422, {"wrong": wrong})
    page = asker.post("/invitation", {"code": code, "site": site})
    assert page.status_code == 422
    assert page.text.count('aria-invalid="true"') == len(wrong)


@pytest.mark.parametrize("path", ["/session", "/invitation"])
def test_what_no_browser_sends_is_refused_like_a_wrong_passkey(asker: Asker, path: str) -> None:
    """Characters outside base64url, missing parts."""
    told = {"code": CODE, "site": SITE, "challenge": "c", "client_data": "<i>x", "attestation": "", "credential": "é"}
    answer = asker.post(path, told)
    assert answer.status_code == 422
    assert "<i>x" not in answer.text


# ---- inside ---------------------------------------------------------------------------------------------------


def test_with_several_sites_one_is_chosen_first(asker: Asker) -> None:
    """The patient page leads to the choice; another's site is not taken."""
    asker.signed_in(TWO)
    assert asker.get("/patient").headers["location"] == "/site"
    page = asker.get("/site").text
    assert f'value="{SITE}"' in page
    assert f'value="{OTHER_SITE}"' in page
    assert asker.post("/site", {"site": "999999999"}).status_code == 422
    assert asker.post("/site", {"site": OTHER_SITE}).headers["location"] == "/patient"
    live = asker.held()
    assert live is not None
    assert live.site == OTHER_SITE


def test_the_answer_says_what_is_covered_and_nothing_of_who(asker: Asker) -> None:
    """Domains, accreditation 4×5, question id; the form is empty, and nothing typed is in the page."""
    asker.signed_in()
    answer = asker.post("/patient", FORM)
    assert answer.status_code == 200
    assert "A1B2 C3D4 E5F6 G7H8 J9K0" in answer.text
    assert "0Q1W 2E3R 4T5Y" in answer.text
    assert 'class="open"' in answer.text
    assert 'class="shut"' in answer.text
    assert "data-answered" in answer.text
    assert not [one for one in TYPED if one in answer.text]
    assert [question.evidence for question in asker.doors.asked] == ["typed"]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("not-confirmed", "Non confirmé"), ("closed", "30/06/2026"), ("not-covered", "Non couvert pour ces soins"),
        ("newborn", "1\u202f500,00\u00a0€"),
    ],
)  # fmt: skip
def test_every_answer_is_said_in_plain_words(asker: Asker, word: str, said: str) -> None:
    """And what to do next, unless the patient is covered."""
    asker.doors.cards = dict.fromkeys(asker.doors.cards, word)
    asker.signed_in()
    page = asker.post("/patient", FORM).text
    assert said in page
    assert ("Que faire maintenant" in page) == (word != "newborn")


def test_what_cannot_be_right_never_reaches_the_hub(asker: Asker) -> None:
    """Each fault is tied to its field, and nothing typed comes back."""
    asker.signed_in()
    answer = asker.post("/patient", {**FORM, "nir": "285047592512399", "birth_date": "1985-04-12"})
    assert answer.status_code == 422
    assert answer.text.count('aria-invalid="true"') == 2
    assert 'href="#nir"' in answer.text
    assert not asker.doors.asked
    assert "285047592512399" not in answer.text
    assert "1985-04-12" not in answer.text


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [
        ("unknown-amc-number", 422, 'href="#amc_number"'), ("handled-elsewhere", 422, "pas gérée ici"),
        ("nir-required", 422, 'href="#nir"'), ("site-budget", 429, "pour ce site"),
        ("client-budget", 429, "pour votre compte"), ("hour-budget", 429, "cette heure"),
        ("meter-total", 429, "limite"),
        ("compartment", 503, "fermé pour le moment"), ("unavailable", 503, "ne répond pas"),
        ("client-standing", 403, "suspendu"), ("site-standing", 403, "suspendu"),
        ("a-code-of-tomorrow", 503, "ne répond"),
    ],
)  # fmt: skip
def test_every_refusal_is_a_sentence_and_keeps_the_session_where_it_can(
    asker: Asker, code: str, status: int, said: str
) -> None:
    """On the same screen; an account or site that is stopped gets a page with whom to call."""
    asker.signed_in()
    asker.doors.refusal = code
    answer = asker.post("/patient", FORM)
    assert answer.status_code == status
    assert said in answer.text
    assert code in answer.text
    assert (asker.held() is None) == code.endswith("standing")
    assert ("01 99 00 12 34" in answer.text) is True


def test_the_fields_that_the_hub_finds_wrong_are_marked(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's names of fields, those inside a sealed identity included."""

    async def refuses(*_: Any) -> Problem:
        faults = (FieldError("identity_jwe.nir", "nir-key"), FieldError("care_date", "care-date-old"))
        return Problem("No", 422, "invalid-fields", errors=faults)

    asker.signed_in()
    monkeypatch.setattr(asker.doors, "perform", refuses)
    page = asker.post("/patient", FORM).text
    assert page.count('aria-invalid="true"') == 2


# ---- the end of a session, and the hub away -------------------------------------------------------------------


def test_a_session_is_renewed_near_its_end_and_not_before(asker: Asker, clock: Clock) -> None:
    """A new cookie in the last five minutes, and in the quarter of an hour after."""
    first = asker.signed_in()
    asker.get("/patient")
    assert asker.held() == first
    clock.now += GRANT - 60
    asker.get("/patient")
    second = asker.held()
    assert second is not None
    assert second.token != first.token
    assert second.expires == clock.now + GRANT


@pytest.mark.parametrize("seconds", [GRANT + IDLE + 1, 40_000])
def test_a_session_that_is_over_says_so_and_leaves_no_cookie(asker: Asker, clock: Clock, seconds: float) -> None:
    """401 with a calm page, whichever way it is found out."""
    asker.signed_in()
    clock.now += seconds
    answer = asker.post("/patient", FORM)
    assert answer.status_code == 401
    assert "Votre session est terminée" in answer.text
    assert asker.held() is None
    assert not asker.doors.asked
    assert not [one for one in TYPED if one in answer.text]


def test_a_session_ended_elsewhere_is_over_at_the_next_question(asker: Asker) -> None:
    """The hub's no to the token is the end here too."""
    asker.signed_in()
    asker.doors._live.clear()
    assert asker.post("/patient", FORM).status_code == 401
    assert asker.held() is None


def test_a_forged_cookie_gains_nothing(asker: Asker, clock: Clock) -> None:
    """A later end or another site written into the cookie changes what is sent to the hub, and it refuses."""
    live = asker.signed_in()
    clock.now += GRANT + 1
    forged = msgspec.structs.replace(live, expires=clock.now + 9_999, site=OTHER_SITE, sites=(OTHER_SITE,))
    asker.cookies["__Host-rempart"] = session.write(forged)
    assert asker.post("/patient", FORM).status_code == 401
    asker.cookies["__Host-rempart"] = session.write(forged)
    assert asker.post("/site", {"site": OTHER_SITE}).status_code == 403


def test_without_the_hub_every_page_stays_calm(asker: Asker, clock: Clock) -> None:
    """503, a sentence, the session kept, signing out still possible; no trace."""
    asker.signed_in()
    asker.doors.down = True
    question = asker.post("/patient", FORM)
    assert question.status_code == 503
    assert "ne répond pas" in question.text
    assert asker.get("/patient").status_code == 200
    assert asker.post("/session/challenge").status_code == 503
    assert asker.post("/session/challenge").json()["title"] == "Le service ne répond pas"
    assert asker.post("/site", {"site": SITE}).status_code == 503
    assert asker.held() is not None
    clock.now += GRANT + 1
    late = asker.get("/patient")
    assert late.status_code == 503
    assert "Réessayer" in late.text
    assert asker.held() is not None
    assert asker.post("/session/end").headers["location"] == "/session/ended"
    assert asker.held() is None


def test_a_closed_compartment_has_a_page_with_what_to_do(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the sign-in already: the stand-in rule, and whom to call."""

    async def closed(*_: Any, **__: Any) -> Problem:
        return Problem("Closed", 503, "compartment")

    monkeypatch.setattr(asker.doors, "sign_in", closed)
    told = dict.fromkeys(("challenge", "credential", "client_data", "authenticator_data", "signature"), "abc")
    answer = asker.post("/session", told)
    assert answer.status_code == 503
    assert "règle de remplacement" in answer.text
    assert "01 99 00 12 34" in answer.text


def test_a_closed_portal_says_why_and_until_when(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's public sentence in the language of the page, and the expected opening on a clock in Paris."""
    told = ClosureTold(
        "portal:horizon", "closed", "2026-11-23T07:00:00Z", "Nous vérifions <tout>.", "We are checking <all>.",
        "2026-11-23T11:30:00.000000Z", 7200,
    )  # fmt: skip

    async def closed(*_: Any, **__: Any) -> Problem:
        return Problem("Closed", 503, "compartment", closure=told)

    monkeypatch.setattr(asker.doors, "sign_in", closed)
    sent = dict.fromkeys(("challenge", "credential", "client_data", "authenticator_data", "signature"), "abc")
    french = asker.post("/session", sent).text
    assert "Nous vérifions &lt;tout&gt;." in french
    assert "23/11/2026 12:30" in french
    asker.post("/language", {"language": "en", "back": "/"})
    assert "We are checking &lt;all&gt;." in asker.post("/session", sent).text


# ---- around ---------------------------------------------------------------------------------------------------


def test_the_language_is_chosen_kept_and_leads_back_here_only(asker: Asker) -> None:
    """French first; the browser's wish; a choice that stays; no leading elsewhere."""
    assert '<html lang="fr">' in asker.get("/").text
    assert '<html lang="en">' in asker.get("/", accept_language="en-GB,en;q=0.9,fr;q=0.5").text
    assert '<html lang="fr">' in asker.get("/", accept_language="de-DE,de").text
    answer = asker.post("/language", {"language": "en", "back": "/invitation"})
    assert answer.headers["location"] == "/invitation"
    assert '<html lang="en">' in asker.get("/", accept_language="fr").text
    assert asker.post("/language", {"language": "xx", "back": "https://evil.test/"}).headers["location"] == "/"
    assert '<html lang="en">' in asker.get("/nowhere").text


def test_the_operator_s_colour_name_and_number_are_shown(clock: Clock) -> None:
    """From the configuration, escaped."""
    asker = Asker(doors(clock=clock), settings(colour="#7A1F5C", hours="de 9 h à <17 h>"))
    assert asker.get("/brand.css").text == ":root { --brand: #7a1f5c; }\n"
    page = asker.get("/").text
    assert "Horizon Tiers Payant" in page
    assert "&lt;17 h&gt;" in page
    assert "style=" not in page


def test_an_absent_page_and_a_wrong_method_are_told_kindly(asker: Asker) -> None:
    """404 and 405 are pages."""
    assert asker.get("/nowhere").status_code == 404
    assert "existe pas" in asker.get("/nowhere").text
    assert asker.get("/session/end").status_code == 405


def test_bodies_are_small_and_forms(asker: Asker) -> None:
    """Too long, too many fields, not UTF-8: refused without an echo."""
    asker.signed_in()
    assert asker.post("/patient", {"member": "9" * BODY_MOST}).status_code == 413
    many = asker.post("/patient", {f"f{number}": "x" for number in range(60)})
    assert many.status_code == 400
    assert "n’a pas abouti" in many.text


def test_nothing_typed_is_logged_even_when_the_portal_fails(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault of ours is a calm page and one log line: its kind and place, not what was typed."""

    async def broken(*_: Any) -> None:
        raise RuntimeError(f"failed on {TYPED}")

    asker.signed_in()
    monkeypatch.setattr(asker.doors, "perform", broken)
    with capture_logs() as lines:
        answer = asker.post("/patient", FORM)
    assert answer.status_code == 500
    assert "La faute est chez nous" in answer.text
    assert [line["event"] for line in lines] == ["a page failed"]
    logged = [{key: str(value) for key, value in line.items() if key != "exc_info"} for line in lines]
    told = answer.text + json.dumps(logged)
    assert not [one for one in TYPED if one in told]


def test_no_question_leaves_a_log_line(asker: Asker) -> None:
    """Nor does a refusal: what people ask is the hub's to log, without identity."""
    asker.signed_in()
    with capture_logs() as lines:
        asker.post("/patient", FORM)
        asker.post("/patient", {**FORM, "nir": "x"})
        asker.doors.down = True
        asker.post("/patient", FORM)
    assert lines == []


def test_no_page_has_inline_script_or_style_or_another_host(asker: Asker) -> None:
    """Every page of both states."""
    asker.signed_in(ONE)
    pages = [asker.get(path).text for path in ("/session/over", "/nowhere", "/invitation")]
    asker.signed_in(ONE)
    pages += [asker.get("/patient").text, asker.post("/patient", FORM).text, asker.get("/site").text]
    for page in pages:
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page
        assert "<script>" not in page
        assert "http" not in page.replace("http-equiv", "")


def test_the_health_of_the_program_asks_nobody(clock: Clock) -> None:
    """It answers while the hub is away."""
    made: FakeDoors = doors(clock=clock, down=True)
    asker = Asker(made)
    assert asker.get("/healthz").text == "ok\n"
    assert application(Portal(settings(), made, clock, languages())) is not asker.app
