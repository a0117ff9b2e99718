"""`check_record`: an insurer asks about its own people only, by a statement it signed, and is counted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain.newborns import NEWBORN
from rempart.keeper.record_checks import LABEL, LATE
from rempart.keeper.registry import Client
from rempart.sealing.frames import CheckRecordItem, DeriveResult, OpenItem
from support.keepers import INSURER, World, make_world, presented

OTHER = "0000775001"


class Desk:
    """The insurer's client, signed in, and its signing key."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, Ed25519PrivateKey.generate()
        ring, registry = world.parts.ring, world.parts.registry
        public = world.insurer_key.public_key().public_bytes_raw()
        assert not ring.add_insurer(OTHER, self.key.public_key().public_bytes_raw(), public)
        keys = {"k1": world.signing.as_dict(private=False)}
        assert not registry.register(Client("agent", "insurer", "", OTHER, keys))
        self.grant = world.sign_in("agent", OTHER).grant

    def ask(self, *, key: Ed25519PrivateKey | None = None, grant: bytes = b"", **changes: object) -> DeriveResult:
        made = self.world.now() // 1_000_000
        stated = {"insurer": OTHER, **presented(), "care": "2026-11-23", "made": made} | changes
        statement = msgspec.json.encode(stated)
        signature = (key or self.key).sign(LABEL + statement)
        item = CheckRecordItem(grant or self.grant, statement, signature, self.world.today())
        (found,) = self.world.parts.record_checks.check([item])
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(make_world(tmp_path))


def test_a_signed_statement_gets_a_ticket_that_opens(desk: Desk) -> None:
    """The keys of the insurer's own index; a miss opens nobody's record and is tagged like any other."""
    found = desk.ask()
    assert found.refusal == ""
    assert found.versions
    (opened,) = desk.world.parts.questions.open([OpenItem(found.ticket, 0, None, None)])
    assert (opened.refusal, len(opened.tag)) == ("", 32)


def test_what_the_insurer_did_not_sign_is_refused(desk: Desk) -> None:
    """Another key, another insurer's number, an old statement, an unknown field."""
    assert desk.ask(key=Ed25519PrivateKey.generate()).refusal == "bad-signature"
    assert desk.ask(insurer=INSURER).refusal == "insurer-unknown"
    assert desk.ask(made=desk.world.now() // 1_000_000 - LATE - 5).refusal == "statement-late"
    assert desk.ask(name="X").refusal == "statement-malformed"


def test_a_site_s_grant_checks_no_record(desk: Desk) -> None:
    """Signed by the insurer or not: the client must be the insurer's own."""
    assert desk.ask(grant=desk.world.sign_in().grant).refusal == "purpose-not-granted"


@pytest.mark.parametrize(
    ("changes", "ways"),
    [
        ({"birth": "261122"}, 2),  # yesterday
        ({"birth": "260825"}, 2),  # ninety days before
        ({"birth": "260824"}, 1),
        ({"birth": "261122", "nir": None}, 1),
    ],
)
def test_a_newborn_is_looked_for_by_its_parents_way_too(desk: Desk, changes: dict[str, str | None], ways: int) -> None:
    """With a NIR and within the ninety days only; the child's own way comes first, and nobody has the handle's."""
    found = desk.ask(**changes)
    assert found.refusal == ""
    assert [version >= NEWBORN for version in found.versions] == [False, True][:ways]
    assert len(found.keys) == ways


def test_a_day_of_care_that_is_none_is_refused(desk: Desk) -> None:
    """It decides who is a newborn, so it must be one."""
    assert desk.ask(care="2026-02-30").refusal == "statement-malformed"
