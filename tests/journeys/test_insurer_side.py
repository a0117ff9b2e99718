"""An insurer's day by its own programs: settlement file, comparing tables by what came in it, checking a record."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner

from rempart.bench import demo_cards
from rempart.bench.deltas import send_delta
from rempart.bench.world import OPERATOR
from rempart.bootstrap.settling import make_key
from rempart.cli import build
from rempart.domain.money import parse_euros
from rempart.domain.rights import RightsLine
from rempart.formats.rights_file import Expected, format_line
from rempart.ground.files import private_folder
from rempart.sealing.ringing import RegisterClient
from rempart.simulation.caller import Caller
from rempart.simulation.clients import demo_jwk
from rempart.simulation.guarantees import table_toml
from rempart.simulation.people import Person
from rempart.simulation.rights import full_line
from rempart.storage import funds
from rempart.storage.parties import Client, Registry, single
from rempart.wire.eligibility import CardRequest, PresenceRequest
from rempart.wire.invoices import InvoiceState
from rempart.wire.problem import Problem
from support import zygote
from support.houses import Town, decided, town
from support.journey import Journey, act
from support.kept import kept
from support.secrets_search import search_of

pytestmark = pytest.mark.postgres
AGENT, OTHER = "agent-of-one", "agent-of-another"
DAY = 86_400_000_000
OF = 0
"""The biggest insurer of the town: more than eleven of its people are met."""
PEOPLE = 12


class Desk:
    """One insurer's side: its keys as files, its client, and its commands."""

    def __init__(self, made: Town, folder: Path, insurer: int, client: str) -> None:
        self.town, self.folder, self.client = made, folder, client
        self.insurer = made.country.insurers[insurer]
        self.jwk = demo_jwk(client.encode())
        keys = folder / "keys"
        keys.mkdir(mode=0o700, parents=True)
        self._secret("client.jwk", msgspec.json.encode(self.jwk))
        for name, key in (("signing", self.insurer.signing_key), ("opening", self.insurer.box_key)):
            self._secret(f"keys/{name}.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def _secret(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(content)
        return path

    def register(self) -> None:
        public = {name: value for name, value in self.jwk.items() if name != "d"}
        with self.town.house.ring() as ring:
            (done,) = ring.call(
                "register_client",
                [RegisterClient(self.client, "insurer", "", self.insurer.number, {public["kid"]: public})],
            )
        assert not done.refusal

    async def party(self) -> None:
        public = {name: value for name, value in self.jwk.items() if name != "d"}
        url = self.town.house.settings.database.worker_url
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            registry = Registry(single(connection))
            await registry.add_clients([Client(self.client, "insurer", "", self.insurer.number, registered=1)])
            await registry.add_key(self.client, public, 1)

    def run(self, *words: object, reach: bool = True) -> subprocess.CompletedProcess[str]:
        """`rempart insurer …`; one that `reach`es the hub signs in as the insurer's client."""
        own = (
            "--hub", self.town.house.base, "--client", self.client, "--client-key", self.folder / "client.jwk",
            "--insurer", self.insurer.number,
        )  # fmt: skip
        return zygote.run("insurer", *map(str, (*words, *(own if reach else ()))))

    def done(self, *words: object, reach: bool = True) -> str:
        found = self.run(*words, reach=reach)
        assert found.returncode == 0, found.stderr
        return found.stdout

    def person(self, one: Person) -> Path:
        """Who is asked about, as the insurer's own files name them."""
        way = one.ways[0]
        line = msgspec.json.decode(full_line(self.town.country, one))
        key = line["keys"][0]
        told = {"member": key["member"], "birth": key["birth"], "nir": way[1], "rank": key["rank"]}
        return self._secret(f"person-{one.index}.json", msgspec.json.encode(told))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("insurer")
    key = folder / "settlement.pem"
    make_key(key)
    options = {
        "payment": {"unsafe_clear_files": True},
        "settlement": {"signing_key": str(key), "output": str(folder / "settled")},
        "worker": {"poll_milliseconds": 50, "check_seconds": 0.2},
    }
    with town(folder / "h", 300, options=options, simulated=False) as found:
        found.open_bank()
        yield found


@pytest.fixture(scope="module")
def desks(made: Town, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Desk]:
    import asyncio

    own = Desk(made, tmp_path_factory.mktemp("own"), OF, AGENT)
    other = Desk(made, tmp_path_factory.mktemp("other"), OF + 1, OTHER)
    for desk in (own, other):
        desk.register()
        asyncio.run(desk.party())
    time.sleep(1.5)  # the hub looks every second
    return own, other


def until(what: Any, seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)
    return found


def dispensed(journey: Journey, people: list[Person]) -> list[InvoiceState]:
    """A box at ten euros above its base for each of them, at one pharmacy, in one deposit; their states at the end."""
    today = journey.today.isoformat()
    box = msgspec.structs.replace(act("PH7", "pharmacy", 60_00, 65, 21_00, spent=70_00), care_date=today)

    async def work(caller: Caller) -> list[InvoiceState]:
        receipt = await caller.invoices(tuple(journey.invoice(one, (box,)) for one in people), "journey-of-insurers")
        assert not isinstance(receipt, Problem), receipt
        return [await decided(caller, one.invoice) for one in receipt.invoices]

    return journey.at(journey.site("pharmacy"), work)


def compared(opened: Path, old: Path, new: Path) -> dict[str, Any]:
    """What `table diff` says of past lines made from one opened file; they name nobody."""
    past = opened.with_name(f"past-{opened.stem}-{new.stem}.ndjson")
    command("insurer", "settlement", "past-lines", opened, "--out", past)
    for row in map(json.loads, opened.read_text().splitlines()):
        assert not any(row[secret] in past.read_text() for secret in ("reference", "person", "invoice", "number"))
    told: dict[str, Any] = json.loads(command("table", "diff", old, new, "--invoices", past, "--json"))
    return told


def command(*words: object) -> str:
    """`rempart …` in this process: it reaches nothing."""
    typed = [str(word) for word in words]
    found = CliRunner().invoke(build(typed), typed)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_a_settlement_file_is_fetched_and_answered_by_the_api(made: Town, desks: tuple[Desk, Desk]) -> None:
    """Listed, fetched, opened, answered by its insurer alone; tables are compared by it; a late reject, once."""
    own, other = desks
    journey = Journey(made)
    people = list(islice(journey.people("PHAR", "TM", insurer=OF), PEOPLE))
    states = dispensed(journey, people)
    assert [(one.state, one.amc) for one in states] == [("accepted", 21_00)] * PEOPLE
    sent = states[0]
    assert journey.pay() == 21_00 * PEOPLE
    at = made.world.now() + 1
    with psycopg.connect(made.house.settings.database.worker_url) as connection:
        party = funds.Party(OPERATOR, own.insurer.number)
        called = funds.call(connection, party, date.today(), at, instant=at)  # noqa: DTZ011 - the house lives on the machine's clock
    assert called is not None
    assert called.amount == 21_00 * PEOPLE

    def ready() -> list[dict[str, Any]]:
        found = json.loads(own.done("settlement", "list", "--json"))["settlements"]
        return [one for one in found if one["state"] == "ready"]

    (listed,) = until(ready)
    assert (listed["amount"], listed["movements"], listed["sequence"]) == (21_00 * PEOPLE, PEOPLE, 1)
    folder = own.folder / "fetched"
    file, references = own.done("settlement", "fetch", listed["settlement"], "--out", folder).split()
    hub = made.house.settings.settlement.signing_key
    assert hub is not None
    clear = own.folder / "clear.ndjson"
    keys = ("--keys", own.folder / "keys", "--hub", hub.with_suffix(".pub"))
    own.done("settlement", "open", file, *keys, "--out", clear, "--references", references, reach=False)
    rows = [json.loads(line) for line in clear.read_text().splitlines()]
    told = {row["invoice"]: (row["amc"], row["reference"], row["act"]["code"]) for row in rows}
    assert told == {
        one.invoice: (21_00, person.reference, "PH7") for one, person in zip(states, people, strict=True)
    }  # fmt: skip

    diffs(made, own, clear)

    assert json.loads(other.done("settlement", "list", "--json"))["settlements"] == []
    for words in (("state",), ("fetch", "--out", other.folder / "x")):
        refused = other.run("settlement", words[0], listed["settlement"], *words[1:])
        assert (refused.returncode, "[not-found]" in refused.stderr) == (1, True), refused.stderr

    answering = own.folder / "answers"
    answering.write_text(json.dumps(
        {"invoice": sent.invoice, "verdict": "rejected", "reason": "over-billing", "amount": 5_00}
    ))  # fmt: skip
    signed = own.folder / "signed"
    own.done("settlement", "answer", file, answering, *keys, "--out", signed, reach=False)
    stolen = other.run("settlement", "send", listed["settlement"], signed)
    assert "[bad-statement-signature]" in stolen.stderr
    first = own.done("settlement", "send", listed["settlement"], signed)
    assert own.done("settlement", "send", listed["settlement"], signed) == first
    answers = until(lambda: json.loads(own.done("settlement", "state", listed["settlement"], "--json"))["answers"])
    assert [(one["verdict"], one["reason"], one["amount"]) for one in answers] == [("taken", "over-billing", 5_00)]
    assert made.one("select amount from rempart.claw_back where claw_back = %s", UUID(answers[0]["claw_back"])) == 5_00
    assert made.one("select count(*) from rempart.settlement_reply") == 1
    assert made.broken() == {}


def diffs(made: Town, own: Desk, clear: Path) -> None:
    """The same table changes nothing; 110 % of the base pays six euros more a box; ten people are shown in no cell."""
    start = made.country.day.replace(year=made.country.day.year - 2, month=1, day=1)
    text = table_toml(own.insurer, start).decode()
    moderateur = '[product.formulas.PHAR]\nkind = "ticket-moderateur"'
    assert moderateur in text
    old, new = own.folder / "old.toml", own.folder / "new.toml"
    old.write_text(text)
    new.write_text(text.replace(moderateur, '[product.formulas.PHAR]\nkind = "percent-including-amo"\npercent = 110'))

    assert sums(compared(clear, old, old)) == (PEOPLE, 21_00 * PEOPLE, 21_00 * PEOPLE)
    assert sums(compared(clear, old, new)) == (PEOPLE, 21_00 * PEOPLE, 27_00 * PEOPLE)
    ten = clear.with_name("ten.ndjson")
    ten.write_text("".join(clear.read_text().splitlines(keepends=True)[:10]))
    assert compared(ten, old, new) == {"least_people": 11, "cells": []}


def sums(told: dict[str, Any]) -> tuple[int, int, int]:
    """Lines, cents before and after of all cells, none of fewer than eleven people, all of pharmacy."""
    assert told["cells"]
    assert all(cell["people"] >= 11 and (cell["domain"], cell["held"]) == ("PHAR", 0) for cell in told["cells"])
    before, after = (sum(parse_euros(cell[name]) or 0 for cell in told["cells"]) for name in ("before", "after"))
    return sum(cell["lines"] for cell in told["cells"]), before, after


def test_a_record_is_checked_counted_and_logged(made: Town, desks: tuple[Desk, Desk]) -> None:
    """What the hub would answer, from which file and line; a disclosure of its own purpose; nobody else's person."""
    own, other = desks
    journey = Journey(made)
    person = next(journey.people("PHAR", "TM", insurer=own.insurer.index))
    rights = own.folder / "rights.ndjson"
    mine = [one for one in made.country.everyone() if one.insurer == own.insurer.index]
    lines = [b"{}\n", *(full_line(made.country, one) + b"\n" for one in mine)]
    rights.write_bytes(b"".join(line.replace(b"\n\n", b"\n") for line in lines))
    before = made.one("select count(*) from rempart.disclosure where purpose = %s", "record-check")
    words = ("record-check", own.person(person), "--keys", own.folder / "keys", "--file", rights, "--json")
    told = json.loads(own.done(*words))
    assert (told["answer"], told["reference"]) == ("covered", person.reference)
    assert told["line"] == mine.index(person) + 2
    assert told["file"]["kind"] == "full"
    assert any(period["domain"] == "PHAR" for period in told["periods"])
    after = made.sql(
        "select site, insurer, outcome from rempart.disclosure where purpose = %s order by instant", "record-check"
    )
    assert len(after) == before + 1
    assert after[-1] == (own.insurer.number, own.insurer.number, "covered")
    stranger = json.loads(other.done("record-check", own.person(person), "--keys", other.folder / "keys", "--json"))
    assert stranger["answer"] == "not-confirmed"
    forged = other.run("record-check", own.person(person), "--keys", own.folder / "keys")
    assert "[bad-statement-signature]" in forged.stderr
    assert person.reference not in forged.stdout + forged.stderr


def test_a_newborn_is_checked_by_its_parents_line(made: Town, desks: tuple[Desk, Desk]) -> None:
    """Provisional, up to the ceiling, with the parent's file and reference; after ninety days nobody is named."""
    own, journey = desks[0], Journey(made)
    adults = (one for one in journey.people("PHAR", "TM", insurer=own.insurer.index) if one.relation == "adult")
    parent = next(adults)
    coverage = replace(made.country.coverage(parent), newborns=True)
    line = format_line(RightsLine(parent.reference, parent.keys, coverage), delta=True)
    assert journey.file(parent.insurer, [line]).state == "applied"
    shown = json.loads(own.person(parent).read_bytes())

    def checked(age: int) -> dict[str, Any]:
        born = f"{date.today() - timedelta(age):%y%m%d}"  # noqa: DTZ011 - the house lives on the machine's clock
        path = own._secret(f"born-{age}.json", msgspec.json.encode(shown | {"birth": born, "rank": "1"}))
        found: dict[str, Any] = json.loads(own.done("record-check", path, "--keys", own.folder / "keys", "--json"))
        return found

    last, beyond = checked(90), checked(92)
    assert (last["answer"], last["provisional"], last["ceiling"]) == ("covered", True, 500_00)
    assert (last["reference"], last["file"]["kind"]) == (parent.reference, "delta")
    assert (beyond["answer"], beyond["reference"]) == ("not-confirmed", "")


def test_a_forgotten_card_is_answered_by_the_member_s_code(made: Town, desks: tuple[Desk, Desk]) -> None:
    """The insurer has a code made; it is good once, at its site; what is logged names insurer and evidence alone."""
    own, other = desks
    journey = Journey(made)
    person = next(journey.people("PHAR", "TM", insurer=own.insurer.index))
    home, elsewhere = journey.site("pharmacy", 2), journey.site("pharmacy", 1)  # neither knows the person
    words = ("presence-code", own.person(person), "--keys", own.folder / "keys", "--json")

    def shown(place: int, code: str) -> tuple[str, bool]:
        request = PresenceRequest(code, journey.today.isoformat(), ("PHAR",))

        async def work(caller: Caller) -> tuple[str, bool]:
            answer = await caller.eligibility(request)
            assert not isinstance(answer, Problem), answer
            return answer.answer, bool(answer.accreditation)

        return journey.at(place, work)

    code = json.loads(own.done(*words))["code"]
    before = made.one("select count(*) from rempart.disclosure where evidence = %s", "code")
    assert shown(home, code) == ("covered", True)
    assert shown(home, code) == shown(elsewhere, code) == ("not-confirmed", False)
    rows = made.sql("select insurer, outcome, purpose from rempart.disclosure where evidence = %s", "code")
    assert len(rows) == before + 1
    assert rows[-1] == (own.insurer.number, "covered", "eligibility")
    assert made.one("select count(*) from rempart.presence_code") == 0

    bound = json.loads(own.done(*words, "--site", made.country.site(home).number))["code"]
    assert shown(elsewhere, bound) == ("not-confirmed", False)
    assert shown(home, bound)[0] == "covered"
    stranger = json.loads(other.done("presence-code", own.person(person), "--keys", other.folder / "keys", "--json"))
    assert shown(home, stranger["code"]) == ("not-confirmed", False)
    forged = other.run("presence-code", own.person(person), "--keys", own.folder / "keys")
    assert "[bad-statement-signature]" in forged.stderr


def test_the_cards_that_the_demo_hands_out_are_answered(made: Town) -> None:
    """Each is signed by a key of the lists, its handle is in a rights file, and one scan alone suffices."""
    journey = Journey(made)
    texts = demo_cards.hand_out(made.world, (OPERATOR,))
    assert len(texts) == demo_cards.MOST

    async def work(caller: Caller) -> list[str]:
        asked = [CardRequest(text, journey.today.isoformat(), ("PHAR",)) for text in texts.values()]
        found = [await caller.eligibility(one) for one in asked]
        return [each.code if isinstance(each, Problem) else each.answer for each in found]

    assert journey.at(journey.site("pharmacy"), work) == ["covered"] * demo_cards.MOST


def test_no_name_of_a_composed_card_is_kept(made: Town, tmp_path: Path) -> None:
    """Composed with names, handles loaded, filter published: no table, log or file of the hub has one anyhow."""
    insurer, country = made.country.insurers[OF], made.country
    people = list(islice((p for p in country.everyone() if country.insurer_of(p) == insurer and len(p.keys) == 1), 3))
    names = {person.reference: (f"Zwozvorq{place}inqwex", f"Quibblant{place}") for place, person in enumerate(people)}
    days = {"from": "2026-01-01", "to": "2026-12-31", "product": "CONFORT", "PHAR": "100"}
    told = [
        {"ref": one.reference, "last_name": names[one.reference][0], "first_name": names[one.reference][1],
         "member": one.keys[0].member, "birth": "1985-04-12", "rank": "1", **days} for one in people
    ]  # fmt: skip
    source, out, revoked = tmp_path / "list.ndjson", tmp_path / "out", tmp_path / "revoked.ndjson"
    source.write_text("".join(json.dumps(row) + "\n" for row in told))
    command("card", "keygen", "--out", tmp_path / "keys")
    options = ("--keys", tmp_path / "keys", "--insurer", insurer.number, "--first-serial", 71, "--brand", "Les Alpages")
    command("insurer", "cards", source, "--out", out, *options)
    handles = [json.loads(line) for line in (out / "handles.ndjson").read_text().splitlines()]
    for person, made_of in zip(people, handles, strict=True):
        handle = base64.urlsafe_b64decode(made_of["card"] + "==")
        line = RightsLine(person.reference, (person.keys[0]._replace(card=handle),), country.coverage(person))
        send_delta(made.world, insurer, [format_line(line, delta=True)], Expected(0, 0, 1))
    revoked.write_text(json.dumps({"insurer": insurer.number, "serial": 71}) + "\n")
    lists = made.house.settings.keeper.card_lists
    command("card", "revocations", revoked, "--key", tmp_path / "keys", "--out", private_folder(lists) / "base.cbor")
    assert made.one("select count(*) from rempart.rights_file where kind = 'delta' and state = 'applied'") >= len(
        people
    )
    search = search_of({"name": (name for pair in names.values() for name in pair)}, frozenset())
    looked = {place: search.hits(data) for place, data in kept(made)}
    assert {"record", "hub.log", "worker.log", "keeper.log", "base.cbor"} <= looked.keys()
    assert {place: found for place, found in looked.items() if found} == {}
    assert search.hits(source.read_bytes())
