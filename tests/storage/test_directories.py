"""A directory's file is compared with what is known, keeps dated places, and closes no site by itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from rempart.bootstrap.directories import Imported, import_file
from rempart.storage.directories import Said, Source, end_proposal, imports, proposals

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

pytestmark = pytest.mark.postgres
MAY, JUNE, JULY = date(2026, 5, 12), date(2026, 6, 12), date(2026, 7, 12)
SITE, OTHER, NEW = "751234568", "970499992", "750000010"
TAIL = ";01440 VILLE;;;620;Officine;2204;Pharmacies;;4773Z;01;x;;;1979-02-13;1979-02-13;2020-02-04;"


@pytest.fixture
def worker(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection, with two registered sites."""
    with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
        for site in (SITE, OTHER):
            connection.execute(
                "insert into rempart.site (site, profession, operator, since) values (%s, 'pharmacy', 'op', 0)", (site,)
            )
        yield connection


def finess(folder: Path, day: date, *places: tuple[str, str], spoilt: int = 0) -> Path:
    """A FINESS file of that day: each place with its commune of the department 01."""
    path = folder / f"finess-{day}.csv"
    lines = [f"finess;etalab;111;{day}"]
    lines += [
        f"structureet;{number};010780054;NOM INVENTE;;;;9;R;X;;;{commune};01;AIN{TAIL}" for number, commune in places
    ]
    lines += ["structureet;spoilt"] * spoilt
    path.write_text("\n".join(lines) + "\n", "latin-1")
    return path


def take(worker: psycopg.Connection[Any], path: Path, day: date, instant: int = 1, **said: Any) -> Imported | str:
    return import_file(worker, path, Source("finess", day, "agent-7", **said), instant)


def counted(found: Imported | str) -> tuple[int, int, int, int]:
    """Known, opened, closed, moved."""
    assert isinstance(found, Imported), found
    differs = found.differences
    return differs.known, differs.opened, differs.closed, differs.moved


def test_rows_are_dated_and_a_closure_is_proposed(worker: psycopg.Connection[Any], tmp_path: Path) -> None:
    """What is no longer listed ends the day before; its site stays as it is until an agent says so."""
    assert counted(take(worker, finess(tmp_path, MAY, (SITE, "451"), (OTHER, "451")), MAY)) == (0, 2, 0, 0)
    assert proposals(worker) == []
    assert counted(take(worker, finess(tmp_path, JUNE, (OTHER, "452"), (NEW, "451")), JUNE)) == (2, 1, 1, 1)
    rows = worker.execute("select place, commune, starts, ends from rempart.directory_place order by place, starts")
    forever = date(9999, 12, 31)
    assert rows.fetchall() == [
        (NEW, "01451", JUNE, forever), (SITE, "01451", MAY, date(2026, 6, 11)),
        (OTHER, "01451", MAY, date(2026, 6, 11)), (OTHER, "01452", JUNE, forever),
    ]  # fmt: skip
    assert [(each.site, each.what) for each in proposals(worker)] == [(SITE, "closed"), (OTHER, "moved")]
    standings = worker.execute("select distinct standing from rempart.site").fetchall()
    assert standings == [("good",)]


def test_an_agent_confirms_or_dismisses_once(worker: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Who, and why, are kept; a proposal that ended is not there any more."""
    take(worker, finess(tmp_path, MAY, (SITE, "451"), (OTHER, "451")), MAY)
    take(worker, finess(tmp_path, JUNE, (NEW, "451")), JUNE)
    first, second = proposals(worker)
    assert end_proposal(worker, first.proposal, "dismissed", Said("agent-7", "renumbered", 5)) == ""
    assert end_proposal(worker, first.proposal, "confirmed", Said("agent-8", "", 6)) == "proposal-unknown"
    assert end_proposal(worker, 999, "confirmed", Said("agent-8", "", 6)) == "proposal-unknown"
    assert proposals(worker) == [second]
    with pytest.raises(psycopg.Error):
        worker.execute("delete from rempart.site_proposal_end")


def test_a_place_that_is_listed_again_takes_its_proposal_back(worker: psycopg.Connection[Any], tmp_path: Path) -> None:
    """A gap of one month in a directory closes nobody."""
    take(worker, finess(tmp_path, MAY, (SITE, "451"), (OTHER, "451")), MAY)
    take(worker, finess(tmp_path, JUNE, (OTHER, "451")), JUNE)
    assert [each.site for each in proposals(worker)] == [SITE]
    take(worker, finess(tmp_path, JULY, (SITE, "451"), (OTHER, "451")), JULY)
    assert proposals(worker) == []


def test_a_file_that_cannot_be_right_changes_nothing(worker: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Another format, another day, an earlier one, the same one, an empty one, a spoilt one, one cut short."""
    digits = [f"7501{number:04d}" for number in range(40)]
    places = [(each + _key(each), "451") for each in digits]
    good = finess(tmp_path, JUNE, *places)
    assert counted(take(worker, good, JUNE)) == (0, 40, 0, 0)
    other = tmp_path / "other.txt"
    other.write_text("Type|Identifiant\n")
    assert take(worker, other, JULY) == "not-this-directory"
    assert take(worker, good, JULY) == "as-of-differs"
    assert take(worker, good, JUNE) == "as-of-not-later"
    assert take(worker, finess(tmp_path, MAY, *places), MAY) == "as-of-not-later"
    assert take(worker, finess(tmp_path, JULY), JULY) == "directory-empty"
    assert take(worker, finess(tmp_path, JULY, *places, spoilt=1), JULY) == "directory-faulty"
    short = finess(tmp_path, JULY, *places[:20])
    assert take(worker, short, JULY) == "directory-shrank"
    assert len(imports(worker)) == 1
    assert counted(take(worker, short, JULY, smaller=True)) == (40, 0, 20, 0)


def test_the_annuaire_is_merged_by_place_and_holds_nobody(worker: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Two professions at one place are one row; neither a name nor an RPPS number is anywhere in the database."""
    path = tmp_path / "annuaire.txt"
    path.write_text(
        "Identifiant PP|Nom d'exercice|Code profession|Numéro SIRET site|Numéro FINESS site|"
        "Code commune (coord. structure)\n"
        f"10000000001|INVENTEE|21||{SITE}|75101\n10000000002|INVENTE|60||{SITE}|75101\n10000000003|INVENTE|60|||\n",
        "utf-8",
    )
    found = import_file(worker, path, Source("annuaire", MAY, "agent-7"), 1)
    assert isinstance(found, Imported)
    assert (found.differences.listed, found.lines, found.nowhere) == (1, 3, 1)
    rows = worker.execute("select place, category, commune from rempart.directory_place").fetchall()
    assert rows == [(SITE, "21,60", "75101")]


def _key(eight: str) -> str:
    from rempart.domain.identifiers import luhn_digit

    return luhn_digit(eight)
