"""Loading rights files on a real PostgreSQL through the real loader: each rule of the trade, and each way to break off."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.rights_world import NOW, YEAR, closing, coverage, line

from rempart.domain.rights import Key
from rempart.domain.weighing import Limits
from rempart.formats.rights_file import CHUNK, Expected
from rempart.sealing import ringing
from rempart.sealing.client import KeeperUnavailable
from rempart.sealing.envelope import BatchOpener, open_batch
from rempart.sealing.loading import PURPOSE, ROW_COLUMNS
from rempart.worker import rights
from rempart.worker.rights import Wish

if TYPE_CHECKING:
    from support.rights_world import RightsWorld

DAY_2 = date(2026, 11, 2).toordinal() - date(1970, 1, 1).toordinal()
BAD = b'{"ref":"REF-5","keys":[],"coverage":{}}'


def numbers(world: RightsWorld, statement: str) -> Any:
    """The first row of a statement of the owner."""
    with psycopg.connect(world.database.url("owner"), autocommit=True) as owner:
        return owner.execute(statement.encode()).fetchone()


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
        """A record that a file changes or closes is kept as it was, with the instant it was replaced; unchanged ones are not."""
        world.full(range(100))
        lines = [line(0, rights=coverage(formula="TM")), *(line(number) for number in range(1, 99))]
        world.load(world.file(lines, sequence=2), instant=NOW + 5)
        kept = world.connection.execute("select replaced, closed, payload is null from rempart.record_replaced").fetchall()
        assert kept == [(NOW + 5, None, False)] * 2

    def test_a_new_record_is_known_to_be_new(self, world: RightsWorld) -> None:
        """A record that was not there before leaves a mark that says so."""
        world.full(range(100))
        world.full(range(101), sequence=2)
        assert world.connection.execute("select payload, person from rempart.record_replaced").fetchall() == [(None, None)]

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


class TestQuarantine:
    @pytest.mark.parametrize(
        ("people", "formula", "over"),
        [(range(90), "100", "closed"), (range(120), "100", "opened"), (range(100), "TM", "changed")],
    )
    def test_each_kind_of_change_is_weighed_apart(
        self, world: RightsWorld, people: range, formula: str, over: str
    ) -> None:
        """Closing, opening and formula change beyond their limits each put a file in quarantine; the old rights answer."""
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
                f"update rempart.generation set state = 'live' where generation = {held.generation}",
                f"update rempart.insurer set generations = array[{held.generation}]",
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
        rows = world.connection.execute("select key_version, closed is null, count(*) from rempart.record group by 1, 2").fetchall()
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
            "select m.person, m.sealed_ref, b.wrapped from rempart.member_ref m join rempart.reference_batch b using (batch)"
        ).fetchall()
        found = set()
        for person, sealed, wrapped in rows:
            opener = open_batch(wrapped, world.opening, PURPOSE)
            assert isinstance(opener, BatchOpener)
            found.add(opener.open(sealed, rights_bound(person)))
        assert found == {f"REF-{number}".encode() for number in range(21)}
        assert len(rows) == 21


class TestBreakingOff:
    @pytest.mark.parametrize("at", [0.0, 0.3, 0.7])
    def test_killed_loader_leaves_previous_rights(self, world: RightsWorld, at: float) -> None:
        """Killing the loader and its sealing processes in the middle changes nothing, and the same file loads afterwards."""
        world.full(range(100))
        before = world.state()
        file = world.file([line(number) for number in range(60_000)], sequence=2, expected=Expected(59_900, 0, 0))

        def kill() -> None:
            time.sleep(0.1 + at)
            for pid in world.keeper.loader_pids():
                os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(KeeperUnavailable):
            world.load(file)
        killer.join()
        assert world.state() == before
        retry(world, file)
        assert world.open_count() == 60_000

    def test_killed_worker_leaves_previous_rights(self, world: RightsWorld) -> None:
        """A worker whose database session is cut in the middle leaves nothing behind, and a retry succeeds."""
        world.full(range(100))
        before = world.state()
        file = world.file([line(number) for number in range(20_000)], sequence=2, expected=Expected(19_900, 0, 0))
        pid = world.connection.info.backend_pid

        class Cutting(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() > CHUNK:
                    with psycopg.connect(world.database.url("admin"), autocommit=True) as admin:
                        admin.execute("select pg_terminate_backend(%s)", (pid,))
                return super().read(size)

        with world.keeper.load_socket() as keeper, pytest.raises(psycopg.Error):
            rights.load(world.connection, keeper, Cutting(file), world.rules, instant=NOW, wish=Wish())
        world.connection = psycopg.connect(world.database.url("worker"), autocommit=True)
        assert world.state() == before
        assert world.load(file).state == "applied"

    @settings(max_examples=40)
    @given(st.data())
    def test_fuzzed_file_leaves_no_partial_state(self, world: RightsWorld, data: st.DataObject) -> None:
        """A file with changed, cut or added bytes is refused whole, and nothing but a report is left."""
        if not world.rows():
            world.full(range(100))
        before = world.state()
        file = bytearray(world.file([line(number) for number in range(120)], sequence=2, compression="zstd"))
        where = data.draw(st.integers(0, len(file) - 1))
        kind = data.draw(st.sampled_from(["flip", "cut", "add"]))
        if kind == "flip":
            file[where] ^= data.draw(st.integers(1, 255))
        elif kind == "cut":
            del file[where:]
        else:
            file[where:where] = data.draw(st.binary(min_size=1, max_size=40))
        outcome = world.load(bytes(file))
        assert outcome.state == "refused"
        assert outcome.code
        assert world.state() == before

    def test_another_insurers_signature_is_refused(self, world: RightsWorld) -> None:
        """A file signed by another key changes nothing and leaves no report under the insurer's name."""
        file = world.file([line(1)])
        head, _, body = file.partition(b"\n")
        fields = json.loads(head)
        fields["count"] = 2
        outcome = world.load(json.dumps(fields).encode() + b"\n" + body)
        assert outcome.code == "signature-differs"
        assert numbers(world, "select count(*) from rempart.rights_file") == (0,)

    def test_clear_file_on_disk_needs_its_dangerous_wish(self, world: RightsWorld, tmp_path: Path) -> None:
        """A rights file that lies on disk in clear is refused unless that was wished, a sealed one is taken."""
        path = tmp_path / "file"
        file = world.file([line(1)])
        with world.keeper.load_socket() as keeper:
            path.write_bytes(file)
            refused = rights.load_path(world.connection, keeper, path, world.rules, instant=NOW, wish=Wish())
            path.write_bytes(world.sealed(file))
            taken = rights.load_path(world.connection, keeper, path, world.rules, instant=NOW, wish=Wish())
        assert (refused.code, taken.state) == ("file-clear", "applied")


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
                "select report from rempart.rights_file",
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


def rights_bound(person: bytes) -> bytes:
    """What a reference is bound to."""
    from rempart.keeper.sealer import bound_to

    return bound_to(person)


def retry(world: RightsWorld, file: bytes) -> None:
    """Loads as soon as the keeper has a loader again."""
    end = time.monotonic() + 20
    while True:
        try:
            assert world.load(file).state == "applied"
        except KeeperUnavailable:
            assert time.monotonic() < end, "the loader did not come back"
            time.sleep(0.1)
        else:
            return
