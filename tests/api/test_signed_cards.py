"""Signed cards on a whole house: what a scan costs a site, how many sites may meet one card, and an estimate by it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256
from itertools import islice
from typing import Any

import msgspec
import pytest

from rempart.bench.deltas import send_delta
from rempart.bench.sandbox_cards import key_of
from rempart.bench.world import OPERATOR
from rempart.domain.card import HANDLE_BYTES, Card
from rempart.domain.rights import RightsLine
from rempart.formats.card import MINUTE, PAPER, InsurerKey, sign_card, sign_keys, sign_minute, write_text
from rempart.formats.rights_file import Expected, format_line
from rempart.ground.instants import MICROSECONDS
from rempart.simulation.authorizations import presented
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.people import Person
from rempart.wire.eligibility import CardRequest, EligibilityAnswer, EligibilityRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateLine, EstimateRequest
from rempart.wire.problem import Problem
from support.card_samples import PHONE_KEY, live
from support.houses import FIRST_DAY, town
from support.journey import Journey

pytestmark = pytest.mark.postgres
TYPED, TIMES, SITES = 2, 2, 2
CAP = TYPED * TIMES
OPTIONS: dict[str, dict[str, Any]] = {
    "budgets": {"hour_fraction": 1.0, "paper_card_times": TIMES, "card_sites_a_day": SITES},
    "budgets.pharmacy": {"typed": TYPED, "machine": 400},
}
DAY = FIRST_DAY.isoformat()
LATER = FIRST_DAY.replace(year=FIRST_DAY.year + 1, month=1, day=10).isoformat()  # when this year's rights have ended
BOX = EstimateLine("PH7", "pharmacy", 13_40, 65, 13_40, unit_price=13_40, care_date=DAY)
MANY = 20


class Wallet:
    """Cards of people whom no site knows yet, all of one insurer, and named by its rights file."""

    def __init__(self, journey: Journey) -> None:
        self.town = journey.town
        insurer = self.town.country.insurers[0]
        self._number, self._key = insurer.number, key_of(insurer.number)
        self._lists()
        adults = (one for one in journey.people("PHAR", "TM", insurer=0) if one.relation == "adult")
        people = list(islice(adults, MANY))
        send_delta(self.town.world, insurer, [self._line(one) for one in people], Expected(0, 0, len(people)))
        self.people = iter(people)

    def paper(self, person: Person) -> str:
        """What a scanner reads of the card on paper."""
        return write_text(PAPER, sign_card(self._card(person), self._number, self._key))

    def copied(self, person: Person) -> str:
        """The phone's card without the phone."""
        return write_text(PAPER, self._live(person))

    def phone(self, person: Person, *, ago: int = 0) -> str:
        """What a scanner reads of the phone, `ago` seconds after its minute."""
        seconds = self.town.world.now() // MICROSECONDS
        return write_text(MINUTE, sign_minute(self._live(person), PHONE_KEY, seconds=seconds - ago))

    def _live(self, person: Person) -> bytes:
        issued = self.town.world.now() // MICROSECONDS - 3_600
        return sign_card(live(self._card(person), issued=issued, lives=86_400), self._number, self._key)

    def _card(self, person: Person) -> Card:
        shown, (first, *_) = presented(self.town.country, person), person.keys
        year = FIRST_DAY.year
        return Card(
            self._number, shown.convention, shown.csr, shown.member, FIRST_DAY.replace(year=year - 1),
            FIRST_DAY.replace(year=year + 1), first.birth, first.rank, "TEST", ("PHAR",), 1, _handle(person),
        )  # fmt: skip

    def _line(self, person: Person) -> bytes:
        first, *others = person.keys
        keys = (first._replace(card=_handle(person)), *others)
        return format_line(RightsLine(person.reference, keys, self.town.country.coverage(person)), delta=True)

    def _lists(self) -> None:
        own, folder = key_of(OPERATOR), self.town.house.settings.keeper.card_lists
        public = self._key.public_key().public_bytes_raw()
        entries = (InsurerKey(self._number, "Mutuelle des Essais", (self._number,), public),)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{OPERATOR}.json").write_bytes(sign_keys(OPERATOR, f"{DAY}T08:00:00Z", entries, own))
        (folder / f"{OPERATOR}.pub").write_bytes(base64.b64encode(own.public_key().public_bytes_raw()) + b"\n")


def _handle(person: Person) -> bytes:
    return sha256(b"a handle of tests " + person.reference.encode()).digest()[:HANDLE_BYTES]


