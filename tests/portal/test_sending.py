"""Forms sent without leaving their page: htmx as published, with all that a strict page does not allow turned off."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import rempart.portal
from rempart.portal.pages.around import HTMX
from rempart.portal.pages.fixed import content
from support.fake_invoices import FakeInvoices
from support.portals import CARD, Asker, Clock, doors

HERE = Path(rempart.portal.__file__).parent
PAGES = sorted((HERE / "templates").glob("*.html"))
SCRIPTS = sorted(path for path in (HERE / "static").glob("*.*js"))
ALLOWED = {"hx-post", "hx-get", "hx-trigger", "hx-target", "hx-select", "hx-select-oob", "hx-sync", "hx-encoding",
           "hx-request"}  # fmt: skip
FORM = {**CARD, "care_date": "18/11/2026", "domains": ["PHAR"]}
_TAG = re.compile(r"<(?:form|section)\b[^>]*\bhx-(?:post|get)=[^>]*>")
_SAID = re.compile(r'([a-z-]+)="([^"]*)"')


@pytest.fixture
def asker() -> Asker:
    """Somebody signed in."""
    made = Asker(doors(clock=Clock()))
    made.signed_in()
    return made


def test_htmx_is_the_published_one_and_is_served_for_good(asker: Asker) -> None:
    """Its bytes are those whose sum its folder declares; it lies beside its licence and travels compressed."""
    folder = (HERE / "static" / HTMX).parent
    ((name, digest),) = re.findall(
        r"\| `([\w.]+)` \| `[\w/.]+` \| `([0-9a-f]{64})` \|", (folder / "README.md").read_text("utf-8")
    )
    whole = (folder / name).read_bytes()
    assert hashlib.sha256(whole).hexdigest() == digest
    assert "Zero-Clause BSD" in (folder / "LICENSE").read_text("utf-8")
    answer = asker.get(f"/static/{HTMX}", accept_encoding="gzip")
    assert answer.content == whole
    assert int(answer.headers["content-length"]) < len(whole) / 2
    assert "immutable" in answer.headers["cache-control"]


def test_what_a_strict_page_does_not_allow_is_turned_off(asker: Asker) -> None:
    """No evaluating of text, no scripts of answers, no other host, no styles of its own, no history."""
    told = re.search(r"name=\"htmx-config\" content='([^']+)'", asker.get("/patient").text)
    assert told is not None
    config = json.loads(told[1])
    off = ("allowEval", "allowScriptTags", "includeIndicatorStyles", "historyEnabled", "allowNestedOobSwaps")
    assert not [name for name in off if config[name] is not False]
    assert config["selfRequestsOnly"] is True
    assert (config["historyCacheSize"], config["refreshOnHistoryMiss"]) == (0, True)
    assert config["responseHandling"] == [{"code": "...", "swap": True}]
    assert all(f'"{name}"'.encode() in content(HTMX) or f"{name}:".encode() in content(HTMX) for name in config)


def test_templates_and_scripts_use_no_more_of_it() -> None:
    """No expression, no handler in an attribute, no address into the history; nothing of ours evaluates or stores."""
    for path in PAGES:
        text = path.read_text("utf-8")
        assert set(re.findall(r"\b(hx-[a-z:-]+)=", text)) <= ALLOWED, path.name
        assert "js:" not in text
        assert "hx-trigger" not in text or 'hx-trigger="load delay:1s, look"' in text
    for path in SCRIPTS:
        text = path.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|pushState|(?:local|session)Storage\.setItem", text), path.name


def test_a_form_sent_by_htmx_works_without_it(asker: Asker) -> None:
    """It has the same address as an ordinary form, and the place that its answer comes to is on its page."""
    asker.doors.desks.append(FakeInvoices())
    for address in ("/patient", "/factures/nouvelle", "/factures/fichier"):
        page = asker.get(address).text
        (tag,) = _TAG.findall(page)
        said = dict(_SAID.findall(tag))
        assert (said["method"], said["action"], said["hx-post"]) == ("post", address, address)
        assert said["hx-select"] == said["hx-target"]
        assert f'id="{said["hx-target"][1:]}"' in page
        assert '<script src="/static/sending.js" type="module">' in page


def test_an_answer_is_the_same_whole_page_with_htmx_and_without(asker: Asker) -> None:
    """Nothing depends on its headers, so that nothing between can keep one for the other."""
    plain = asker.post("/patient", FORM)
    asked = {"hx_request": "true", "hx_target": "answer", "hx_current_url": f"{asker.origin}/patient"}
    sent = asker.post("/patient", FORM, **asked)
    assert (plain.status_code, sent.status_code) == (200, 200)
    assert plain.text == sent.text
    assert "data-answered" in sent.text
    assert sent.headers["cache-control"] == "no-store"


def test_one_script_alone_takes_pages_as_answers() -> None:
    """Others ask for keys, challenges and lists, as data: none sends a form and puts the answer into the page."""
    texts = {path.name: path.read_text("utf-8") for path in SCRIPTS}
    assert [name for name, text in texts.items() if "DOMParser" in text] == ["sending.js"]
    assert not [name for name, text in texts.items() if "XMLHttpRequest" in text or "fetch(form.action" in text]
    assert "fetch(" not in texts["sending.js"]
