"""The site's account: typed twice, read again, signed as it is shown; never shown whole again; stopped in one press."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest

from rempart.domain.payment import parse_iban, parse_name
from rempart.sealing import actions
from rempart.wire.bank_details import BankApproval, BankDetailsState, BankProposal
from support.fake_account import account
from support.fake_bank import CHANGE, OTHER, FakeBank
from support.money import iban
from support.portals import ONE, SITE, Asker, Clock, doors

HERE = "/site-et-equipe/compte"
NEW = iban(77)
SPACED = " ".join(NEW[start : start + 4] for start in range(0, len(NEW), 4)).lower()
TYPED = {"name": "Cabinet Dupré", "iban": SPACED, "again": NEW}
SIGNED = {"credential": "Y3JlZC0x", "client_data": "e30", "authenticator_data": "AA", "signature": "AA"}


def seat(role: str = "manager", **others: Any) -> tuple[Asker, FakeBank]:
    """Somebody of the site in front of the page."""
    made, bank = doors(clock=Clock()), FakeBank(**others)
    made.people[ONE] = replace(made.people[ONE], role=role)
    made.desks += [account(), bank]
    asker = Asker(made)
    asker.signed_in(ONE)
    return asker, bank


def hidden(page: str) -> dict[str, str]:
    """The fields that the page to sign holds."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)" data-told>', page))


def lines(page: str) -> list[str]:
    """The values that the person reads, in their order."""
    found = re.findall(r"<dd[^>]*>(.*?)</dd>", page, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", value).replace("&#39;", "'") for value in found]


def test_a_new_account_is_signed_exactly_as_it_is_shown() -> None:
    """The lines of the page are the fields of the hash; the account is in no address, and gone after signing."""
    asker, bank = seat()
    page = asker.post(f"{HERE}/relire", TYPED)
    assert page.status_code == 200
    told = hidden(page.text)
    wanted = actions.written("bank-propose", *lines(page.text))
    assert wanted is not None
    assert lines(page.text) == ["horizon", SITE, told["change"], "Cabinet Dupre", NEW]
    made = asker.post(f"{HERE}/defi", told).json()
    raw = urlsafe_b64decode(made["challenge"] + "=" * (-len(made["challenge"]) % 4))
    assert raw[actions.CHALLENGE_BYTES :] == wanted.digest()
    assert made["credentials"] == ["Y3JlZC0x", "Y3JlZC0y"]
    done = asker.post(HERE, {**told, "challenge": made["challenge"], **SIGNED})
    assert (done.status_code, done.headers["location"]) == (303, HERE)
    said, asked = bank.told[-1]
    assert said == "propose"
    assert isinstance(asked, BankProposal)
    assert (asked.change, asked.name, asked.iban, asked.challenge) == (
        told["change"], "Cabinet Dupre", NEW, made["challenge"],
    )  # fmt: skip
    after = asker.get(HERE).text
    assert NEW not in after
    assert NEW[-4:] in after


@pytest.mark.parametrize("typed", ["Cabinet Dupré", "SARL  L’Écluse & Fils", "Œuvre / de // santé /", "Dr. N'Go (SEL)"])
def test_what_is_shown_is_spelled_as_the_hub_takes_it(typed: str) -> None:
    """Otherwise the hub would refuse what the person signed."""
    asker, _ = seat()
    told = hidden(asker.post(f"{HERE}/relire", {**TYPED, "name": typed}).text)
    assert told["name"].replace("&#39;", "'") == parse_name(typed)
    assert told["iban"] == parse_iban(SPACED)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"iban": NEW[:-1] + "9", "again": NEW[:-1] + "9"}, "pas un IBAN"),
        ({"again": iban(78)}, "pas les mêmes"),
        ({"name": "  "}, "titulaire comme sur le RIB"),
        ({"name": "x" * 71}, "titulaire comme sur le RIB"),
    ],
)
def test_what_cannot_be_right_is_said_and_nothing_is_signed(wrong: dict[str, str], words: str) -> None:
    """The field and a sentence; what was typed is not sent back."""
    asker, bank = seat()
    page = asker.post(f"{HERE}/relire", {**TYPED, **wrong})
    assert page.status_code == 422
    assert words in page.text
    assert page.text.count('aria-invalid="true"') == 1
    assert NEW not in page.text
    assert bank.told == []


