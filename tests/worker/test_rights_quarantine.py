"""Files that change too much wait for two people; deltas, index keys and references."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.domain.rights import Key
from rempart.formats.rights_file import Expected
from rempart.sealing import ringing
from rempart.sealing.envelope import BatchOpener, open_batch
from rempart.sealing.loading import PURPOSE
from support.rights_world import DAY_2, NOW, closing, coverage, line, numbers

if TYPE_CHECKING:
    from support.rights_world import RightsWorld


class TestQuarantine:
    @pytest.mark.parametrize(
        ("people", "formula", "over"),
        [(range(90), "100", "closed"), (range(120), "100", "opened"), (range(100), "TM", "changed")],
    )
    def test_each_kind_of_change_is_weighed_apart(
        self, world: RightsWorld, people: range, formula: str, over: str
    ) -> None:
        """Closing, opening and formula change beyond their limits each put a file in quarantine."""
        world.full(range(100))
        before = world.rows()
        outcome = world.load(world.file([line(n, rights=coverage(formula=formula)) for n in people], sequence=2))
        assert (outcome.state, outcome.over) == ("quarantined", (over,))
        assert world.rows() == before
        prolonged = world.connection.execute("select prolonged_from, prolonged_until from rempart.insurer").fetchone()
        assert prolonged == (DAY_2, DAY_2 + 7)

    def test_extension_alone_never_waits(self, world: RightsWorld) -> None:
        """Later dates for everybody pass."""
        world.full(range(100))
        later = coverage(end=date(2027, 12, 31))
        outcome = world.load(world.file([line(number, rights=later) for number in range(100)], sequence=2))
        assert (outcome.state, outcome.weights and outcome.weights.extended) == ("applied", 100)

    def test_shortening_weighs_as_closing(self, world: RightsWorld) -> None:
        """Earlier ends for everybody are closings."""
        world.full(range(100))
        short = coverage(end=date(2026, 11, 30))
        outcome = world.load(world.file([line(number, rights=short) for number in range(100)], sequence=2))
        assert outcome.over == ("closed",)

    def test_announced_counts_pass(self, world: RightsWorld) -> None:
        """A change within 10 % of the signed announcement passes, beyond it does not."""
        world.full(range(100))
        assert world.full(range(79), sequence=2, expected=Expected(0, 19, 0)).state == "quarantined"
        world.refuse(numbers(world, "select max(rights_file) from rempart.rights_file")[0], "a")
        assert world.full(range(79), sequence=2, expected=Expected(0, 20, 0)).state == "applied"

    def test_two_different_people_release(self, world: RightsWorld) -> None:
        """One officer is not enough, twice the same neither; the second different one makes the file answer."""
        world.full(range(100))
        held = world.full(range(90), sequence=2)
        assert world.release(held.rights_file, "Anne").state == "quarantined"
        assert world.release(held.rights_file, " ANNE ").code == "officer-already-spoke"
        assert world.open_count() == 100
        assert world.release(held.rights_file, "Bruno").state == "applied"
        assert (world.open_count(), len(world.rows())) == (90, 100)
        assert world.release(held.rights_file, "Chloé").code == "not-in-quarantine"
        assert world.full(range(90), sequence=3).state == "applied"

    @pytest.mark.parametrize("role", ["worker", "owner", "admin"])
    def test_raw_sql_cannot_release_alone(self, world: RightsWorld, role: str) -> None:
        """Whoever writes the statement, one person's word does not make a quarantined file answer."""
        world.full(range(100))
        held = world.full(range(90), sequence=2)
        world.release(held.rights_file, "anne")
        with psycopg.connect(world.database.url(role), autocommit=True) as raw:
            for statement in (
                "update rempart.rights_file set state = 'applied' where state = 'quarantined'",
                "update rempart.generation set state = 'live' where state = 'quarantined'",
                "update rempart.insurer set generations = array(select generation from rempart.generation)",
                "update rempart.rights_file set over_limit = '{}', state = 'applied' where state = 'quarantined'",
                "update rempart.rights_release set officer = 'bruno'",
                "insert into rempart.rights_release select rights_file, 'Anne ', 'release', 0 from rempart.rights_file",
            ):
                with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.InsufficientPrivilege)):
                    raw.execute(statement.encode())
        assert world.open_count() == 100

    def test_refusing_leaves_the_number_free(self, world: RightsWorld) -> None:
        """A refused file never answers, and the insurer sends that number again, corrected."""
        world.full(range(100))
        held = world.full(range(50), sequence=2)
        assert world.full(range(100), sequence=3).code == "quarantine-open"
        assert world.refuse(held.rights_file, "anne").code == "refused-by-officer"
        assert world.full(range(100), sequence=2, day="2026-11-03").state == "applied"
        assert world.open_count() == 100

    def test_a_quarantined_delta_waits_staged(self, world: RightsWorld) -> None:
        """A delta in quarantine changes nothing until two people released it, then everything it says."""
        world.full(range(100))
        lines = [closing(number, date(2026, 11, 10)) for number in range(10)]
        held = world.load(world.file(lines, sequence=2, kind="delta"))
        assert (held.state, held.over, world.open_count()) == ("quarantined", ("closed",), 100)
        world.release(held.rights_file, "anne")
        assert world.release(held.rights_file, "bruno").state == "applied"
        assert world.open_count() == 90


