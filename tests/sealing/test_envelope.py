"""Envelopes: what is sealed to one reader opens for that reader alone, whole and in order."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.sealing.envelope import (
    CHUNK,
    PREFIX,
    BatchOpener,
    BatchSealer,
    EnvelopeFault,
    SealedBody,
    is_sealed,
    open_batch,
    seal_file,
)

READER = X25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
PUBLIC = READER.public_key().public_bytes_raw()
HEADER = b'{"format":"rempart-rights/1"}\n'
ZERO_POINT = bytes(32)


def sealed(content: bytes, step: int = 300_000) -> bytes:
    """The sealed body alone, without the header line."""
    pieces = [content[start : start + step] for start in range(0, len(content), step)]
    first, *rest = seal_file(HEADER, pieces, PUBLIC)
    assert first == HEADER
    return b"".join(rest)


def opened(
    data: bytes, *, key: X25519PrivateKey = READER, header: bytes = HEADER, step: int = 70_001
) -> tuple[bytes, EnvelopeFault | None]:
    body, found = SealedBody(header, key), bytearray()
    for start in range(0, len(data), step):
        for piece in body.feed(data[start : start + step]):
            found += piece
    for piece in body.rest():
        found += piece
    return bytes(found), body.finish()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_sealed_file_opens_whole(size: int) -> None:
    """Sizes around a chunk's end come back as they were, and the sealed bytes show their magic."""
    content = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    data = sealed(content)
    assert is_sealed(data)
    assert content[:16] not in data or size < 16
    assert opened(data) == (content, None)
    assert opened(data, step=10_000_000) == (content, None)


@pytest.mark.parametrize("size", [5, CHUNK, 2 * CHUNK + 5])
@pytest.mark.parametrize("cut", [1, 16, CHUNK + 16])
def test_a_file_cut_anywhere_is_seen(size: int, cut: int) -> None:
    """A cut at a chunk's very end is seen too, because the last chunk is marked."""
    data = sealed(b"x" * size)
    found, fault = opened(data[: max(0, len(data) - cut)])
    assert fault == EnvelopeFault("envelope-truncated")
    assert b"x" * len(found) == found


def test_chunks_cannot_change_places_or_be_left_out() -> None:
    """Each chunk opens in its own place only."""
    data = sealed(b"a" * CHUNK + b"b" * CHUNK + b"c")
    first, second, last = data[PREFIX : PREFIX + CHUNK + 16], data[PREFIX + CHUNK + 16 : -17], data[-17:]
    for wrong in (second + first + last, second + last, first + first + last):
        assert opened(data[:PREFIX] + wrong)[1] == EnvelopeFault("envelope-altered")
    assert opened(data[:PREFIX] + first + last)[1] == EnvelopeFault("envelope-truncated")


def test_another_reader_or_another_header_does_not_open_it() -> None:
    """A body cannot be put under another signed header, and a stranger learns that it is not for them."""
    data = sealed(b"content")
    assert opened(data, key=STRANGER) == (b"", EnvelopeFault("envelope-reader"))
    assert opened(data, header=HEADER.replace(b"1", b"2")) == (b"", EnvelopeFault("envelope-altered"))
    assert opened(b"x" * 200) == (b"", EnvelopeFault("envelope-shape"))
    assert opened(b"") == (b"", EnvelopeFault("envelope-truncated"))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_altered_byte_passes(data: st.DataObject) -> None:
    """One changed byte anywhere yields a fault and not one wrong byte of content."""
    whole = sealed(b"content of a rights file")
    place = data.draw(st.integers(0, len(whole) - 1))
    altered = whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) + whole[place + 1 :]
    found, fault = opened(altered)
    assert found == b""
    assert fault is not None


def test_a_batch_opens_for_its_insurer() -> None:
    """Each thing opens with what it was bound to; equal contents do not look equal."""
    sealer = BatchSealer(PUBLIC, "references")
    things = [(b"REF-%d" % number, bytes([number]) * 16) for number in range(10)]
    closed = [sealer.seal(content, bound) for content, bound in things]
    opener = open_batch(sealer.wrapped, READER, "references")
    assert isinstance(opener, BatchOpener)
    assert [opener.open(item, bound) for item, (_, bound) in zip(closed, things, strict=True)] == [c for c, _ in things]
    assert sealer.seal(b"same") != sealer.seal(b"same")
    assert opener.open(closed[0], things[1][1]) == EnvelopeFault("envelope-altered")


@pytest.mark.parametrize("length", [0, 1, 35, 36, 62])
def test_short_contents_all_have_one_length(length: int) -> None:
    """References of any length up to 63 bytes are sealed into 88 bytes."""
    assert len(BatchSealer(PUBLIC, "references").seal(b"x" * length)) == 8 + 64 + 16


@given(st.binary(max_size=200), st.integers(1, 100))
def test_any_content_survives_its_padding(content: bytes, block: int) -> None:
    """Contents that end like padding come back whole."""
    sealer = BatchSealer(PUBLIC, "settlement", block=block)
    opener = open_batch(sealer.wrapped, READER, "settlement")
    assert isinstance(opener, BatchOpener)
    assert opener.open(sealer.seal(content + b"\x80\0\0")) == content + b"\x80\0\0"


def test_a_batch_key_is_for_one_reader_and_one_purpose() -> None:
    """Another key, another purpose, a changed byte or a degenerate point give a fault, never an error."""
    wrapped = BatchSealer(PUBLIC, "references").wrapped
    assert open_batch(wrapped, STRANGER, "references") == EnvelopeFault("envelope-reader")
    assert open_batch(wrapped, READER, "settlement") == EnvelopeFault("envelope-altered")
    assert open_batch(wrapped[:-1] + bytes([wrapped[-1] ^ 1]), READER, "references") == EnvelopeFault(
        "envelope-altered"
    )
    assert open_batch(wrapped[:-1], READER, "references") == EnvelopeFault("envelope-shape")
    assert open_batch(wrapped[:8] + ZERO_POINT + wrapped[40:], READER, "references") == EnvelopeFault(
        "envelope-altered"
    )


@given(st.binary(max_size=120))
def test_random_bytes_do_not_open(data: bytes) -> None:
    """Rubbish in a batch is a fault."""
    sealer = BatchSealer(PUBLIC, "references")
    opener = open_batch(sealer.wrapped, READER, "references")
    assert isinstance(opener, BatchOpener)
    assert isinstance(opener.open(data), EnvelopeFault)


def test_what_is_no_public_key_is_an_error_of_the_caller() -> None:
    """A key of the wrong length cannot be sealed to."""
    with pytest.raises(ValueError, match="32"):
        BatchSealer(b"short", "references")
