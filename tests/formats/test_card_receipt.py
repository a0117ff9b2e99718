"""Receipts of card checks without network: one form, every field signed, and the vectors of the page."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.card_receipt import DATES, SIGNATURE, UNREADABLE, Receipt, dates_fault, held_to
from rempart.domain.rights import DOMAINS
from rempart.formats.card import cose
from rempart.formats.card import receipt as receipts
from support import card_samples as samples

VECTORS = json.loads(
    (Path(__file__).parents[2] / "docs" / "formats" / "card-vectors.json").read_text("utf-8")
)["receipts"]  # fmt: skip
PROGRAM = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
BROWSER = ec.derive_private_key(0x1357, ec.SECP256R1())
SIGNERS = (PROGRAM, BROWSER)
KNOWN = {receipts.key_id(receipts.public_of(key)): receipts.public_of(key) for key in SIGNERS}
RECEIPT = Receipt(
    "751234568", samples.INSURER, 1_234_567, bytes(range(16)), samples.SECONDS, samples.DAY, date(2026, 12, 31),
    samples.DOMAINS, samples.SECONDS - 2 * 86_400, samples.BASE_DAY, samples.DELTA_DAY,
)  # fmt: skip
DAYS = st.dates(date(1970, 1, 2), date(2099, 12, 31))
SECONDS = st.integers(0, (1 << 40) - 1)
BASES = st.none() | DAYS


@st.composite
def any_receipt(draw: Callable[[Any], Any]) -> Receipt:
    base = draw(BASES)
    domains = draw(st.sets(st.sampled_from(DOMAINS), min_size=1))
    return Receipt(
        draw(st.from_regex(r"\A[0-9A-Z]{9}\Z")), f"{draw(st.integers(1, 9_999_999_999)):010d}",
        draw(st.integers(1, (1 << 40) - 1)), draw(st.binary(min_size=16, max_size=16)), draw(SECONDS), draw(DAYS),
        draw(DAYS), tuple(one for one in DOMAINS if one in domains), draw(SECONDS), base,
        draw(DAYS) if base is not None else None, draw(st.booleans()),
    )  # fmt: skip


@given(any_receipt(), st.sampled_from(SIGNERS))
def test_a_receipt_says_again_what_was_signed(receipt: Receipt, key: receipts.Private) -> None:
    """By either kind of key, in at most 300 characters of one alphabet."""
    text = receipts.sign(receipt, key)
    assert receipts.read(text, KNOWN) == receipts.claimed(text) == receipt
    assert len(text) <= 300
    assert receipts.read(text, {}) == SIGNATURE


@given(st.sampled_from(SIGNERS), st.data())
def test_no_field_can_be_changed(key: receipts.Private, data: st.DataObject) -> None:
    """Whichever element of the payload another one replaces, the signature does not hold or nothing is read."""
    message = cose.read(_bytes(receipts.sign(RECEIPT, key)))
    assert not isinstance(message, str)
    elements = cbor2.loads(message.payload)
    place = data.draw(st.integers(0, len(elements) - 1))
    other = data.draw(st.sampled_from(cbor2.loads(_payload(data.draw(any_receipt())))) | st.integers(0, 9))
    changed = [*elements[:place], other, *elements[place + 1 :]]
    said = receipts.read(_text(message._replace(payload=cbor2.dumps(changed, canonical=True))), KNOWN)
    assert said == RECEIPT if changed == elements else said in {SIGNATURE, UNREADABLE}


@given(st.sampled_from(SIGNERS), st.integers(5, 400), st.characters(codec="ascii"))
def test_no_sign_of_the_text_can_be_changed(key: receipts.Private, place: int, sign: str) -> None:
    """Nor read in a second form: no padding, no other alphabet, no bits left over."""
    text = receipts.sign(RECEIPT, key)
    place = 5 + place % (len(text) - 5)
    changed = text[:place] + sign + text[place + 1 :]
    said = receipts.read(changed, KNOWN)
    assert said == RECEIPT if changed.strip() == text else said in {SIGNATURE, UNREADABLE}


@pytest.mark.parametrize("text", ["", "RPR1.", "RPC1:AB", "RPR1.====", "RPR1." + "A" * 400, "RPR1.hEA"])
def test_what_is_no_receipt_is_unreadable(text: str) -> None:
    """Never an exception, however it is cut."""
    assert receipts.read(text, KNOWN) == UNREADABLE
    assert receipts.claimed(text) is None


def test_one_kind_of_key_never_passes_for_the_other() -> None:
    """The header's algorithm is the registered key's, and a card's signature is not a receipt's."""
    message = cose.read(_bytes(receipts.sign(RECEIPT, PROGRAM)))
    assert not isinstance(message, str)
    other = message._replace(protected=cose.headers(cose.ES256, message.kid))
    assert receipts.read(_text(other), KNOWN) == SIGNATURE
    card = message._replace(signature=PROGRAM.sign(message.signed(b"rempart-card/1")))
    assert receipts.read(_text(card), KNOWN) == SIGNATURE


@pytest.mark.parametrize("change", [{"site": "75"}, {"handle": b"1"}, {"domains": ()}, {"base": None}, {"serial": 0}])
def test_fields_that_cannot_be_are_not_signed(change: dict[str, Any]) -> None:
    """They would not be read again."""
    with pytest.raises(ValueError, match="not fields"):
        receipts.sign(replace(RECEIPT, **change), PROGRAM)


@pytest.mark.parametrize(
    ("change", "received", "fault"),
    [
        ({}, 0, ""),
        ({"seconds": samples.SECONDS + 3_600}, 0, DATES),
        ({"seconds": samples.SECONDS + 200}, 0, ""),
        ({"keys": samples.SECONDS - 8 * 86_400}, 0, DATES),
        ({"keys": samples.SECONDS + 3_600}, 0, DATES),
        ({"known": samples.DAY + timedelta(days=2)}, 0, DATES),
        ({"care": date(2027, 1, 1)}, 0, DATES),
        ({"last": date(2026, 11, 1), "care": date(2026, 10, 1)}, 0, DATES),
        ({}, 40 * 86_400, ""),
    ],
)
def test_its_instants_must_go_together(change: dict[str, Any], received: int, fault: str) -> None:
    """It was made before the invoice came, by lists that counted then, of a card that was valid."""
    assert dates_fault(replace(RECEIPT, **change), samples.DAY, samples.SECONDS + received) == fault


def test_a_check_is_held_to_the_list_it_had_unless_that_was_none_or_too_old() -> None:
    """Who had no list is held to what was known on the day."""
    old = samples.DAY - timedelta(days=9)
    assert held_to(RECEIPT, samples.DAY) == samples.DELTA_DAY
    assert held_to(replace(RECEIPT, base=None, known=None), samples.DAY) == samples.DAY
    assert held_to(replace(RECEIPT, base=old, known=old), samples.DAY) == samples.DAY


@pytest.mark.parametrize("vector", VECTORS, ids=lambda each: each["algorithm"])
def test_the_page_s_vectors_hold(vector: dict[str, Any]) -> None:
    """Each is read as its fields say; Ed25519, which is deterministic, is also written so."""
    fields = dict(vector["fields"])
    for name in ("care", "last", "base", "known"):
        fields[name] = date.fromisoformat(fields[name])
    told = Receipt(**fields | {"handle": bytes.fromhex(fields["handle"]), "domains": tuple(fields["domains"])})
    public = bytes.fromhex(vector["public_key"])
    assert receipts.read(vector["text"], {bytes.fromhex(vector["kid"]): public}) == told
    assert receipts.key_id(public).hex() == vector["kid"]
    assert _payload(told).hex() == vector["payload"]
    if vector["algorithm"] == "Ed25519":
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["private_key"]))
        assert receipts.sign(told, key) == vector["text"]


def _payload(receipt: Receipt) -> bytes:
    message = cose.read(_bytes(receipts.sign(receipt, PROGRAM)))
    assert not isinstance(message, str)
    return message.payload


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.removeprefix(receipts.PREFIX) + "==")


def _text(message: cose.Sign1) -> str:
    content = cose.write(message.protected, message.payload, message.signature)
    return receipts.PREFIX + urlsafe_b64encode(content).rstrip(b"=").decode()
