"""A passkey is accepted from its own origin, for its own challenge, by its own key, with its user verified."""

from __future__ import annotations

import secrets
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from rempart.identity.passkey import (
    Refused,
    Registered,
    RelyingParty,
    Signed,
    verify_assertion,
    verify_registration,
)
from support.authenticator import Authenticator, Got

PARTY = RelyingParty("portal.horizon.test", ("https://portal.horizon.test", "https://www.portal.horizon.test:8443"))
CHALLENGE = bytes(range(40))

LIES = [
    ({"origin": "https://portal.horizon.test.evil.test"}, "other-origin"),
    ({"origin": "http://portal.horizon.test"}, "other-origin"),
    ({"origin": "https://portal.horizon.test:444"}, "other-origin"),
    ({"rp_id": "evil.test"}, "other-rp"),
    ({"verified": False}, "user-not-verified"),
    ({"present": False}, "user-not-present"),
    ({"challenge": bytes(40)}, "other-challenge"),
    ({"challenge": b""}, "other-challenge"),
    ({"kind": "payment.get"}, "wrong-type"),
    ({"cross": True}, "cross-origin"),
    ({"top": "https://evil.test"}, "cross-origin"),
]


def enrolled(device: Authenticator, **lies: Any) -> Registered | Refused:
    made = device.create(CHALLENGE, **lies)
    return verify_registration(PARTY, CHALLENGE, made.client_data, made.attestation)


def signed(got: Got) -> Signed:
    return Signed(got.client_data, got.authenticator_data, got.signature)


def stored(device: Authenticator) -> Registered:
    found = enrolled(device)
    assert isinstance(found, Registered)
    return found


def test_a_passkey_is_registered_and_then_signs() -> None:
    """What the authenticator made is found again, and its signature is taken, from each of the portal's origins."""
    device = Authenticator(step=1)
    passkey = stored(device)
    assert (passkey.credential, passkey.counter) == (device.credential, 1)
    assert verify_assertion(PARTY, CHALLENGE, passkey, signed(device.get(CHALLENGE))) == 2
    other = device.get(CHALLENGE, origin="https://www.portal.horizon.test:8443")
    assert verify_assertion(PARTY, CHALLENGE, passkey, signed(other)) == 3


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_a_registration_with_a_lie_is_refused(lie: dict[str, Any], code: str) -> None:
    """Each lie has its own code."""
    assert enrolled(Authenticator(), **lie) == Refused(code)


@pytest.mark.parametrize(("lie", "code"), LIES)
def test_an_assertion_with_a_lie_is_refused(lie: dict[str, Any], code: str) -> None:
    """The same ones, signed by the right key: what is signed is not thereby true."""
    device = Authenticator()
    passkey = stored(device)
    assert verify_assertion(PARTY, CHALLENGE, passkey, signed(device.get(CHALLENGE, **lie))) == Refused(code)


def test_a_registration_is_no_assertion_and_the_other_way_round() -> None:
    """The type in the client data keeps them apart."""
    device = Authenticator()
    assert enrolled(device, kind="webauthn.get") == Refused("wrong-type")
    got = device.get(CHALLENGE, kind="webauthn.create")
    assert verify_assertion(PARTY, CHALLENGE, stored(device), signed(got)) == Refused("wrong-type")


def test_another_key_does_not_sign() -> None:
    """The signature is checked against the key that was enrolled."""
    device = Authenticator()
    got = device.get(CHALLENGE, key=ec.generate_private_key(ec.SECP256R1()))
    assert verify_assertion(PARTY, CHALLENGE, stored(device), signed(got)) == Refused("bad-signature")


@pytest.mark.parametrize("part", ["client_data", "authenticator_data", "signature"])
def test_no_byte_of_what_is_signed_can_be_changed(part: str) -> None:
    """Flipping any bit is refused, under whatever code."""
    device = Authenticator(step=1)
    passkey, got = stored(device), device.get(CHALLENGE)
    whole: bytes = getattr(got, part)
    for place in range(len(whole)):
        changed = whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        forged = Signed(**{**{name: getattr(got, name) for name in Signed.__slots__}, part: changed})
        assert isinstance(verify_assertion(PARTY, CHALLENGE, passkey, forged), Refused)


@pytest.mark.parametrize(("before", "after", "good"), [(0, 0, True), (5, 6, True), (5, 5, False), (5, 4, False),
                                                       (5, 0, False)])  # fmt: skip
def test_a_counter_that_does_not_go_up_is_refused(before: int, after: int, *, good: bool) -> None:
    """Unless the authenticator never counts."""
    device = Authenticator(counter=before)
    passkey = stored(device)
    found = verify_assertion(PARTY, CHALLENGE, passkey, signed(device.get(CHALLENGE, counter=after)))
    assert found == (after if good else Refused("counter-back"))


def test_only_the_key_itself_raises_the_alarm_of_a_copy() -> None:
    """A forged signature with an old counter is a bad signature, not a copied passkey."""
    device = Authenticator(counter=5)
    got = device.get(CHALLENGE, counter=1, key=ec.generate_private_key(ec.SECP256R1()))
    assert verify_assertion(PARTY, CHALLENGE, stored(device), signed(got)) == Refused("bad-signature")


