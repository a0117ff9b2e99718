"""Client certificates by RFC 9440 header: read exactly, believed from the proxy only, held to authorities."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import Store
from hypothesis import given
from hypothesis import strategies as st

from rempart.identity import certificate
from rempart.identity.certificate import Authorities, Refused, Verified
from support.authority import DAY, NOW, Authority

VENDOR = Authority("Vendor CA")
LEAF = VENDOR.leaf()


def header(der: bytes) -> bytes:
    return b":" + base64.b64encode(der) + b":"


def presented(values: list[bytes], *, from_proxy: bool = True, at: int = NOW) -> Verified | Refused | None:
    return Authorities([VENDOR.pem]).presented(values, at, from_proxy=from_proxy)


def test_a_vendors_certificate_gives_its_thumbprint() -> None:
    """The thumbprint is base64url of the DER's SHA-256, as RFC 8705 § 3.1 says."""
    found = presented([header(LEAF)])
    assert isinstance(found, Verified)
    assert found.thumbprint == base64.urlsafe_b64encode(hashlib.sha256(LEAF).digest()).rstrip(b"=").decode()
    assert presented([]) is None


def test_the_thumbprint_of_rfc_8705_appendix() -> None:
    """A thumbprint has 43 characters and no padding, for any bytes."""
    assert certificate.thumbprint(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def test_a_forged_header_over_the_public_listener_is_refused() -> None:
    """A good certificate in a header proves nothing when the proxy did not put it there; nor does a bad one."""
    assert presented([header(LEAF)], from_proxy=False) == Refused("forged-certificate-header")
    assert presented([b"anything"], from_proxy=False) == Refused("forged-certificate-header")
    assert presented([], from_proxy=False) is None


def test_a_header_beside_the_proxys_own_is_refused() -> None:
    """Two headers mean that the proxy lets the outside's one pass."""
    assert presented([header(LEAF), header(LEAF)]) == Refused("repeated-certificate-header")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (base64.b64encode(LEAF), "malformed-certificate"),
        (header(LEAF) + b";x=1", "malformed-certificate"),
        (header(LEAF) + b", " + header(LEAF), "malformed-certificate"),
        (b"::", "malformed-certificate"),
        (b":AA=A:", "malformed-certificate"),
        (b":AAAA:", "malformed-certificate"),
        (header(LEAF[:-1]), "malformed-certificate"),
        (header(LEAF + b"\x00"), "malformed-certificate"),
        (b":" + b"A" * certificate.MAX_HEADER + b":", "oversized-certificate"),
    ],
)
def test_a_malformed_header_is_refused(value: bytes, code: str) -> None:
    """One byte sequence holding exactly one certificate, or nothing."""
    assert presented([value]) == Refused(code)


def test_a_certificate_outside_its_time_is_refused() -> None:
    """A second before and a second after, also when it was remembered as good."""
    authorities = Authorities([VENDOR.pem])
    leaf = header(VENDOR.leaf(life=(NOW, NOW + 10)))
    verdicts = [authorities.presented([leaf], at, from_proxy=True) for at in (NOW - 1, NOW, NOW + 10, NOW + 11)]
    assert [isinstance(verdict, Verified) for verdict in verdicts] == [False, True, True, False]
    assert verdicts[-1] == Refused("certificate-not-valid-now")


def test_another_authority_of_the_same_name_is_refused() -> None:
    """The name of an issuer is no signature."""
    impostor = Authority("Vendor CA")
    assert presented([header(impostor.leaf())]) == Refused("untrusted-certificate")
    assert presented([header(VENDOR.leaf(signer=impostor.key))]) == Refused("untrusted-certificate")


def test_a_server_certificate_is_no_client() -> None:
    """A certificate of the same authority for another use does not sign in."""
    assert presented([header(VENDOR.leaf(usage=ExtendedKeyUsageOID.SERVER_AUTH))]) == Refused("untrusted-certificate")


def test_the_authority_itself_is_no_client() -> None:
    """The authority's own certificate does not sign in."""
    der = VENDOR.certificate.public_bytes(serialization.Encoding.DER)
    assert presented([header(der)]) == Refused("untrusted-certificate")


def test_memory_is_bounded_and_checks_again() -> None:
    """A remembered chain is checked anew after its time, and memory holds only so many."""
    authorities = Authorities([VENDOR.pem])
    assert isinstance(authorities.presented([header(LEAF)], NOW, from_proxy=True), Verified)
    authorities._store = Store([Authority("Other CA").certificate])
    assert isinstance(authorities.presented([header(LEAF)], NOW + 60, from_proxy=True), Verified)
    later = NOW + certificate.RECHECK + 1
    assert authorities.presented([header(LEAF)], later, from_proxy=True) == Refused("untrusted-certificate")
    assert authorities.presented([header(LEAF)], NOW, from_proxy=True) == Refused("untrusted-certificate")


def test_memory_gives_way_to_newer_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one held longest makes room, and can come back."""
    monkeypatch.setattr(certificate, "KEPT", 2)
    authorities = Authorities([VENDOR.pem])
    leaves = [header(VENDOR.leaf()) for _ in range(3)]
    for leaf in (*leaves, leaves[0]):
        assert isinstance(authorities.presented([leaf], NOW, from_proxy=True), Verified)
        assert len(authorities._kept) <= 2


def test_no_authority_is_a_fault_of_configuration() -> None:
    """An empty list of authorities trusts nobody and says so at start."""
    with pytest.raises(ValueError, match="authority"):
        Authorities([])


@given(st.binary(max_size=300))
def test_garbage_is_refused_without_an_exception(garbage: bytes) -> None:
    """Whatever bytes come, the answer is a refusal."""
    authorities = Authorities([VENDOR.pem])
    assert isinstance(authorities.presented([garbage], NOW, from_proxy=True), Refused)
    assert isinstance(authorities.presented([header(garbage)], NOW, from_proxy=True), Refused)


SIGNED = len(x509.load_der_x509_certificate(LEAF).tbs_certificate_bytes)


@given(st.integers(4, 4 + SIGNED - 1), st.integers(1, 255))
def test_any_byte_changed_refuses(position: int, change: int) -> None:
    """No byte of the part that the authority signed can change; it comes after the outer four-byte header."""
    altered = bytearray(LEAF)
    altered[position] ^= change
    assert isinstance(presented([header(bytes(altered))]), Refused)


def test_validity_is_in_seconds() -> None:
    """Both ends of the validity are whole seconds of UTC."""
    found = presented([header(LEAF)])
    assert isinstance(found, Verified)
    assert (found.starts, found.ends) == (NOW - DAY, NOW + 90 * DAY)
    assert timedelta(seconds=found.ends - found.starts).days == 91