def test_the_second_manager_signs_what_waits() -> None:
    """The proposer's account and the last four are in the hash; the proposer is offered no signature."""
    asker, bank = seat()
    bank.waits("7765", OTHER)
    assert f"{HERE}/{CHANGE}" in asker.get(HERE).text
    page = asker.get(f"{HERE}/{CHANGE}").text
    assert lines(page) == ["horizon", SITE, CHANGE, OTHER, "7765"]
    made = asker.post(f"{HERE}/{CHANGE}/defi").json()
    raw = urlsafe_b64decode(made["challenge"] + "=" * (-len(made["challenge"]) % 4))
    wanted = actions.written("bank-approve", *lines(page))
    assert wanted is not None
    assert raw[actions.CHALLENGE_BYTES :] == wanted.digest()
    done = asker.post(f"{HERE}/{CHANGE}", {"challenge": made["challenge"], **SIGNED})
    assert done.status_code == 303
    assert isinstance(bank.told[-1][1], BankApproval)
    assert "21/11/2026" in asker.get(HERE).text
    bank.waits("7765", ONE)
    assert "Lire et signer" not in asker.get(HERE).text
    assert asker.get(f"{HERE}/{CHANGE}").status_code == 404


@pytest.mark.parametrize("role", ["manager", "professional"])
def test_a_change_is_stopped_in_one_press(role: str) -> None:
    """Without a signature, whatever its state."""
    asker, bank = seat(role)
    bank.waits("7765", OTHER, second="operator")
    bank.approved()
    page = asker.get(HERE).text
    assert page.count("/arreter") == 1
    assert asker.post(f"{HERE}/{CHANGE}/arreter").headers["location"] == HERE
    assert bank.told[-1][0] == "cancel"
    assert "/arreter" not in asker.get(HERE).text


@pytest.mark.parametrize(
    ("why", "words"),
    [("role", "Un responsable du site"), ("manager-signs", "c’est lui qui signe"), ("on-probation", "clé d’accès")],
)
def test_who_may_not_sees_why_and_no_form(why: str, words: str) -> None:
    """Staff, a professional beside a manager, probation or a session without a passkey."""
    asker, _ = seat("professional", state=BankDetailsState("0189", "2026-01-15", proposes=False, why_not=why))
    page = asker.get(HERE).text
    assert words in page
    assert 'name="iban"' not in page


@pytest.mark.parametrize(
    "refusal", ["on-probation", "change-open", "manager-signs", "compartment", "operator-approves", "same-person"]
)
def test_a_no_of_the_hub_is_said_in_plain_words(refusal: str) -> None:
    """On the page itself, with what to do; the account is not in it."""
    asker, _ = seat(refusal=refusal)
    told = hidden(asker.post(f"{HERE}/relire", TYPED).text)
    page = asker.post(HERE, {**told, "challenge": "AA", **SIGNED})
    assert page.status_code in {422, 503}
    assert '<div class="notice' in page.text
    assert NEW not in page.text


def test_a_form_that_no_page_of_ours_made_reaches_no_hub() -> None:
    """No signature, no account, another's change: nothing is asked for."""
    asker, bank = seat()
    for form in ({}, {**SIGNED, "challenge": "AA"}, {"change": CHANGE, "name": "X", "iban": NEW}):
        assert asker.post(HERE, form).status_code == 422
    assert asker.post(f"{HERE}/defi", {"change": CHANGE, "name": "X", "iban": "FR76"}).status_code == 422
    assert asker.get(f"{HERE}/{CHANGE}").status_code == 404
    assert bank.told == []
