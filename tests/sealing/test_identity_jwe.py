"""`identity_jwe` is what another JOSE library reads and writes, and nothing else is taken for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from joserfc import jwe, jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import OKPKey

from rempart.sealing.attachments import MAGIC, bound_to, open_attachment, seal_attachment
from rempart.sealing.envelope import EnvelopeFault
from rempart.sealing.identity_jwe import BLOCK, MOST, Presented, kid_of, opened, parse, seal, unweb, web
from rempart.sealing.keeper_keys import LIFE, KeySet, Pinned, PublicKey, pinned, signed, verified

VECTORS = json.loads((Path(__file__).parents[2] / "docs" / "formats" / "identity-jwe-vectors.json").read_text())
KEY = X25519PrivateKey.from_private_bytes(bytes.fromhex(VECTORS["keeper_private"]))
PUBLIC = KEY.public_key().public_bytes_raw()
CARD = msgspec.convert(VECTORS["payload"], Presented)
ALGORITHMS = ["ECDH-ES", "A256GCM", "ECDH-ES+A256KW", "A128GCM", "A256CBC-HS512"]


def okp(private: X25519PrivateKey, *, public: bool = False) -> OKPKey:
    made = {"kty": "OKP", "crv": "X25519", "x": web(private.public_key().public_bytes_raw())}
    return OKPKey.import_key(made if public else made | {"d": web(private.private_bytes_raw())})


def by_joserfc(**header: Any) -> str:
    told = {"alg": "ECDH-ES", "enc": "A256GCM", "typ": "rempart-identity/1", "kid": kid_of(PUBLIC)} | header
    return jwe.encrypt_compact(told, msgspec.json.encode(CARD), okp(KEY, public=True), algorithms=[*ALGORITHMS, "DEF"])


def test_the_vectors_hold() -> None:
    """The page's example: same keys, same nonce, the same JWE; and it opens."""
    vector = VECTORS["jwe"]
    made = seal(
        CARD, PUBLIC, ephemeral=bytes.fromhex(VECTORS["ephemeral_private"]), nonce=bytes.fromhex(VECTORS["nonce"])
    )
    assert made == vector
    parsed = parse(vector)
    assert parsed is not None
    assert parsed.kid == VECTORS["kid"] == kid_of(PUBLIC)
    assert opened(parsed, KEY) == CARD


def test_the_vectors_of_keys_hold() -> None:
    """The signed document of the page verifies with its pinned key, at its own time."""
    told = VECTORS["keys"]
    found = verified(told["document"].encode(), pinned(told["verifier_key"]), "keeper", told["at"])
    assert isinstance(found, KeySet)
    assert [key.kid for key in found.keys] == [VECTORS["kid"]]
    signer = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": web(pinned(told["verifier_key"]).public)})
    with pytest.warns(SecurityWarning):  # RFC 9864 renames EdDSA to Ed25519; both names are read by few libraries yet
        document = jws.deserialize_compact(told["document"], signer, registry=jws.JWSRegistry(algorithms=["EdDSA"]))
    assert msgspec.json.decode(document.payload, type=KeySet) == found


def test_another_library_reads_ours_and_we_read_its() -> None:
    """joserfc, an independent JOSE implementation, both ways."""
    found = jwe.decrypt_compact(seal(CARD, PUBLIC), okp(KEY), algorithms=ALGORITHMS)
    assert msgspec.json.decode(found.plaintext or b"", type=Presented) == CARD
    parsed = parse(by_joserfc())
    assert parsed is not None
    assert opened(parsed, KEY) == CARD


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ECDH-ES+A256KW"}, {"enc": "A128GCM"}, {"enc": "A256CBC-HS512"}, {"zip": "DEF"}, {"typ": "JWT"},
        {"apu": "YQ"}, {"apv": "YQ"},
    ],
)  # fmt: skip
def test_every_other_choice_is_refused(header: dict[str, str]) -> None:
    """Good JWEs of other algorithms, compressed ones, and ones with party info are not this format."""
    assert parse(by_joserfc(**header)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "none"}, {"alg": "dir"}, {"enc": "none"}, {"crit": ["x"]}, {"jku": "https://evil.example"},
        {"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}}, {"epk": None}, {"kid": 7},
    ],
)  # fmt: skip
def test_a_header_with_anything_else_is_refused(change: dict[str, Any]) -> None:
    """`none`, `dir`, other curves, other members."""
    parts = seal(CARD, PUBLIC).split(".")
    header = json.loads(unweb(parts[0].encode())) | change
    parts[0] = web(json.dumps(header).encode())
    assert parse(".".join(parts)) is None


