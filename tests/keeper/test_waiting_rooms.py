"""The waiting room at the keeper: a key a closing, opened on the box alone, bound to who left it, forgotten."""

from __future__ import annotations

from typing import Any

import msgspec

from rempart.keeper.program import surfaces
from rempart.sealing.frames import DepositItem, DeriveItem, OpenDepositItem
from rempart.sealing.keeper_keys import pinned
from rempart.sealing.waiting_frames import ForgetWaitingItem, OpenWaitingItem, WaitingKeyItem
from rempart.sealing.waiting_jwe import BLOCK, Left, WaitingKey, opened, parse, seal, verified
from support.keepers import INSURER, SITE, presented
from support.people import Door

ROOM = "portal:horizon@1900000000000000"
REQUEST = b'{"number":"000000041"}'


class Room:
    """A signed-in person before a closed portal."""

    def __init__(self, door: Door) -> None:
        self.door, self.rooms = door, door.world.parts.waiting_rooms
        assert door.enrol().refusal == ""
        self.grant = door.sign_in().grant

    def key(self, room: str = ROOM) -> WaitingKey:
        (result,) = self.door.world.parts.waiting_rooms.key([WaitingKeyItem(room)])
        log_key = pinned(self.door.world.parts.checkpoints.verifier_key())
        found = verified(result.document, room, log_key)
        assert result.refusal == ""
        assert found is not None
        return found

    def left(self, kind: str = "invoice", **lies: Any) -> bytes:
        """The deposit around what the page sealed."""
        said = {"client": self.door.account, "site": SITE, "kind": kind, "request": msgspec.Raw(REQUEST)} | lies
        jwe = seal(Left(**said), self.key())
        item = DepositItem(self.grant, jwe.encode(), f"waiting-{kind}")
        (result,) = self.door.world.parts.deposits.deposit([item])
        assert result.refusal == ""
        sealed: bytes = result.sealed
        return sealed

    def open(self, sealed: bytes, kind: str = "invoice", room: str = ROOM) -> Any:
        item = OpenWaitingItem(sealed, room, kind, self.door.at)
        return self.door.world.parts.waiting_rooms.open([item])[0]


def test_what_was_left_comes_back_as_an_ordinary_deposit_of_the_same_account(door: Door) -> None:
    """The invoice is opened, and its deposit opens as if the person had sent it."""
    room = Room(door)
    found = room.open(room.left())
    assert (found.refusal, found.client, found.site) == ("", door.account, SITE)
    assert found.content == b'{"invoices":[' + REQUEST + b"]}"
    (again,) = door.world.parts.deposits.open([OpenDepositItem(found.deposit, door.at)])
    assert (again.refusal, again.content, again.client, again.site) == ("", found.content, door.account, SITE)


def test_an_authorization_that_was_left_is_asked_by_its_own_authority_alone(door: Door) -> None:
    """The box derives with what was left, and never with a session that is live."""
    room = Room(door)
    found = room.open(room.left("authorization"), "authorization")
    assert found.content == REQUEST

    def derive(grant: bytes, purpose: str) -> str:
        item = DeriveItem(grant, purpose, INSURER, day=door.world.today(), **presented())
        return door.world.parts.questions.derive_invoices([item])[0].refusal

    door.world.parts.clock.hear(door.at)
    assert derive(found.authority, "authorization") == ""
    assert derive(found.authority, "invoice") == "purpose-not-granted"
    assert derive(found.authority, "eligibility") == "purpose-not-granted"
    assert derive(room.grant, "authorization") == "purpose-not-granted"


def test_a_room_has_one_key_and_each_closing_another(door: Door) -> None:
    """The same through a restart of the keeper; another closing of the same portal has its own."""
    room = Room(door)
    first, other = room.key(), room.key("portal:horizon@1900000000000001")
    assert first.kid != other.kid
    sealed = room.left()
    door.restart()
    assert room.key() == first
    assert room.open(sealed).refusal == ""


