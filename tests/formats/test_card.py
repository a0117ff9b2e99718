"""Signed cards: samples, vectors, and that nothing but the one right form is believed."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.card import LIVE_MOST, Card, judge
from rempart.domain.rights import DOMAINS
from rempart.formats.card import (
    MAX_CARD,
    MAX_SERIAL,
    MINUTE,
    PAPER,
    CardFault,
    Filter,
    Genuine,
    cose,
    payload,
    read_card,
    read_filter,
    read_minute,
    read_text,
    sign_card,
    sign_minute,
    standing,
    text,
    write_text,
)
from rempart.formats.card.sentences import SENTENCES
from rempart.formats.card.signing import CARD_USE, MINUTE_USE
from support import card_samples as samples

DOCS = Path(__file__).parents[2] / "docs" / "formats"
FOLDER = DOCS / "samples" / "cards"
VECTORS = json.loads((DOCS / "card-vectors.json").read_text("utf-8"))
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))["expected"]
KEYS = samples.keys()
GOOD = sign_card(samples.CARD, samples.INSURER, samples.INSURER_KEY)
HELD = sign_card(samples.live(), samples.INSURER, samples.INSURER_KEY)
SHOWN = sign_minute(HELD, samples.PHONE_KEY, seconds=samples.SECONDS)


def filters() -> tuple[Filter, ...]:
    found = [read_filter((FOLDER / f"revoked-{one}.bin").read_bytes(), samples.OPERATOR) for one in ("base", "delta")]
    assert all(isinstance(one, Filter) for one in found)
    return tuple(one for one in found if isinstance(one, Filter))


def code_of(shown: str) -> str:
    found = read_text(shown, KEYS, seconds=samples.SECONDS)
    if isinstance(found, CardFault):
        return found.code
    revocation = standing(found.card, found.insurer, filters(), samples.DAY)
    assert isinstance(revocation, str)
    return judge(found.card, samples.DAY, revocation).code


# ---- samples and vectors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_sample_gets_the_answer_it_is_there_for(name: str) -> None:
    """One file per way in which a card can be right or wrong."""
    assert code_of((FOLDER / f"{name}.txt").read_text("ascii")) == EXPECTED[name]


def test_every_sample_is_listed_and_as_we_make_it() -> None:
    """No file lacks its answer, and the cards on paper are byte for byte what signing them gives today."""
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(EXPECTED) == {*samples.paper(), *samples.phone()}
    for name, (shown, code) in samples.paper().items():
        assert (FOLDER / f"{name}.txt").read_text("ascii") == shown + "\n", name
        assert EXPECTED[name] == code, name


def test_every_refusal_of_a_card_has_a_sample_and_two_sentences() -> None:
    """What a counter can be told is in French and in English, and shown by a file."""
    told = {code for code in SENTENCES if not code.startswith(("keys-", "filter-"))}
    assert told == set(EXPECTED.values())
    assert all(len(set(pair)) == 2 and all(pair) for pair in SENTENCES.values())


def test_the_vectors_of_a_card_hold() -> None:
    """Payload, header, signed bytes, signature, message and text are those written down for other implementations."""
    vector = VECTORS["card"]
    message = cose.read(bytes.fromhex(vector["message"]))
    assert isinstance(message, cose.Sign1)
    assert GOOD.hex() == vector["message"]
    assert payload.write(samples.CARD).hex() == vector["payload"] == message.payload.hex()
    assert message.signed(CARD_USE).hex() == vector["to_be_signed"]
    assert (message.kid.hex(), message.signature.hex()) == (vector["kid"], vector["signature"])
    assert write_text(PAPER, GOOD) == vector["text"]
    told = {field.name: getattr(samples.CARD, field.name) for field in fields(Card) if field.name != "live"}
    shown = told | {"first": "2026-01-01", "last": "2026-12-31", "handle": bytes(range(16)).hex()}
    assert shown | {"domains": list(samples.DOMAINS)} == vector["fields"]


def test_the_vectors_of_a_phone_hold() -> None:
    """Its card, the minute around it and what the phone signs."""
    vector = VECTORS["phone"]
    message = cose.read(bytes.fromhex(vector["message"]))
    assert isinstance(message, cose.Sign1)
    assert HELD.hex() == vector["card"]
    assert cbor2.loads(message.payload) == [vector["minute"], HELD]
    assert message.signed(MINUTE_USE).hex() == vector["to_be_signed"]
    found = read_minute(bytes.fromhex(vector["message"]), KEYS, seconds=vector["minute"] * 60)
    assert found == Genuine(samples.live(), samples.INSURER, proven=True)
    assert text.read(vector["text"]) == text.Scanned(MINUTE, bytes.fromhex(vector["message"]))


def test_the_signed_bytes_are_those_of_rfc_9052() -> None:
    """RFC 9052 appendix C.2.1: its ES256 signature holds over the Sig_structure that we build."""
    x, y = (
        "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff",
        "20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e",
    )
    r, s = (
        "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e",
        "2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36",
    )
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex("04" + x + y))
    signed = cose.to_be_signed(bytes.fromhex("a10126"), b"", b"This is the content.")
    key.verify(encode_dss_signature(int(r, 16), int(s, 16)), signed, ec.ECDSA(SHA256()))
    assert cose.headers(cose.ES256).hex() == "a10126"


@pytest.mark.parametrize(("plain", "coded"), [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581")])
def test_base45_is_that_of_rfc_9285(plain: str, coded: str) -> None:
    """RFC 9285 § 4.3, both ways."""
    assert text.base45(plain.encode()) == coded
    assert text.unbase45(coded) == plain.encode()


@pytest.mark.parametrize("wrong", ["GGW", "::", "A", "ABCD", "bb8", "é00"])
def test_what_is_no_base45_is_refused(wrong: str) -> None:
    """A value beyond its bytes (RFC 9285 § 4.4), a group that is cut, a sign outside the alphabet."""
    assert text.unbase45(wrong) is None


# ---- laws ------------------------------------------------------------------------------------------------------------

DAYS = st.dates(date(1970, 1, 1), date(2099, 12, 31))
ALNUM = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", max_size=10)


@st.composite
def cards(draw: st.DrawFn) -> Card:
    first, last = sorted((draw(DAYS), draw(DAYS)))
    kept = draw(st.sets(st.sampled_from(DOMAINS), min_size=1))
    return Card(
        f"{draw(st.integers(1, 9_999_999_999)):010d}", draw(ALNUM), draw(ALNUM),
        draw(st.from_regex(r"\A[A-Za-z0-9](?:[A-Za-z0-9 ]{0,13}[A-Za-z0-9])?\Z")), first, last,
        f"{draw(st.integers(0, 999_999)):06d}", str(draw(st.integers(1, 9))),
        draw(st.from_regex(r"\A[A-Za-z0-9._-]{1,20}\Z")), tuple(one for one in DOMAINS if one in kept),
        draw(st.integers(1, MAX_SERIAL)), draw(st.binary(min_size=16, max_size=16)),
    )  # fmt: skip


@given(cards(), st.booleans())
def test_a_card_reads_as_it_was_written(card: Card, on_phone: bool) -> None:  # noqa: FBT001 - drawn
    """Every card that can be written is read back the same, and stays within the size that is read."""
    told = samples.live(card) if on_phone else card
    content = payload.write(told)
    assert payload.read(content) == told
    assert len(sign_card(told, samples.INSURER, samples.INSURER_KEY)) <= MAX_CARD


def test_any_bit_that_is_flipped_is_refused() -> None:
    """In a card on paper, every one of its bits."""
    for bit in range(len(GOOD) * 8):
        assert isinstance(read_card(samples.flipped(GOOD, bit), KEYS), CardFault), bit


def test_any_bit_that_is_flipped_in_a_phones_proof_is_refused() -> None:
    """Every bit of the minute, of the card inside it and of both signatures."""
    for bit in range(len(SHOWN) * 8):
        found = read_minute(samples.flipped(SHOWN, bit), KEYS, seconds=samples.SECONDS)
        assert isinstance(found, CardFault), bit


@given(st.data())
@settings(max_examples=60)
def test_a_cut_card_is_refused(data: st.DataObject) -> None:
    """At whatever place it is cut, or grows."""
    place = data.draw(st.integers(0, len(GOOD) - 1))
    assert read_card(GOOD[:place], KEYS) == CardFault("cose-shape")
    assert read_card(GOOD + data.draw(st.binary(min_size=1, max_size=9)), KEYS) == CardFault("cose-shape")


@given(st.one_of(st.binary(max_size=700), st.binary(max_size=60).map(lambda tail: GOOD[:20] + tail)))
def test_no_bytes_make_a_card_or_an_error(content: bytes) -> None:
    """Whatever a scanner gives, the answer is a fault with a sentence."""
    for found in (
        read_card(content, KEYS),
        read_minute(content, KEYS, seconds=samples.SECONDS),
        read_text(content.decode("latin-1"), KEYS, seconds=samples.SECONDS),
        read_text(write_text(PAPER, content), KEYS, seconds=samples.SECONDS),
    ):
        assert isinstance(found, CardFault)
        assert found.code in SENTENCES


@pytest.mark.parametrize(
    "content",
    ["c5821b7fffffffffffffff01", "c4821b7fffffffffffffff01", "81" * 380, "d81c81d81d00", "9b7fffffffffffffff",
     "5b7fffffffffffffff", "d9010080", "c001", "d82363282928"],
)  # fmt: skip
def test_cbor_that_means_harm_is_refused_at_once(content: str) -> None:
    """Huge numbers, depth, cycles, lengths beyond the message, tags."""
    raw = bytes.fromhex(content)
    assert read_card(raw, KEYS) == CardFault("cose-shape")
    within = samples.message({1: cose.EDDSA, 4: KEYS.by_id.copy().popitem()[0]}, raw)
    if len(within) <= MAX_CARD:
        assert read_card(within, KEYS) == CardFault("card-content")
    assert read_card(cbor2.dumps([raw, {}, b"", bytes(64)]), KEYS).code in {"cose-header", "card-too-large"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"member": "1 "}, {"member": "1" * 16}, {"member": ""}, {"csr": "É"}, {"product": "two words"}, {"rank": "0"},
        {"serial": 0}, {"serial": MAX_SERIAL + 1}, {"handle": bytes(15)}, {"domains": ()}, {"domains": ("XXXX",)},
        {"first": date(2027, 1, 1)}, {"first": date(1969, 12, 31)}, {"amc_number": "0"}, {"birth": "1234567"},
    ],
)  # fmt: skip
def test_what_fits_no_card_is_not_signed(wrong: dict[str, object]) -> None:
    """A key never signs what its own reader would refuse."""
    with pytest.raises(ValueError, match=r"card|domain|tuple"):
        sign_card(replace(samples.CARD, **wrong), samples.INSURER, samples.INSURER_KEY)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("lives", [0, -1, LIVE_MOST + 1])
def test_a_phones_card_that_lives_too_long_is_not_signed(lives: int) -> None:
    """Seven days at most, and more than none."""
    with pytest.raises(ValueError, match="card"):
        payload.write(samples.live(lives=lives))


def test_a_phones_card_is_dead_on_paper_and_its_picture_two_minutes_later() -> None:
    """A copy without the phone proves nothing; a picture of the screen is worth its minute."""
    assert read_card(HELD, KEYS) == CardFault("card-proof-missing")
    assert isinstance(read_minute(SHOWN, KEYS, seconds=samples.SECONDS + 120), Genuine)
    assert read_minute(SHOWN, KEYS, seconds=samples.SECONDS + 180) == CardFault("card-minute-other")


def test_a_key_that_is_no_point_of_the_curve_proves_nothing() -> None:
    """An insurer's mistake in `cnf` is a refusal, not an error."""
    card = samples.live()
    assert card.live is not None
    broken = sign_card(replace(card, live=card.live._replace(key=b"\x01" * 64)), samples.INSURER, samples.INSURER_KEY)
    shown = sign_minute(broken, samples.PHONE_KEY, seconds=samples.SECONDS)
    assert read_minute(shown, KEYS, seconds=samples.SECONDS) == CardFault("card-proof-differs")


def test_a_payload_holds_no_name_and_no_nir() -> None:
    """Its elements are twelve, and none of them is one; birth date, rank and member number are as printed."""
    assert len(cbor2.loads(payload.write(samples.CARD))) == 12
    assert not {"name", "nir", "first_name", "last_name"} & {field.name for field in fields(Card)}


def test_the_text_uses_signs_of_qrs_alphanumeric_mode_only() -> None:
    """So that two bytes take 16.5 bits of the symbol, and a usual card fits version 9 at level M (262 signs)."""
    assert re.fullmatch(r"[0-9A-Z $%*+./:-]+", write_text(PAPER, GOOD))
    assert len(write_text(PAPER, GOOD)) <= 262
    whole = sign_card(
        replace(samples.CARD, convention="A" * 10, csr="B" * 10, member="C" * 15, product="D" * 20, serial=MAX_SERIAL),
        samples.INSURER, samples.INSURER_KEY,
    )  # fmt: skip
    assert len(write_text(PAPER, whole)) <= 311  # version 10 at level M
    assert timedelta(seconds=LIVE_MOST) == timedelta(days=7)
