"""What Pro Santé Connect signs and tells, checked value by value, and every lie about it refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey

from rempart.identity.pro_sante_connect import (
    Endpoints,
    Exercice,
    Expected,
    Refused,
    Verified,
    claimed_kid,
    national_id_of_rpps,
    public_key_fault,
    read_discovery,
    read_exercices,
    read_keys,
    verify,
)
from support.vouching import (
    ACR,
    AUTHORIZE,
    CLIENT,
    ISSUER,
    NATIONAL_ID,
    NOW,
    RPPS,
    SUBJECT,
    Vouching,
    discovery,
    jwks,
    rsa,
    text,
    userinfo,
)

NONCE = "n" * 54
EXPECTED = Expected(ISSUER, CLIENT, NONCE, (ACR,))
KEYS = jwks(rsa())
WHO = Verified(SUBJECT, NATIONAL_ID)


def found(id_token: bytes, *, keys: Any = KEYS, instant: int = NOW) -> Verified | Refused:
    return verify(id_token, keys, EXPECTED, instant)


def code(id_token: bytes, **others: Any) -> str:
    refused = found(id_token, **others)
    assert isinstance(refused, Refused)
    return refused.code


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_honest_id_token_names_its_person(algorithm: str) -> None:
    """With either RSA algorithm; the subject alone suffices, in the form the provider writes it."""
    assert found(Vouching().id_token(NONCE, header={"alg": algorithm})) == WHO
    assert found(Vouching().id_token(NONCE, SubjectNameID=None)) == WHO
    assert found(Vouching().id_token(NONCE, sub="another-form")) == Verified("another-form", NATIONAL_ID)


def test_a_key_on_a_curve_signs_too() -> None:
    """ES256 by a registered P-256 key."""
    key = ECKey.generate_key("P-256", {"kid": "curve"})
    assert found(Vouching(key).id_token(NONCE, header={"alg": "ES256"}), keys=jwks(key)) == WHO


LIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("provider-issuer", {"iss": "https://auth.other.test/auth/realms/esante-wallet"}),
    ("provider-issuer", {"iss": ISSUER + "/"}),
    ("provider-audience", {"aud": "another-client", "azp": None}),
    ("provider-audience", {"azp": "another-client"}),
    ("provider-audience", {"aud": [CLIENT, "another-client"], "azp": None}),
    ("provider-audience", {"aud": []}),
    ("provider-nonce", {"nonce": "m" * 54}),
    ("provider-nonce", {"nonce": None}),
    ("provider-acr", {"acr": None}),
    ("provider-acr", {"acr": "eidas0"}),
    ("provider-expired", {"exp": NOW}),
    ("provider-expired", {"iat": NOW + 31, "exp": NOW + 90}),
    ("provider-expired", {"iat": NOW, "exp": NOW - 1}),
    ("provider-identity", {"SubjectNameID": "810009999999"}),
    ("provider-identity", {"SubjectNameID": None, "sub": "only-a-pseudonym"}),
    ("provider-identity", {"SubjectNameID": "8 100", "sub": "x"}),
    ("malformed-id-token", {"sub": None}),
    ("malformed-id-token", {"exp": "tomorrow"}),
    ("malformed-id-token", {"acr": [ACR]}),
)


@pytest.mark.parametrize(("refusal", "claims"), LIES)
def test_a_claim_that_is_not_as_asked_is_refused(refusal: str, claims: dict[str, Any]) -> None:
    """Issuer, audience, nonce, level, times, person: each by its own code, while the honest one beside it passes."""
    assert code(Vouching().id_token(NONCE, **claims)) == refusal
    assert found(Vouching().id_token(NONCE)) == WHO


def test_only_a_registered_key_signs() -> None:
    """A swapped key under a known name, an unknown name, no signature, a key carried along: none is believed."""
    swapped = Vouching(rsa(1)).id_token(NONCE, header={"kid": "key-0"})
    assert code(swapped) == "provider-signature"
    assert code(Vouching(rsa(1)).id_token(NONCE)) == "provider-key-unknown"
    assert code(Vouching().id_token(NONCE, header={"alg": "none"})) == "unsupported-algorithm"
    carried = {"jwk": rsa(1).as_dict(private=False), "kid": "key-0"}
    assert code(Vouching(rsa(1)).id_token(NONCE, header=carried)) == "malformed-id-token"
    with_kid = Vouching().id_token(NONCE)
    head, claims, _ = with_kid.split(b".")
    assert code(b".".join((head, claims, b""))) == "provider-signature"
    assert claimed_kid(with_kid) == "key-0"
    assert claimed_kid(b"nothing") == ""


def test_a_public_key_is_never_a_shared_secret() -> None:
    """HMAC with what everybody can read, and an algorithm that does not fit the key, are refused."""
    secret = OctKey.import_key(json.dumps(KEYS["key-0"]).encode().ljust(64), {"kid": "key-0"})
    assert code(Vouching(secret).id_token(NONCE, header={"alg": "HS256"})) == "unsupported-algorithm"
    curve = ECKey.generate_key("P-256", {"kid": "key-0"})
    assert code(Vouching(curve).id_token(NONCE, header={"alg": "ES256"})) == "provider-signature"
    held = {"key-0": KEYS["key-0"] | {"alg": "PS256"}}
    assert code(Vouching().id_token(NONCE), keys=held) == "provider-signature"


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_passes(place: int, change: int) -> None:
    """Whatever byte of a good token is changed, it is a refusal and never an error."""
    whole = bytearray(Vouching().id_token(NONCE))
    whole[place % len(whole)] ^= change
    assert isinstance(found(bytes(whole)), Refused)


@given(st.binary(max_size=300))
def test_what_is_no_token_is_refused(content: bytes) -> None:
    """Bytes of any kind."""
    assert isinstance(found(content), Refused)


def test_a_long_token_is_not_read() -> None:
    """Beyond eight kilobytes."""
    assert code(Vouching().id_token(NONCE, more="x" * 9000)) == "oversized-id-token"


def test_the_discovery_document_is_held_to_what_is_pinned() -> None:
    """Its name is not the standard's, its authorize page is elsewhere: both are pinned, all else stays at home."""
    home = f"{ISSUER}/protocol/openid-connect"
    wanted = Endpoints(f"{home}/token", f"{home}/userinfo", f"{home}/certs", names_itself=True)
    assert read_discovery(discovery(), ISSUER, AUTHORIZE) == wanted
    for changed, refusal in (
        ({"issuer": "https://auth.other.test"}, "provider-issuer"),
        ({"authorization_endpoint": "https://wallet.other.test/auth"}, "provider-moved"),
        ({"token_endpoint": "https://auth.other.test/token"}, "provider-moved"),
        ({"jwks_uri": "http://auth.provider.test/certs"}, "provider-moved"),
        ({"code_challenge_methods_supported": ["plain"]}, "provider-moved"),
        ({"token_endpoint": None}, "malformed-discovery"),
    ):
        assert read_discovery(discovery(**changed), ISSUER, AUTHORIZE) == Refused(refusal)
    assert read_discovery(b"<html>", ISSUER, AUTHORIZE) == Refused("malformed-discovery")


