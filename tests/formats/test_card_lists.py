"""The signed list of keys, and the filter of revoked cards: whose, how old, how exact."""

from __future__ import annotations

import base64
import json
from datetime import date, timedelta
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.formats.card import (
    CardKeys,
    Filter,
    FilterFault,
    InsurerKey,
    KeysFault,
    Revoked,
    build_filter,
    key_id,
    read_entries,
    read_filter,
    read_keys,
    sign_keys,
    standing,
)
from rempart.formats.card.revocation import BITS, USE
from support import card_samples as samples

DOCS = Path(__file__).parents[2] / "docs" / "formats"
CREATED = samples.SECONDS - 2 * 86_400
STRANGER = samples.STRANGER_KEY.public_key().public_bytes_raw()
WEEK = 7 * 86_400


def built(revoked: list[Revoked], day: date = samples.BASE_DAY, base: date = samples.BASE_DAY) -> Filter:
    found = read_filter(
        build_filter(revoked, samples.OPERATOR_KEY, day=day, base=base, salt=bytes(16)), samples.OPERATOR
    )
    assert isinstance(found, Filter)
    return found


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(CREATED - 301, "keys-ahead"), (CREATED - 300, ""), (CREATED + WEEK, ""), (CREATED + WEEK + 1, "keys-old")],
)
def test_keys_are_good_for_seven_days(seconds: int, code: str) -> None:
    """To the second, and five minutes early for a clock that is late."""
    found = read_keys(samples.keys_document(), samples.OPERATOR, seconds=seconds)
    assert found == KeysFault(code) if code else isinstance(found, CardKeys)


def test_keys_are_found_by_insurer_and_key() -> None:
    """`kid` is the insurer's ten digits as five bytes, then four of the key's SHA-256; the name is for people."""
    found = samples.keys()
    kid = key_id(samples.INSURER, samples.ENTRIES[0].public)
    assert kid.hex().startswith(samples.INSURER)
    assert list(found.by_id) == [kid]
    assert (found.name(samples.INSURER), found.name("0000999999")) == ("Mutuelle des Alpages", "0000999999")


@pytest.mark.parametrize("byte", [0, 30, 100, -4, -30])
def test_keys_that_were_changed_are_refused(byte: int) -> None:
    """In the JSON or in the signature."""
    content = bytearray(samples.keys_document())
    content[byte] ^= 1
    found = read_keys(bytes(content), samples.OPERATOR, seconds=samples.SECONDS)
    assert found == KeysFault("keys-signature-differs")


def test_keys_of_another_operator_or_shape_are_refused() -> None:
    """A stranger's signature, more lines, what is too long, and a document that says the same key twice."""
    document = samples.keys_document()
    assert read_keys(document, STRANGER, seconds=samples.SECONDS) == KeysFault("keys-signature-differs")
    assert read_keys(document + b"\n\n", samples.OPERATOR, seconds=samples.SECONDS) == KeysFault("keys-shape")
    assert read_keys(b"{" * 2_000_000, samples.OPERATOR, seconds=samples.SECONDS) == KeysFault("keys-shape")
    with pytest.raises(ValueError, match="card keys"):
        sign_keys("horizon", "2026-11-20T10:00:00Z", samples.ENTRIES * 2, samples.OPERATOR_KEY)
    with pytest.raises(ValueError, match="card keys"):
        sign_keys("horizon", "yesterday", samples.ENTRIES, samples.OPERATOR_KEY)


def test_what_the_operator_signed_wrongly_is_refused() -> None:
    """A right signature over another document is no list of keys."""
    line = b'{"format":"rempart-card-keys/2"}'
    signature = samples.OPERATOR_KEY.sign(b"rempart-card-keys/1\n" + line)
    found = read_keys(line + b"\n" + base64.b64encode(signature) + b"\n", samples.OPERATOR, seconds=samples.SECONDS)
    assert found == KeysFault("keys-shape")


def test_entries_are_what_the_operator_writes_down() -> None:
    """A JSON array of insurer, name, amc_numbers and key."""
    told = {
        "insurer": "0000401166",
        "name": "M",
        "amc_numbers": ["0000401166"],
        "key": base64.b64encode(bytes(32)).decode(),
    }
    assert read_entries(json.dumps([told]).encode()) == (InsurerKey("0000401166", "M", ("0000401166",), bytes(32)),)
    assert read_entries(json.dumps([told | {"key": "AA=="}]).encode()) == KeysFault("keys-shape")
    assert read_entries(json.dumps([told | {"more": 1}]).encode()) == KeysFault("keys-shape")


@given(st.sets(st.integers(1, 1 << 40), max_size=300))
@settings(max_examples=50)
def test_every_revoked_card_is_hit(revoked: set[int]) -> None:
    """Without exception, also one alone, also none."""
    found = built([Revoked("0000401166", serial) for serial in revoked])
    assert all(found.hit("0000401166", serial) for serial in revoked)
    assert len(found.hashes) == len(revoked)


def test_another_insurers_card_of_the_same_serial_is_another_card() -> None:
    """Of 2,000 serials that one insurer revoked, none hits the other's card (the hashes are fixed)."""
    found = built([Revoked("0000401166", serial) for serial in range(1, 2_001)])
    assert sum(found.hit("0000777770", serial) for serial in range(1, 2_001)) <= 2


