"""`derive` and `open`: a payload opens only for who presented, no key leaves, a miss costs what a hit costs."""

from __future__ import annotations

import sys
import time
from collections import Counter
from types import FrameType
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.sealing.frames import DeriveItem, KeepItem, OpenItem
from rempart.sealing.record import grant_digest
from support.keepers import COVERAGE, INSURER, PERSON, World, presented

CRYPTOGRAPHY = frozenset({"decrypt", "encrypt", "digest", "copy", "update"})


def test_who_presents_opens_the_record(world: World) -> None:
    """Derive, read, open gives the coverage, a tag, a meeting key and an accreditor."""
    grant = world.sign_in().grant
    derived = world.derive(grant)
    opened = world.open(derived.ticket, world.sealed())
    assert opened.coverage == COVERAGE
    assert (len(opened.tag), len(opened.meeting), len(opened.accreditor)) == (32, 16, 16)
    assert (derived.versions, [len(key) for key in derived.keys]) == ((1,), [16])


def test_a_ticket_does_not_open_the_payload_of_another(world: World) -> None:
    """Someone else's payload, or one's own with another person beside it, does not open."""
    ticket = world.derive(world.sign_in().grant, 1).ticket
    assert world.open(ticket, world.sealed(2)).refusal == "payload-mismatch"
    assert world.open(ticket, world.sealed(1), person=bytes(16)).refusal == "payload-mismatch"
    assert world.open(ticket, world.sealed(1), version=2).refusal == "version-unknown"
    assert world.open(ticket, world.sealed(1)).refusal == ""


def test_each_flipped_bit_of_a_ticket_makes_it_worthless(world: World) -> None:
    """Tickets are sealed under a key of this boot."""
    ticket = world.derive(world.sign_in().grant).ticket
    for place in range(len(ticket)):
        forged = bytearray(ticket)
        forged[place] ^= 1
        assert world.open(bytes(forged), None, None).refusal == "bad-ticket"


def test_a_ticket_lives_ten_seconds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by the monotonic clock."""
    ticket = world.derive(world.sign_in().grant).ticket
    later = time.monotonic_ns() + 10_000_000_001
    monkeypatch.setattr("time.monotonic_ns", lambda: later)
    assert world.open(ticket, world.sealed()).refusal == "ticket-expired"


def test_a_ticket_dies_with_the_boot(world: World) -> None:
    """After a restart no ticket of before opens anything."""
    ticket = world.derive(world.sign_in().grant).ticket
    world.parts.close()
    world.start()
    assert world.open(ticket, world.sealed()).refusal == "bad-ticket"


def test_a_miss_opens_a_record_of_nobody(world: World) -> None:
    """Nothing found: no coverage, a tag all the same, and the same number of openings."""
    ticket = world.derive(world.sign_in().grant).ticket
    missed = world.open(ticket, None, None)
    assert (missed.refusal, missed.coverage, len(missed.tag), len(missed.meeting)) == ("", b"", 32, 16)


def test_a_miss_does_the_work_of_a_hit(world: World) -> None:
    """The same ciphers and hashes are called as often; what that takes is measured elsewhere, not asserted."""
    grant = world.sign_in().grant

    def work(payload: bytes | None, person: bytes | None) -> Counter[str]:
        items = [OpenItem(world.derive(grant).ticket, 1, payload, person)]
        called: Counter[str] = Counter()

        def heard(_: FrameType, event: str, what: Any) -> None:
            if event == "c_call":
                called[what.__qualname__] += 1

        sys.setprofile(heard)
        try:
            world.parts.questions.open(items)
        finally:
            sys.setprofile(None)
        return Counter({name: count for name, count in called.items() if name.split(".")[-1] in CRYPTOGRAPHY})

    work(world.sealed(), PERSON)  # the day's key is made at the first
    hit, miss = work(world.sealed(), PERSON), work(None, None)
    assert hit == miss
    assert hit["AESGCM.decrypt"] >= 2  # the ticket and the record


def test_the_same_person_has_one_tag_a_day_whatever_way_it_presents(world: World) -> None:
    """Two sites, one person: one tag. Another day, another site's meeting key, another person: different."""
    first = world.sign_in().grant
    opened = world.open(world.derive(first).ticket, world.sealed())
    again = world.open(world.derive(world.sign_in("carrier").grant).ticket, world.sealed())
    tomorrow = world.open(world.derive(first, day=world.today() + 1).ticket, world.sealed())
    stranger = world.open(world.derive(first, 2).ticket, world.sealed(2, person=bytes(16)), person=bytes(16))
    assert opened.tag == again.tag
    assert opened.meeting == again.meeting
    assert len({opened.tag, tomorrow.tag, stranger.tag}) == 3
    assert opened.meeting == tomorrow.meeting != stranger.meeting


