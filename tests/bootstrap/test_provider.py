"""How the hub asks an identity provider: what it believes, how often it asks, what it shows, what it never follows."""

from __future__ import annotations

import asyncio
import ssl
import time
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rempart.application.provider_sign_in import Returned, Vouched
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal
from rempart.bootstrap.provider import ProSanteConnect, ProviderOptionsError, Registered, registered
from rempart.gateways.provider import ProviderHttp, ProviderUnreachableError, context
from rempart.ground.options import ProSanteConnect as Options
from rempart.ground.options import ProviderClient
from rempart.identity.pro_sante_connect import nonce_of
from support.false_provider import OPENID, REALM, FalseProvider, lying
from support.vouching import CLIENT, Vouching, rsa, userinfo

BACK = "https://portal.horizon.test/pro-sante-connect/retour"
CHALLENGE = bytes(range(40))
NOW = 1_900_000_000
DISCOVERY = f"{REALM}/.well-known/wallet-openid-configuration"
MICRO = 1_000_000


@dataclass
class Hub:
    """The adapter, and the provider that it asks."""

    provider: FalseProvider
    adapter: ProSanteConnect = field(init=False)

    def __post_init__(self) -> None:
        options = Options(issuer=self.provider.issuer, authorize=self.provider.authorize)
        client = Registered(CLIENT, BACK, "a secret: of ours", ProviderHttp(context(), loopback=True))
        self.adapter = ProSanteConnect(options, {"horizon": client})
        self.provider.nonce = nonce_of(CHALLENGE)

    def vouch(self, *, seconds: int = NOW, issuer: str = "") -> Vouched | Refusal:
        self.provider.instant = seconds
        returned = Returned("horizon", "jkt:x", CHALLENGE, "the-code", "the-verifier", issuer)
        return asyncio.run(self.adapter.vouch(returned, seconds * MICRO))


@pytest.fixture
def hub() -> Iterator[Hub]:
    with lying() as provider:
        yield Hub(provider)


def test_what_is_known_is_not_asked_again(hub: Hub) -> None:
    """Addresses and keys are read once; the code is exchanged with verifier, address and our secret, as a form."""
    assert isinstance(hub.vouch(), Vouched)
    (_, headers, body) = next(each for each in hub.provider.asked if each[0].endswith("/token"))
    assert b64decode(headers["authorization"].removeprefix("Basic ")) == b"rempart-horizon:a%20secret%3A%20of%20ours"
    assert parse_qs(body) == {
        "grant_type": ["authorization_code"], "code": ["the-code"], "redirect_uri": [BACK],
        "code_verifier": ["the-verifier"],
    }  # fmt: skip
    assert hub.provider.asked[-1][1]["authorization"] == "Bearer an-access-token"
    assert hub.provider.paths() == ["wallet-openid-configuration", "token", "certs", "userinfo"]
    assert isinstance(hub.vouch(), Vouched)
    assert hub.provider.paths() == ["token", "userinfo"]


def test_keys_are_read_again_once_for_a_name_that_is_not_known(hub: Hub) -> None:
    """A new key of the provider's passes; names of nobody's do not make us ask for every token."""
    assert isinstance(hub.vouch(), Vouched)
    hub.provider.vouching, hub.provider.keys = Vouching(rsa(1)), [rsa(1)]
    assert isinstance(hub.vouch(seconds=NOW + 61), Vouched)
    hub.provider.paths()
    hub.provider.vouching = Vouching(rsa())  # withdrawn
    asked = []
    for second in (62, 63, 64):
        assert hub.vouch(seconds=NOW + second) == Refusal("provider-key-unknown")
        asked += hub.provider.paths()
    assert "certs" not in asked
    assert hub.vouch(seconds=NOW + 122) == Refusal("provider-key-unknown")
    assert "certs" in hub.provider.paths()


LIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("provider-issuer", {"iss": "https://auth.other.test"}),
    ("provider-audience", {"aud": "another", "azp": None}),
    ("provider-nonce", {"nonce": "another"}),
    ("provider-acr", {"acr": None}),
    ("provider-expired", {"exp": NOW}),
    ("unsupported-algorithm", {"header": {"alg": "none"}}),
    ("provider-key-unknown", {"header": {"kid": "key-9"}}),
)


def test_a_false_token_goes_no_further(hub: Hub) -> None:
    """Neither userinfo nor the keeper is asked; the honest one beside them passes."""
    for code, lies in LIES:
        hub.provider.lies = lies
        assert hub.vouch() == Refusal(code)
        assert "userinfo" not in hub.provider.paths()
    hub.provider.lies, hub.provider.vouching = {"header": {"kid": "key-0"}}, Vouching(rsa(1))
    assert hub.vouch() == Refusal("provider-signature")
    hub.provider.lies, hub.provider.vouching = {}, Vouching(rsa())
    assert isinstance(hub.vouch(), Vouched)