def test_good_cards_are_hit_as_rarely_as_said() -> None:
    """One in 8,192 of 200,000, by a filter of 3,000: about 24, and it takes under 16 bits a card."""
    content = build_filter(
        [Revoked("0000401166", serial) for serial in range(1, 3_001)],
        samples.OPERATOR_KEY, day=samples.BASE_DAY, base=samples.BASE_DAY, salt=bytes(16),
    )  # fmt: skip
    found = read_filter(content, samples.OPERATOR)
    assert isinstance(found, Filter)
    hits = sum(found.hit("0000401166", serial) for serial in range(10_000, 210_000))
    assert 5 <= hits <= 60  # the hashes are fixed: this is one number, not a chance
    assert len(content) * 8 / 3_000 < 16
    assert 1 << BITS == 8_192


def test_the_vector_of_a_filter_holds() -> None:
    """The same cards, salt and key give the same bytes."""
    vector = json.loads((DOCS / "card-vectors.json").read_text("utf-8"))["revocations"]
    revoked = [Revoked(insurer, serial) for insurer, serial in vector["revoked"]]
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vector["operator_private_key"]))
    day = date.fromisoformat(vector["day"])
    assert build_filter(revoked, key, day=day, base=day, salt=bytes.fromhex(vector["salt"])).hex() == vector["file"]


def test_a_delta_goes_with_its_base_alone() -> None:
    """Two bases, a delta alone, a delta of another week or one not after its base are no pair."""
    base, delta = built([]), built([Revoked(samples.INSURER, 9)], samples.DELTA_DAY)
    later = built([], samples.DELTA_DAY, samples.DELTA_DAY)

    def said(*filters: Filter) -> object:
        return standing(samples.CARD, samples.INSURER, filters, samples.DAY)

    assert said() == "unchecked"
    assert said(base) == said(base, delta) == "clear"
    for wrong in ((delta,), (base, later), (later, delta), (delta, base), (base, base)):
        assert said(*wrong) == FilterFault("filter-other-base")


@pytest.mark.parametrize(("days", "said"), [(0, "clear"), (8, "clear"), (9, "old")])
def test_a_filter_is_old_after_eight_days(days: int, said: str) -> None:
    """Counted from its delta where there is one; a hit still sends on line."""
    base, delta = built([Revoked(samples.INSURER, 7)]), built([], samples.DELTA_DAY)
    today = samples.DELTA_DAY + timedelta(days)
    assert standing(samples.CARD, samples.INSURER, (base, delta), today) == said
    revoked = samples.CARD.__class__(*[getattr(samples.CARD, one) for one in samples.CARD.__slots__[:10]], 7, bytes(16))
    assert standing(revoked, samples.INSURER, (base, delta), today) == "perhaps"


def test_a_filter_that_was_changed_cut_or_of_another_operator_is_refused() -> None:
    """Each byte that is changed, each place it is cut at, a stranger's key."""
    content = samples.base_filter()
    for place in range(len(content)):
        assert isinstance(read_filter(samples.flipped(content, place * 8), samples.OPERATOR), FilterFault)
        assert read_filter(content[:place], samples.OPERATOR) == FilterFault("filter-shape")
    assert read_filter(content, STRANGER) == FilterFault("filter-signature-differs")


@pytest.mark.parametrize(
    "wrong",
    [
        [20_000, 20_000, bytes(16), 2, bytes(2)], [20_000, 20_000, bytes(16), 1, bytes(4)],
        [20_001, 20_000, bytes(16), 0, b""], [20_000, 20_000, bytes(15), 0, b""],
        [20_000, 20_000, bytes(16), -1, b""], [20_000, 20_000, bytes(16), 1, b"\xff\xff"],
        [20_000, 20_000, bytes(16), 9_000_000, b""], [10**9, 10**9, bytes(16), 0, b""], {}, [1],
    ],
)  # fmt: skip
def test_a_filter_that_was_signed_wrongly_is_refused(wrong: object) -> None:
    """Too few or too many bits for its count, dates reversed or out of the calendar, a short salt."""
    kid = bytes(8)
    content = samples.message({1: -8, 4: kid}, cbor2.dumps(wrong), key=samples.OPERATOR_KEY, use=USE)
    assert read_filter(content, samples.OPERATOR) == FilterFault("filter-shape")


@pytest.mark.soak
def test_a_filter_of_a_country_is_under_a_megabyte() -> None:
    """330,000 revoked of 33 million: all are hit, good ones about once in 8,192, in less than 2 bytes a card."""
    content = build_filter(
        [Revoked("0000401166", serial) for serial in range(50, 33_000_000, 100)],
        samples.OPERATOR_KEY, day=samples.BASE_DAY, base=samples.BASE_DAY, salt=bytes(16),
    )  # fmt: skip
    found = read_filter(content, samples.OPERATOR)
    assert isinstance(found, Filter)
    assert len(content) < 660_000
    assert all(found.hit("0000401166", serial) for serial in range(50, 33_000_000, 100))
    assert 80 <= sum(found.hit("0000401166", serial) for serial in range(1_000_000) if serial % 100 != 50) <= 170
