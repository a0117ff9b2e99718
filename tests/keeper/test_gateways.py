"""A gateway for files says whose SSH key it saw; its grant is that client's, to leave files and nothing else."""

from __future__ import annotations

import asyncssh
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey

from rempart.client.ssh_keys import jwk_of
from rempart.keeper.grants import OPEN
from rempart.keeper.registry import Client, Mandate
from rempart.sealing.frames import AuthorityItem, DepositItem, GrantItem, GrantResult, MacItem, OpenDepositItem
from support.keepers import AUDIENCE, OTHER_SITE, SITE, World

SSH_KEY = asyncssh.generate_private_key("ssh-ed25519")
SEEN = SSH_KEY.get_fingerprint()


@pytest.fixture
def gateway(world: World) -> ECKey:
    """A gateway beside the clients; the pharmacy and the carrier have an SSH key."""
    registry, key = world.parts.registry, ECKey.generate_key("P-256")
    assert not registry.register(Client("gate", "gateway", "", "", {"g1": key.as_dict(private=False)}))
    shown = jwk_of(SSH_KEY.export_public_key())
    assert shown is not None
    for client in ("pharmacy", "carrier"):
        known = registry.clients[client]
        keys = {**known.keys, shown["kid"]: shown}
        assert not registry.register(Client(client, known.kind, known.site, known.vendor, keys))
    return key


def through(world: World, key: ECKey, asked: str = OPEN, **claims: str) -> GrantResult:
    """What the keeper says to the gateway about a client."""
    seconds = world.now() // 1_000_000
    said = {
        "iss": "gate", "sub": "gate", "aud": AUDIENCE, "exp": seconds + 60, "iat": seconds,
        "jti": f"{world.now()}-{len(claims)}-{claims}", "behalf": "pharmacy", "ssh_key": SEEN,
    }  # fmt: skip
    signed = jwt.encode({"alg": "ES256", "kid": "g1"}, said | claims, key).encode()
    return world.parts.grants.sign_in([GrantItem(signed, asked, "thumbprint", AUDIENCE, world.now())])[0]


def test_the_grant_is_the_clients_and_only_leaves_files(world: World, gateway: ECKey) -> None:
    """A file may be left and its content fingerprinted; nobody is asked about, nothing is invoiced or read by it."""
    found = through(world, gateway)
    assert (found.refusal, found.client, found.kind, found.site, found.through) == (
        "",
        "pharmacy",
        "site",
        SITE,
        "gate",
    )
    (left,) = world.parts.deposits.deposit([DepositItem(found.grant, b"a file")])
    assert left.refusal == ""
    (mac,) = world.parts.keeping.mac([MacItem("idempotency", "pharmacy", b"x", found.grant)])
    assert mac.refusal == ""
    for purpose in ("eligibility", "estimate", "authorization", "invoice"):
        assert world.derive(found.grant, purpose=purpose).refusal == "purpose-not-granted"
    assert world.parts.deposits.deposit([DepositItem(found.grant, b"x", "appointments")])[0].refusal == (
        "purpose-not-granted"
    )


def test_what_was_left_is_decided_by_each_sites_mandate(world: World, gateway: ECKey) -> None:
    """A concentrator's file of two sites: authority for the one that mandates it, for the other none."""
    found = through(world, gateway, behalf="carrier")
    assert found.site == SITE
    (left,) = world.parts.deposits.deposit([DepositItem(found.grant, b"a file")])
    (opened,) = world.parts.deposits.open([OpenDepositItem(left.sealed, world.now())])
    assert (opened.refusal, opened.client) == ("", "carrier")
    items = [AuthorityItem(opened.authority, site, world.now()) for site in (SITE, OTHER_SITE)]
    assert [each.refusal for each in world.parts.deposits.narrow(items)] == ["", "no-mandate"]


def test_who_is_not_known_by_that_key_is_told_apart_by_nothing(world: World, gateway: ECKey) -> None:
    """A stranger, a client without an SSH key, another fingerprint, a revoked client: one code."""
    registry, now = world.parts.registry, world.now()
    key = OKPKey.generate_key("Ed25519").as_dict(private=False)
    assert not registry.register(Client("plain", "concentrator", "", "", {"p1": key}))
    assert not registry.mandate(Mandate("plain", SITE, now - 10, now + 10**12))
    assert not registry.revoke("carrier")
    for claims in (
        {"behalf": "nobody"}, {"behalf": "plain"}, {"behalf": "plain", "ssh_key": "p1"}, {"ssh_key": "SHA256:x"},
        {"ssh_key": "k1"}, {"ssh_key": ""}, {"behalf": "carrier"}, {"behalf": "gate"}, {"behalf": ""},
    ):  # fmt: skip
        assert through(world, gateway, **claims).refusal == "ssh-key-unknown"


def test_the_gateway_speaks_for_no_site_beyond_the_clients(world: World, gateway: ECKey) -> None:
    """The site is asked for in the signed part, and the client's own or mandated."""
    assert through(world, gateway, OTHER_SITE, site=OTHER_SITE).refusal == "no-mandate"
    assert through(world, gateway, OTHER_SITE).refusal == "other-site"
    assert through(world, gateway, OPEN, site=SITE).refusal == "other-site"
    assert through(world, gateway, SITE, site=SITE).refusal == ""


def test_nobody_else_speaks_for_others_and_an_ssh_key_signs_nothing(world: World, gateway: ECKey) -> None:
    """A program that names another client is refused; so is an assertion by a key that only opens connections."""
    assert world.sign_in(assertion=world.assertion("carrier", behalf="pharmacy", ssh_key=SEEN)).refusal == "no-mandate"
    private = OKPKey.import_key(SSH_KEY.export_private_key("pkcs8-pem"))
    seconds = world.now() // 1_000_000
    said = {"iss": "pharmacy", "sub": "pharmacy", "aud": AUDIENCE, "exp": seconds + 60, "iat": seconds, "jti": "s"}
    signed = jwt.encode({"alg": "Ed25519", "kid": SEEN}, said, private, algorithms=["Ed25519"]).encode()
    assert world.sign_in(assertion=signed).refusal == "unknown-key"


def test_a_revoked_gateway_ends_what_it_got(world: World, gateway: ECKey) -> None:
    """Its grants and its word are worth nothing; what was left before is decided all the same."""
    found = through(world, gateway)
    (left,) = world.parts.deposits.deposit([DepositItem(found.grant, b"a file")])
    assert not world.parts.registry.revoke("gate")
    assert through(world, gateway).refusal == "client-revoked"
    assert world.parts.deposits.deposit([DepositItem(found.grant, b"x")])[0].refusal == "grant-revoked"
    assert world.parts.deposits.open([OpenDepositItem(left.sealed, world.now())])[0].refusal == ""
