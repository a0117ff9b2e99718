"""A signed card shown on line finds the record by its handle, and only a genuine card of that insurer, on its days."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rempart.client import assertion
from rempart.client.identity import Sealer
from rempart.domain.card import MINUTE_AFTER, Card
from rempart.domain.same_age import same_age
from rempart.formats.card import MINUTE, PAPER, sign_card, sign_keys, sign_minute, write_text
from rempart.ground.card_code import labels, read
from rempart.keeper.cards import PICTURE, Minutes
from rempart.keeper.registry import Client
from rempart.sealing.frames import DeriveItem, DeriveResult
from rempart.sealing.identity import encode_card
from rempart.sealing.identity_frames import KeySetItem, SealedIdentity
from rempart.sealing.identity_jwe import PresentedCard, seal
from rempart.sealing.record import pad
from rempart.wire.eligibility import CardRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateStay
from support.card_samples import CARD, ENTRIES, INSURER_KEY, OPERATOR, OPERATOR_KEY, PHONE_KEY, STRANGER_KEY, live
from support.keepers import COVERAGE, INSURER, OTHER_SITE, PERSON, SITE, World, make_world
from support.sealing import EPOCH, derive, item, keys

LABELS = (CARD.amc_number, CARD.convention, CARD.csr)


def issued(world: World) -> Card:
    """The sample's card, good around the world's day."""
    today = date.fromordinal(EPOCH + world.today())
    return replace(CARD, first=today - timedelta(days=100), last=today + timedelta(days=100))


def paper(world: World, key: Any = INSURER_KEY, **changed: Any) -> str:
    """What a scanner reads of a card on paper."""
    return write_text(PAPER, sign_card(replace(issued(world), **changed), INSURER, key))


def phone(world: World, ago: int = 0) -> str:
    """What a scanner reads of a phone, `ago` seconds after its minute."""
    seconds = world.now() // 1_000_000
    card = sign_card(live(issued(world), issued=seconds - 3_600, lives=86_400), INSURER, INSURER_KEY)
    return write_text(MINUTE, sign_minute(card, PHONE_KEY, seconds=seconds - ago))


def lists(folder: Path, days: int = 0) -> None:
    """An operator's list of keys in the folder, made so many days ago."""
    created = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
    folder.mkdir(exist_ok=True)
    (folder / "horizon.pub").write_text(base64.b64encode(OPERATOR).decode() + "\n")
    (folder / "horizon.json").write_bytes(sign_keys("horizon", created, ENTRIES, OPERATOR_KEY))


@pytest.fixture
def carded(tmp_path: Path) -> Iterator[World]:
    """A keeper that knows one operator's list."""
    lists(tmp_path / "lists")
    made = make_world(tmp_path, card_lists=tmp_path / "lists")
    yield made
    made.parts.close()


def shown(world: World, text: str, **changed: Any) -> SealedIdentity:
    """A card told in clear, as the hub hands it on."""
    return item("", **({"labels": LABELS, "days": (world.today(),), "by_card": True, "card": text} | changed))


def sealed(world: World, text: str, use: str = "eligibility", **changed: Any) -> SealedIdentity:
    """The same card, sealed to the keeper by the client."""
    said = PresentedCard(
        client="pharmacy", site=SITE, purpose=use, made=world.now() // 1_000_000,
        id=secrets.token_urlsafe(16), amc_number=CARD.amc_number, convention=CARD.convention, csr=CARD.csr, card=text,
        care_dates=(date.fromordinal(EPOCH + world.today()).isoformat(),),
    )  # fmt: skip
    jwe = seal(said, keys(world).keys[0].raw)
    return item(jwe, **({"labels": LABELS, "days": (world.today(),), "by_card": True} | changed))


def payload(world: World) -> bytes:
    """The row that a loader would have written for the card's handle."""
    insurer = world.parts.ring.insurers[INSURER]
    padded = pad(COVERAGE, insurer.size)
    assert padded is not None
    return insurer.live[0].seal(encode_card(INSURER, CARD.handle), PERSON, padded)[1]


def ask(world: World, what: SealedIdentity) -> DeriveResult:
    return derive(world, world.sign_in().grant, what)


def test_a_card_finds_the_record_of_its_handle(carded: World) -> None:
    """In clear and sealed alike, on paper at the price of one and on a phone for nothing; the row then opens."""
    one = ask(carded, shown(carded, paper(carded)))
    two = ask(carded, sealed(carded, paper(carded)))
    three = ask(carded, sealed(carded, phone(carded)))
    insurer = carded.parts.ring.insurers[INSURER]
    assert one.keys == two.keys == three.keys == (insurer.live[0].keys(encode_card(INSURER, CARD.handle))[0],)
    assert (one.refusal, one.omitted, two.omitted, three.omitted) == ("", 0, 0, -1)
    for found in (one, two, three):
        assert carded.open(found.ticket, payload(carded)).coverage == COVERAGE


