"""Loading rights files on a real PostgreSQL through the real loader: each rule, and each way to break off."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.domain.rights import Key
from rempart.domain.weighing import Limits
from rempart.formats.rights_file import Expected
from rempart.sealing import ringing
from rempart.sealing.loading import ROW_COLUMNS
from rempart.worker import rights
from support.rights_world import BAD, DAY_2, NOW, YEAR, coverage, line

if TYPE_CHECKING:
    from support.rights_world import RightsWorld


class TestFullFile:
    def test_first_file_answers(self, world: RightsWorld) -> None:
        """An insurer's first file is applied whole, one row for each way of presenting."""
        keys = (Key("A1", None, "850512", "1"), Key("A1", "1850575056001", "850512", "1"))
        outcome = world.load(world.file([line(1, keys=keys), line(2)]))
        assert (outcome.state, outcome.people, outcome.records) == ("applied", 2, 3)
        assert len(world.rows()) == 3
        assert len({row[1] for row in world.rows()}) == 2

    @pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
    def test_sealed_and_clear_give_the_same_rows(self, world: RightsWorld, compression: str) -> None:
        """A sealed file and its clear twin give byte-equal records, compressed or not."""
        lines = [line(number) for number in range(50)]
        assert world.load(world.file(lines, compression=compression)).state == "applied"
        clear = world.rows()
        sealed = world.sealed(world.file(lines, sequence=2, compression=compression))
        assert world.load(sealed).state == "applied"
        assert world.rows() == clear

    def test_absence_closes_and_never_erases(self, world: RightsWorld) -> None:
        """Who is absent from a full file is closed at its date, payload and person kept."""
        world.full(range(100))
        before = {row[0]: row for row in world.rows()}
        outcome = world.full(range(99), sequence=2)
        after = {row[0]: row for row in world.rows()}
        assert (outcome.state, outcome.carried) == ("applied", 1)
        assert before.keys() == after.keys()
        closed = [row for row in after.values() if row[3] is not None]
        assert [row[3] for row in closed] == [DAY_2]
        assert all(row[1:3] == before[row[0]][1:3] for row in after.values())

    def test_a_closed_person_keeps_the_first_closing_day(self, world: RightsWorld) -> None:
        """A later full file does not move a closing, and coming back opens again."""
        world.full(range(100))
        world.full(range(99), sequence=2)
        world.full(range(99), sequence=3, day="2026-11-09")
        assert [row[3] for row in world.rows() if row[3] is not None] == [DAY_2]
        world.full(range(100), sequence=4, day="2026-11-10")
        assert world.open_count() == 100

    def test_a_way_that_is_no_longer_named_closes(self, world: RightsWorld) -> None:
        """An old member number that the file no longer names is closed, the person is not."""
        old, new = Key("OLD7", None, "850512", "1"), Key("NEW7", None, "850512", "1")
        world.load(world.file([line(7, keys=(new, old))]))
        outcome = world.load(world.file([line(7, keys=(new,))], sequence=2))
        assert (outcome.state, len(world.rows()), world.open_count()) == ("applied", 2, 1)

    def test_rows_closed_beyond_retention_are_not_carried(self, world: RightsWorld) -> None:
        """What was closed more than 27 months before a file's date is not taken along."""
        world.full(range(100), day="2024-01-02")
        world.full(range(99), sequence=2, day="2024-01-03")
        assert len(world.rows()) == 100
        world.full(range(99), sequence=3, day="2026-05-01")
        assert len(world.rows()) == 99

    def test_what_was_answered_that_day_stays(self, world: RightsWorld) -> None:
        """A record that a file changes or closes is kept as it was, with the instant; unchanged ones are not."""
        world.full(range(100))
        lines = [line(0, rights=coverage(formula="TM")), *(line(number) for number in range(1, 99))]
        world.load(world.file(lines, sequence=2), instant=NOW + 5)
        kept = world.connection.execute(
            "select replaced, closed, payload is null from rempart.record_replaced"
        ).fetchall()
        assert kept == [(NOW + 5, None, False)] * 2

    def test_a_new_record_is_known_to_be_new(self, world: RightsWorld) -> None:
        """A record that was not there before leaves a mark that says so."""
        world.full(range(100))
        world.full(range(101), sequence=2)
        assert world.connection.execute("select payload, person from rempart.record_replaced").fetchall() == [
            (None, None)
        ]

    def test_two_people_with_one_identity_are_reported(self, world: RightsWorld) -> None:
        """The first line keeps an identity that two people claim; who shares it with whom is told, without a value."""
        same = (Key("TWIN", None, "150101", "1"),)
        outcome = world.load(world.file([line(1, keys=same), line(2, keys=same), line(3)]))
        assert (outcome.state, outcome.collisions, len(world.rows())) == ("applied", 1, 2)
        told = world.connection.execute("select kept <> dropped, rights_file from rempart.rights_collision").fetchall()
        assert told == [(True, outcome.rights_file)]

    def test_a_dated_way_shows_its_own_dates(self, world: RightsWorld) -> None:
        """A way bounded in time has another payload than the whole coverage."""
        keys = (Key("NOW", None, "850512", "1"), Key("OLD", None, "850512", "1", None, date(2026, 3, 31)))
        world.load(world.file([line(1, keys=keys)]))
        assert len({row[2][13:] for row in world.rows()}) == 2

    def test_statistics_do_not_decide_what_answers(self, world: RightsWorld) -> None:
        """The columns of a ready row are columns of the record."""
        found = world.connection.execute(
            "select column_name from information_schema.columns where table_name = 'record'"
        ).fetchall()
        assert set(ROW_COLUMNS) < {name for (name,) in found}


