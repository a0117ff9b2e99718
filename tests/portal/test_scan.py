"""A scanned card is asked like a typed one; the camera and WebAssembly are allowed on that page alone."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import msgspec
import pytest

import rempart.portal
from rempart.portal.headers import SCANNING
from rempart.portal.pages.scan import VENDORED
from support.card_samples import CARD, INSURER, INSURER_KEY, OPERATOR, base_filter, keys_document, paper_text
from support.portals import CARD as TYPED
from support.portals import Asker, Clock, doors, settings
from support.quote_desk import QuoteDesk, seated

FOLDER = Path(rempart.portal.__file__).parent / "static" / VENDORED
GOOD = paper_text(CARD, INSURER, INSURER_KEY)
FORM = {"scanned": GOOD, "care_date": "18/11/2026", "domains": ["PHAR", "OPTI"]}


@pytest.fixture
def asker() -> Asker:
    """Somebody signed in, whose hub knows one card."""
    made = Asker(doors(clock=Clock(), codes={GOOD: "covered"}))
    made.signed_in()
    return made


def test_a_scanned_card_is_answered_on_the_same_screen(asker: Asker) -> None:
    """The hub is asked by the card, with the day and the domains of the form; nothing of it comes back."""
    answer = asker.post("/patient", FORM)
    assert answer.status_code == 200
    assert "Couvert" in answer.text
    assert "data-answered" in answer.text
    (asked,) = asker.doors.scanned
    assert (asked.card, asked.care_date, asked.domains) == (GOOD, "2026-11-18", ("PHAR", "OPTI"))
    assert not asker.doors.asked
    assert not [part for part in (GOOD, GOOD[5:40], CARD.member, CARD.birth) if part in answer.text]
    assert "value=" not in answer.text.split('id="scanned"')[1].split(">")[0]


def test_the_card_wins_over_what_is_typed(asker: Asker) -> None:
    """Both at once ask once, by the card."""
    asker.post("/patient", {**TYPED, **FORM})
    assert (len(asker.doors.scanned), len(asker.doors.asked)) == (1, 0)


@pytest.mark.parametrize(
    ("changed", "fault"),
    [({"scanned": "https://example.test"}, "scanned"), ({"scanned": GOOD.lower()}, "scanned"),
     ({"scanned": GOOD[:40]}, "scanned"), ({"care_date": "18/11/2099"}, "care_date"), ({"domains": []}, "domains"),
     ({"domains": ["PHAR", "SPA"]}, "domains")],
)  # fmt: skip
def test_what_cannot_be_right_never_reaches_the_hub(asker: Asker, changed: dict[str, object], fault: str) -> None:
    """Another code, a cut one, an impossible day, no domain: said on the page."""
    answer = asker.post("/patient", {**FORM, **changed})
    assert answer.status_code == 422
    assert not asker.doors.scanned
    assert f'href="#{fault}"' in answer.text


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("card-signature", "n’est pas authentique"), ("card-expired", "n’est plus valable"),
        ("card-not-yet", "pas encore valable"), ("card-key-unknown", "recopiez la carte"),
        ("card-proof", "d’afficher"), ("card-velocity", "trop d’endroits"), ("card-unreadable", "scannez-le encore"),
        ("card-labels", "recopiez-la"),
    ],
)  # fmt: skip
def test_every_refusal_of_a_card_says_what_to_do(asker: Asker, code: str, said: str) -> None:
    """In a sentence, with its code for support, and the session goes on."""
    asker.doors.codes[GOOD] = code
    answer = asker.post("/patient", FORM)
    assert answer.status_code in {422, 429}
    assert said in answer.text
    assert f"<code>{code}</code>" in answer.text
    marked = 'id="scanned-error" hidden' not in answer.text
    assert marked == (code == "card-unreadable")
    assert asker.held() is not None


@pytest.mark.parametrize("word", ["closed", "not-covered", "not-confirmed"])
def test_a_genuine_card_that_does_not_cover_is_told_why(asker: Asker, word: str) -> None:
    """A card that its insurer no longer knows is not said to be mistyped."""
    asker.doors.codes[GOOD] = word
    answer = asker.post("/patient", FORM)
    assert answer.status_code == 200
    assert ("authentique" in answer.text) == (word == "not-confirmed")
    assert "chiffre mal recopié" not in answer.text


def test_the_camera_and_webassembly_are_allowed_where_cards_are_scanned_alone(asker: Asker) -> None:
    """Nothing else is unsafe anywhere, and no page may evaluate text."""
    for path in ("/patient", "/site", "/", "/static/scan.js", "/nowhere", "/hors-ligne"):
        headers = asker.get(path).headers
        policy, allowed = headers["content-security-policy"], headers["permissions-policy"]
        assert ("'wasm-unsafe-eval'" in policy) == (path in SCANNING)
        assert ("camera=(self)" in allowed) == (path in SCANNING)
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
    assert {"/patient", "/hors-ligne", "/factures/nouvelle", "/prises-en-charge/nouvelle"} == SCANNING


def test_the_reader_is_the_published_one_and_is_served_for_good(asker: Asker) -> None:
    """Its bytes are those whose sums the folder declares; WebAssembly has its own type, and travels compressed."""
    told = (FOLDER / "README.md").read_text("utf-8")
    declared = re.findall(r"\| `([\w.]+)` \| `[\w/.]+` \| `([0-9a-f]{64})` \|", told)
    assert len(declared) == 2
    for name, digest in declared:
        content = (FOLDER / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        answer = asker.get(f"/static/{VENDORED}/{name}", accept_encoding="gzip")
        assert answer.content == content
        assert int(answer.headers["content-length"]) < len(content) / 2
        assert asker.get(f"/static/{VENDORED}/{name}", accept_encoding="identity").content == content
        assert "immutable" in answer.headers["cache-control"]
    wasm = asker.get(f"/static/{VENDORED}/zxing_reader.wasm")
    assert wasm.headers["content-type"] == "application/wasm"
    assert hashlib.sha256(wasm.content).hexdigest() in (FOLDER / "reader.js").read_text("utf-8")


def test_the_page_for_checks_without_network_needs_no_session(tmp_path: Path) -> None:
    """It is the same for everybody, says every sentence it may need, and gives the operator's lists as they lie."""
    asker = Asker(doors(clock=Clock()), settings=msgspec.structs.replace(settings(), card_lists=tmp_path))
    page = asker.get("/hors-ligne")
    assert page.status_code == 200
    assert 'action="' not in page.text.split('id="card"')[1].split(">")[0]
    for code in ("card-covered", "card-ask-on-line", "keys-old", "lists-none", "unchecked", "card-text"):
        assert f'data-code="{code}"' in page.text
    assert asker.get("/hors-ligne/lists").status_code == 404
    (tmp_path / "horizon.pub").write_bytes(base64.b64encode(OPERATOR) + b"\n")
    (tmp_path / "horizon.json").write_bytes(keys_document())
    (tmp_path / "horizon.base").write_bytes(base_filter())
    told = asker.get("/hors-ligne/lists").json()
    assert told == {
        "operator_key": base64.b64encode(OPERATOR).decode(), "keys": keys_document().decode(),
        "filters": [base64.b64encode(base_filter()).decode()],
    }  # fmt: skip
    worker = asker.get("/hors-ligne/worker.js")
    assert worker.headers["service-worker-allowed"] == "/hors-ligne"