def test_a_hub_cannot_have_tags_of_other_days(world: World) -> None:
    """Linking a person across days would need tags of past days: only days that can be today are taken."""
    grant = world.sign_in().grant
    assert world.derive(grant, day=world.today() - 2).refusal == "day-out-of-range"
    assert world.derive(grant, day=world.today() + 2).refusal == "day-out-of-range"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"insurer": "9999999999"}, "insurer-unknown"),
        ({"nir": "12345"}, "identity-malformed"),
        ({"member": ""}, "identity-malformed"),
        ({"member": "é1"}, "identity-malformed"),
        ({"birth": "19850512"}, "identity-malformed"),
        ({"rank": "12"}, "identity-malformed"),
    ],
)
def test_what_is_not_canonical_is_refused_alone(world: World, changed: dict[str, str], refusal: str) -> None:
    """A refusal is a value of its item and does not count in the meter."""
    grant = world.sign_in().grant
    before = dict(world.parts.meter.figures())
    assert world.derive(grant, **changed).refusal == refusal
    assert dict(world.parts.meter.figures()) == before


def test_a_bad_item_spoils_nothing_for_the_others(world: World) -> None:
    """Results are per item, in order."""
    grant = world.sign_in().grant
    good = DeriveItem(grant, "eligibility", INSURER, day=world.today(), **presented(1))
    bad = DeriveItem(b"forged", "eligibility", INSURER, day=world.today(), **presented(1))
    assert [result.refusal for result in world.parts.questions.derive([good, bad, good])] == ["", "no-grant", ""]


def test_two_live_versions_answer_side_by_side(world: World) -> None:
    """While an index key is replaced both versions derive, newest first; a retired one no longer does."""
    ring, grant = world.parts.ring, world.sign_in().grant
    old = world.sealed()
    version = ring.begin(INSURER)
    assert world.derive(grant).versions == (1,)
    ring.promote(INSURER, version)
    both = world.derive(grant)
    assert both.versions == (2, 1)
    assert world.open(both.ticket, old, version=1).coverage == COVERAGE
    assert world.open(both.ticket, world.sealed(), version=2).coverage == COVERAGE
    ring.retire(INSURER, 1)
    assert world.derive(grant).versions == (2,)
    with pytest.raises(KeyError):
        ring.retire(INSURER, 2)


def test_no_key_ever_leaves(world: World) -> None:
    """No result of any operation holds a key of the ring, a payload key, or a part of one."""
    grant = world.sign_in()
    derived = world.derive(grant.grant)
    opened = world.open(derived.ticket, world.sealed())
    kept = world.parts.keeping.keep([KeepItem(derived.ticket, bytes(16), 24310, b"a", b"s", b"c")])
    health = world.parts.administration.health([])
    said = msgspec.msgpack.encode([grant, derived, opened, kept, health])
    index = world.parts.ring.insurers[INSURER].live[0]
    who = presented(1)
    from rempart.sealing.identity import encode_identity

    identity = encode_identity(INSURER, who["member"], who["nir"], who["birth"], rank=who["rank"])
    assert identity is not None
    secrets = [*world.secrets(), index.keys(identity)[1], index.digest(identity)[48:]]
    assert len(secrets) > 10
    for secret in secrets:
        for start in range(len(secret) - 8):
            assert secret[start : start + 8] not in said


def test_what_was_opened_is_in_the_journal_before_it_is_told(world: World) -> None:
    """One entry per opened item, hit or miss, with grant, tag and purpose; refused items leave none."""
    grant = world.sign_in().grant
    hit = world.open(world.derive(grant).ticket, world.sealed())
    miss = world.open(world.derive(grant, 2).ticket, None, None)
    world.open(b"forged", None, None)
    entries = [entry for block in world.parts.journal.read(0, 100) for entry in block.entries]
    assert entries == [(grant_digest(grant), 0, hit.tag), (grant_digest(grant), 0, miss.tag)]


def test_a_full_disk_gives_no_answer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the journal cannot be written, nothing is told."""
    ticket = world.derive(world.sign_in().grant).ticket

    def full(_file: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rempart.keeper.journal.os.write", full)
    with pytest.raises(OSError, match="No space"):
        world.open(ticket, world.sealed())


def test_the_box_derives_invoices_alone(world: World) -> None:
    """The worker's socket cannot ask for eligibility."""
    grant = world.sign_in().grant
    items = [DeriveItem(grant, purpose, INSURER, day=world.today(), **presented(1)) for purpose in ("read", "invoice")]
    results = world.parts.questions.derive_invoices(items)
    assert [result.refusal for result in results] == ["purpose-not-granted", ""]


@given(number=st.integers(2, 999_999), other=st.integers(2, 999_999))
def test_record_keys_follow_identities(world: World, number: int, other: int) -> None:
    """Two identities have one record key exactly when they are the same."""
    grant = world.sign_in().grant
    assert (world.derive(grant, number).keys == world.derive(grant, other).keys) == (number == other)


def test_a_ticket_of_an_exited_insurer_opens_nothing(world: World) -> None:
    """Once an insurer's keys are forgotten, a ticket from just before is refused."""
    ticket, payload = world.derive(world.sign_in().grant).ticket, world.sealed()
    world.parts.ring.forget_insurer(INSURER)
    assert world.open(ticket, payload).refusal == "insurer-unknown"
