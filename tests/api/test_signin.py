"""Who a request comes from: tokens with their proof, and what someone with a stolen piece of it gets."""

from __future__ import annotations

import asyncio
import base64

import pytest

from rempart.api.signin import Denied, Headers, SignIn, Unmet, came_through
from rempart.application.tokens import TokenCache, TokenFacts, digest_of
from rempart.client.dpop import DpopKey
from rempart.ground.instants import MICROSECONDS
from rempart.identity.certificate import Authorities, thumbprint
from rempart.identity.dpop import Nonces
from support.authority import Authority
from support.tokens import MemoryStore

SECONDS = 1_772_445_600  # 2 March 2026, 10:00 UTC
NOW = SECONDS * MICROSECONDS
URL = "https://hub.example/v1/eligibility"
NONCES = Nonces(b"n" * 32)
TOKEN = "an-opaque-token-of-some-length-for-the-test"


def facts(binding: str, token: str = TOKEN) -> TokenFacts:
    return TokenFacts(
        digest_of(token.encode()),
        "vendor",
        "vendor",
        "752345678",
        "v",
        b"grant",
        b"g" * 16,
        binding,
        NOW + 900 * MICROSECONDS,
    )


AUTHORITY = Authority("Vendor CA")


class World:
    """A hub's sign-in with one token bound to a key and one bound to a certificate."""

    def __init__(self) -> None:
        self.der = AUTHORITY.leaf()
        self.key = DpopKey.generate()
        self.key.nonce = NONCES.current(SECONDS)
        self.store = MemoryStore()
        self.cache = TokenCache(self.store)
        self.sign_in = SignIn(self.cache, NONCES, Authorities([AUTHORITY.pem]))
        self.by_key = facts("jkt:" + self.key.thumbprint)
        self.by_certificate = facts("x5t#S256:" + thumbprint(self.der), "certificate-token")
        self.header = (b"client-cert", b":" + base64.b64encode(self.der) + b":")
        for each in (self.by_key, self.by_certificate):
            self.cache.put(each, NOW)

    def proved(self, method: str = "POST", url: str = URL, token: str = TOKEN) -> Headers:
        proof = self.key.proof(method, url, SECONDS, token=token).encode()
        return [(b"host", b"hub.example"), (b"authorization", b"DPoP " + token.encode()), (b"dpop", proof)]

    def certified(self) -> Headers:
        return [(b"authorization", b"Bearer certificate-token"), self.header]

    def code(self, headers: Headers, *, from_proxy: bool = False) -> str:
        found = self.sign_in.authenticate(headers, "POST", URL, NOW, from_proxy=from_proxy)
        assert isinstance(found, Denied)
        assert found.problem.status == 401
        assert dict(found.headers)[b"dpop-nonce"] == NONCES.current(SECONDS).encode()
        return found.problem.code


@pytest.fixture
def world() -> World:
    return World()


def test_a_token_with_its_proof_signs_in_once(world: World) -> None:
    """The holder's proof lets one request pass; the same proof again does not."""
    headers = world.proved()
    assert world.sign_in.authenticate(headers, "POST", URL, NOW) == world.by_key
    assert world.code(headers) == "replayed-proof"
    assert world.sign_in.authenticate(world.proved(), "POST", URL, NOW) == world.by_key


def test_a_stolen_token_without_the_key_is_worth_nothing(world: World) -> None:
    """Alone, as Bearer, or with a thief's own proof, the token is refused."""
    token = (b"authorization", b"DPoP " + TOKEN.encode())
    thief = DpopKey.generate()
    thief.nonce = world.key.nonce
    own = (b"dpop", thief.proof("POST", URL, SECONDS, token=TOKEN).encode())
    assert world.code([token]) == "proof-required"
    assert world.code([(b"authorization", b"Bearer " + TOKEN.encode())]) == "wrong-token-type"
    assert world.code([token, own]) == "wrong-key"


def test_a_proof_for_another_request_or_token_is_refused(world: World) -> None:
    """Method, place and token are inside the proof."""
    assert world.code(world.proved(method="GET")) == "wrong-method"
    assert world.code(world.proved(url="https://hub.example/v1/invoices")) == "wrong-url"
    other = [
        (name, b"DPoP " + TOKEN.encode() if name == b"authorization" else value)
        for name, value in world.proved(token="x")
    ]
    assert world.code(other) == "wrong-token-hash"


