"""A sealed identity derives what the clear one derives, and is good for one caller, purpose and moment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.domain.identifiers import nir_key
from rempart.keeper.identity_keys import DAY, PUBLISHED, RENEWED
from rempart.keeper.kek import FileKekStore
from rempart.keeper.sealed_identities import USES
from rempart.sealing.frames import DepositItem, OpenDepositItem
from rempart.sealing.identity_frames import CheckIdentityItem, KeySetItem
from rempart.sealing.identity_jwe import WINDOW, seal
from rempart.sealing.keeper_keys import KeySet, pinned, verified
from rempart.sealing.ringing import Nothing
from support.keepers import COVERAGE, INSURER, OTHER_SITE, World
from support.sealing import CARE, EPOCH, card, derive, item, jwe, keys


def test_a_sealed_identity_derives_what_the_clear_one_does(world: World) -> None:
    """The same record key, whose row opens with the ticket; and nothing that the card says is in the answer."""
    grant = world.sign_in().grant
    found = derive(world, grant, item(jwe(world)))
    assert found.refusal == ""
    assert found.keys == world.derive(grant).keys
    assert world.open(found.ticket, world.sealed()).coverage == COVERAGE
    assert (found.omitted, found.born) == (0, "")


def test_a_card_is_taken_as_printed(world: World) -> None:
    """Spaces, small letters, a NIR with its key and a short AMC number are the keeper's to put right."""
    grant = world.sign_in().grant
    told = {
        "member": "0000 0001",
        "nir": "1850575000001" + nir_key("1850575000001"),
        "birth_date": "850512",
        "rank": None,
    }
    found = derive(world, grant, item(jwe(world, **told, amc_number=INSURER.removeprefix("00"))))
    assert (found.refusal, found.keys, found.omitted) == ("", world.derive(grant).keys, 1)


def test_what_is_omitted_is_told_because_it_has_a_price(world: World) -> None:
    """The hub learns how many of NIR and rank were omitted, and which record key it is: a typed card needs its NIR."""
    grant = world.sign_in().grant
    bare = {"nir": None, "rank": None}
    found = derive(world, grant, item(jwe(world, **bare)))
    assert (found.keys, found.omitted) == (world.derive(grant, nir=None).keys, 2)
    assert derive(world, grant, item(jwe(world, **bare), nir_needed=True)).refusal == "nir-required"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"nir": "185057500000199"}, "identity-fields:nir=nir-key"),
        ({"nir": "12", "birth_date": "x"}, "identity-fields:birth=birth-shape,nir=nir-length"),
        ({"rank": "0"}, "identity-fields:rank=rank-shape"),
        ({"member": "!"}, "identity-fields:member=member-alphabet"),
        ({"client": "carrier"}, "identity-not-yours"),
        ({"site": OTHER_SITE}, "identity-not-yours"),
        ({"purpose": "invoice"}, "identity-not-yours"),
        ({"amc_number": "0099000000"}, "identity-labels"),
        ({"convention": "RO"}, "identity-labels"),
        ({"care_dates": ("2026-11-19",)}, "identity-labels"),
        ({"care_dates": ("2026-11-21/2026-11-30", "soon")}, "identity-labels"),
        ({"care_dates": ()}, "identity-labels"),
        ({"id": "short"}, "identity-unreadable"),
    ],
)
def test_each_no_has_its_own_code_and_costs_nothing(world: World, changed: dict[str, Any], refusal: str) -> None:
    """No refusal counts in the meter or opens a record."""
    grant = world.sign_in().grant
    before = dict(world.parts.meter.figures())
    assert derive(world, grant, item(jwe(world, **changed))).refusal == refusal
    assert dict(world.parts.meter.figures()) == before


def test_altered_labels_are_refused(world: World) -> None:
    """Whoever changes the AMC number, the convention, the CSR or the day beside the JWE is found out."""
    grant, text = world.sign_in().grant, jwe(world)
    for changed in (
        {"labels": ("0099000000", "", "")}, {"labels": (INSURER, "X", "")}, {"labels": (INSURER, "", "X")},
        {"days": (CARE.toordinal() - EPOCH + 1,)},
    ):  # fmt: skip
        assert derive(world, grant, item(text, **changed)).refusal == "identity-labels"


def test_days_of_care_may_be_a_span(world: World) -> None:
    """A stay names its first and last day."""
    span = (f"{CARE - timedelta(3)}/{CARE + timedelta(3)}",)
    grant, text = world.sign_in().grant, jwe(world, purpose="estimate", care_dates=span)
    days = tuple(CARE.toordinal() - EPOCH + offset for offset in (-3, 0, 3))
    assert derive(world, grant, item(text, days=days), "estimate").refusal == ""
    assert derive(world, grant, item(text, days=(*days, days[2] + 1)), "estimate").refusal == "identity-labels"


def test_amounts_learn_an_age_and_no_birthday(world: World) -> None:
    """For an estimate the hub is given a birth date of the same age on the day of care: here the first of January."""
    grant = world.sign_in().grant
    text = jwe(world, purpose="estimate")
    assert derive(world, grant, item(text), "estimate").born == "850101"