@pytest.fixture(scope="module")
def wallet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallet]:
    folder = tmp_path_factory.mktemp("cards") / "h"
    with town(folder, 150, options=OPTIONS, serve=("hub",), insurers=2) as made:
        yield Wallet(Journey(made))


Asked = CardRequest | EligibilityRequest | CardEstimateRequest | EstimateRequest


def asked(wallet: Wallet, site: int, *requests: Asked) -> list[str]:
    """What each is answered at this site, or refused."""
    return [each.code if isinstance(each, Problem) else each.answer for each in told(wallet, site, *requests)]


def told(wallet: Wallet, site: int, *requests: Asked) -> list[EligibilityAnswer | EstimateAnswer | Problem]:
    """The same, whole."""

    async def work(caller: Caller) -> list[EligibilityAnswer | EstimateAnswer | Problem]:
        found: list[EligibilityAnswer | EstimateAnswer | Problem] = []
        for one in requests:
            priced = isinstance(one, EstimateRequest | CardEstimateRequest)
            found.append(await caller.estimate(one) if priced else await caller.eligibility(one))
        return found

    return Journey(wallet.town).at(site, work)


def card(text: str) -> CardRequest:
    return CardRequest(text, DAY, ("PHAR",))


def price(text: str, accreditation: str = "", care: str = DAY) -> CardEstimateRequest:
    return CardEstimateRequest(text, (msgspec.structs.replace(BOX, care_date=care),), accreditation=accreditation)


def typed(wallet: Wallet, person: Person) -> EligibilityRequest:
    shown = presented(wallet.town.country, person)
    return presented_request(shown, care_date=DAY, domains=("PHAR",), evidence="typed")


def typed_price(wallet: Wallet, person: Person, evidence: str = "typed", care: str = DAY) -> EstimateRequest:
    shown = presented(wallet.town.country, person)
    line = msgspec.structs.replace(BOX, care_date=care)
    said = {"amc_number": shown.amc_number, "member": shown.member, "birth_date": shown.birth, "evidence": evidence,
            "nir": shown.nir, "rank": shown.rank, "convention": shown.convention, "csr": shown.csr}  # fmt: skip
    return msgspec.structs.replace(msgspec.convert(said, EstimateRequest), lines=(line,))


def spent(wallet: Wallet, site: int) -> tuple[int, int]:
    """Strangers that the site used up today: typed and paper cards together, then read by a machine."""
    scope = f"site:{wallet.town.country.site(site).number}"
    rows = wallet.town.sql("select typed, machine from rempart.budget where scope = %s", scope)
    return (rows[0][0], rows[0][1]) if rows else (0, 0)


def logged(wallet: Wallet, site: int) -> list[tuple[str, str, str]]:
    """What was disclosed to the site, in order: purpose, evidence, template."""
    number = wallet.town.country.site(site).number
    return [
        (purpose, evidence, template)
        for purpose, evidence, template in wallet.town.sql(
            "select purpose, evidence, template from rempart.disclosure where site = %s order by instant", number
        )
    ]


def test_paper_cards_count_to_their_cap_and_a_phone_is_free(wallet: Wallet) -> None:
    """Typed and paper together may be so many times the typed budget; who is known goes on, and so does a live card."""
    site = Journey(wallet.town).site("pharmacy")
    met = [next(wallet.people) for _ in range(CAP)]
    assert asked(wallet, site, *(card(wallet.paper(one)) for one in met)) == ["covered"] * CAP
    assert spent(wallet, site) == (CAP, 0)
    refused, alive = next(wallet.people), next(wallet.people)
    assert asked(wallet, site, card(wallet.paper(refused)), typed(wallet, refused)) == ["site-budget"] * 2
    assert asked(wallet, site, card(wallet.phone(alive)), card(wallet.phone(refused))) == ["covered"] * 2
    assert asked(wallet, site, card(wallet.paper(met[0])), card(wallet.paper(alive))) == ["covered"] * 2
    assert spent(wallet, site) == (CAP, 0)


def test_the_site_after_the_last_that_may_meet_a_card_is_refused(wallet: Wallet) -> None:
    """By question and by estimate; the sites that met it go on, and the card typed by hand is answered."""
    journey = Journey(wallet.town)
    places = [journey.site("doctor"), journey.site("dentist"), journey.site("laboratory")]
    person = next(wallet.people)
    text = wallet.paper(person)
    assert [asked(wallet, place, card(text)) for place in places] == [["covered"], ["covered"], ["card-velocity"]]
    assert asked(wallet, places[2], price(text), typed(wallet, person)) == ["card-velocity", "covered"]
    assert asked(wallet, places[0], card(text)) == ["covered"]
    stranger = wallet.paper(next(wallet.people))  # an estimate meets somebody as a question does
    assert [asked(wallet, place, price(stranger)) for place in places] == [
        ["estimated"], ["estimated"], ["card-velocity"],
    ]  # fmt: skip


