"""What is sealed to one reader: a rights file to the keeper, references and settlement lines to an insurer.

HPKE (RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM) wraps a fresh content key; AES-256-GCM seals the content.
Pure functions of bytes. HPKE's base mode does not say who sealed: a rights file is therefore signed first and sealed
after, and the signature, over the clear chunks, is checked once they are open.
Layouts: docs/formats/rights-file.md, "Sealed", and docs/formats/sealed-list.md.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

CHUNK = 1024 * 1024  # clear bytes of each sealed chunk of a file but the last
MAGIC = b"rempart-seal/1\n"
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_TAG = 16
_WRAPPED = 32 + 32 + _TAG  # encapsulated key, content key, tag
_ID = 8
PREFIX = len(MAGIC) + _ID + _WRAPPED
"""Bytes between a sealed file's header line and its first sealed chunk."""


@dataclass(frozen=True, slots=True)
class EnvelopeFault:
    """Why something sealed does not open: envelope-shape, -reader (sealed to another key), -altered or -truncated."""

    code: str


def reader_id(public_key: bytes) -> bytes:
    """The first 8 bytes of SHA-256 of an X25519 public key of 32 bytes: which key a sealed thing was made for."""
    return hashlib.sha256(public_key).digest()[:_ID]


def is_sealed(start: bytes) -> bool:
    """Whether a file's bytes after its header line begin a sealed body; needs the first 15."""
    return start.startswith(MAGIC)


def seal_file(header_line: bytes, body: Iterable[bytes], reader: bytes) -> Iterator[bytes]:
    """A signed file as bytes of which only the header can be read without the private key of `reader`.

    `header_line` has its line end; `body` are pieces of any size; `reader` is an X25519 public key of 32 bytes,
    else ValueError.
    """
    content_key = os.urandom(32)
    wrapped = _SUITE.encrypt(content_key, X25519PublicKey.from_public_bytes(reader), _file_info(header_line))
    yield header_line
    yield MAGIC + reader_id(reader) + wrapped
    cipher = AESGCM(content_key)
    waiting = bytearray()
    number = 0
    for piece in body:
        waiting += piece
        while len(waiting) > CHUNK:  # strictly: the last chunk is never empty but in an empty file
            yield cipher.encrypt(_chunk_nonce(number, last=False), bytes(waiting[:CHUNK]), None)
            del waiting[:CHUNK]
            number += 1
    yield cipher.encrypt(_chunk_nonce(number, last=True), bytes(waiting), None)