def test_keys_are_public_strong_and_for_signing() -> None:
    """What encrypts, is weak, or is private is left out; nothing left is a refusal."""
    good = rsa().as_dict(private=False)
    weak, private = good | {"n": good["n"][:171]}, rsa(1).as_dict(private=True)
    sealing = rsa(1).as_dict(private=False) | {"use": "enc"}
    told = json.dumps({"keys": [good, weak, private, sealing]}).encode()
    assert read_keys(told) == KEYS
    assert read_keys(json.dumps({"keys": [weak]}).encode()) == Refused("malformed-keys")
    assert read_keys(json.dumps({"keys": [good, good]}).encode()) == Refused("malformed-keys")
    assert read_keys(b"[]") == Refused("malformed-keys")
    assert [public_key_fault(each) for each in (good, weak, private)] == [
        "", "unsupported-key", "private-key-presented",
    ]  # fmt: skip


def test_userinfo_tells_the_places_of_the_same_person() -> None:
    """Several exercices, with empty values; told of somebody else, it is refused. Names are not kept."""
    told = userinfo({"finess": "750000014", "name": "PHARMACIE INVENTEE"}, {"mode": "S"})
    assert read_exercices(told, WHO) == (
        Exercice("21", "L", "750000014", "", "PHARMACIE INVENTEE"), Exercice("21", "S", "", "", ""),
    )  # fmt: skip
    assert "INVENTEE" not in repr(WHO)
    assert read_exercices(userinfo(sub="f:x:810009999999"), WHO) == Refused("provider-identity")
    assert read_exercices(userinfo(name_id="810009999999"), WHO) == Refused("provider-identity")
    assert read_exercices(b"{", WHO) == Refused("malformed-userinfo")
    assert read_exercices(b'{"sub":"' + SUBJECT.encode() + b'"}', WHO) == ()


def test_an_rpps_number_has_its_own_form() -> None:
    """Eleven digits, the last one Luhn's; the provider's samples lack that one."""
    assert national_id_of_rpps(RPPS) == NATIONAL_ID
    assert national_id_of_rpps("10003461033") == ""
    assert national_id_of_rpps("10003461033", checked=False) == "810003461033"
    assert national_id_of_rpps("1000123456") == ""
    assert text(b"\xff") == "_w"
