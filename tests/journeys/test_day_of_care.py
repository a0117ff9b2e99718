"""A day through every program: what came of it is the ground truth, the money adds up, and nobody's identity stays."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from psycopg import sql

from rempart.application.returns import STATE_OF
from rempart.bench.day import DayReport, live
from rempart.bootstrap.pay import payer, terms
from rempart.domain.returns import InvoiceReturn
from rempart.formats import noemie
from rempart.ground.instants import PARIS, civil_date, now
from rempart.simulation.clients import registration_of
from rempart.simulation.http import Response
from support.houses import Town, town
from support.secrets_search import ENCODINGS, HASHES, Search, needles, search_of

pytestmark = pytest.mark.postgres

ALONE = frozenset({"member", "birth"})  # short: looked for where they stand alone
YEARS_TOO_RECENT = 12  # younger births could be a date of this day's own: tables, care and files bear dates as well
OPTIONS: dict[str, dict[str, object]] = {"payment": {"bank_key": "bank.pub"}, "log": {"fold_seconds": 0.3}}


@dataclass
class Lived:
    """A town after its day was lived and paid, and the accounts it pays to."""

    town: Town
    report: DayReport
    accounts: list[tuple[str, str]]


def _live(folder: Path, people: int, visits: int | None) -> Iterator[Lived]:
    with town(folder, people, options=OPTIONS, simulated=False) as made:
        key = X25519PrivateKey.generate().public_key().public_bytes_raw()
        (made.house.folder / "bank.pub").write_text(base64.b64encode(key).decode(), "ascii")
        accounts = made.open_bank()
        report = asyncio.run(live(made.world, made.country.day, visits=visits, progress=lambda: None))
        instant = now()
        with payer(made.house.settings) as paying:
            paying.run(terms(made.house.settings, civil_date(instant, PARIS), instant), instant)
        yield Lived(made, report, accounts)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """A country of 500 and its day."""
    yield from _live(tmp_path_factory.mktemp("day") / "h", 500, 120)


def _texts(lived: Lived) -> dict[str, set[str]]:
    """What must not be found, by kind; kinds with a plus are several values written together."""
    found: dict[str, set[str]] = {
        name: set() for name in ("nir13", "nir15", "member", "birth", "name", "full name", "iban", "payee")
    }
    for person in lived.town.country.everyone():
        family, given = person.family_name, person.given_name
        found["name"] |= {family, family.title(), family.lower(), given, given.title(), given.lower()}
        found["full name"] |= {f"{family} {given}", f"{given} {family}", f"{family}{given}"}
        if int(person.birth[:4]) <= lived.town.country.day.year - YEARS_TOO_RECENT:
            year, month, day = person.birth[:4], person.birth[4:6], person.birth[6:8]
            found["birth"] |= {person.birth, f"{year}-{month}-{day}", f"{day}/{month}/{year}", person.birth[2:]}
        insurer = lived.town.country.insurer_of(person)
        for member, nir, _, _ in person.ways:
            if len(set(member)) > 3:  # 00000000 is a number that stands everywhere
                found["member"] |= {member, insurer.printed_member(member)}
            if nir is not None:
                found["nir13"].add(nir)
                found["nir15"].add(nir + _key(nir))
    for account, name in lived.accounts:
        found["iban"] |= {account, " ".join(account[at : at + 4] for at in range(0, len(account), 4))}
        if name != "Rempart Demonstration":  # a firm's name, and no secret: it is the payer's
            found["payee"] |= {name, name.upper()}
    return found


def _key(nir: str) -> str:
    digits = int(nir.replace("2A", "19").replace("2B", "18"))
    return f"{97 - digits % 97:02d}"


def _tables(made: Town) -> Iterator[tuple[str, bytes]]:
    """Every table of the database as binary COPY: what was compressed or stored aside is whole there."""
    with psycopg.connect(made.house.database.url("admin"), autocommit=True) as connection:
        rows = connection.execute(
            "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_toast%'"
        ).fetchall()
        for schema, table in rows:
            statement = sql.SQL("copy (select * from {}) to stdout (format binary)").format(
                sql.Identifier(schema, table)
            )
            try:
                with connection.cursor().copy(statement) as copy:
                    yield f"table {schema}.{table}", b"".join(copy)
            except psycopg.errors.FeatureNotSupported:  # pg_attribute's anyarray: PostgreSQL's own, in the files below
                continue
            except psycopg.errors.UndefinedFunction:
                continue


def _files(made: Town) -> Iterator[tuple[str, bytes]]:
    """Every file of the installation: PostgreSQL's with its WAL, logs, spool, outputs, key ring, journal."""
    made.sql("checkpoint")
    for path in sorted(made.house.folder.rglob("*")):
        try:
            if path.is_file():
                yield str(path.relative_to(made.house.folder)), path.read_bytes()
        except FileNotFoundError:
            continue  # the server renamed or dropped it meanwhile