def test_a_room_that_was_forgotten_opens_nothing(door: Door) -> None:
    """After the replay the key is gone from the ring, and asking again makes another one."""
    room = Room(door)
    sealed, first = room.left(), room.key()
    door.world.parts.waiting_rooms.forget([ForgetWaitingItem(ROOM)])
    assert door.world.parts.ring.body.waiting_keys == []
    assert room.open(sealed).refusal == "waiting-key-unknown"
    assert room.key() != first
    assert room.open(sealed).refusal == "waiting-unreadable"


def test_what_another_sealed_is_not_theirs(door: Door) -> None:
    """A JWE names account, site and kind: under another's deposit it is worth nothing."""
    room = Room(door)
    for lie in ({"client": "a" + "0" * 15}, {"site": "132300011"}):
        assert room.open(room.left(**lie)).refusal == "waiting-not-theirs"
    assert room.open(room.left(), "authorization").refusal == "bad-deposit"


def test_whoever_may_no_longer_act_leaves_nothing_behind(door: Door) -> None:
    """At the opening the account must stand and have a mandate, whatever it had when it left something."""
    room = Room(door)
    sealed = room.left()
    door.world.parts.registry.revoke(door.account)
    assert room.open(sealed).refusal == "grant-revoked"


def test_what_is_no_request_stops_no_keeper(door: Door) -> None:
    """Nested without end, or no JSON at all: unreadable, and the next one opens."""
    room = Room(door)
    for request in (b"[" * 6_000 + b"]" * 6_000, b"{"):
        assert room.open(room.left(request=msgspec.Raw(request))).refusal == "waiting-unreadable"
    assert room.open(room.left()).refusal == ""


def test_the_inbox_opens_nothing_of_a_waiting_room(door: Door) -> None:
    """What was left is no deposit until its room is opened."""
    room = Room(door)
    (found,) = door.world.parts.deposits.open([OpenDepositItem(room.left(), door.at)])
    assert found.refusal == "bad-deposit"


def test_a_false_hub_fills_no_ring(door: Door) -> None:
    """There are 64 rooms at most, of well-formed names."""
    rooms = door.world.parts.waiting_rooms
    told = {rooms.key([WaitingKeyItem(f"portal:x@{number}")])[0].refusal for number in range(70)}
    assert told == {"", "rooms-full"}
    assert rooms.key([WaitingKeyItem("no room")])[0].refusal == "room-malformed"


def test_only_the_box_opens_and_only_ask_gives_keys(door: Door) -> None:
    """The hub cannot read what it keeps."""
    tables = surfaces(door.world.parts)
    assert "waiting_key" in tables["ask"]
    assert "open_waiting" not in tables["ask"]
    assert "waiting_key" not in tables["box"]


def test_a_jwe_that_was_touched_opens_nothing(door: Door) -> None:
    """Each part is held by the seal; its length tells only how many blocks there are."""
    room = Room(door)
    short, long = (
        seal(Left(door.account, SITE, "invoice", msgspec.Raw(b'"' + b"x" * size + b'"')), room.key())
        for size in (1, BLOCK // 2)
    )
    assert len(short) == len(long)
    private = door.world.parts.waiting_rooms._find(ROOM)  # the room's own key
    assert private is not None
    for place, part in enumerate(short.split(".")):
        if not part:
            continue
        changed = short.split(".")
        changed[place] = ("B" if part[0] == "A" else "A") + part[1:]
        parsed = parse(".".join(changed))
        assert parsed is None or opened(parsed, private) is None


def test_who_is_let_back_in_meanwhile_is_watched_at_the_reopening(door: Door) -> None:
    """What was left says nothing of it: the account is looked at when the room opens."""
    room = Room(door)
    left, also = room.left(), room.left("authorization")
    assert room.open(left).watched == 0
    door.world.parts.registry.accounts.probation[door.account] = door.at + 7
    found = room.open(also, "authorization")
    assert (found.refusal, found.probation, found.watched) == ("", 0, door.at + 7)