def test_an_old_nonce_is_answered_with_a_new_one(world: World) -> None:
    """The refusal says use_dpop_nonce and carries the nonce; the repeated request passes."""
    world.key.nonce = NONCES.current(SECONDS - 600)
    found = world.sign_in.authenticate(world.proved(), "POST", URL, NOW)
    assert isinstance(found, Denied)
    headers = dict(found.headers)
    assert b'error="use_dpop_nonce"' in headers[b"www-authenticate"]
    world.key.nonce = headers[b"dpop-nonce"].decode()
    assert world.sign_in.authenticate(world.proved(), "POST", URL, NOW) == world.by_key


def test_a_certificate_signs_in_through_the_proxy(world: World) -> None:
    """The token and its own certificate, seen by the proxy, let the request pass, again and again."""
    for _ in range(2):
        assert world.sign_in.authenticate(world.certified(), "POST", URL, NOW, from_proxy=True) == world.by_certificate


def test_a_forged_certificate_header_is_refused_over_the_public_listener(world: World) -> None:
    """Whatever token comes with it, the header is a refusal where the proxy does not speak."""
    assert world.code(world.certified()) == "forged-certificate-header"
    assert world.code([*world.proved(), world.header]) == "forged-certificate-header"


def test_a_certificate_token_needs_its_own_certificate(world: World) -> None:
    """No certificate, another of the same authority's kind, or a DPoP scheme are refused."""
    token = (b"authorization", b"Bearer certificate-token")
    stranger, another = (
        (b"client-cert", b":" + base64.b64encode(authority.leaf()) + b":")
        for authority in (Authority("Vendor CA"), AUTHORITY)
    )
    assert world.code([token], from_proxy=True) == "certificate-required"
    assert world.code([token, stranger], from_proxy=True) == "untrusted-certificate"
    assert world.code([token, another], from_proxy=True) == "wrong-certificate"
    assert (
        world.code([(b"authorization", b"DPoP certificate-token"), world.header], from_proxy=True) == "wrong-token-type"
    )


def test_without_authorities_no_certificate_counts(world: World) -> None:
    """A hub that configured no vendor authority refuses certificates instead of believing them."""
    bare = SignIn(world.cache, NONCES)
    found = bare.authenticate(world.certified(), "POST", URL, NOW, from_proxy=True)
    assert isinstance(found, Denied)
    assert found.problem.code == "certificates-not-configured"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "token-required"),
        ([(b"authorization", b"DPoP")], "token-required"),
        ([(b"authorization", b"DPoP " + b"x" * 129)], "token-required"),
        ([(b"authorization", b"DPoP a"), (b"authorization", b"DPoP b")], "repeated-credentials"),
        ([(b"dpop", b"a"), (b"dpop", b"b"), (b"authorization", b"DPoP a")], "repeated-credentials"),
    ],
)
def test_a_request_without_clear_credentials_is_refused(world: World, headers: Headers, code: str) -> None:
    """None, endless or doubled credentials never reach the store."""
    assert world.code(headers) == code
    assert world.store.reads == 0


def test_a_token_of_another_hub_is_read_from_the_store(world: World) -> None:
    """Unmet tokens cost one read; revoked, expired and invented ones are refused after it."""
    asyncio.run(world.store.add(world.by_key))
    world.cache.forget(world.by_key.digest)
    assert world.sign_in.authenticate(world.proved(), "POST", URL, NOW) == Unmet(world.by_key.digest)
    read = asyncio.run(world.sign_in.authenticate_or_read(world.proved(), "POST", URL, NOW))
    again = asyncio.run(world.sign_in.authenticate_or_read(world.proved(), "POST", URL, NOW))
    assert (read, again, world.store.reads) == (world.by_key, world.by_key, 1)
    asyncio.run(world.store.revoke(world.by_key.digest, "vendor", NOW))
    world.cache.forget(world.by_key.digest)
    for headers in (world.proved(), [(b"authorization", b"DPoP invented")]):
        found = asyncio.run(world.sign_in.authenticate_or_read(headers, "POST", URL, NOW))
        assert isinstance(found, Denied)
        assert found.problem.code == "invalid-token"


def test_a_refusal_echoes_nothing_presented(world: World) -> None:
    """Neither token nor proof come back in the refusal."""
    found = world.sign_in.authenticate(world.proved(method="GET"), "POST", URL, NOW)
    assert TOKEN not in repr(found)
    assert world.key.thumbprint not in repr(found)


def test_only_the_named_socket_is_the_proxy() -> None:
    """A TCP listener, another socket, an unknown server and an unnamed proxy are not the proxy."""
    assert came_through(("/run/rempart/proxy.sock", None), "/run/rempart/proxy.sock")
    for server in (("127.0.0.1", 8000), ("/run/other.sock", None), ("/run/rempart/proxy.sock", 1), None):
        assert not came_through(server, "/run/rempart/proxy.sock")
    assert not came_through(("", None), "")
