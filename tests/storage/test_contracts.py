"""Contracts and networks in the database: written once, ended by date, and what the hub reads of them."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import psycopg
import pytest

from rempart.bootstrap.networks import Found, Source, import_file
from rempart.domain.contracts import ELSEWHERE, NO_TERMS, Served, SiteTerms
from rempart.domain.guarantee import Membership
from rempart.storage import contracts, facts
from rempart.storage.contracts import OF_INSURERS, OF_SITES, Said
from rempart.storage.networks import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

pytestmark = pytest.mark.postgres
INSURER, SITE, OTHER = "0099000001", "751234568", "970499992"
FIRST, LAST, NEXT = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)
SAID = Said("agent-7", 1)


@pytest.fixture
def worker(postgres: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker's connection: an insurer, and a site of each of two operators."""
    with psycopg.connect(postgres.url("worker"), autocommit=True) as connection:
        connection.execute(
            "insert into rempart.insurer (insurer, name, operator, member_rule, since) "
            "values (%s, 'Mutuelle', 'horizon', '{}', 0)", (INSURER,)
        )  # fmt: skip
        for site, operator in ((SITE, "horizon"), (OTHER, "azur")):
            connection.execute(
                "insert into rempart.site (site, profession, operator, since) values (%s, 'pharmacy', %s, 0)",
                (site, operator),
            )
        yield connection


def reading(postgres: Database) -> facts.Facts:
    """What a hub reads, by its own role."""

    async def read() -> facts.Facts:
        connection = await asyncpg.connect(postgres.url("hub"))
        try:
            return await facts.read(connection)
        finally:
            await connection.close()

    return asyncio.run(read())


def refusal(postgres: Database, site: str, care: date) -> str:
    found = reading(postgres)
    return found.contracts.refusal(found.snapshot.sites[site], INSURER, care)


def test_an_ended_contract_covers_its_days_and_nothing_after(
    worker: psycopg.Connection[Any], postgres: Database
) -> None:
    """The hub reads the same; the other operator never had one; the next operator takes over on the next day."""
    before = reading(postgres).version
    assert contracts.add_insurer_contract(worker, Served("horizon", INSURER, FIRST), SAID) == ""
    assert contracts.add_insurer_contract(worker, Served("horizon", INSURER, FIRST), SAID) == ""
    (one,) = contracts.insurer_contracts(worker)
    assert contracts.end(worker, (OF_INSURERS, one.contract), LAST, Said("agent-8", 2)) == ""
    assert contracts.add_insurer_contract(worker, Served("azur", INSURER, NEXT), SAID) == ""
    assert [(each.ends, each.ended_by) for each in contracts.insurer_contracts(worker)] == [
        (date.max, ""), (LAST, "agent-8")
    ]  # fmt: skip
    assert [refusal(postgres, SITE, care) for care in (LAST, NEXT)] == ["", ELSEWHERE]
    assert [refusal(postgres, OTHER, care) for care in (LAST, NEXT)] == [ELSEWHERE, ""]
    assert reading(postgres).version > before
    served = worker.execute(
        "select o, rempart.insurer_served(o, %s, d) from (values ('horizon', %s::date), ('horizon', %s), ('azur', %s)) "
        "as v(o, d)", (INSURER, LAST, NEXT, NEXT)
    ).fetchall()  # fmt: skip
    assert served == [("horizon", True), ("horizon", False), ("azur", True)]