def _found(lived: Lived, search: Search, *, only: tuple[str, ...] = ("",)) -> dict[str, set[str]]:
    """Where something is found, and what. `only`: beginnings of the places to look at."""
    places: dict[str, set[str]] = {}
    seen: set[str] = set()
    read: set[bytes] = set()  # PostgreSQL's three other databases hold the same catalogues again
    for make in (_tables, _files):
        for place, data in make(lived.town):
            seen.add("table" if place.startswith("table rempart.disclosure_") else place.split("/")[0])
            digest = hashlib.sha256(data).digest()
            if digest not in read and place.startswith(only):
                read.add(digest)
                hits = search.hits(data)
                if hits:
                    places[place] = hits
    assert {"table", "postgres", "var", "hub.log", "worker.log", "keeper.log", "rempart.toml"} <= seen
    return places


def test_the_day_equals_the_ground_truth(lived: Lived) -> None:
    """Every answer and every invoice is what the simulation knows it must be, to the cent."""
    assert lived.report.surprises == {}
    assert lived.report.questions["covered"] > 20
    assert lived.report.bills["accepted"] > 20
    assert lived.report.files > 0
    owed = "select coalesce(sum(amc), 0)::bigint from rempart.invoice where state = 'accepted'"
    assert lived.town.one(owed) == lived.report.amc_expected
    assert lived.town.one("select sum(amount)::bigint from rempart.remittance") == lived.report.amc_expected


async def _returns(lived: Lived) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, str]]]:
    """By site: cents paid for each invoice by its remittances' returns, and each invoice's state in its files' ones."""
    paid: dict[str, dict[str, int]] = {}
    told: dict[str, dict[str, str]] = {}
    files = lived.town.sql("select inbound, client, site from rempart.inbound where channel = 'file'")
    for site in lived.town.country.all_sites():
        caller = lived.town.caller(site.index)
        listed = await caller.call("GET", "/v1/remittances", b"", {})
        assert isinstance(listed, Response)
        names = [f"/v1/remittances/{one['remittance']}/advice.noemie" for one in json.loads(listed.body)["remittances"]]
        own = [(client, name) for name, client, _ in files]
        names += [
            f"/v1/files/{name}/noemie"
            for client, name in own
            if client == registration_of(lived.town.country, site.index).client
        ]
        for name in names:
            answer = await caller.call("GET", name, b"", {})
            assert isinstance(answer, Response)
            events = list(noemie.read([answer.body]))
            assert isinstance(events[-1], noemie.FileEnd)
            for one in events:
                if isinstance(one, InvoiceReturn) and "remittances" in name:
                    of_site = paid.setdefault(site.number, {})  # a number may be told twice: rejected, then corrected
                    of_site[one.number] = of_site.get(one.number, 0) + one.amc.paid
                elif isinstance(one, InvoiceReturn):
                    told.setdefault(site.number, {})[one.number] = one.amc.state
        await caller.close()
    return paid, told


def test_the_day_s_returns_equal_the_ledger_to_the_cent(lived: Lived) -> None:
    """Every remittance and file of every site, read back as NOEMIE: the ledger's invoices, amounts and states."""
    paid, told = asyncio.run(_returns(lived))
    ledger: dict[str, dict[str, int]] = {}
    lines = """select r.site, i.number, l.amount from rempart.remittance r
        join rempart.remittance_line l using (remittance) join rempart.invoice i using (invoice)"""
    for site, number, amount in lived.town.sql(lines):
        ledger.setdefault(site, {})[number] = amount
    returned = {site: {number: cents for number, cents in found.items() if cents} for site, found in paid.items()}
    assert {site: found for site, found in returned.items() if found} == ledger
    assert sum(sum(found.values()) for found in returned.values()) == lived.report.amc_expected
    states = """select i.site, i.number, i.state from rempart.invoice i join rempart.inbound f using (inbound)
        where f.channel = 'file'"""
    kept: dict[str, dict[str, set[str]]] = {}
    for site, number, state in lived.town.sql(states):
        kept.setdefault(site, {}).setdefault(number, set()).add(STATE_OF[state])
    assert told
    for site, found in told.items():
        for number, state in found.items():
            assert state in kept[site].get(number, {"rejected"})  # one that could not be read is no row


