"""Invented keys and cards, and one text per way in which a card can be right or wrong: docs/formats/samples/cards."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain.card import Card, Live
from rempart.formats.card import (
    MINUTE,
    PAPER,
    CardKeys,
    InsurerKey,
    Revoked,
    build_filter,
    cose,
    key_id,
    payload,
    read_keys,
    sign_card,
    sign_keys,
    sign_minute,
    write_text,
)
from rempart.formats.card.signing import CARD_USE

INSURER = "0000401166"
INSURER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
STRANGER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x03" * 32)
OPERATOR_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
OPERATOR = OPERATOR_KEY.public_key().public_bytes_raw()
PHONE_KEY = ec.derive_private_key(0x0123456789ABCDEF, ec.SECP256R1())
OTHER_PHONE = ec.derive_private_key(0xFEDCBA9876543210, ec.SECP256R1())
AT = "2026-11-22T10:00:00Z"
SECONDS = 1_795_341_600  # the same instant
DAY = date(2026, 11, 22)
BASE_DAY, DELTA_DAY = date(2026, 11, 16), date(2026, 11, 21)
DOMAINS = ("PHAR", "MED", "HOSP", "OPTI", "LABO")
CARD = Card(
    INSURER, "VM", "1234", "10000001", date(2026, 1, 1), date(2026, 12, 31), "850412", "1", "CONFORT", DOMAINS,
    1_234_567, bytes(range(16)),
)  # fmt: skip
REVOKED_IN_BASE, REVOKED_IN_DELTA = 777, 888
ENTRIES = (InsurerKey(INSURER, "Mutuelle des Alpages", (INSURER,), INSURER_KEY.public_key().public_bytes_raw()),)


def live(card: Card = CARD, *, issued: int = SECONDS - 86_400, lives: int = 3 * 86_400) -> Card:
    """The card as a phone holds it."""
    numbers = PHONE_KEY.public_key().public_numbers()
    return replace(
        card, live=Live(issued, issued + lives, numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big"))
    )


def keys_document() -> bytes:
    """The operator's list of keys, two days old."""
    return sign_keys("horizon", "2026-11-20T10:00:00Z", ENTRIES, OPERATOR_KEY)


def keys() -> CardKeys:
    """The same, verified."""
    found = read_keys(keys_document(), OPERATOR, seconds=SECONDS)
    assert isinstance(found, CardKeys)
    return found


def base_filter() -> bytes:
    """The week's filter."""
    revoked = [Revoked(INSURER, REVOKED_IN_BASE), *(Revoked(INSURER, 1_000 + number) for number in range(50))]
    return build_filter(revoked, OPERATOR_KEY, day=BASE_DAY, base=BASE_DAY, salt=b"\x05" * 16)


def delta_filter() -> bytes:
    """The day's, upon the week's."""
    return build_filter(
        [Revoked(INSURER, REVOKED_IN_DELTA)], OPERATOR_KEY, day=DELTA_DAY, base=BASE_DAY, salt=b"\x06" * 16
    )


def message(protected: dict[Any, Any], content: bytes, *, key: Ed25519PrivateKey = INSURER_KEY, use: bytes = CARD_USE,
            unprotected: dict[Any, Any] | None = None) -> bytes:  # fmt: skip
    """A COSE_Sign1 with any header, rightly signed."""
    header = cbor2.dumps(protected, canonical=True)
    signature = key.sign(cose.to_be_signed(header, use, content))
    return cbor2.dumps([header, unprotected or {}, content, signature])