class SealedBody:
    """Opens a sealed body as it arrives; what it yields was sealed to this reader, for this header, in this order.

    Yields nothing more after the first fault. Whether all of it came is known from `finish` only.
    """

    def __init__(self, header_line: bytes, key: X25519PrivateKey) -> None:
        self._info = _file_info(header_line)
        self._key = key
        self._cipher: AESGCM | None = None
        self._waiting = bytearray()
        self._number = 0
        self._fault: EnvelopeFault | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Takes the next bytes after the header line, and yields the clear chunks that they complete."""
        self._waiting += data
        if self._cipher is None and self._fault is None and len(self._waiting) >= PREFIX:
            self._start()
        while self._fault is None and self._cipher is not None and len(self._waiting) > CHUNK + _TAG:
            clear = self._open(self._cipher, bytes(self._waiting[: CHUNK + _TAG]), last=False)
            del self._waiting[: CHUNK + _TAG]
            if clear is not None:
                yield clear
        if self._fault is not None:
            self._waiting.clear()

    def rest(self) -> Iterator[bytes]:
        """Yields the last chunk once everything was fed."""
        if self._fault is not None:
            return
        if self._cipher is None:
            self._fault = EnvelopeFault("envelope-truncated")
            return
        clear = self._open(self._cipher, bytes(self._waiting), last=True)
        self._waiting.clear()
        if clear:
            yield clear

    def finish(self) -> EnvelopeFault | None:
        """Call after `rest`: why the body did not open, or None when it opened to its end."""
        return self._fault

    def _start(self) -> None:
        prefix = bytes(self._waiting[:PREFIX])
        del self._waiting[:PREFIX]
        if not prefix.startswith(MAGIC):
            self._fault = EnvelopeFault("envelope-shape")
        elif prefix[len(MAGIC) : len(MAGIC) + _ID] != reader_id(self._key.public_key().public_bytes_raw()):
            self._fault = EnvelopeFault("envelope-reader")
        else:
            content_key = _unwrap(prefix[-_WRAPPED:], self._key, self._info)
            self._fault = EnvelopeFault("envelope-altered") if content_key is None else None
            self._cipher = None if content_key is None else AESGCM(content_key)

    def _open(self, cipher: AESGCM, sealed: bytes, *, last: bool) -> bytes | None:
        try:
            clear = cipher.decrypt(_chunk_nonce(self._number, last=last), sealed, None)
        except InvalidTag:
            # A cut at a chunk's end leaves a whole chunk that was not sealed as the last one.
            self._fault = EnvelopeFault("envelope-truncated" if last else "envelope-altered")
            return None
        self._number += 1
        return clear


class BatchSealer:
    """Seals many small things to one insurer under one key, which nobody but the insurer holds once this is dropped.

    `wrapped` is stored once with the batch. Contents are padded to a multiple of `block` bytes, so that lengths tell
    nothing; each sealed thing is 24 bytes longer than that. ValueError when `reader` is not an X25519 public key.
    """

    __slots__ = ("_block", "_encrypt", "_next", "wrapped")

    def __init__(self, reader: bytes, purpose: str, *, block: int = 64) -> None:
        content_key = os.urandom(32)
        public = X25519PublicKey.from_public_bytes(reader)
        self.wrapped = reader_id(reader) + _SUITE.encrypt(content_key, public, _batch_info(purpose))
        self._encrypt = AESGCM(content_key).encrypt
        self._block = block
        self._next = count().__next__

    def seal(self, content: bytes, bound: bytes = b"") -> bytes:
        """Sealed bytes that open only with the same `bound` (a row's own identity), so that rows cannot be swapped."""
        nonce = self._next().to_bytes(12, "big")
        padded = content + b"\x80"
        padded = padded.ljust(len(padded) + -len(padded) % self._block, b"\0")
        return nonce[4:] + self._encrypt(nonce, padded, bound)


class BatchOpener:
    """The insurer's side of a `BatchSealer`."""

    __slots__ = ("_cipher",)

    def __init__(self, content_key: bytes) -> None:
        self._cipher = AESGCM(content_key)

    def open(self, sealed: bytes, bound: bytes = b"") -> bytes | EnvelopeFault:
        """The content, or why it does not open."""
        if len(sealed) < 8 + _TAG:
            return EnvelopeFault("envelope-truncated")
        try:
            padded = self._cipher.decrypt(b"\0\0\0\0" + sealed[:8], sealed[8:], bound)
        except InvalidTag:
            return EnvelopeFault("envelope-altered")
        return padded[: padded.rindex(b"\x80")]


def open_batch(wrapped: bytes, key: X25519PrivateKey, purpose: str) -> BatchOpener | EnvelopeFault:
    """An opener for the batch whose `wrapped` key this is, or why it cannot be had."""
    if len(wrapped) != _ID + _WRAPPED:
        return EnvelopeFault("envelope-shape")
    if wrapped[:_ID] != reader_id(key.public_key().public_bytes_raw()):
        return EnvelopeFault("envelope-reader")
    content_key = _unwrap(wrapped[_ID:], key, _batch_info(purpose))
    return EnvelopeFault("envelope-altered") if content_key is None else BatchOpener(content_key)


def seal_for_insurer(reader: bytes, purpose: str, contents: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, ...]:
    """Each (content, what it is bound to) sealed under one fresh key, wrapped in front of each: it opens by itself."""
    sealer = BatchSealer(reader, purpose, block=1024)
    return tuple(sealer.wrapped + sealer.seal(content, bound) for content, bound in contents)


def open_by_insurer(sealed: bytes, key: X25519PrivateKey, purpose: str, *, bound: bytes) -> bytes | EnvelopeFault:
    """The insurer's side of `seal_for_insurer`."""
    opener = open_batch(sealed[: _ID + _WRAPPED], key, purpose)
    return opener if isinstance(opener, EnvelopeFault) else opener.open(sealed[_ID + _WRAPPED :], bound)


def _unwrap(wrapped: bytes, key: X25519PrivateKey, info: bytes) -> bytes | None:
    try:
        return _SUITE.decrypt(wrapped, key, info)
    except (InvalidTag, ValueError):  # ValueError: an encapsulated key that is no point of the curve's main group
        return None


def _file_info(header_line: bytes) -> bytes:
    return MAGIC + hashlib.sha256(header_line.rstrip(b"\r\n")).digest()


def _batch_info(purpose: str) -> bytes:
    return b"rempart-batch/1\n" + purpose.encode("ascii")


def _chunk_nonce(number: int, *, last: bool) -> bytes:
    """The STREAM construction: a counter and a mark on the last chunk, under a key used for one file."""
    return number.to_bytes(11, "big") + (b"\1" if last else b"\0")