class TestDelta:
    def test_put_replaces_opens_and_closes(self, world: RightsWorld) -> None:
        """A delta replaces what was known under a reference, adds newcomers and closes; the others stay to the byte."""
        world.full(range(200))
        before = {row[0]: row for row in world.rows()}
        day = date(2026, 11, 20)
        lines = [
            line(1, rights=coverage(formula="TM"), delta=True),
            line(200, delta=True),
            line(2, keys=(Key("MOVED", None, "850512", "1"),), delta=True),
            closing(3, day),
        ]
        outcome = world.load(world.file(lines, sequence=2, kind="delta", expected=Expected(1, 1, 1)), instant=NOW + 9)
        assert outcome.state == "applied"
        after = {row[0]: row for row in world.rows()}
        same = [key for key in before if after[key] == before[key]]
        assert (len(after), len(same)) == (202, 197)
        closed = sorted(row[3] for row in after.values() if row[3] is not None)
        assert closed == [DAY_2, day.toordinal() + 1 - date(1970, 1, 1).toordinal()]
        replaced = world.connection.execute("select replaced, payload is null from rempart.record_replaced").fetchall()
        assert sorted(replaced) == [(NOW + 9, False)] * 3 + [(NOW + 9, True)] * 2

    def test_a_delta_does_not_take_anothers_identity(self, world: RightsWorld) -> None:
        """Who holds an identity keeps it against a delta that gives it to another person; it is reported."""
        world.full(range(200))
        thief = line(500, keys=(Key("M0000001", None, "850512", "1"), Key("FREE", None, "850512", "1")), delta=True)
        before = {row[0]: row for row in world.rows()}
        outcome = world.load(world.file([thief], sequence=2, kind="delta"))
        after = {row[0]: row for row in world.rows()}
        assert (outcome.state, outcome.collisions, len(after)) == ("applied", 1, 201)
        assert all(after[key] == row for key, row in before.items())

    def test_nothing_of_a_delta_stays_staged(self, world: RightsWorld) -> None:
        """After the merge the staging table and its marks are gone."""
        world.full(range(200))
        world.load(world.file([closing(1, date(2026, 11, 20))], sequence=2, kind="delta"))
        assert numbers(world, "select count(*) from pg_class where relname ~ '^record_[0-9]+$'") == (1,)
        assert numbers(world, "select count(*) from rempart.rights_mark") == (0,)


class TestIndexKey:
    def test_a_new_index_key_comes_with_a_full_file(self, world: RightsWorld) -> None:
        """Under a new index key the old generation stays as a closed tail, and the key begins to answer."""
        world.full(range(100))
        version = world.keeper.ring("begin", ringing.IndexKeyItem(world.insurer)).version
        outcome = world.full(range(99), sequence=2)
        assert (outcome.state, outcome.weights and outcome.weights.closed) == ("applied", 1)
        rows = world.connection.execute(
            "select key_version, closed is null, count(*) from rempart.record group by 1, 2"
        ).fetchall()
        assert sorted(rows) == [(1, False, 100), (version, True, 99)]
        (generations,) = world.connection.execute("select generations from rempart.insurer").fetchone() or ((),)
        assert generations == [2, 1]
        retired = world.keeper.ring("retire", ringing.IndexKeyItem(world.insurer, 1))
        assert retired.refusal == ""


class TestReferences:
    def test_only_the_insurer_reads_a_reference(self, world: RightsWorld) -> None:
        """Each person has one sealed reference that the insurer's key opens, bound to that person."""
        world.full(range(20))
        world.full(range(21), sequence=2)
        rows = world.connection.execute(
            "select m.person, m.sealed_ref, b.wrapped from rempart.member_ref m "
            "join rempart.reference_batch b using (batch)"
        ).fetchall()
        found = set()
        for person, sealed, wrapped in rows:
            opener = open_batch(wrapped, world.opening, PURPOSE)
            assert isinstance(opener, BatchOpener)
            found.add(opener.open(sealed, rights_bound(person)))
        assert found == {f"REF-{number}".encode() for number in range(21)}
        assert len(rows) == 21


def rights_bound(person: bytes) -> bytes:
    """What a reference is bound to."""
    from rempart.keeper.rows import bound_to

    return bound_to(person)
