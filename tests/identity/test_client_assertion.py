"""What a client's signed assertion must be, and every way to forge one that is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import given
from hypothesis import strategies as st

from rempart.client import _jose, assertion
from rempart.identity import client_assertion
from rempart.identity.client_assertion import Refused, Verified

AUDIENCE = "https://hub.example/v1/token"
NOW = 1_800_000_000
KEY = assertion.generate_key()
PUBLIC = assertion.public_key(KEY)
KEYS = {PUBLIC["kid"]: PUBLIC}
GOOD = {"iss": "pharma-soft", "sub": "pharma-soft", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 120, "jti": "once-1"}
HEADER = {"alg": "ES256", "typ": "JWT", "kid": PUBLIC["kid"]}


def signed(claims: dict[str, Any], header: dict[str, Any] | None = None, key: dict[str, str] = KEY) -> bytes:
    return _jose.sign(header or HEADER, claims, _jose.signer(key)[1]).encode()


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    return ".".join(_jose.encode(json.dumps(part).encode()) for part in (header, claims))


def refusal(presented: bytes, keys: dict[str, dict[str, Any]] = KEYS) -> str:
    found = client_assertion.verify(presented, keys, AUDIENCE, NOW)
    assert isinstance(found, Refused)
    return found.code


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_an_assertion_of_our_client_verifies(algorithm: str) -> None:
    """What the client signs names client, site and a fresh id, and dies within five minutes."""
    key = assertion.generate_key(algorithm)
    public = assertion.public_key(key)
    presented = assertion.sign(key, "pharma-soft", AUDIENCE, NOW, site="752345678").encode()
    found = client_assertion.verify(presented, {public["kid"]: public}, AUDIENCE, NOW)
    assert isinstance(found, Verified)
    assert (found.client, found.site, found.kid, found.expires) == (
        "pharma-soft",
        "752345678",
        public["kid"],
        NOW + 120,
    )
    assert client_assertion.claimed_client(presented) == "pharma-soft"


def test_the_fully_specified_name_of_ed25519_is_the_same_algorithm() -> None:
    """RFC 9864's `Ed25519` verifies with a key that `EdDSA` verifies with."""
    key = assertion.generate_key("EdDSA")
    public = assertion.public_key(key)
    presented = signed(GOOD, {"alg": "Ed25519", "kid": public["kid"]}, key)
    assert isinstance(client_assertion.verify(presented, {public["kid"]: public}, AUDIENCE, NOW), Verified)


CLAIMS_AT_FAULT: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "someone-else"}, "issuer-not-subject"),
    "another audience": ({"aud": "https://other.example/v1/token"}, "wrong-audience"),
    "audience with a slash more": ({"aud": AUDIENCE + "/"}, "wrong-audience"),
    "audience as a list": ({"aud": [AUDIENCE]}, "malformed-assertion"),
    "dead this second": ({"exp": NOW}, "expired-assertion"),
    "lives 301 seconds": ({"exp": NOW + 301}, "lives-too-long"),
    "issued in the future": ({"iat": NOW + 31}, "issued-in-the-future"),
    "not yet good": ({"nbf": NOW + 31}, "issued-in-the-future"),
    "issued after its end": ({"iat": NOW + 20, "exp": NOW + 10}, "issued-in-the-future"),
    "empty jti": ({"jti": ""}, "missing-jti"),
    "endless jti": ({"jti": "x" * 129}, "missing-jti"),
    "exp as text": ({"exp": str(NOW + 60)}, "malformed-assertion"),
    "site as a list": ({"site": ["752345678"]}, "malformed-assertion"),
}


@pytest.mark.parametrize(("change", "code"), CLAIMS_AT_FAULT.values(), ids=CLAIMS_AT_FAULT)
def test_a_claim_at_fault_refuses(change: dict[str, Any], code: str) -> None:
    """Each claim is held to its rule though the signature is good."""
    assert refusal(signed({**GOOD, **change})) == code


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "exp", "iat", "jti"])
def test_a_missing_claim_refuses(missing: str) -> None:
    """No required claim has a default."""
    assert refusal(signed({name: value for name, value in GOOD.items() if name != missing})) == "malformed-assertion"


def test_alg_none_is_refused_with_and_without_signature() -> None:
    """An unsigned assertion is never good, however its algorithm is spelled."""
    for alg in ("none", "None", "NONE", ""):
        body = unsigned({**HEADER, "alg": alg}, GOOD)
        assert refusal(f"{body}.".encode()) == "unsupported-algorithm"
        assert refusal(f"{body}.AAAA".encode()) == "unsupported-algorithm"


def test_hs256_with_the_public_key_as_secret_is_refused() -> None:
    """The classic confusion: a MAC made with what everyone knows."""
    body = unsigned({**HEADER, "alg": "HS256"}, GOOD)
    for secret in (json.dumps(PUBLIC).encode(), _jose.decode(PUBLIC["x"])):
        mac = hmac.digest(secret, body.encode(), "sha256")
        assert refusal(f"{body}.{_jose.encode(mac)}".encode()) == "unsupported-algorithm"


def test_rsa_is_refused_even_when_an_rsa_key_is_registered() -> None:
    """Algorithms are ours to choose, not the key's nor the message's."""
    private = rsa.generate_private_key(65537, 2048)
    numbers = private.public_key().public_numbers()
    jwk = {"kty": "RSA", "n": _jose.encode(numbers.n.to_bytes(256)), "e": "AQAB", "kid": "rsa"}
    body = unsigned({"alg": "RS256", "kid": "rsa"}, GOOD)
    signature = private.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert refusal(f"{body}.{_jose.encode(signature)}".encode(), {"rsa": jwk}) == "unsupported-algorithm"
    assert client_assertion.public_jwk_fault(jwk) == "unsupported-key"


