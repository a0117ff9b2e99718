"""DPoP proofs: what fits a request, and what a thief of tokens, proofs or nonces tries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.client import _jose
from rempart.client.dpop import DpopKey
from rempart.identity import dpop
from rempart.identity.dpop import Asked, Nonces, Refused, Verified

NOW = 1_800_000_000
URL = "https://hub.example/v1/eligibility"
TOKEN = "an-opaque-token"
ASKED = Asked("POST", URL, TOKEN.encode(), NOW)
NONCES = Nonces(b"n" * 32)
JWK = _jose.generate("ES256")
SHOWN = {member: JWK[member] for member in ("kty", "crv", "x", "y")}
HEADER = {"typ": "dpop+jwt", "alg": "ES256", "jwk": SHOWN}


class Memory:
    """The replay port, over a set."""

    def __init__(self) -> None:
        self.seen: dict[bytes, int] = {}

    def first(self, key: bytes, expires: int) -> bool:
        new = key not in self.seen
        self.seen[key] = expires
        return new


def claims(**changes: Any) -> dict[str, Any]:
    good = {"jti": "one", "htm": "POST", "htu": URL, "iat": NOW, "ath": dpop.token_hash(TOKEN.encode())}
    return {
        name: value for name, value in {**good, "nonce": NONCES.current(NOW), **changes}.items() if value is not None
    }


def made(presented: dict[str, Any], header: dict[str, Any] | None = None, key: dict[str, str] = JWK) -> bytes:
    return _jose.sign(header or HEADER, presented, _jose.signer(key)[1]).encode()


def verdict(proof: bytes, asked: Asked = ASKED) -> Verified | Refused:
    return dpop.verify(proof, asked, NONCES, Memory().first)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA"])
def test_a_proof_of_our_client_verifies(algorithm: str) -> None:
    """The client's proof fits, and its thumbprint is the key's."""
    key = DpopKey.generate(algorithm)
    key.nonce = NONCES.current(NOW)
    found = verdict(key.proof("POST", URL, NOW, token=TOKEN).encode())
    assert isinstance(found, Verified)
    assert found.jkt == key.thumbprint


def test_the_thumbprint_is_that_of_rfc_9449() -> None:
    """The example proof of RFC 9449 § 4.1 has the thumbprint that § 6.1 binds the token to."""
    jwk = {
        "kty": "EC",
        "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
        "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
        "crv": "P-256",
    }
    proof = (
        b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
        b"cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
        b"In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2Vu"
        b"IiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZ"
        b"T3Lg"
    )
    asked = Asked("POST", "https://server.example.com/token", None, 1562262616)
    found = dpop.verify(proof, asked, None, Memory().first)
    assert found == Verified("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "-BwC3ESc6acc2lTc")
    assert _jose.thumbprint(jwk) == found.jkt


CLAIMS_AT_FAULT: dict[str, tuple[dict[str, Any], str]] = {
    "another method": ({"htm": "GET"}, "wrong-method"),
    "method in lower case": ({"htm": "post"}, "wrong-method"),
    "another path": ({"htu": "https://hub.example/v1/invoices"}, "wrong-url"),
    "another host": ({"htu": "https://hub.example.evil/v1/eligibility"}, "wrong-url"),
    "another scheme": ({"htu": "http://hub.example/v1/eligibility"}, "wrong-url"),
    "another port": ({"htu": "https://hub.example:8443/v1/eligibility"}, "wrong-url"),
    "a name before the host": ({"htu": "https://a@hub.example/v1/eligibility"}, "wrong-url"),
    "path in capitals": ({"htu": "https://hub.example/V1/eligibility"}, "wrong-url"),
    "no url": ({"htu": "nonsense"}, "wrong-url"),
    "bad brackets": ({"htu": "https://[hub.example/v1/eligibility"}, "wrong-url"),
    "a minute old": ({"iat": NOW - 61}, "stale-proof"),
    "a minute early": ({"iat": NOW + 61}, "stale-proof"),
    "another token": ({"ath": dpop.token_hash(b"another")}, "wrong-token-hash"),
    "no token": ({"ath": None}, "wrong-token-hash"),
    "no nonce": ({"nonce": None}, "missing-nonce"),
    "another nonce": ({"nonce": "A" * 32}, "stale-nonce"),
    "nonce of another key": ({"nonce": Nonces(b"m" * 32).current(NOW)}, "stale-nonce"),
    "nonce two windows old": ({"nonce": NONCES.current(NOW - 120)}, "stale-nonce"),
    "nonce of the future": ({"nonce": NONCES.current(NOW + 60)}, "stale-nonce"),
    "empty jti": ({"jti": ""}, "missing-jti"),
    "endless jti": ({"jti": "x" * 129}, "missing-jti"),
    "no jti": ({"jti": None}, "malformed-proof"),
    "iat as text": ({"iat": str(NOW)}, "malformed-proof"),
}


@pytest.mark.parametrize(("change", "code"), CLAIMS_AT_FAULT.values(), ids=CLAIMS_AT_FAULT)
def test_a_claim_at_fault_refuses(change: dict[str, Any], code: str) -> None:
    """Each claim must fit the request though the signature is good; only a nonce at fault asks for another."""
    found = verdict(made(claims(**change)))
    assert found == Refused(code, needs_nonce=code.endswith("-nonce"))


@pytest.mark.parametrize(
    "spelled",
    [
        "HTTPS://HUB.example:443/v1/eligibility",
        "https://hub.example/v1/eligibility?debug=1#top",
        "https://hub.example/v1/./x/../eligibility",
        "https://hub.example/v1/%65ligibility",
    ],
)
def test_equal_urls_may_be_spelled_differently(spelled: str) -> None:
    """RFC 9449 asks for normalisation of scheme, host, port, path, and for dropping query and fragment."""
    assert isinstance(verdict(made(claims(htu=spelled))), Verified)


def test_normalised_urls() -> None:
    """The normal forms are those of RFC 3986 § 6.2.2 and 6.2.3."""
    assert dpop.normalised("HTTP://Hub.Example:80") == "http://hub.example/"
    assert dpop.normalised("https://h/a%2fb") == "https://h/a%2Fb"
    assert dpop.normalised("https://[2001:db8::1]:443/a/..") == "https://[2001:db8::1]/"
    assert dpop.normalised("https://h:99999/") is None
    assert dpop.normalised("ftp://h/") is None


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(path: str) -> None:
    """A normal form is its own normal form."""
    once = dpop.normalised("https://hub.example/" + path)
    assert once is None or dpop.normalised(once) == once


def test_alg_none_and_macs_are_refused() -> None:
    """A proof is signed with a private key or it is none."""
    for alg in ("none", "HS256", "RS256", "ES384", ""):
        parts = [_jose.encode(json.dumps(part).encode()) for part in ({**HEADER, "alg": alg}, claims())]
        assert verdict((".".join(parts) + ".").encode()) == Refused("unsupported-algorithm")


def test_a_private_key_inside_the_proof_is_refused() -> None:
    """A proof that carries the private half is refused, as § 4.3 asks, though its signature is good."""
    private = {member: value for member, value in JWK.items() if member != "kid"}
    assert verdict(made(claims(), {**HEADER, "jwk": private})) == Refused("malformed-proof")


def test_a_swapped_key_is_refused() -> None:
    """Another key in the header does not fit the signature, and another's signature does not fit the header."""
    other = _jose.generate("ES256")
    shown = {member: other[member] for member in ("kty", "crv", "x", "y")}
    assert verdict(made(claims(), {**HEADER, "jwk": shown})) == Refused("bad-signature")
    assert verdict(made(claims(), key=other)) == Refused("bad-signature")


