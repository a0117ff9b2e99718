"""What the keeper does for authorizations: seals to the insurer alone, knows its signature, lets its agents in."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.keeper.keeping import AUTHORIZATION_PURPOSE, CONTENTS_MOST
from rempart.keeper.registry import Client
from rempart.sealing.envelope import EnvelopeFault, open_by_insurer
from rempart.sealing.frames import DECISION_LABEL, SealForInsurerItem, SealForInsurerResult, VerifyDecisionItem
from support.keepers import INSURER, World

IDENTITY = bytes(range(16))


def sealed(world: World, *contents: bytes, identity: bytes = IDENTITY) -> SealForInsurerResult:
    ticket = world.derive(world.sign_in().grant, purpose="authorization").ticket
    return world.parts.keeping.seal_for_insurer([SealForInsurerItem(ticket, identity, contents)])[0]


def test_each_content_opens_with_the_insurers_key_alone_and_in_its_place(world: World) -> None:
    """Another key, another authorization or another place opens nothing; lengths are told in steps of 1,024 bytes."""
    found = sealed(world, b"request", b"prescription")
    assert (found.refusal, len(found.sealed)) == ("", 2)
    assert len(found.sealed[0]) == len(found.sealed[1])
    bound = INSURER.encode() + IDENTITY
    for place, content in enumerate((b"request", b"prescription")):
        one = found.sealed[place]
        assert content not in one
        right = bound + bytes([place])
        assert open_by_insurer(one, world.insurer_key, AUTHORIZATION_PURPOSE, bound=right) == content
        wrong = open_by_insurer(one, world.insurer_key, AUTHORIZATION_PURPOSE, bound=bound + b"\x07")
        assert isinstance(wrong, EnvelopeFault)
        other = open_by_insurer(one, X25519PrivateKey.generate(), AUTHORIZATION_PURPOSE, bound=right)
        assert other == EnvelopeFault("envelope-reader")


def test_what_cannot_be_sealed_is_refused(world: World) -> None:
    """No ticket, no identity, nothing or too much to seal."""
    assert world.parts.keeping.seal_for_insurer([SealForInsurerItem(b"x", IDENTITY, (b"a",))])[0].refusal
    assert sealed(world, b"a", identity=b"short").refusal == "identity-malformed"
    assert sealed(world).refusal == "too-many-contents"
    assert sealed(world, *[b"a"] * (CONTENTS_MOST + 1)).refusal == "too-many-contents"


@pytest.mark.parametrize("statement", [b"", b"{}"])
def test_a_decision_counts_by_the_insurers_signature(world: World, statement: bytes) -> None:
    """Another's signature, another statement, or the same bytes signed without the label are not its decision."""
    verify = world.parts.keeping.verify_decision
    forged = Ed25519PrivateKey.generate().sign(DECISION_LABEL + statement)
    assert verify([VerifyDecisionItem(INSURER, statement, forged)])[0].refusal == "bad-signature"
    assert verify([VerifyDecisionItem(INSURER, statement, b"")])[0].refusal == "bad-signature"
    assert verify([VerifyDecisionItem("0000000000", statement, forged)])[0].refusal == "insurer-unknown"


def test_an_insurers_client_is_registered_for_one_insurer(world: World) -> None:
    """With ten digits and no site; anything else is refused, and so is a change of kind."""
    keys = next(iter(world.parts.registry.clients.values())).keys
    register = world.parts.registry.register
    assert register(Client("agent", "insurer", "", INSURER, keys)) == ""
    assert register(Client("agent", "vendor", "", INSURER, keys)) == "client-exists"
    assert register(Client("agent-2", "insurer", "", "a firm", keys)) == "client-insurer"
    assert register(Client("agent-3", "insurer", "992300010", INSURER, keys)) == "client-site"
