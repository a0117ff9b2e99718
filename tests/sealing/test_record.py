"""Sealed records: equal content gives equal bytes, one size for all, nothing opens what it was not sealed for."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from rempart.sealing.prf import hmac_sha512, prefixed
from rempart.sealing.record import OVERHEAD, IndexKey, day_tagger, log_key, pad, subject_of_tag, unpad, weigher

KEY = bytes(range(32))
PERSON = bytes(16)


def sealed(index: IndexKey, identity: bytes, packed: bytes, person: bytes = PERSON) -> tuple[bytes, bytes]:
    padded = pad(packed)
    assert padded is not None
    return index.seal(identity, person, padded)


@given(key=st.binary(max_size=128), message=st.binary(max_size=400))
def test_the_fast_hmac_is_hmac(key: bytes, message: bytes) -> None:
    """Two hash states give what the standard library's HMAC gives."""
    assert hmac_sha512(key)(message) == hmac.new(key, message, hashlib.sha512).digest()


@given(identity=st.binary(max_size=99), packed=st.binary(max_size=190), person=st.binary(min_size=16, max_size=16))
def test_what_was_sealed_opens(identity: bytes, packed: bytes, person: bytes) -> None:
    """Round trip, one size, and the same bytes every time."""
    index = IndexKey("0000401166", 1, KEY)
    record, payload = sealed(index, identity, packed, person)
    assert (record, payload) == sealed(IndexKey("0000401166", 1, KEY), identity, packed, person)
    assert len(payload) == 192 + OVERHEAD
    opened = index.open(*index.keys(identity), person, payload)
    assert opened is not None
    assert unpad(opened) == packed


def test_nothing_else_opens_it() -> None:
    """Another insurer, version, identity, person or byte: no."""
    index = IndexKey("0000401166", 1, KEY)
    record, payload = sealed(index, b"identity", b"coverage")
    _, key = index.keys(b"identity")
    assert index.open(record, key, PERSON, payload) is not None
    assert IndexKey("0000401167", 1, KEY).open(record, key, PERSON, payload) is None
    assert IndexKey("0000401166", 2, KEY).open(record, key, PERSON, payload) is None
    assert index.open(*index.keys(b"another"), PERSON, payload) is None
    assert index.open(record, key, bytes(15) + b"\x01", payload) is None
    for place in range(len(payload)):
        altered = payload[:place] + bytes((payload[place] ^ 1,)) + payload[place + 1 :]
        assert index.open(record, key, PERSON, altered) is None


def test_equal_content_of_two_rows_does_not_show() -> None:
    """Two rows with the same coverage share neither nonce nor ciphertext."""
    index = IndexKey("0000401166", 1, KEY)
    _, first = sealed(index, b"one", b"same")
    _, second = sealed(index, b"two", b"same")
    _, third = sealed(index, b"one", b"same", bytes(range(16)))
    assert len({first[1:13], second[1:13], third[1:13]}) == 3
    assert not {first[i : i + 8] for i in range(13, 214)} & {second[i : i + 8] for i in range(13, 214)}


def test_a_coverage_too_long_does_not_fit() -> None:
    """None, never a row that stands out by its size."""
    assert pad(bytes(190)) is not None
    assert pad(bytes(191)) is None


@given(parts=st.lists(st.text(max_size=9), max_size=5), other=st.lists(st.text(max_size=9), max_size=5))
def test_weigh_marks_tell_texts_apart(parts: list[str], other: list[str]) -> None:
    """Equal exactly when the texts are equal, wherever one ends and the next begins."""
    weigh = weigher(KEY)
    assert (weigh(parts) == weigh(other)) == (parts == other)


def test_a_forgotten_key_forgets_the_tags() -> None:
    """Neither another month key nor another log key of the insurer inverts a tag."""
    cipher = log_key(KEY, KEY, "0000401166", 24314)
    tag = day_tagger(cipher, b"0000401166", 20514)(PERSON)
    assert subject_of_tag(cipher, b"0000401166", 20514, tag) == PERSON
    for wrong in (
        log_key(secrets.token_bytes(32), KEY, "0000401166", 24314),
        log_key(KEY, secrets.token_bytes(32), "0000401166", 24314),
        log_key(KEY, KEY, "0000401167", 24314),
        log_key(KEY, KEY, "0000401166", 24315),
    ):
        with pytest.raises(InvalidTag):
            subject_of_tag(wrong, b"0000401166", 20514, tag)


@given(one=st.lists(st.binary(max_size=9), max_size=4), other=st.lists(st.binary(max_size=9), max_size=4))
def test_prefixed_fields_are_unambiguous(one: list[bytes], other: list[bytes]) -> None:
    """The lengths decide where a field ends."""
    assert (prefixed(*one) == prefixed(*other)) == (one == other)


def test_an_index_key_does_not_show() -> None:
    """Neither in its repr nor in what it is made of that prints."""
    assert repr(IndexKey("0000401166", 3, KEY)) == "IndexKey(insurer=0000401166, version=3)"