def test_amounts_learn_an_age_of_the_card_and_no_birthday(carded: World) -> None:
    """A question tells the hub no birth date; an estimate one of the same ages on its day of care."""
    grant, told = carded.sign_in().grant, date.fromordinal(EPOCH + carded.today())
    found = derive(carded, grant, shown(carded, paper(carded)), purpose="estimate")
    assert (found.refusal, found.born) == ("", same_age(CARD.birth, [told]))
    assert found.born != CARD.birth
    assert ask(carded, shown(carded, paper(carded))).born == ""


def test_a_card_sealed_for_a_question_is_no_estimate_s(carded: World) -> None:
    """And the other way round: what a client sealed is good for what it says."""
    grant = carded.sign_in().grant
    question, priced = sealed(carded, paper(carded)), sealed(carded, paper(carded), use="estimate")
    assert derive(carded, grant, question, purpose="estimate").refusal == "identity-not-yours"
    assert derive(carded, grant, priced).refusal == "identity-not-yours"
    assert derive(carded, grant, priced, purpose="estimate").refusal == ""


def test_card_and_typed_card_are_one_person(carded: World) -> None:
    """Day tag, meeting and accreditor are those of the typed way: the site knows the person by either."""
    grant = carded.sign_in().grant
    by_card = carded.open(derive(carded, grant, shown(carded, paper(carded))).ticket, payload(carded))
    typed = carded.open(carded.derive(grant).ticket, carded.sealed())
    assert (by_card.tag, by_card.meeting, by_card.accreditor) == (typed.tag, typed.meeting, typed.accreditor)


def test_the_picture_of_a_phone_is_worth_nothing_at_another_site(carded: World) -> None:
    """Photographed and sent on within its minute, it is refused there, sealed too; where it was shown it goes on."""
    text = phone(carded)
    other = {"client": "elsewhere", "site": OTHER_SITE}
    keys_of = {"k1": carded.signing.as_dict(private=False)}
    assert not carded.parts.registry.register(Client("elsewhere", "site", OTHER_SITE, "vendor-1", keys_of))
    assert ask(carded, shown(carded, text)).refusal == ""
    stolen = derive(carded, carded.sign_in(**other).grant, shown(carded, text))
    assert stolen.refusal == "card-proof"
    assert ask(carded, sealed(carded, text)).refusal == ""
    own = derive(carded, carded.sign_in(**other).grant, shown(carded, phone(carded)))
    assert own.refusal == ""


def test_pictures_are_remembered_for_longer_than_they_hold() -> None:
    """And no longer: what is forgotten is refused for its minute anyway."""
    minutes, text = Minutes(), "RPM1:PICTURE"
    assert not minutes.elsewhere(text, b"one", 1_000_000_000)
    for late in (0, 60, MINUTE_AFTER * 60 + 59):
        assert minutes.elsewhere(text, b"two", 1_000_000_000 + late)
    assert not minutes.elsewhere(text, b"one", 1_000_000_000 + 60)
    assert not minutes.elsewhere(text, b"two", 1_000_000_000 + 3 * PICTURE)


def altered(text: str) -> str:
    """The card with one bit of its signature, its last bytes, turned."""
    content = text_of(text)
    return write_text(PAPER, content[:-1] + bytes([content[-1] ^ 1]))


def text_of(text: str) -> bytes:
    found = read(text)
    assert found is not None
    return found.content


def test_each_card_that_is_not_to_be_gone_by_has_its_code(carded: World) -> None:
    """None of them touches the meter, which counts people."""
    good, before = paper(carded), dict(carded.parts.meter.figures())
    day = carded.today()
    cases = {
        "card-key-unknown": shown(carded, paper(carded, STRANGER_KEY)),
        "card-signature": shown(carded, altered(good)),
        "card-unreadable": shown(carded, "RPC1:00"),
        "card-proof": shown(carded, phone(carded, 600)),
        "card-expired": shown(carded, good, days=(day, day + 101)),
        "card-not-yet": shown(carded, good, days=(day - 101,)),
        "card-labels": shown(carded, good, labels=("0099000000", "", "")),
        "identity-labels": sealed(carded, good, by_card=False),
    }
    assert {code: ask(carded, case).refusal for code, case in cases.items()} == {code: code for code in cases}
    assert dict(carded.parts.meter.figures()) == before