def flipped(content: bytes, bit: int) -> bytes:
    """The same bytes with one bit the other way round; bits count from the first byte's lowest."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def elements(**changed: Any) -> bytes:
    """The payload of `CARD` with some of its elements changed, and perhaps others after them (`more`)."""
    names = ("amc", "convention", "csr", "member", "first", "last", "birth", "rank", "product", "domains", "serial",
             "handle")  # fmt: skip
    values = dict(zip(names, cbor2.loads(payload.write(CARD)), strict=True))
    more = changed.pop("more", [])
    return cbor2.dumps([*(values | changed).values(), *more], canonical=True)


def paper() -> dict[str, tuple[str, str]]:
    """Texts whose bytes are always the same: name → (text, the code that verifying must give)."""
    kid = key_id(INSURER, INSURER_KEY.public_key().public_bytes_raw())
    good, content = sign_card(CARD, INSURER, INSURER_KEY), payload.write(CARD)
    right = {1: cose.EDDSA, 4: kid}
    made: dict[str, tuple[bytes, str]] = {
        "good": (good, "card-covered"),
        "last-day": (sign_card(replace(CARD, last=DAY), INSURER, INSURER_KEY), "card-covered"),
        "lunar-birth": (sign_card(replace(CARD, birth="540099"), INSURER, INSURER_KEY), "card-covered"),
        "ended": (sign_card(replace(CARD, last=date(2026, 11, 21)), INSURER, INSURER_KEY), "card-ended"),
        "not-yet": (sign_card(replace(CARD, first=date(2026, 11, 23)), INSURER, INSURER_KEY), "card-not-yet"),
        "revoked-in-base": (sign_card(replace(CARD, serial=777), INSURER, INSURER_KEY), "card-ask-on-line"),
        "revoked-in-delta": (sign_card(replace(CARD, serial=888), INSURER, INSURER_KEY), "card-ask-on-line"),
        "signature-altered": (flipped(good, len(good) * 8 - 1), "card-signature-differs"),
        "content-altered": (good.replace(b"10000001", b"10000002"), "card-signature-differs"),
        "stranger-with-our-kid": (message(right, content, key=STRANGER_KEY), "card-signature-differs"),
        "signed-for-another-use": (message(right, content, use=b"rempart-rights/1"), "card-signature-differs"),
        "unknown-key": (sign_card(CARD, INSURER, STRANGER_KEY), "card-key-unknown"),
        "other-insurers-number": (
            sign_card(replace(CARD, amc_number="0000777770"), INSURER, INSURER_KEY),
            "card-other-insurer",
        ),
        "algorithm-es256": (message({1: cose.ES256, 4: kid}, content), "card-algorithm"),
        "algorithm-ed25519-rfc9864": (message({1: -19, 4: kid}, content), "card-algorithm"),
        "critical-header": (message({**right, 2: [99], 99: 1}, content), "cose-header"),
        "unknown-header": (message({**right, 3: 0}, content), "cose-header"),
        "unprotected-header": (message(right, content, unprotected={4: kid}), "cose-header"),
        "tagged": (b"\xd2" + good, "cose-shape"),
        "bytes-after": (good + b"\x00", "cose-shape"),
        "cut": (good[:-1], "cose-shape"),
        "longer-integers": (good.replace(b"\x58\x40", b"\x59\x00\x40", 1), "cose-shape"),
        "too-large": (good + bytes(400), "card-too-large"),
        "element-too-many": (message(right, elements(more=[1])), "card-content"),
        "rank-zero": (message(right, elements(rank=0)), "card-content"),
        "handle-short": (message(right, elements(handle=bytes(15))), "card-content"),
        "dates-reversed": (message(right, elements(first=20_700, last=20_600)), "card-content"),
        "domain-unknown": (message(right, elements(domains=1 << 13)), "card-content"),
        "copy-of-a-phone": (sign_card(live(), INSURER, INSURER_KEY), "card-proof-missing"),
    }
    texts = {name: (write_text(PAPER, content), code) for name, (content, code) in made.items()}
    whole = texts["good"][0]
    texts["an-address"] = ("https://cards.example/" + whole, "card-text")
    texts["lower-case"] = (whole.lower(), "card-text")
    texts["group-cut"] = (whole[:-1] if len(whole[5:]) % 3 != 2 else whole[:-2] + whole[-1:] + "::", "card-text")
    return texts


def phone() -> dict[str, tuple[str, str]]:
    """Texts that a phone shows; their signatures differ each time they are made."""
    held = sign_card(live(), INSURER, INSURER_KEY)
    old = sign_card(live(issued=SECONDS - 4 * 86_400), INSURER, INSURER_KEY)
    made = {
        "live": (sign_minute(held, PHONE_KEY, seconds=SECONDS), "card-covered"),
        "live-other-phone": (sign_minute(held, OTHER_PHONE, seconds=SECONDS), "card-proof-differs"),
        "live-old-picture": (sign_minute(held, PHONE_KEY, seconds=SECONDS - 180), "card-minute-other"),
        "live-ended": (sign_minute(old, PHONE_KEY, seconds=SECONDS), "card-live-ended"),
        "live-around-paper": (
            sign_minute(sign_card(CARD, INSURER, INSURER_KEY), PHONE_KEY, seconds=SECONDS),
            "card-proof-shape",
        ),
    }
    return {name: (write_text(MINUTE, content), code) for name, (content, code) in made.items()}


def paper_text(card: Card, insurer: str, key: Ed25519PrivateKey) -> str:
    """What a scanner reads of this card on paper."""
    return write_text(PAPER, sign_card(card, insurer, key))