def test_contracts_that_contradict_are_refused_and_nothing_is_edited(worker: psycopg.Connection[Any]) -> None:
    """Unknown parties, two on one day, an end outside, a second end; and no row is ever edited."""
    assert contracts.add_insurer_contract(worker, Served("horizon", "0099999999", FIRST), SAID) == "insurer-unknown"
    contracts.add_insurer_contract(worker, Served("horizon", INSURER, FIRST, LAST), SAID)
    assert contracts.add_insurer_contract(worker, Served("horizon", INSURER, LAST), SAID) == "contract-overlaps"
    of = (OF_INSURERS, contracts.insurer_contracts(worker)[0].contract)
    assert contracts.end(worker, of, NEXT, SAID) == "day-outside"
    assert [contracts.end(worker, of, day, SAID) for day in (FIRST, FIRST, LAST)] == ["", "", "contract-ended"]
    assert contracts.end(worker, (OF_SITES, 999), LAST, SAID) == "contract-unknown"
    pharmacies = SiteTerms("horizon", "pharmacy", "", FIRST, cycle_days=7, least_cents=1_000)
    assert contracts.add_site_contract(worker, pharmacies, "the union", SAID) == ""
    assert contracts.add_site_contract(worker, pharmacies._replace(cycle_days=8), "x", SAID) == "contract-overlaps"
    assert contracts.add_site_contract(worker, SiteTerms("azur", "", SITE, FIRST), "x", SAID) == "other-operator"
    assert contracts.add_site_contract(worker, SiteTerms("azur", "", "123456782", FIRST), "x", SAID) == "site-unknown"
    assert [one.signed_by for one in contracts.site_contracts(worker)] == ["the union"]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("update rempart.insurer_contract set ends = '2030-01-01'")


def test_a_site_without_a_contract_of_its_operator_is_not_served(
    worker: psycopg.Connection[Any], postgres: Database
) -> None:
    """Once an operator wrote contracts with sites; another operator's sites go on."""
    contracts.add_site_contract(worker, SiteTerms("horizon", "nurse", "", FIRST), "the union", SAID)
    assert [refusal(postgres, site, LAST) for site in (SITE, OTHER)] == [NO_TERMS, ""]
    contracts.add_site_contract(worker, SiteTerms("horizon", "", SITE, FIRST, LAST), "the site", SAID)
    assert [refusal(postgres, SITE, care) for care in (LAST, NEXT)] == ["", NO_TERMS]


def test_a_network_file_is_taken_once_and_read_by_date(
    worker: psycopg.Connection[Any], postgres: Database, tmp_path: Path
) -> None:
    """The same file again changes nothing, an older one is refused, a site left out was in until the day before."""

    def take(as_of: date, *lines: str) -> Found | str:
        file = tmp_path / "clair.csv"
        file.write_text("\n".join(("network;site;from;to", *lines)) + "\n")
        return import_file(worker, file, Source("horizon", as_of, b"", "agent-7", 1))

    both = (f"CLAIR;{SITE};2026-01-01;", f"CLAIR;{OTHER};2026-01-01;")
    first, again = take(FIRST, *both), take(FIRST, *both)
    assert isinstance(first, Found)
    assert isinstance(again, Found)
    assert (first.differences.joined, first.strangers, again.again) == (2, 1, True)
    assert reading(postgres).snapshot.sites[SITE].networks == (Membership("CLAIR", SITE, FIRST),)
    assert reading(postgres).snapshot.sites[OTHER].networks == ()  # another operator's site
    assert take(FIRST, both[0]) == "as-of-not-later"
    left = take(NEXT, both[1])
    assert isinstance(left, Found)
    assert (left.differences.left, left.differences.joined) == (1, 0)
    assert reading(postgres).snapshot.sites[SITE].networks == (Membership("CLAIR", SITE, FIRST, LAST),)
    known = worker.execute("select count(*), count(superseded) from rempart.network_member").fetchone()
    assert known == (3, 1)
    assert [(one.as_of, one.joined, one.departed) for one in files(worker)] == [(NEXT, 0, 1), (FIRST, 2, 0)]
    faulty = take(date(2026, 8, 1), "CLAIR;none;2026-01-01;")
    assert isinstance(faulty, Found)
    assert [each.code for each in faulty.faults] == ["site-shape"]


def test_what_commands_look_up_is_what_the_hub_reads(worker: psycopg.Connection[Any], postgres: Database) -> None:
    """Contracts with insurers and with sites, ends and terms, by either way of reading."""
    assert contracts.add_insurer_contract(worker, Served("horizon", INSURER, FIRST, LAST), SAID) == ""
    terms = SiteTerms("azur", "pharmacy", "", FIRST, LAST, 7, 500)
    assert contracts.add_site_contract(worker, terms, "union", SAID) == ""
    found = contracts.in_force(worker)
    assert found == reading(postgres).contracts
    assert found.serves("horizon", INSURER, LAST)
    assert not found.serves("horizon", INSURER, NEXT)
    assert not found.serves("azur", INSURER, LAST)
    assert found.serves("azur", "0099000009", NEXT), "nobody ever wrote one"