def test_a_plain_or_signed_token_is_refused() -> None:
    """Three parts, an unsecured one, an encrypted key where none belongs, too long a text."""
    good = seal(CARD, PUBLIC)
    unsecured = f"{web(b'{}')}.{web(msgspec.json.encode(CARD))}."
    parts = good.split(".")
    for text in ("", unsecured, good + ".", good.replace("..", ".AA."), good + "A" * MOST, "é" + good, good + "="):
        assert parse(text) is None
    assert parse(".".join((*parts[:4], parts[4][:-2]))) is None


def test_each_flipped_bit_is_found() -> None:
    """Header, nonce, content and tag are all under the tag."""
    good = seal(CARD, PUBLIC)
    parts = [unweb(part.encode()) for part in good.split(".")]
    for place in (2, 3, 4):
        for at in range(0, len(parts[place]), 37):
            broken = list(parts)
            broken[place] = parts[place][:at] + bytes((parts[place][at] ^ 1,)) + parts[place][at + 1 :]
            parsed = parse(".".join(map(web, broken)))
            assert parsed is not None
            assert opened(parsed, KEY) is None


def test_a_point_of_small_order_opens_nothing() -> None:
    """An ephemeral key that makes every shared secret zero is no key."""
    parts = seal(CARD, PUBLIC).split(".")
    header = json.loads(unweb(parts[0].encode()))
    header["epk"]["x"] = web(bytes(32))
    parsed = parse(".".join((web(json.dumps(header).encode()), *parts[1:])))
    assert parsed is not None
    assert opened(parsed, KEY) is None


def test_lengths_tell_nothing() -> None:
    """A short card and a long one, with NIR and without, give JWEs of one length."""
    short = msgspec.structs.replace(CARD, member="1", nir=None, rank=None)
    long = msgspec.structs.replace(CARD, member="A" * 15, nir="1850575000001" + "51")
    assert len(seal(short, PUBLIC)) == len(seal(long, PUBLIC))
    assert len(msgspec.json.encode(long)) < BLOCK


def test_no_two_seals_are_alike() -> None:
    """A fresh ephemeral key and nonce each time."""
    assert seal(CARD, PUBLIC) != seal(CARD, PUBLIC)


def test_keys_of_another_signer_or_time_are_refused() -> None:
    """Only who holds the pinned key may say which keys there are, and a day old they are old."""
    own, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    pin = Pinned("log", own.public_key().public_bytes_raw())
    key = PublicKey(x=web(PUBLIC), kid=kid_of(PUBLIC), nbf=0, exp=2_000)
    good = signed("keeper", [key], own, 1_000)
    assert isinstance(verified(good, pin, "keeper", 1_500), KeySet)
    assert verified(signed("keeper", [key], other, 1_000), pin, "keeper", 1_500) == "keys-not-signed"
    assert verified(good, pin, "0000401166", 1_500) == "keys-of-another"
    assert verified(good, pin, "", 1_500) == "keys-of-another"
    assert verified(good, pin, "keeper", 1_000 + LIFE) == "keys-stale"
    assert verified(good, pin, "keeper", 1_000 - 3_600) == "keys-stale"
    head, body, _ = good.split(b".")
    assert verified(head + b"." + body + b".", pin, "keeper", 1_500) == "keys-not-signed"
    none = web(b'{"alg":"none","typ":"rempart-keeper-keys/1"}').encode()
    assert verified(none + b"." + body + b".", pin, "keeper", 1_500) == "keys-malformed"
    for text in (b"", b"a.b", b"a.b.c.d", good + b"." * 70_000):
        assert verified(text, pin, "keeper", 1_500) == "keys-malformed"


@pytest.mark.parametrize("text", ["", "log", "log+12+AA", VECTORS["keys"]["verifier_key"][:-2] + "AA", "a+b+c"])
def test_a_pin_that_is_none_is_refused(text: str) -> None:
    """At once, where it is given, not at the first request."""
    with pytest.raises(ValueError, match="verifier key"):
        pinned(text)


def test_an_attachment_opens_for_its_insurer_and_request_alone() -> None:
    """Sealed by the site's software; another site's, day's or kind's does not open; what is clear passes as it is."""
    bound = bound_to("0000401166", "752300010", "2026-12-01", "prescription")
    sealed = seal_attachment(b"%PDF invented", PUBLIC, bound)
    assert sealed.startswith(MAGIC)
    assert b"invented" not in sealed
    assert open_attachment(sealed, KEY, bound) == b"%PDF invented"
    assert open_attachment(b"%PDF clear", KEY, bound) == b"%PDF clear"
    for wrong in (bound_to("0000401166", "752300010", "2026-12-01", "quote"), bound.replace(b"7523", b"1323")):
        assert isinstance(open_attachment(sealed, KEY, wrong), EnvelopeFault)
    assert isinstance(open_attachment(sealed, X25519PrivateKey.generate(), bound), EnvelopeFault)
    assert isinstance(open_attachment(MAGIC + b"short", KEY, bound), EnvelopeFault)