def test_a_jwe_is_good_for_ten_minutes(world: World) -> None:
    """Neither older nor newer than the window, by the keeper's own clock."""
    grant, now = world.sign_in().grant, world.now() // 1_000_000
    for away in (WINDOW + 2, -WINDOW - 2):
        assert derive(world, grant, item(jwe(world, made=now + away))).refusal == "identity-stale"
    assert derive(world, grant, item(jwe(world, made=now - WINDOW + 5))).refusal == ""


def test_a_jwe_is_used_up(world: World) -> None:
    """A hub may repeat what failed; then the same JWE answers no more."""
    grant, text = world.sign_in().grant, jwe(world)
    said = [derive(world, grant, item(text)).refusal for _ in range(USES + 1)]
    assert said == [""] * USES + ["identity-spent"]


def test_what_waits_in_a_deposit_is_judged_by_when_it_was_deposited(world: World) -> None:
    """An invoice is decided hours later under the deposit's authority, as often as needed; not one sealed before."""
    grant, now = world.sign_in().grant, world.now()
    deposited = world.parts.deposits.deposit([DepositItem(grant, b"content")])[0].sealed
    fresh, old = jwe(world, purpose="invoice"), jwe(world, purpose="invoice", made=now // 1_000_000 - 3 * WINDOW)
    later = now + 30 * 86_400_000_000
    world.parts.clock._base += later - now
    authority = world.parts.deposits.open([OpenDepositItem(deposited, later)])[0].authority
    for _ in range(USES + 1):
        assert derive(world, authority, item(fresh), "invoice").refusal == ""
    assert derive(world, authority, item(old), "invoice").refusal == "identity-stale"
    assert derive(world, world.sign_in().grant, item(fresh), "invoice").refusal == "identity-stale"


def test_an_invoice_is_checked_before_it_is_kept(world: World) -> None:
    """`check_identity` says what `derive` would refuse, counts nothing and spends nothing."""
    grant = world.sign_in().grant
    good, bad = jwe(world, purpose="invoice"), jwe(world, purpose="invoice", rank="x")
    asked = [CheckIdentityItem(grant, "invoice", item(text)) for text in (good, bad, good, good, good, good)]
    before = dict(world.parts.meter.figures())
    said = [each.refusal for each in world.parts.sealed_identities.check(asked)]
    assert said == ["", "identity-fields:rank=rank-shape", "", "", "", ""]
    assert dict(world.parts.meter.figures()) == before
    assert (
        world.parts.sealed_identities.check([CheckIdentityItem(b"no", "invoice", item(good))])[0].refusal == "no-grant"
    )


def test_keys_have_generations(world: World) -> None:
    """A month old, the newest is followed by another; the former opens to its end, and what waits longer."""
    grant, first = world.sign_in().grant, keys(world).keys[0]
    text = jwe(world)
    world.parts.clock._base += RENEWED * 1_000_000
    grant = world.sign_in().grant
    both = keys(world)
    assert [each.kid for each in both.keys] == [both.keys[0].kid, first.kid]
    assert both.keys[0].kid != first.kid
    again = seal(card(world), first.raw)
    assert derive(world, grant, item(again)).refusal == ""
    world.parts.clock._base += (PUBLISHED - RENEWED) * 1_000_000
    grant = world.sign_in().grant
    assert derive(world, grant, item(seal(card(world), first.raw))).refusal == "identity-key-unknown"
    now = world.now() // 1_000_000
    assert world.parts.identity_keys.find(first.kid, now, waited=True) is not None
    assert world.parts.identity_keys.find(first.kid, now + 90 * DAY, waited=True) is None
    assert derive(world, grant, item(text)).refusal == "identity-key-unknown"


def test_rotation_begins_a_generation_that_outlives_a_restart(world: World) -> None:
    """With the key-encryption key a new pair comes; the ring keeps both."""
    first = keys(world).keys[0].kid
    assert world.parts.administration.rotate_kek([Nothing()])[0].refusal == ""
    told = [each.kid for each in keys(world).keys]
    assert told[1:] == [first]
    world.parts.close()
    world.start()
    assert [each.kid for each in keys(world).keys] == told
    assert isinstance(world.config.kek, FileKekStore)


def test_an_unknown_key_is_told_apart(world: World) -> None:
    """Sealed to a key that the keeper does not have: the caller is told to fetch the keys again."""
    other = X25519PrivateKey.generate().public_key().public_bytes_raw()
    refused = derive(world, world.sign_in().grant, item(seal(card(world), other)))
    assert refused.refusal == "identity-key-unknown"


def test_the_key_of_an_insurer_is_signed_too(world: World) -> None:
    """Attachments are sealed to the key that the insurer registered, and the keeper says which that is."""
    document, unknown = world.parts.identity_keys.publish([KeySetItem(INSURER), KeySetItem("0099999999")])
    found = verified(document.document, pinned(world.parts.checkpoints.verifier_key()), INSURER, world.now() // 10**6)
    assert isinstance(found, KeySet)
    assert found.keys[0].raw == world.insurer_key.public_key().public_bytes_raw()
    assert unknown.refusal == "insurer-unknown"


def test_a_sealed_identity_shows_in_no_repr(world: World) -> None:
    """Neither the item nor what was opened prints the card."""
    assert "00000001" not in repr(card(world)) + repr(item(jwe(world)))
    assert date(1985, 5, 12).isoformat() not in repr(card(world))
