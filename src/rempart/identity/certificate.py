"""Client certificates: RFC 8705 (2020) thumbprints, RFC 9440 (2023) `Client-Cert` headers, chains to authorities.

The header is believed only on a connection that came through the named proxy; anywhere else its presence is a refusal,
because an honest caller never sends it. Left out: `Client-Cert-Chain`, and revocation lists (a client's key is
revoked in its registration).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import (
    ClientVerifier,
    PolicyBuilder,
    Store,
    VerificationError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

HEADER = b"client-cert"
MAX_HEADER = 16 * 1024  # bytes
KEPT = 4096  # certificates whose chain has been checked, kept with the end of their validity
RECHECK = 3600  # seconds after which a kept certificate's chain is checked again

_BYTE_SEQUENCE = re.compile(rb":([A-Za-z0-9+/]*={0,2}):")  # RFC 9651 § 3.3.5, no parameters


@dataclass(frozen=True, slots=True)
class Verified:
    """`thumbprint` is `x5t#S256`: base64url of the DER's SHA-256; validity in seconds UTC, both ends included."""

    thumbprint: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is stable, kebab-case."""

    code: str


def thumbprint(der: bytes) -> str:
    """`x5t#S256` of a certificate (RFC 8705 § 3.1)."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def read_header(value: bytes) -> bytes | Refused:
    """The DER inside a `Client-Cert` header: one Structured Field byte sequence (RFC 9440 § 2.2)."""
    if len(value) > MAX_HEADER:
        return Refused("oversized-certificate")
    match = _BYTE_SEQUENCE.fullmatch(value.strip(b" \t"))
    if match is None:
        return Refused("malformed-certificate")
    try:
        return binascii.a2b_base64(match[1], strict_mode=True) or Refused("malformed-certificate")
    except binascii.Error:
        return Refused("malformed-certificate")


def _load(der: bytes) -> x509.Certificate | None:
    """The certificate, None when it is none; what the library only warns of (a serial below zero…) is none either."""
    try:
        with warnings.catch_warnings(action="error"):
            leaf = x509.load_der_x509_certificate(der)
            return leaf if leaf.public_bytes(Encoding.DER) == der else None
    except (ValueError, x509.InvalidVersion, CryptographyDeprecationWarning):
        return None


class Authorities:
    """The vendors' certificate authorities, and a memory of leaves that were checked against them.

    A leaf must carry what RFC 5280 and the CA/Browser profile ask of a client: alternative name, authority key
    identifier, extended key usage `clientAuth`, a key of P-256 or RSA 2048 and up. Intermediates are registered.
    """

    def __init__(self, roots: Iterable[bytes], intermediates: Iterable[bytes] = ()) -> None:
        """PEM certificates, one or many in each item; `ValueError` when one cannot be read or there is no root."""
        anchors = [each for pem in roots for each in x509.load_pem_x509_certificates(pem)]
        if not anchors:
            raise ValueError("at least one vendor authority is needed")
        self._store = Store(anchors)
        self._intermediates = [each for pem in intermediates for each in x509.load_pem_x509_certificates(pem)]
        self._kept: dict[bytes, tuple[Verified, int]] = {}

    def check(self, der: bytes, instant: int) -> Verified | Refused:
        """Whether `der` is a client certificate of one of the vendors at `instant` (seconds UTC)."""
        leaf = _load(der)
        if leaf is None:
            return Refused("malformed-certificate")
        starts, ends = leaf.not_valid_before_utc, leaf.not_valid_after_utc
        verified = Verified(thumbprint(der), int(starts.timestamp()), int(ends.timestamp()))
        if not verified.starts <= instant <= verified.ends:
            return Refused("certificate-not-valid-now")
        try:
            self._verifier(instant).verify(leaf, self._intermediates)
        except VerificationError:
            return Refused("untrusted-certificate")
        return verified

    def presented(self, values: list[bytes], instant: int, *, from_proxy: bool) -> Verified | Refused | None:
        """What a request's `Client-Cert` headers prove: None when there is none.

        `from_proxy` is a fact of the connection (the proxy's own socket), never of a header. A header over any other
        listener is forged; two headers mean the proxy does not strip what comes from outside.
        """
        if not values:
            return None
        if not from_proxy:
            return Refused("forged-certificate-header")
        if len(values) > 1:
            return Refused("repeated-certificate-header")
        return self._remembered(values[0], instant)

    def _remembered(self, value: bytes, instant: int) -> Verified | Refused:
        kept = self._kept.get(value)
        if kept is not None and kept[0].starts <= instant <= kept[0].ends and kept[1] <= instant <= kept[1] + RECHECK:
            return kept[0]
        der = read_header(value)
        checked = der if isinstance(der, Refused) else self.check(der, instant)
        self._kept.pop(value, None)
        if isinstance(checked, Verified):
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[value] = (checked, instant)
        return checked

    def _verifier(self, instant: int) -> ClientVerifier:
        return PolicyBuilder().store(self._store).time(datetime.fromtimestamp(instant, UTC)).build_client_verifier()
