"""Programs of the site: listed with their end, a code shown once, a year more that one signs, stopped in one press."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest

from rempart.sealing import actions
from rempart.wire.mandates import MandateCodeRequest, MandateEnd, MandateRenewal
from rempart.wire.own_site import OwnMember
from support.fake_account import account
from support.fake_programs import CODE, FAR, NEAR, FakePrograms
from support.portals import ONE, SITE, Asker, Clock, doors

HERE = "/site-et-equipe/logiciels"
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}


def seat(role: str = "manager", **others: Any) -> tuple[Asker, FakePrograms]:
    """Somebody of the site in front of the page."""
    made, programs = doors(clock=Clock()), FakePrograms(**others)
    made.people[ONE] = replace(made.people[ONE], role=role)
    made.desks += [programs, account()]
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, programs


def digest(told: dict[str, Any]) -> bytes:
    """What the challenge says that is signed."""
    text = told["challenge"]
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))[actions.CHALLENGE_BYTES :]


def test_programs_are_listed_with_their_end_and_no_people() -> None:
    """The one that ends first at the top, to be renewed; one that ends in a year is only to be stopped."""
    asker, _ = seat()
    page = asker.get(HERE).text
    assert page.index(NEAR) < page.index(FAR)
    assert re.findall(r"renouveler\?logiciel=([\w-]+)", page) == [NEAR]
    assert page.count("/arreter") == 2
    assert "19/12/2026" in page
    assert "a2b4c6d8e0f1g3h5" not in page


def test_a_code_is_signed_for_and_shown_once() -> None:
    """The hash is of what the page shows; the code is in that answer alone."""
    asker, programs = seat()
    shown = asker.get(f"{HERE}/nouveau").text
    told = asker.post(f"{HERE}/nouveau/defi").json()
    wanted = actions.written("mandate-code", "horizon", SITE, "*")
    assert wanted is not None
    assert digest(told) == wanted.digest()
    assert re.findall(r"<dd[^>]*>(.*?)</dd>", shown, re.DOTALL) == list(wanted.fields)
    done = asker.post(f"{HERE}/nouveau", {"challenge": told["challenge"], **SIGNED})
    assert CODE.replace("-", " ") in done.text
    (asked,) = programs.told
    assert isinstance(asked, MandateCodeRequest)
    assert (asked.client, asked.challenge) == ("*", told["challenge"])
    assert CODE.replace("-", " ") not in asker.get(HERE).text


def test_a_year_more_is_signed_as_shown() -> None:
    """From the day after its last, for a year; back at the list afterwards."""
    asker, programs = seat()
    page = asker.get(f"{HERE}/renouveler?logiciel={NEAR}").text
    kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)" data-told>', page))
    assert kept == {"client": NEAR, "first": "2026-12-20", "last": "2027-12-19"}
    wanted = actions.written("mandate-renew", "horizon", SITE, *kept.values())
    assert wanted is not None
    told = asker.post(f"{HERE}/renouveler/defi", kept).json()
    assert digest(told) == wanted.digest()
    done = asker.post(f"{HERE}/renouveler", {**kept, "challenge": told["challenge"], **SIGNED})
    assert done.headers["location"] == HERE
    (asked,) = programs.told
    assert isinstance(asked, MandateRenewal)
    assert (asked.client, asked.first, asked.last) == tuple(kept.values())
    assert asker.get(f"{HERE}/renouveler?logiciel={FAR}").status_code == 404


def test_a_program_is_stopped_in_one_press() -> None:
    """One that was stopped meanwhile is no fault: the list says what there is."""
    asker, programs = seat()
    assert asker.post(f"{HERE}/arreter", {"client": FAR}).headers["location"] == HERE
    assert programs.told == [MandateEnd(FAR)]
    assert FAR not in asker.get(HERE).text
    programs.refusal = "not-found"
    assert asker.post(f"{HERE}/arreter", {"client": FAR}).headers["location"] == HERE


@pytest.mark.parametrize("path", [HERE, f"{HERE}/nouveau", f"{HERE}/renouveler?logiciel={NEAR}"])
def test_nobody_but_a_manager_finds_these_pages(path: str) -> None:
    """Staff and professionals have no such place."""
    for role in ("staff", "professional"):
        asker, _ = seat(role)
        assert asker.get(path).status_code == 404
        assert "/logiciels" not in asker.get("/site-et-equipe").text


@pytest.mark.parametrize("refusal", ["mandate-not-due", "on-probation", "passkey-refused"])
def test_a_no_is_said_on_the_page(refusal: str) -> None:
    """In plain words; an unsigned form reaches no hub."""
    asker, programs = seat(refusal=refusal)
    kept = {"client": NEAR, "first": "2026-12-20", "last": "2027-12-19"}
    page = asker.post(f"{HERE}/renouveler", {**kept, "challenge": "AA", **SIGNED})
    assert page.status_code == 422
    assert '<div class="notice' in page.text
    for path in ("renouveler", "nouveau"):
        assert asker.post(f"{HERE}/{path}", kept).status_code == 422
    assert asker.post(f"{HERE}/renouveler/defi", {"client": NEAR}).status_code == 422
    assert programs.told == []


def test_a_program_of_the_site_is_listed_without_an_end() -> None:
    """It came by a code and stays until it is stopped: nothing to renew, one press to end it."""
    asker, desk = seat()
    own = "program-Zk3v8QnT2xLw5pR7aB9cDe"
    desk.members[:] = [OwnMember(own, "program", "", "2026-11-18", "9999-12-31")]
    page = asker.get(HERE).text
    for said in (own, "sans fin", "Arrêter"):
        assert said in page
    assert "Renouveler" not in page
    assert "9999" not in page
    assert asker.get(f"{HERE}/renouveler?logiciel={own}").status_code == 404
    assert asker.post(f"{HERE}/arreter", {"client": own}).status_code == 303
    assert "Aucun logiciel n’agit" in asker.get(HERE).text


def test_the_code_says_both_of_its_uses() -> None:
    """A program that the operator knows, for a year; one of the site's own, until it is stopped."""
    asker, _ = seat()
    page = asker.post(f"{HERE}/nouveau", {**SIGNED, "challenge": "AA"}).text
    assert "agit avec lui pendant un an" in page
    assert "s’inscrit avec lui" in page
