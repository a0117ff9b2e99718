"""A wait names nobody, is found again under any index key, and opens only against a record that holds new rights."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from rempart.domain.newborns import NEWBORN
from rempart.domain.parameters import REOPENED_WITHIN_DAYS
from rempart.domain.rights import Coverage, Period, pack
from rempart.keeper.newborns import stamped
from rempart.sealing.frames import CountersItem, DepositItem, DeriveItem, OpenDepositItem, OpenItem
from rempart.sealing.identity import encode_child, encode_identity, encode_newborn
from rempart.sealing.record import pad
from rempart.sealing.wait_frames import RecallItem, RecallResult, ReopenItem, ReopenResult, WaitItem
from support.keepers import INSURER, PERSON, SITE, World, presented

CARE = date(2026, 11, 24)
DAY = CARE.toordinal() - date(1970, 1, 1).toordinal()
OPEN = pack(Coverage(1, "P", "", "responsible", (Period("PHAR", date(2026, 1, 1), date(2026, 12, 31), "100"),)))
SHUT = pack(Coverage(1, "P", "", "responsible", (Period("PHAR", date(2030, 1, 1), date(2030, 12, 31), "100"),)))


def _authority(world: World) -> bytes:
    grant = world.sign_in().grant
    sealed = world.parts.deposits.deposit([DepositItem(grant, b"file")])[0].sealed
    return world.parts.deposits.open([OpenDepositItem(sealed, world.now())])[0].authority


def _wait(world: World, *, coverage: bytes = b"", closed: int | None = None, **who: Any) -> bytes:
    shown = presented() | who
    item = WaitItem(
        _authority(world), INSURER, shown["member"], shown["nir"], shown["birth"], shown["rank"], DAY, b"invoice",
        coverage, closed,
    )  # fmt: skip
    (result,) = world.parts.waits.wait([item])
    assert result.refusal == ""
    return result.sealed


def _recall(world: World, sealed: bytes) -> RecallResult:
    return world.parts.waits.recall([RecallItem(sealed, world.now())])[0]


def _payload(world: World, coverage: bytes, identity: bytes | None = None, *, version: int = 1) -> bytes:
    insurer = world.parts.ring.insurers[INSURER]
    who = presented()
    own = encode_identity(INSURER, who["member"], who["nir"], who["birth"], rank=who["rank"])
    padded = pad(coverage, insurer.size)
    assert own is not None
    assert padded is not None
    return insurer.index[version].seal(identity or own, PERSON, padded)[1]


def _reopen(
    world: World, sealed: bytes, payload: bytes, *, version: int = 1, closed: int | None = None
) -> ReopenResult:  # fmt: skip
    return world.parts.waits.reopen([ReopenItem(sealed, world.now(), version, payload, PERSON, closed)])[0]


def test_two_waits_about_one_person_have_nothing_in_common(world: World) -> None:
    """The same invoice twice is sealed to other bytes throughout, with nothing of the person in it."""
    first, second = _wait(world), _wait(world)
    assert not {first[at : at + 8] for at in range(len(first) - 8)} & {
        second[at : at + 8] for at in range(len(second) - 8)
    }
    assert presented()["member"].encode() not in first


def test_it_finds_what_derive_finds(world: World) -> None:
    """The record keys are those of the presented identity."""
    derived = world.derive(world.sign_in().grant)
    recalled = _recall(world, _wait(world))
    assert (recalled.insurer, recalled.keys, recalled.versions) == (INSURER, derived.keys, derived.versions)


def test_it_outlives_a_new_index_key(world: World) -> None:
    """Under a new index key the wait is found and opened like before: nothing has to be carried over."""
    sealed = _wait(world)
    before = _recall(world, sealed)
    version = world.parts.ring.begin(INSURER)
    world.parts.ring.promote(INSURER, version)
    after = _recall(world, sealed)
    assert after.versions[0] == version
    assert after.keys[0] not in before.keys
    assert _reopen(world, sealed, _payload(world, OPEN, version=version), version=version).content == b"invoice"


def test_it_opens_against_open_rights_with_the_depositors_authority(world: World) -> None:
    """Content and authority come back; the authority derives invoices and nothing else."""
    found = _reopen(world, _wait(world), _payload(world, OPEN))
    assert (found.refusal, found.content, found.client, found.site) == ("", b"invoice", "pharmacy", SITE)
    assert world.derive(found.authority, purpose="invoice").refusal == ""
    assert world.derive(found.authority).refusal == "purpose-not-granted"


@pytest.mark.parametrize(
    ("coverage", "closed", "refusal"),
    [(SHUT, None, "not-open"), (OPEN, DAY, "not-open"), (OPEN, DAY - 30, "not-open"), (OPEN, DAY + 1, "")],
)
def test_rights_that_are_not_open_open_nothing(world: World, coverage: bytes, closed: int | None, refusal: str) -> None:
    """Another year, or a record that its insurer closed by the day of care."""
    assert _reopen(world, _wait(world), _payload(world, coverage), closed=closed).refusal == refusal


def test_what_was_seen_already_opens_nothing(world: World) -> None:
    """The same record as when the invoice was rejected is no news; the same one no longer closed is."""
    sealed = _wait(world, coverage=OPEN, closed=DAY - 1)
    assert _reopen(world, sealed, _payload(world, OPEN), closed=DAY - 1).refusal == "unchanged"
    assert _reopen(world, sealed, _payload(world, OPEN)).refusal == ""


def test_another_record_opens_nothing(world: World) -> None:
    """A row seen in the database is no key to somebody else's wait."""
    assert _reopen(world, _wait(world), world.sealed(2, coverage=OPEN)).refusal == "payload-mismatch"