def test_userinfo_is_of_the_same_person(hub: Hub) -> None:
    """Another's is refused; what cannot be read is told so."""
    hub.provider.people = userinfo(sub="f:x:810009999999")
    assert hub.vouch() == Refusal("provider-identity")
    hub.provider.people = b'{"sub": 7}'
    assert hub.vouch() == Refusal("malformed-userinfo")


def test_another_providers_answer_is_not_exchanged(hub: Hub) -> None:
    """An `iss` that is not the provider's, though this one need not send any: no code leaves."""
    assert hub.vouch(issuer="https://auth.other.test") == Refusal("provider-mixed-up")
    assert "token" not in hub.provider.paths()
    assert isinstance(hub.vouch(issuer=hub.provider.issuer), Vouched)


def test_a_code_that_the_provider_refuses_is_the_persons_trouble(hub: Hub) -> None:
    """Anything else that it says is the provider's or ours, and nothing of it is repeated."""
    hub.provider.answers[f"{OPENID}/token"] = (400, b'{"error":"invalid_grant"}')
    assert hub.vouch() == Refusal("provider-code")
    for answer in ((401, b'{"error":"invalid_client"}'), (500, b"<html>"), (200, b"{}"), (200, b"x" * 140_000)):
        hub.provider.answers[f"{OPENID}/token"] = answer
        with pytest.raises(Unavailable):
            hub.vouch()


def test_no_redirect_is_followed_and_no_moved_address_believed(hub: Hub) -> None:
    """Neither elsewhere nor within: what is pinned is asked, and nothing else."""
    for status in (302, 303):
        hub.provider.answers[DISCOVERY] = (status, f"{hub.provider.issuer}/elsewhere".encode())
        with pytest.raises(Unavailable):
            hub.vouch()
    assert set(hub.provider.paths()) == {"wallet-openid-configuration"}
    hub.provider.answers.clear()
    hub.provider.authorize = "https://wallet.other.test/auth"
    with pytest.raises(Unavailable):
        hub.vouch()
    assert set(hub.provider.paths()) == {"wallet-openid-configuration"}


def test_http_reaches_this_machine_only_where_it_is_allowed(hub: Hub) -> None:
    """And a host that is none is no address."""
    strict = ProviderHttp(context())
    for address in (hub.provider.issuer, "http://provider.test/", "file:///etc/passwd", "https://", "http://[::1"):
        with pytest.raises(ProviderUnreachableError) as raised:
            strict.get(address)
        assert raised.value.code == "provider-address"
    assert hub.provider.asked == []


def test_a_client_has_a_secret_or_a_certificate(tmp_path: Path) -> None:
    """A secret that others may read is refused, as is a certificate that is none."""
    secret = tmp_path / "secret"
    secret.write_text("s")
    secret.chmod(0o644)
    plain = {"operator": "horizon", "client_id": CLIENT, "redirect_uri": BACK}
    for others in ({}, {"secret_file": secret}, {"certificate": secret}):
        with pytest.raises(ProviderOptionsError):
            registered(Options(clients=(ProviderClient(**plain, **others),)))
    secret.chmod(0o600)
    made = registered(Options(clients=(ProviderClient(**plain, secret_file=secret),)))
    assert made["horizon"].secret == "s"
    assert "'s'" not in repr(made)


def test_a_certificate_is_shown_instead_of_a_secret(tmp_path: Path) -> None:
    """RFC 8705: the client's id goes in the form, and its certificate with the connection, to userinfo as well."""
    certificate, key = _certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    serving.verify_mode = ssl.CERT_REQUIRED
    serving.load_verify_locations(certificate)
    asking = context(str(certificate), str(key))
    asking.load_verify_locations(certificate)
    with lying(serving) as provider:
        hub = Hub(provider)
        client = Registered(CLIENT, BACK, "", ProviderHttp(asking))
        hub.adapter = ProSanteConnect(
            Options(issuer=provider.issuer, authorize=provider.authorize), {"horizon": client}
        )
        assert isinstance(hub.vouch(), Vouched)
        (_, headers, body) = next(each for each in provider.asked if each[0].endswith("/token"))
        assert "authorization" not in headers
        assert parse_qs(body)["client_id"] == [CLIENT]
        assert all(provider.certificates)
        assert len(provider.certificates) == len(provider.paths())
        without = Registered(CLIENT, BACK, "s", ProviderHttp(_trusting(certificate)))
        hub.adapter = ProSanteConnect(Options(issuer=provider.issuer), {"horizon": without})
        with pytest.raises(Unavailable):
            hub.vouch()


def _trusting(certificate: Path) -> ssl.SSLContext:
    made = context()
    made.load_verify_locations(certificate)
    return made


def _certificate(folder: Path) -> tuple[Path, Path]:
    """One for both ends, signed by itself, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.fromtimestamp(time.time(), UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    paths = folder / "both.pem", folder / "both.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    paths[1].chmod(0o600)
    return paths