def test_every_address_that_the_worker_keeps_is_served(asker: Asker) -> None:
    """One that is missing would keep the page from being kept at all."""
    text = asker.get("/hors-ligne/worker.js").text.replace("${VENDOR}", f"/static/{VENDORED}/").replace("`", '"')
    paths = re.findall(r'"(/[^"]*)"', text.split("PARTS = [")[1].split("];")[0])
    assert len(paths) == 11
    for path in paths:
        assert asker.get(path).status_code == 200, path


def test_the_patient_s_page_prepares_it_where_the_operator_publishes_lists(tmp_path: Path) -> None:
    """And only there: the worker fetches half a megabyte, once."""
    for lists, said in ((None, False), (tmp_path, True)):
        made = Asker(doors(clock=Clock()), settings=msgspec.structs.replace(settings(), card_lists=lists))
        made.signed_in()
        assert ("data-offline" in made.get("/patient").text) == said
        made.doors.down = True
        assert ('href="/hors-ligne"' in made.post("/patient", FORM).text) == said


@pytest.mark.parametrize("path", ["/factures/nouvelle", "/prises-en-charge/nouvelle"])
def test_other_forms_scan_a_card_into_their_fields(path: str) -> None:
    """What the script needs is there, hidden without it; the fields that it fills have the card's names."""
    page = seated(QuoteDesk(), "optician").get(path).text
    block = page.split('<fieldset id="scan"')[1].split(">")[0]
    assert " hidden data-fill=" in block
    assert '<script src="/static/scan.js" defer>' in page
    for name in ("amc_number", "convention", "csr", "member", "birth_date", "rank", "nir"):
        assert f'name="{name}"' in page