def test_it_ends_after_ninety_days_and_with_its_client(world: World) -> None:
    """Too old, changed, or of a client that was revoked: neither found nor opened."""
    sealed = _wait(world)
    assert _recall(world, sealed[:-1] + bytes((sealed[-1] ^ 1,))).refusal == "bad-wait"
    assert not world.parts.registry.revoke("pharmacy")
    assert _recall(world, sealed).refusal == "grant-revoked"
    world.parts.clock._base += REOPENED_WITHIN_DAYS * 86_400_000_000 + 1_000_000
    assert _recall(world, sealed).refusal == "wait-expired"
    assert _reopen(world, sealed, _payload(world, OPEN)).refusal == "wait-expired"


def test_a_grant_of_questions_seals_no_wait(world: World) -> None:
    """Only the authority of a deposit does."""
    item = WaitItem(world.sign_in().grant, INSURER, "1", None, "850512", "1", DAY, b"", b"", None)
    assert world.parts.waits.wait([item])[0].refusal == "no-grant"


# --- newborns ---

BIRTH = "261120"


def _derive(world: World, *, care: int | None = DAY, birth: str = BIRTH, rank: str = "1") -> Any:
    who = presented() | {"birth": birth, "rank": rank}
    item = DeriveItem(world.sign_in().grant, "eligibility", INSURER, **who, day=world.today(), care=care)
    return world.parts.questions.derive([item])[0]


def _way() -> bytes:
    who = presented()
    return encode_newborn(INSURER, who["member"], who["nir"])


def test_only_a_newborn_has_a_parents_way(world: World) -> None:
    """Within ninety days of birth, by the day of care; not without a NIR, a day of care, or a date of a calendar."""
    assert _derive(world).versions == (1, 1 + NEWBORN)
    for other in (
        _derive(world, care=None), _derive(world, care=DAY + 87), _derive(world, care=DAY - 5),
        _derive(world, birth="261399"), _derive(world, birth="261101", care=DAY + 90),
    ):  # fmt: skip
        assert other.versions == (1,)
    assert _derive(world, care=DAY + 86).versions == (1, 1 + NEWBORN)


def test_a_newborn_opens_its_parent_and_counts_as_itself(world: World) -> None:
    """The parent's coverage and day tag; meeting, accreditor and counters are the child's own, twins' apart."""
    payload, version = _payload(world, OPEN, _way()), 1 + NEWBORN
    found = [
        world.parts.questions.open([OpenItem(_derive(world, rank=rank).ticket, version, payload, PERSON)])[0]
        for rank in ("1", "2")
    ]
    parent = world.open(world.derive(world.sign_in().grant).ticket, _payload(world, OPEN))
    assert [one.coverage for one in found] == [OPEN, OPEN]
    assert {one.tag for one in found} == {parent.tag}
    for name in ("meeting", "accreditor", "counted"):
        assert len({getattr(one, name) for one in (*found, parent)}) == 3, name


def test_a_parents_own_row_is_no_parents_way(world: World) -> None:
    """The ordinary record of the parent does not open for a newborn, nor the way of newborns for the parent."""
    ticket = _derive(world).ticket
    opened = world.parts.questions.open([OpenItem(ticket, 1 + NEWBORN, _payload(world, OPEN), PERSON)])[0]
    assert opened.refusal == "payload-mismatch"
    ordinary = world.derive(world.sign_in().grant).ticket
    assert world.open(ordinary, _payload(world, OPEN, _way())).refusal == "payload-mismatch"
    assert world.open(ordinary, _payload(world, OPEN, _way()), version=1 + NEWBORN).refusal == "version-unknown"


def test_the_childs_own_record_counts_on(world: World) -> None:
    """Meeting, accreditor and counter keys before and after the line was loaded are the same: nothing counts twice."""
    who = presented()
    insurer = world.parts.ring.insurers[INSURER]
    handle = insurer.newborn(encode_child(who["member"], BIRTH, "1"))
    identity = encode_identity(INSURER, who["member"], who["nir"], BIRTH, rank="1")
    own, way = _payload(world, stamped(handle, OPEN), identity), _payload(world, OPEN, _way())
    before, after = (_told(world, version, payload) for version, payload in ((1 + NEWBORN, way), (1, own)))
    assert before == after
    assert before[0] == OPEN


def _told(world: World, version: int, payload: bytes) -> tuple[Any, ...]:
    ticket = _derive(world).ticket
    opened = world.parts.questions.open([OpenItem(ticket, version, payload, PERSON)])[0]
    item = CountersItem(ticket, version, payload, PERSON, (("allowance/x", "2026-01-01/2026-12-31"),))
    keys = world.parts.counters.counters([item])[0].keys
    return opened.coverage, opened.meeting, opened.accreditor, opened.counted, keys
