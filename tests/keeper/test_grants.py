"""No grant, no work; a grant is worth what its sign-in was worth, for its site, for a quarter of an hour."""

from __future__ import annotations

from dataclasses import replace

import pytest
from joserfc.jwk import ECKey

from rempart.keeper.registry import Mandate
from rempart.sealing.frames import DepositItem, GrantItem, MacItem
from support.keepers import AUDIENCE, OTHER_SITE, SITE, World, make_world


def test_a_verified_sign_in_gives_a_grant_that_works(world: World) -> None:
    """A registered client that signs for its own site gets a grant, and the grant derives."""
    found = world.sign_in()
    assert (found.refusal, found.client, found.kind, found.vendor, found.evidence) == (
        "",
        "pharmacy",
        "site",
        "vendor-1",
        "known",
    )
    assert world.derive(found.grant).refusal == ""


@pytest.mark.parametrize("grant", [b"", b"x", bytes(16), bytes(200)])
def test_without_a_grant_nothing_is_derived(world: World, grant: bytes) -> None:
    """An item that cites no grant of this keeper is refused, alone."""
    assert world.derive(grant).refusal == "no-grant"


def test_each_flipped_bit_of_a_grant_makes_it_worthless(world: World) -> None:
    """A forged grant is refused, whatever was changed."""
    grant = world.sign_in().grant
    for place in range(len(grant)):
        forged = bytearray(grant)
        forged[place] ^= 1
        assert world.derive(bytes(forged)).refusal == "no-grant"


def test_a_grant_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 15 minutes of the keeper's own clock a grant is refused."""
    grant = world.sign_in().grant
    later = world.now() + 900_000_001
    monkeypatch.setattr(world.parts.clock, "now", lambda: later)
    assert world.derive(grant).refusal == "grant-expired"


def test_a_revoked_client_has_no_grant_any_more(world: World) -> None:
    """Revoking works on the next item, for grants given before too."""
    grant = world.sign_in().grant
    assert world.derive(grant).refusal == ""
    assert world.parts.registry.revoke("pharmacy") == ""
    assert world.derive(grant).refusal == "grant-revoked"
    assert world.sign_in().refusal == "client-revoked"


def test_a_client_gets_no_grant_for_a_site_of_others(world: World) -> None:
    """Own site, or a mandate in force; the site the assertion names cannot be replaced by the hub."""
    assert world.sign_in(site=OTHER_SITE).refusal == "no-mandate"
    assert world.sign_in("carrier", OTHER_SITE).refusal == "no-mandate"
    assert world.sign_in("carrier", SITE).refusal == ""
    named = world.assertion("carrier", site=SITE)
    now = world.now()
    world.parts.registry.mandate(Mandate("carrier", OTHER_SITE, now - 1, now + 10**9))
    assert world.sign_in("carrier", OTHER_SITE, assertion=named).refusal == "other-site"


def test_a_mandate_ends(world: World) -> None:
    """A mandate that is over gives nothing."""
    now = world.now()
    world.parts.registry.mandate(Mandate("carrier", OTHER_SITE, now - 10, now - 5))
    assert world.sign_in("carrier", OTHER_SITE).refusal == "no-mandate"


@pytest.mark.parametrize(
    ("claims", "refusal"),
    [
        ({"aud": "https://elsewhere.test"}, "wrong-audience"),
        ({"exp": 1}, "expired-assertion"),
        ({"exp": 9_999_999_999}, "lives-too-long"),
        ({"iss": "carrier"}, "issuer-not-subject"),
        ({"iss": "nobody", "sub": "nobody"}, "unknown-client"),
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(world: World, claims: dict[str, object], refusal: str) -> None:
    """The keeper verifies the sign-in itself."""
    assert world.sign_in(assertion=world.assertion(**claims)).refusal == refusal


def test_an_assertion_by_another_key_is_refused(world: World) -> None:
    """A signature by a key that is not registered is nothing."""
    stranger = ECKey.generate_key("P-256")
    assert world.sign_in(assertion=world.assertion(key=stranger)).refusal == "bad-signature"


def test_an_assertion_is_taken_once_even_after_a_restart(world: World) -> None:
    """A replayed assertion is refused, and the memory of it is on disk."""
    assertion = world.assertion()
    assert world.sign_in(assertion=assertion).refusal == ""
    assert world.sign_in(assertion=assertion).refusal == "replayed-assertion"
    world.parts.close()
    world.start()
    assert world.sign_in(assertion=assertion).refusal == "replayed-assertion"


def test_the_hub_does_not_tell_the_keeper_what_time_it_is(world: World) -> None:
    """An instant far from the keeper's own is refused: an old assertion is not revived by a lie."""
    item = GrantItem(world.assertion(), SITE, "", AUDIENCE, world.now() - 3_600_000_000)
    assert world.parts.grants.sign_in([item])[0].refusal == "clock-apart"


def test_the_hub_does_not_choose_the_audience(world: World) -> None:
    """An assertion meant for another server is not accepted because the hub names that server."""
    item = GrantItem(world.assertion(aud="https://elsewhere.test"), SITE, "", "https://elsewhere.test", world.now())
    assert world.parts.grants.sign_in([item])[0].refusal == "wrong-audience"


def test_a_grant_outlives_a_restart_and_not_the_ring(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The MAC key is in the ring: the same ring knows the grant again, another does not."""
    grant = world.sign_in().grant
    world.parts.close()
    world.start()
    assert world.derive(grant).refusal == ""
    other = make_world(tmp_path_factory.mktemp("other"))
    assert other.derive(grant).refusal == "no-grant"
    other.parts.close()


def test_purposes_are_checked(world: World) -> None:
    """A deposit-only grant derives nothing; an unknown purpose is refused."""
    deposit_only = world.sign_in("carrier", "").grant
    assert world.derive(deposit_only).refusal == "purpose-not-granted"
    assert world.derive(world.sign_in().grant, purpose="browsing").refusal == "purpose-unknown"


def test_every_operation_of_the_ask_socket_wants_a_grant(world: World) -> None:
    """Deposit and fingerprint are refused without a grant as well."""
    assert world.parts.deposits.deposit([DepositItem(b"", b"content")])[0].refusal == "no-grant"
    assert world.parts.keeping.mac_with_grant([MacItem("duplicate", SITE, b"x")])[0].refusal == "no-grant"


def test_the_demo_clock_follows_its_callers(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Under its dangerous name only, instants of callers move the clock, forward."""
    other = make_world(tmp_path_factory.mktemp("demo"))
    other.parts.close()
    other.config = replace(other.config, demo_clock_of_callers=True)
    other.start()
    assert other.parts.clock.hear(1_900_000_000_000_000)
    assert other.now() == 1_900_000_000_000_000
    other.parts.clock.hear(1_800_000_000_000_000)
    assert other.now() == 1_900_000_000_000_000
    other.parts.close()
