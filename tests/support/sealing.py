"""Identities sealed to a keeper of `support.keepers`, right or with something changed."""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from rempart.domain.member import ANY_MEMBER
from rempart.sealing.frames import DeriveItem
from rempart.sealing.identity_frames import KeySetItem, SealedIdentity
from rempart.sealing.identity_jwe import Presented, seal
from rempart.sealing.keeper_keys import KeySet, pinned, verified
from support.keepers import INSURER, SITE, World

if TYPE_CHECKING:
    from rempart.sealing.frames import DeriveResult

EPOCH = date(1970, 1, 1).toordinal()
CARE = date(2026, 11, 20)


def keys(world: World) -> KeySet:
    """What the keeper publishes, verified with its pinned key."""
    document = world.parts.identity_keys.publish([KeySetItem()])[0].document
    found = verified(document, pinned(world.parts.checkpoints.verifier_key()), "keeper", world.now() // 1_000_000)
    assert isinstance(found, KeySet)
    return found


def card(world: World, number: int = 1, **changed: Any) -> Presented:
    """The beneficiary of `support.keepers.presented`, as its card says."""
    said = Presented(
        client="pharmacy", site=SITE, purpose="eligibility", made=world.now() // 1_000_000,
        id=secrets.token_urlsafe(16), amc_number=INSURER, member=f"{number:08d}", birth_date="1985-05-12",
        care_dates=(CARE.isoformat(),), nir=f"1850575{number:06d}", rank="1",
    )  # fmt: skip
    return msgspec.structs.replace(said, **changed)


def jwe(world: World, number: int = 1, **changed: Any) -> str:
    """The same, sealed to the keeper's newest key."""
    return seal(card(world, number, **changed), keys(world).keys[0].raw)


def item(text: str, **changed: Any) -> SealedIdentity:
    """What a hub hands on with a JWE."""
    rule = {
        name: getattr(ANY_MEMBER, name) for name in ("case", "spaces", "zeros", "min_length", "max_length", "alphabet")
    }
    said = {"labels": (INSURER, "", ""), "rule": rule, "days": (CARE.toordinal() - EPOCH,)}
    return SealedIdentity(text, **(said | changed))


def derive(world: World, grant: bytes, sealed: SealedIdentity, purpose: str = "eligibility") -> DeriveResult:
    """As a hub asks."""
    asked = DeriveItem(grant, purpose, INSURER, "", None, "", "", world.today(), sealed=sealed)
    return world.parts.questions.derive([asked])[0]
