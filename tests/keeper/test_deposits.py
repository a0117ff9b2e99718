"""The inbox: what a client deposited opens in the box alone, with the authority of who deposited it."""

from __future__ import annotations

from rempart.keeper.registry import Mandate
from rempart.sealing.frames import AuthorityItem, DepositItem, OpenDepositItem
from support.keepers import OTHER_SITE, SITE, World


def deposited(world: World, client: str, site: str, content: bytes = b"a file") -> bytes:
    found = world.parts.deposits.deposit([DepositItem(world.sign_in(client, site).grant, content)])[0]
    assert found.refusal == ""
    return found.sealed


def test_a_deposit_comes_back_with_an_authority_for_invoices_alone(world: World) -> None:
    """The content is not readable at rest; the authority derives invoices for its site, nothing else."""
    sealed = deposited(world, "pharmacy", SITE, b"content of an invoice")
    assert b"content" not in sealed
    opened = world.parts.deposits.open([OpenDepositItem(sealed, world.now())])[0]
    assert (opened.content, opened.client, opened.site) == (b"content of an invoice", "pharmacy", SITE)
    assert world.derive(opened.authority, purpose="invoice").refusal == ""
    assert world.derive(opened.authority, purpose="eligibility").refusal == "purpose-not-granted"


def test_a_concentrators_authority_is_narrowed_to_sites_it_has_a_mandate_for(world: World) -> None:
    """Without a site nothing is derived; for a site without mandate nothing is granted."""
    opened = world.parts.deposits.open([OpenDepositItem(deposited(world, "carrier", ""), world.now())])[0]
    assert world.derive(opened.authority, purpose="invoice").refusal == "site-missing"
    items = [AuthorityItem(opened.authority, site, world.now()) for site in (SITE, OTHER_SITE, "x")]
    results = world.parts.deposits.narrow(items)
    assert [result.refusal for result in results] == ["", "no-mandate", "site-malformed"]
    assert world.derive(results[0].grant, purpose="invoice").refusal == ""


def test_a_mandate_is_judged_between_deposit_and_now(world: World) -> None:
    """The worker cannot pick an instant at which a mandate once held."""
    past = world.now() - 10**12
    world.parts.registry.mandate(Mandate("carrier", OTHER_SITE, past, past + 10**9))
    opened = world.parts.deposits.open([OpenDepositItem(deposited(world, "carrier", ""), world.now())])[0]
    item = AuthorityItem(opened.authority, OTHER_SITE, past + 1)
    assert world.parts.deposits.narrow([item])[0].refusal == "instant-out-of-range"


def test_an_ordinary_grant_is_no_authority(world: World) -> None:
    """A grant cannot be turned into one for another site."""
    item = AuthorityItem(world.sign_in().grant, SITE, world.now())
    assert world.parts.deposits.narrow([item])[0].refusal == "no-grant"


def test_each_changed_byte_of_a_deposit_is_found(world: World) -> None:
    """An altered deposit does not open."""
    sealed = deposited(world, "pharmacy", SITE)
    for place in range(0, len(sealed), 3):
        forged = sealed[:place] + bytes((sealed[place] ^ 1,)) + sealed[place + 1 :]
        assert world.parts.deposits.open([OpenDepositItem(forged, world.now())])[0].refusal == "bad-deposit"
    assert world.parts.deposits.open([OpenDepositItem(b"", world.now())])[0].refusal == "bad-deposit"


def test_a_deposit_of_a_revoked_client_is_not_opened(world: World) -> None:
    """Revoking stops what already waits."""
    sealed = deposited(world, "pharmacy", SITE)
    world.parts.registry.revoke("pharmacy")
    assert world.parts.deposits.open([OpenDepositItem(sealed, world.now())])[0].refusal == "grant-revoked"


def test_a_deposit_does_not_wait_for_ever(world: World) -> None:
    """After its days it is refused."""
    sealed = deposited(world, "pharmacy", SITE)
    later = world.now() + 61 * 86_400_000_000
    world.parts.clock._base += later - world.now()
    assert world.parts.deposits.open([OpenDepositItem(sealed, world.now())])[0].refusal == "deposit-expired"