def test_another_insurers_card_finds_nobody_there(carded: World) -> None:
    """The insurer that the hub routes to must be the one that signed."""
    sign = carded.parts.ring.insurers[INSURER].sign_public
    assert not carded.parts.ring.add_insurer("0000000123", sign, carded.insurer_key.public_key().public_bytes_raw())
    grant = carded.sign_in().grant
    what = shown(carded, paper(carded))
    asked = derive_for(carded, grant, what, "0000000123")
    assert asked.refusal == "card-labels"


def derive_for(world: World, grant: bytes, what: SealedIdentity, insurer: str) -> DeriveResult:
    asked = DeriveItem(grant, "eligibility", insurer, "", None, "", "", world.today(), sealed=what)
    return world.parts.questions.derive([asked])[0]


def test_a_list_that_is_too_old_or_signed_by_another_counts_for_nothing(tmp_path: Path) -> None:
    """Then no card is taken on line, and the card is typed."""
    for name, days, operator in (("old", 8, OPERATOR), ("other", 0, bytes(32))):
        folder = tmp_path / name
        folder.mkdir()
        lists(folder / "lists", days)
        (folder / "lists" / "horizon.pub").write_text(base64.b64encode(operator).decode())
        world = make_world(folder, card_lists=folder / "lists")
        assert ask(world, shown(world, paper(world))).refusal == "card-key-unknown"
        world.parts.close()


def test_labels_are_read_without_verifying_anything(carded: World) -> None:
    """What a question is routed by; nothing at all of another code."""
    assert labels(paper(carded)) == labels(phone(carded)) == LABELS
    for text in ("", "RPC1:", "RPC1:00", "RPM1:" + paper(carded)[5:], "https://example.test", "RPC1:" + "Z" * 300):
        assert labels(text) is None


def test_the_published_client_seals_a_card_that_the_keeper_opens(carded: World) -> None:
    """The hub is told labels, day and domains, and nothing of the person; another caller can do nothing with it."""
    sealer = Sealer("pharmacy", SITE, assertion.generate_key("EdDSA"), carded.parts.checkpoints.verifier_key())
    (path,) = sealer.missing(asking(carded), carded.now() // 1_000_000)
    sealer.learn(path, carded.parts.identity_keys.publish([KeySetItem()])[0].document)
    told: Any = sealer.request(asking(carded))
    body = msgspec.json.encode(told)
    assert not [word for word in (CARD.member, CARD.birth, "RPC1", "RPM1") if word.encode() in body]
    assert (told.amc_number, told.convention, told.csr, told.evidence) == (*LABELS, "card")
    found = ask(carded, item(told.identity_jwe, labels=LABELS, days=(carded.today(),), by_card=True))
    assert (found.refusal, len(found.keys)) == ("", 1)
    other = derive(carded, carded.sign_in("carrier", SITE).grant, item(told.identity_jwe, labels=LABELS, by_card=True))
    assert other.refusal


def test_the_published_client_seals_a_card_for_an_estimate(carded: World) -> None:
    """Lines and labels are in clear, the card is not; each day of a stay may be priced, and nothing else be asked."""
    sealer = Sealer("pharmacy", SITE, assertion.generate_key("EdDSA"), carded.parts.checkpoints.verifier_key())
    (path,) = sealer.missing(asking(carded), carded.now() // 1_000_000)
    sealer.learn(path, carded.parts.identity_keys.publish([KeySetItem()])[0].document)
    first = date.fromordinal(EPOCH + carded.today())
    told: Any = sealer.request(CardEstimateRequest(paper(carded), stay=EstimateStay(first.isoformat(), 3)))
    body = msgspec.json.encode(told)
    assert not [word for word in (CARD.member, CARD.birth, "RPC1", "RPM1") if word.encode() in body]
    assert (told.amc_number, told.convention, told.csr, told.evidence, told.stay.days) == (*LABELS, "card", 3)
    grant, days = carded.sign_in().grant, tuple(carded.today() + late for late in range(3))
    found = derive(carded, grant, item(told.identity_jwe, labels=LABELS, days=days, by_card=True), purpose="estimate")
    assert (found.refusal, len(found.keys)) == ("", 1)
    question = derive(carded, grant, item(told.identity_jwe, labels=LABELS, days=days, by_card=True))
    assert question.refusal == "identity-not-yours"


def asking(world: World) -> CardRequest:
    """A pharmacist's question."""
    return CardRequest(paper(world), date.fromordinal(EPOCH + world.today()).isoformat(), ("PHAR",))