HEADERS_AT_FAULT: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"typ": "JWT"}, "malformed-proof"),
    "no type": ({"typ": None}, "malformed-proof"),
    "critical extension": ({"crit": ["exp"]}, "malformed-proof"),
    "no key": ({"jwk": None}, "malformed-proof"),
    "point off the curve": ({"jwk": {**SHOWN, "y": SHOWN["x"]}}, "unusable-key"),
    "short coordinate": ({"jwk": {**SHOWN, "x": "AAAA"}}, "unusable-key"),
    "no coordinate": ({"jwk": {**SHOWN, "y": ""}}, "unusable-key"),
    "another curve": ({"jwk": {**SHOWN, "crv": "P-384"}}, "unusable-key"),
    "octets": ({"jwk": {"kty": "oct", "crv": "", "x": "AAAA"}}, "unusable-key"),
    "EdDSA over P-256": ({"alg": "EdDSA"}, "unusable-key"),
    "not ASCII": ({"jwk": {**SHOWN, "x": "é" * 43}}, "unusable-key"),
}


@pytest.mark.parametrize(("change", "code"), HEADERS_AT_FAULT.values(), ids=HEADERS_AT_FAULT)
def test_a_header_at_fault_refuses(change: dict[str, Any], code: str) -> None:
    """The header says type, algorithm and a public key that fit each other."""
    assert verdict(made(claims(), {**HEADER, **change})) == Refused(code)