def test_the_money_adds_up(lived: Lived) -> None:
    """Every money invariant holds after the day and its payment."""
    assert lived.town.broken() == {}


def test_nothing_of_an_invoice_s_identity_waits_once_it_is_decided(lived: Lived) -> None:
    """Sealed contents of deposits stay only for invoices that are held or wait."""
    left = """select count(*) from rempart.inbox b where not exists (
        select from rempart.invoice i where i.inbound = b.inbound and i.state in ('waiting', 'held'))"""
    assert lived.town.one(left) == 0


def test_no_identity_is_in_anything_the_installation_keeps(lived: Lived) -> None:
    """Tables, PostgreSQL's files and WAL, logs, spool, bank files, key ring and journal hold none, in no encoding."""
    search = search_of(_texts(lived), ALONE)
    assert search.count > 30_000
    assert _found(lived, search) == {}


def test_the_dump_search_finds_what_is_planted(lived: Lived) -> None:
    """The control: one NIR in a text column of one row is found in the table, in its file and in the WAL."""
    nir = next(way[1] for person in lived.town.country.everyone() for way in person.ways if way[1])
    site = lived.town.country.site(0).number
    lived.town.sql("insert into rempart.site_reference (site, reference, instant) values (%s, %s, 1)", site, f"x{nir}")
    try:
        search = search_of({"nir13": _texts(lived)["nir13"]}, ALONE)
        only = ("table rempart.site_reference", "postgres/data/base/", "postgres/data/pg_wal/")
        places = _found(lived, search, only=only)
    finally:
        lived.town.sql("delete from rempart.site_reference where instant = 1")
    assert "table rempart.site_reference" in places
    assert any(place.startswith("postgres/data/base/") for place in places)
    assert any(place.startswith("postgres/data/pg_wal/") for place in places)


PLACES = 11  # offsets, more than a word of the search has
PLANTED = {"nir13": "1900292921234", "iban": "FR7699999000070000000012345", "name": "ZWOZVORQXINQWEX"}


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_the_search_finds_every_encoding_at_every_place(kind: str) -> None:
    """The control of the search: each encoding and hash, at any offset, in noise, inside base64 texts too."""
    value = PLANTED[kind].encode()
    search = search_of({kind: [PLANTED[kind]]}, ALONE)
    noise = random.Random(3)
    assert search.hits(noise.randbytes(200_000)) == set()
    seen: set[str] = set()
    for needle, what, _ in needles(value, kind):
        seen.add(what.removeprefix(f"{kind} "))
        for offset in range(PLACES):
            assert what in search.hits(noise.randbytes(offset) + needle + noise.randbytes(5)), what
    assert {name for name, _ in ENCODINGS} | set(HASHES) <= seen
    for before in range(3):
        text = base64.b64encode(noise.randbytes(before + 3) + value + noise.randbytes(4))
        assert any("base64" in what for what in search.hits(text))


def test_short_values_are_found_alone_and_not_inside_numbers() -> None:
    """A birth date between quotes or bars is found; the same digits inside an instant or a MAC are not."""
    search = search_of({"birth": ["19850512"]}, ALONE)
    assert search.hits(b'{"birth":"19850512"}') == {"birth plain"}
    assert search.hits(b"R|19850512|1") == {"birth plain"}
    assert search.hits(b"219850512000111") == set()
    assert search.hits(b"a4c19850512ff01") == set()


@pytest.mark.soak
def test_none_of_ten_thousand_identities_stays(tmp_path: Path) -> None:
    """The same with a country of 10,000 and a whole day of it."""
    for lived in _live(tmp_path / "h", 10_000, None):
        assert lived.report.surprises == {}
        search = search_of(_texts(lived), ALONE)
        assert _found(lived, search) == {}
        assert lived.town.broken() == {}