def test_a_key_inside_the_message_is_not_used() -> None:
    """`jwk`, `jku`, `x5u`, `crit` in the header refuse, even with a good signature of a registered key."""
    stranger = assertion.generate_key()
    for extra in (
        {"jwk": assertion.public_key(stranger)},
        {"jku": "https://x.example"},
        {"crit": ["b64"], "b64": False},
    ):
        assert refusal(signed(GOOD, {**HEADER, **extra}, stranger)) == "malformed-assertion"
        assert refusal(signed(GOOD, {**HEADER, **extra})) == "malformed-assertion"


def test_a_stranger_who_names_a_registered_key_is_refused() -> None:
    """The kid points to a key; the signature must be that key's."""
    assert refusal(signed(GOOD, key=assertion.generate_key())) == "bad-signature"
    assert refusal(signed(GOOD, {**HEADER, "kid": "unheard-of"})) == "unknown-key"


def test_the_algorithm_must_be_the_registered_keys_own() -> None:
    """An ES256 header over an Ed25519 key, and the reverse, are refused before any verification."""
    edwards = assertion.generate_key("EdDSA")
    public = assertion.public_key(edwards)
    assert (
        refusal(signed(GOOD, {"alg": "ES256", "kid": public["kid"]}, edwards), {public["kid"]: public})
        == "unusable-key"
    )
    assert refusal(signed(GOOD, {**HEADER, "alg": "EdDSA"})) == "unusable-key"


def test_a_private_key_is_never_accepted_as_registered() -> None:
    """Whoever sends the private half has lost it: it is refused at registration and at use."""
    assert client_assertion.public_jwk_fault(KEY) == "private-key-presented"
    assert client_assertion.public_jwk_fault(PUBLIC) is None
    assert client_assertion.public_jwk_fault({**PUBLIC, "x": "AA"}) == "malformed-key"
    assert refusal(signed(GOOD), {KEY["kid"]: KEY}) == "unusable-key"


def test_oversized_is_refused_before_it_is_read() -> None:
    """Four kilobytes are enough for any honest assertion."""
    assert refusal(signed({**GOOD, "padding": "x" * 4096})) == "oversized-assertion"


def test_keys_are_brought_for_the_claimed_client_only() -> None:
    """A client with keys of its own cannot speak for another: the other's keys are the ones looked up."""
    registered = {"pharma-soft": KEYS, "other": {}}
    presented = signed({**GOOD, "iss": "other", "sub": "other"})
    assert client_assertion.verify_registered(presented, registered.get, AUDIENCE, NOW) == Refused("unknown-key")
    stranger = signed({**GOOD, "iss": "nobody", "sub": "nobody"})
    assert client_assertion.verify_registered(stranger, registered.get, AUDIENCE, NOW) == Refused("unknown-client")
    assert isinstance(client_assertion.verify_registered(signed(GOOD), registered.get, AUDIENCE, NOW), Verified)
    assert client_assertion.verify_registered(b"x", registered.get, AUDIENCE, NOW) == Refused("malformed-assertion")


SAMPLE = signed(GOOD)


def test_the_last_character_has_no_stray_bits() -> None:
    """The unused bits of the signature's last character are zero, so a proof has one spelling."""
    for change in range(1, 256):
        assert isinstance(
            client_assertion.verify(SAMPLE[:-1] + bytes([SAMPLE[-1] ^ change]), KEYS, AUDIENCE, NOW), Refused
        )


@given(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255))
def test_any_byte_changed_refuses(position: int, change: int) -> None:
    """No byte of an assertion is outside the signature, the padding bits of base64 included."""
    altered = bytearray(SAMPLE)
    altered[position] ^= change
    assert isinstance(client_assertion.verify(bytes(altered), KEYS, AUDIENCE, NOW), Refused)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_garbage_is_refused_without_an_exception(garbage: bytes) -> None:
    """Whatever bytes come, the answer is a refusal."""
    assert isinstance(client_assertion.verify(garbage, KEYS, AUDIENCE, NOW), Refused)
    parts = b".".join(base64.urlsafe_b64encode(garbage).rstrip(b"=") for _ in range(3))
    assert isinstance(client_assertion.verify(parts, KEYS, AUDIENCE, NOW), Refused)


def test_the_kid_is_the_thumbprint_of_rfc_7638() -> None:
    """Client and server name a key alike: SHA-256 over its required members in order."""
    members = json.dumps({m: PUBLIC[m] for m in ("crv", "kty", "x", "y")}, separators=(",", ":"), sort_keys=True)
    assert PUBLIC["kid"] == _jose.encode(hashlib.sha256(members.encode()).digest())


def test_a_key_of_ssh_signs_nothing_here() -> None:
    """It opens a connection to a gateway for files: no assertion and no word for who sits there counts by it."""
    keys = {PUBLIC["kid"]: PUBLIC | {"use": client_assertion.SSH}}
    assert refusal(signed(GOOD), keys) == "unknown-key"
    word = assertion.sign_agent(KEY, "u17", "token", NOW).encode()
    assert client_assertion.verify_agent(word, keys, b"token", NOW) == Refused("unknown-key")
    assert client_assertion.verify_agent(word, KEYS, b"token", NOW) == client_assertion.AgentSigned("u17")