def test_a_replayed_proof_is_refused_and_remembered_while_it_could_pass() -> None:
    """The same jti of the same key passes once; memory lasts until the proof is stale by itself."""
    memory = Memory()
    proof = made(claims())
    assert isinstance(dpop.verify(proof, ASKED, NONCES, memory.first), Verified)
    assert dpop.verify(proof, ASKED, NONCES, memory.first) == Refused("replayed-proof")
    (expires,) = memory.seen.values()
    late = Asked("POST", URL, TOKEN.encode(), expires)
    assert dpop.verify(proof, late, None, Memory().first) == Refused("stale-proof")


def test_two_keys_may_use_the_same_jti() -> None:
    """A stranger cannot burn another's ids: memory is per key."""
    memory, other = Memory(), _jose.generate("ES256")
    shown = {member: other[member] for member in ("kty", "crv", "x", "y")}
    assert isinstance(dpop.verify(made(claims()), ASKED, NONCES, memory.first), Verified)
    assert isinstance(
        dpop.verify(made(claims(), {**HEADER, "jwk": shown}, other), ASKED, NONCES, memory.first), Verified
    )


def test_a_refused_proof_is_not_remembered() -> None:
    """Memory holds good proofs only, so garbage cannot fill it."""
    memory = Memory()
    dpop.verify(made(claims(htm="GET")), ASKED, NONCES, memory.first)
    dpop.verify(made(claims(), key=_jose.generate("ES256")), ASKED, NONCES, memory.first)
    assert memory.seen == {}


def test_oversized_is_refused_before_it_is_read() -> None:
    """Two kilobytes are enough for any honest proof."""
    assert verdict(made(claims(padding="x" * 2048))) == Refused("oversized-proof")


def test_a_nonce_lives_through_its_window_and_the_next() -> None:
    """A nonce handed out at the last second of a window is still good a whole window later, then never again."""
    handed = NONCES.current(NOW + 59 - NOW % 60)
    start = NOW - NOW % 60
    assert [NONCES.accepts(handed, start + at) for at in (0, 59, 60, 119, 120, -1)] == [
        True,
        True,
        True,
        True,
        False,
        False,
    ]


SAMPLE = made(claims())


def test_the_last_character_has_no_stray_bits() -> None:
    """The unused bits of the signature's last character are zero, so a proof has one spelling."""
    for change in range(1, 256):
        assert isinstance(verdict(SAMPLE[:-1] + bytes([SAMPLE[-1] ^ change])), Refused)


@given(st.integers(0, len(SAMPLE) - 1), st.integers(1, 255))
def test_any_byte_changed_refuses(position: int, change: int) -> None:
    """No byte of a proof is outside the signature."""
    altered = bytearray(SAMPLE)
    altered[position] ^= change
    assert isinstance(verdict(bytes(altered)), Refused)


@given(st.binary(max_size=200))
def test_garbage_is_refused_without_an_exception(garbage: bytes) -> None:
    """Whatever bytes come, the answer is a refusal."""
    assert isinstance(verdict(garbage), Refused)
    coded = _jose.encode(garbage)
    good = SAMPLE.decode().split(".")
    for parts in ((coded, good[1], good[2]), (good[0], coded, good[2]), (good[0], good[1], coded)):
        assert isinstance(verdict(".".join(parts).encode()), Refused)