class TestRejects:
    def test_a_bad_line_keeps_that_persons_rights(self, world: RightsWorld) -> None:
        """In a full file a rejected line with a readable reference leaves that person as before, not closed."""
        world.full(range(300))
        lines = [BAD if number == 5 else line(number) for number in range(300)]
        outcome = world.load(world.file(lines, sequence=2))
        assert (outcome.state, outcome.rejected) == ("applied", 1)
        assert world.open_count() == 300

    def test_too_many_rejects_change_nothing(self, world: RightsWorld) -> None:
        """Beyond the threshold the file is refused, its report kept, everything else as before."""
        world.full(range(300))
        before = world.state()
        lines = [BAD if number < 2 else line(number) for number in range(300)]
        outcome = world.load(world.file(lines, sequence=2))
        assert (outcome.state, outcome.code, outcome.rejected) == ("refused", "rejects-over-threshold", 2)
        assert world.state() == before

    def test_strict_refuses_one_bad_line(self, world: RightsWorld) -> None:
        """With strict, any bad line refuses the file."""
        lines = [*(line(number) for number in range(300)), BAD]
        assert world.load(world.file(lines), strict=True).code == "strict-rejects"

    def test_report_holds_no_value(self, world: RightsWorld) -> None:
        """A report names line, field and code: no reference, member number, NIR or birth date of any line."""
        secret = Key("SECRET99", None, "850512", "1")
        bad = line(77, keys=(replace_rank(secret, "X"),))
        world.rules = replace(world.rules, limits=Limits(reject_percent=50))
        outcome = world.load(world.file([line(1), line(2), bad, bad]))
        (report,) = world.connection.execute("select report from rempart.rights_file").fetchone() or ({},)
        assert report["rejects"] == [[4, "keys[0].rank", "rank-shape"], [5, "keys[0].rank", "rank-shape"]]
        for text in (json.dumps(report), repr(outcome)):
            assert not any(value in text for value in ("SECRET99", "REF-77", "850512", "850575"))


class TestSequence:
    def test_same_file_twice_changes_nothing(self, world: RightsWorld) -> None:
        """A file that was applied is answered as unchanged."""
        file = world.file([line(1)])
        world.load(file)
        before = world.state()
        outcome = world.load(file)
        assert (outcome.state, outcome.code) == ("unchanged", "already-loaded")
        assert world.state() == before

    @pytest.mark.parametrize(("sequence", "code"), [(3, "sequence-gap"), (1, "sequence-back")])
    def test_gap_and_step_back_are_refused(self, world: RightsWorld, sequence: int, code: str) -> None:
        """Only the next sequence number is taken."""
        world.full([1])
        before = world.state()
        assert world.full([1, 2], sequence=sequence).code == code
        assert world.state() == before

    def test_restore_makes_a_new_generation_of_an_older_file(self, world: RightsWorld) -> None:
        """By explicit wish an older full file is taken again; the next file follows the newest number."""
        first = world.file([line(number) for number in range(100)])
        old = world.load(first)
        world.load(world.file([line(number, rights=coverage(formula="TM")) for number in range(100)], sequence=2,
                              expected=Expected(0, 0, 100)))  # fmt: skip
        world.rules = replace(world.rules, limits=Limits(formula_percent=100))
        restored = world.load(first, restore=True)
        assert (restored.state, restored.generation != old.generation) == ("applied", True)
        assert world.full(range(100), sequence=3).state == "applied"

    def test_a_delta_needs_a_full_file_before(self, world: RightsWorld) -> None:
        """The first file is a full one."""
        assert world.load(world.file([line(1, delta=True)], kind="delta")).code == "delta-before-full"


class TestRoles:
    def test_the_hub_reads_what_finding_needs(self, world: RightsWorld) -> None:
        """The hub's role reads six columns of records, no reference, no file, and changes nothing."""
        world.full([1])
        with psycopg.connect(world.database.url("hub"), autocommit=True) as hub:
            allowed = "select generation, record_key, key_version, person, payload, closed from rempart.record"
            assert len(hub.execute(allowed).fetchall()) == 1
            for statement in (
                "select formula from rempart.record",
                "select person from rempart.member_ref",
                "select person from rempart.record_1",
                "update rempart.record set closed = 1",
                "delete from rempart.record",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    hub.execute(statement.encode())


class TestPruning:
    def test_what_ended_is_dropped_and_what_answers_is_not(self, world: RightsWorld) -> None:
        """Pruning drops superseded generations, keeps the live one, and a live one cannot be dropped by mistake."""
        world.full(range(10))
        second = world.full(range(10), sequence=2)
        assert len(rights.prune(world.connection, world.rules, instant=NOW)) == 1
        assert world.open_count() == 10
        with pytest.raises(psycopg.errors.CheckViolation):
            world.connection.execute("select rempart.drop_generation(%s)", (second.generation,))

    def test_a_tail_ends_after_its_retention(self, world: RightsWorld) -> None:
        """A tail answers for 27 months and is dropped after."""
        world.full(range(10))
        world.keeper.ring("begin", ringing.IndexKeyItem(world.insurer))
        world.full(range(10), sequence=2)
        assert rights.prune(world.connection, world.rules, instant=NOW) == ()
        assert len(rights.prune(world.connection, world.rules, instant=NOW + 29 * 31 * 86_400_000_000)) == 1
        assert len(world.rows()) == 10


def replace_rank(key: Key, rank: str) -> Key:
    """The same way with another rank."""
    return key._replace(rank=rank, end=YEAR[1])