def rsa_cose(bits: int) -> tuple[rsa.RSAPrivateKey, dict[int, Any]]:
    key = rsa.generate_private_key(65537, bits)
    n = key.public_key().public_numbers().n
    return key, {1: 3, 3: -257, -1: n.to_bytes(bits // 8, "big"), -2: (65537).to_bytes(3, "big")}


class Signer:
    """Gives `Authenticator.get` a key of another kind."""

    def __init__(self, key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> None:
        self.key = key

    def sign(self, data: bytes, _: object) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data)


@pytest.mark.parametrize("kind", ["EdDSA", "RS256"])
def test_the_other_two_algorithms_are_taken(kind: str) -> None:
    """Ed25519 and RSA of 2048 bits register and sign."""
    key: Any = ed25519.Ed25519PrivateKey.generate()
    if kind == "RS256":
        key, cose = rsa_cose(2048)
    else:
        cose = {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    device = Authenticator()
    passkey = enrolled(device, cose=cose)
    assert isinstance(passkey, Registered)
    assert verify_assertion(PARTY, CHALLENGE, passkey, signed(device.get(CHALLENGE, key=Signer(key)))) == 0
    assert verify_assertion(PARTY, CHALLENGE, passkey, signed(device.get(CHALLENGE))) == Refused("bad-signature")


def test_weak_or_strange_keys_are_refused() -> None:
    """Another algorithm or curve, a short RSA key, one with a long exponent, a point off the curve, no key at all."""
    good = Authenticator().cose()
    p384 = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    other_curve = {1: 2, 3: -7, -1: 2, -2: p384.x.to_bytes(48, "big"), -3: p384.y.to_bytes(48, "big")}
    slow = {1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\xff" * 255}
    for cose in ({**good, 3: -36}, other_curve, rsa_cose(1024)[1], slow):
        assert enrolled(Authenticator(), cose=cose) == Refused("unsupported-key")
    for cose in ({**good, -2: bytes(32)}, {}, {1: 4}):
        assert enrolled(Authenticator(), cose=cose) == Refused("malformed-passkey")


def test_no_certificate_of_a_maker_is_read() -> None:
    """Nobody asked for an attestation: one with certificates, or of another format, is refused before it is read."""
    for fmt, statement in (
        ("packed", {"alg": -7, "sig": b"x", "x5c": [b"x"]}),
        ("tpm", {"ver": "2.0"}),
        ("fido-u2f", {"sig": b"x", "x5c": [b"x"]}),
        ("nothing-known", {}),
    ):
        found = enrolled(Authenticator(), fmt=fmt, statement=statement)
        assert found == Refused("attestation-not-asked"), fmt
    assert enrolled(Authenticator(), fmt="packed", statement={"alg": -7, "sig": b"x"}) == Refused("bad-signature")


NESTED = [b"\x81" * 8000, b"\xc4" * 8000, b"\xa1\x61a" * 2600, b"\xc5\x82\x1b\x7f" + b"\xff" * 7 + b"\x01"]


@pytest.mark.parametrize("nested", NESTED)
def test_deep_or_huge_values_are_refused_quickly(nested: bytes) -> None:
    """CBOR and JSON that nest thousands deep, or name a number of 10¹⁸ digits, raise nothing."""
    device = Authenticator()
    client_data = device.create(CHALLENGE).client_data
    assert verify_registration(PARTY, CHALLENGE, client_data, nested) == Refused("malformed-passkey")
    strange = device.create(CHALLENGE, cose=cbor2.loads(b"\xa1\x01\xc5\x82\x19\xff\xff\x01"))
    assert isinstance(verify_registration(PARTY, CHALLENGE, client_data, strange.attestation), Refused)
    assert verify_registration(PARTY, CHALLENGE, b"[" * 4000, b"") == Refused("malformed-passkey")


def test_what_is_too_long_is_not_read() -> None:
    """Sizes are bounded before anything is parsed."""
    device = Authenticator()
    got = device.get(CHALLENGE)
    assert verify_registration(PARTY, CHALLENGE, bytes(5000), b"") == Refused("oversized-passkey")
    assert verify_registration(PARTY, CHALLENGE, b"", bytes(9000)) == Refused("oversized-passkey")
    long = Signed(got.client_data, bytes(2000), got.signature)
    assert verify_assertion(PARTY, CHALLENGE, stored(device), long) == Refused("oversized-passkey")
    assert isinstance(enrolled(Authenticator(credential=secrets.token_bytes(1024))), Refused)


@given(client_data=st.binary(max_size=200), attestation=st.binary(max_size=300))
def test_garbage_is_refused_and_raises_nothing(client_data: bytes, attestation: bytes) -> None:
    """Whatever bytes come, the answer is a refusal."""
    good = Authenticator().create(CHALLENGE)
    passkey = Registered(b"c", b"\xa0", 0)
    for data, attested in ((client_data, attestation), (good.client_data, attestation), (client_data, b"\xa0")):
        assert isinstance(verify_registration(PARTY, CHALLENGE, data, attested), Refused)
    assert isinstance(verify_assertion(PARTY, CHALLENGE, passkey, Signed(client_data, attestation, b"")), Refused)


@given(data=st.data())
def test_a_damaged_registration_never_raises(data: st.DataObject) -> None:
    """Bytes of a good attestation replaced, cut out or repeated: registered as another key, or refused."""
    made = Authenticator(credential=bytes(16)).create(CHALLENGE)
    whole = bytearray(made.attestation)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        end = data.draw(st.integers(start, min(len(whole), start + 8)))
        whole[start:end] = data.draw(st.binary(max_size=8))
    found = verify_registration(PARTY, CHALLENGE, made.client_data, bytes(whole))
    assert isinstance(found, Registered | Refused)