def test_a_phone_s_picture_is_asked_by_its_text(wallet: Wallet) -> None:
    """`RPM1:` finds the record for nothing; sent on it is worth nothing elsewhere, nor later, nor without the phone."""
    journey = Journey(wallet.town)
    home, elsewhere = journey.site("optician"), journey.site("hearing")
    person = next(wallet.people)
    text = wallet.phone(person)
    assert text.startswith("RPM1:")
    assert asked(wallet, home, card(text), price(text)) == ["covered", "estimated"]
    assert spent(wallet, home) == (0, 0)
    assert asked(wallet, elsewhere, card(text), price(text)) == ["card-proof"] * 2
    stale, copied = wallet.phone(person, ago=600), wallet.copied(person)
    assert asked(wallet, elsewhere, card(stale), card(copied), price(copied)) == ["card-proof"] * 3
    assert asked(wallet, elsewhere, card(text[:60]), price(text[:60])) == ["card-unreadable"] * 2


def test_an_estimate_by_the_card_just_scanned_costs_and_discloses_nothing_twice(wallet: Wallet) -> None:
    """One stranger for both; each is in the log once; amounts are those of the card typed by hand."""
    site = Journey(wallet.town).site("pharmacy", 1)
    person = next(wallet.people)
    text = wallet.paper(person)
    (answer,) = told(wallet, site, msgspec.structs.replace(card(text), site_reference="T2-0041"))
    assert isinstance(answer, EligibilityAnswer)
    priced = msgspec.structs.replace(price(text, answer.accreditation), site_reference="T2-0041")
    found, by_hand = told(wallet, site, priced, typed_price(wallet, person, "known"))
    assert isinstance(found, EstimateAnswer)
    assert isinstance(by_hand, EstimateAnswer)
    assert (found.answer, found.spent, found.amo, found.amc, found.patient) == ("estimated", 13_40, 8_71, 4_69, 0)
    assert found == by_hand
    assert spent(wallet, site) == (1, 0)
    assert wallet.town.one("select count(*) from rempart.site_reference where reference = 'T2-0041'") == 2
    assert logged(wallet, site) == [
        ("eligibility", "card", "eligibility-covered/1"), ("estimate", "known", "estimate-made/1"),
        ("estimate", "known", "estimate-made/1"),
    ]  # fmt: skip


def test_an_estimate_asked_first_meets_the_person_as_a_question_would(wallet: Wallet) -> None:
    """It counts one stranger, the question that follows none; what the card shows is told with its reason."""
    site = Journey(wallet.town).site("pharmacy", 2)
    one, other, third = (next(wallet.people) for _ in range(3))
    first, after = wallet.paper(one), wallet.paper(other)
    assert asked(wallet, site, price(first), card(first)) == ["estimated", "covered"]
    assert spent(wallet, site) == (1, 0)
    (closed,) = told(wallet, site, price(after, care=LATER))
    assert isinstance(closed, EstimateAnswer)
    assert (closed.answer, closed.reason, closed.amc) == ("estimated", "rights-closed", 0)
    assert asked(wallet, site, typed_price(wallet, third, care=LATER)) == ["site-budget"]
    assert asked(wallet, site, typed_price(wallet, third, "machine", care=LATER)) == ["not-confirmed"]
    assert logged(wallet, site)[2][1:] == ("card", "estimate-made/1")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"evidence": "typed"}, "invalid-fields"), ({"amc_number": "0099000000"}, "invalid-fields"),
        ({"card": "https://example.test"}, "card-unreadable"), ({"lines": []}, "invalid-fields"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_told_before_anything_is_read(wallet: Wallet, body: dict[str, Any], code: str) -> None:
    """Other fields than a card's, another code, no line: nobody is looked up, nothing counts."""
    site = Journey(wallet.town).site("nurse")
    good = msgspec.to_builtins(price(wallet.paper(next(wallet.people)))) | {"evidence": "card"}

    async def work(caller: Caller) -> str:
        headers = {"Content-Type": "application/json"}
        found = await caller.call("POST", "/v1/estimates", msgspec.json.encode(good | body), headers)
        return found.code if isinstance(found, Problem) else msgspec.json.decode(found.body).get("code", "")

    assert Journey(wallet.town).at(site, work) == code
    assert logged(wallet, site) == []
