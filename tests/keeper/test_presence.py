"""A presence code finds the record of whom the insurer named, once it is shown, at its site, and with no identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.domain import presence
from rempart.keeper import presence as codes
from rempart.keeper.presence import LABEL, UNKNOWN
from rempart.keeper.questions import LIVE
from rempart.keeper.record_checks import LATE
from rempart.keeper.registry import Client
from rempart.sealing.frames import DeriveItem, DeriveResult
from rempart.sealing.identity import encode_identity
from rempart.sealing.presence_frames import FindPresenceItem, GivePresenceItem, GivePresenceResult
from rempart.sealing.prf import short_prf
from rempart.sealing.record import pad
from support.keepers import COVERAGE, INSURER, OTHER_SITE, PERSON, SITE, World, make_world, presented
from support.sealing import item

OTHER = "0000775001"
VECTORS = Path(__file__).parents[2] / "docs" / "formats" / "presence-code-vectors.json"


class Desk:
    """An insurer's client, signed in, and the key that signs its statements."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, Ed25519PrivateKey.generate()
        parts, public = world.parts, world.insurer_key.public_key().public_bytes_raw()
        assert not parts.ring.add_insurer(OTHER, self.key.public_key().public_bytes_raw(), public)
        keys = {"k1": world.signing.as_dict(private=False)}
        assert not parts.registry.register(Client("agent", "insurer", "", OTHER, keys))
        assert not parts.registry.register(Client("elsewhere", "site", OTHER_SITE, "vendor-1", keys))
        self.grant = world.sign_in("agent", OTHER).grant

    def give(self, *, key: Ed25519PrivateKey | None = None, grant: bytes = b"", **changes: Any) -> GivePresenceResult:
        made = self.world.now() // 1_000_000
        statement = msgspec.json.encode({"insurer": OTHER, **presented(), "site": "", "made": made} | changes)
        signature = (key or self.key).sign(LABEL + statement)
        asked = GivePresenceItem(grant or self.grant, statement, signature, self.world.today())
        (found,) = self.world.parts.presence.give([asked])
        return found

    def show(
        self, given: GivePresenceResult, *, code: str = "", client: str = "pharmacy", site: str = SITE, **changes: Any
    ) -> DeriveResult:
        """The code at a counter, with what the hub kept of it."""
        grant = self.world.sign_in(client, site).grant
        shown = item("", code=code or given.code, mapping=given.mapping, labels=("", "", ""))
        asked = {"purpose": "eligibility", "insurer": OTHER} | changes
        who = DeriveItem(grant, asked["purpose"], asked["insurer"], "", None, "", "", self.world.today(), sealed=shown)
        return self.world.parts.questions.derive([who])[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(make_world(tmp_path))
    yield made
    made.world.parts.close()


def test_a_code_finds_the_record_without_identity(desk: Desk) -> None:
    """Eight characters; the row of the person opens, nothing is counted of the site's strangers, and no NIR is kept."""
    given = desk.give()
    assert (given.refusal, presence.parse(given.code), given.site) == ("", given.code, "")
    assert given.expires - desk.world.now() <= presence.LIFE * 1_000_000
    found = desk.show(given)
    assert (found.refusal, found.omitted) == ("", LIVE)
    insurer, who = desk.world.parts.ring.insurers[OTHER], presented()
    identity = encode_identity(OTHER, who["member"], who["nir"], who["birth"], rank=who["rank"])
    padded = pad(COVERAGE, insurer.size)
    assert identity is not None
    assert padded is not None
    assert found.keys == (insurer.live[0].keys(identity)[0],)
    opened = desk.world.open(found.ticket, insurer.live[0].seal(identity, PERSON, padded)[1])
    assert (opened.refusal, opened.coverage) == ("", COVERAGE)


def test_the_hub_keeps_a_fingerprint_that_the_code_alone_gives(desk: Desk) -> None:
    """The same code has the same fingerprint for any site; another code has another: none tells which is known."""
    given = desk.give()
    grant = desk.world.sign_in().grant
    codes_shown = (given.code, "00000000")
    asked = [FindPresenceItem(grant, code, desk.world.today()) for code in codes_shown]
    one, two = desk.world.parts.presence.find(asked)
    assert (one.finder, one.refusal, two.refusal) == (given.finder, "", "")
    assert two.finder != one.finder
    (refused,) = desk.world.parts.presence.find([FindPresenceItem(b"none", given.code, desk.world.today())])
    assert (refused.refusal, refused.finder) == ("no-grant", b"")


def test_another_code_another_site_and_another_insurer_find_nobody(desk: Desk) -> None:
    """With the very row of the person in hand, they get one refusal."""
    bound = desk.give(site=OTHER_SITE)
    assert desk.show(bound).refusal == UNKNOWN
    assert desk.show(bound, client="elsewhere", site=OTHER_SITE).refusal == ""
    given = desk.give()
    assert desk.show(given, code="00000000").refusal == UNKNOWN
    assert desk.show(given, insurer=INSURER).refusal == UNKNOWN
    assert desk.show(given, purpose="invoice").refusal == UNKNOWN


def test_a_code_ends_whatever_the_hub_says(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The keeper itself reads in what was kept that the quarter of an hour is over."""
    monkeypatch.setattr(presence, "LIFE", 0)
    assert desk.show(desk.give()).refusal == UNKNOWN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"insurer": INSURER}, "insurer-unknown"), ({"rank": 1}, "statement-malformed"),
        ({"name": "X"}, "statement-malformed"), ({"birth": "1985"}, "identity-malformed"),
        ({"site": "12"}, "statement-malformed"), ({"made": 0}, "statement-late"),
    ],
)  # fmt: skip
def test_what_the_insurer_may_not_say_makes_no_code(desk: Desk, changes: dict[str, Any], code: str) -> None:
    """Another insurer's person, a statement that is none, no site, an old one."""
    assert desk.world.now() // 1_000_000 > LATE
    found = desk.give(**changes)
    assert (found.refusal, found.code) == (code, "")


def test_what_the_insurer_did_not_sign_makes_no_code(desk: Desk) -> None:
    """Another key's signature, and a site's own grant."""
    assert desk.give(key=Ed25519PrivateKey.generate()).refusal == "bad-signature"
    assert desk.give(grant=desk.world.sign_in().grant).refusal == "purpose-not-granted"


def test_the_vectors_of_the_format_are_what_the_keeper_does(desk: Desk) -> None:
    """Code, fingerprint and key of each vector, from the ring's key that it names."""
    told = json.loads(VECTORS.read_text("utf-8"))
    key = bytes.fromhex(told["ring_key"])
    for one in told["codes"]:
        assert presence.made(bytes.fromhex(one["random"])) == one["code"]
        text = one["code"].encode()
        assert short_prf(key, "rempart/1/presence-finder", size=16)(text).hex() == one["finder"]
        assert short_prf(key, "rempart/1/presence-key", size=32)(text).hex() == one["key"]
        assert presence.parse(one["typed"]) == one["code"]
    assert len(told["codes"]) >= 2
    assert codes.LABEL.decode() == told["label"]
