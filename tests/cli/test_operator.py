"""`rempart operator`: what is registered by command is served; what is withdrawn is not; a wrong thing is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from rempart.bootstrap.house import House
from rempart.cli import insurer, operator, rights
from rempart.cli._output import Failure
from rempart.client import assertion, calls
from rempart.client.hub import Account, Client
from rempart.ground.instants import now
from rempart.simulation.caller import Caller
from rempart.simulation.clients import Registration
from rempart.simulation.guarantees import table_toml
from rempart.wire.eligibility import EligibilityAnswer, EligibilityRequest
from rempart.wire.problem import Problem
from support.ready import ready

if TYPE_CHECKING:
    import typer

pytestmark = pytest.mark.postgres
INSURER, AMC, SITE, OTHER = "0099999999", "0099999999", "751234568", "751234576"
PERSON = {
    "ref": "A-1",
    "keys": [{"member": "10001", "nir": None, "birth": "19850511", "rank": "1"}],
    "coverage": {
        "rank": 1, "product": "P", "level": "", "kind": "responsible", "last_equipment": [],
        "periods": [{"from": "2026-01-01", "to": "2099-12-31", "domains": {"PHAR": "100"}}],
    },
}  # fmt: skip
NOON_2099 = 4_070_948_400_000_000  # 1 January 2099, 12:00 in Paris
FAST = {"fsync": "off", "full_page_writes": "off"}


@dataclass
class Office:
    """An operator at the command line of a house without anybody registered."""

    house: House
    folder: Path

    def run(self, app: typer.Typer, *words: str) -> tuple[str, str]:
        """("", output), or (code of the "no", its sentence)."""
        configured = ("--config", str(self.house.config)) if app is not insurer.app else ()
        found = CliRunner().invoke(app, [*words, *configured], env={"COLUMNS": "200"})
        if isinstance(found.exception, Failure):
            return found.exception.code, str(found.exception)
        if found.exception is not None and not isinstance(found.exception, SystemExit):
            raise found.exception
        return "", found.output

    def operator(self, *words: str) -> str:
        """The code of `rempart operator …`, "" when it was done."""
        return self.run(operator.app, *words)[0]

    def listed(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run(operator.app, what, "list", "--json")[1])
        return found

    def key(self, name: str) -> tuple[dict[str, Any], str]:
        """A fresh private key, and the path of its public part."""
        private = assertion.generate_key()
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(assertion.public_key(private)))
        return dict(private), str(path)

    def ask(self, registration: Registration, site: str) -> EligibilityAnswer | Problem:
        """The person of the insurer's file, asked about over HTTP."""

        async def asked() -> EligibilityAnswer | Problem:
            caller = Caller(self.house.base, registration, site, now=now)
            try:
                return await caller.eligibility(QUESTION)
            finally:
                await caller.close()

        return asyncio.run(asked())

    def seen(self, registration: Registration, code: str) -> bool:
        """Whether the hub comes to say so: what it keeps in memory may be a second old."""
        end = time.monotonic() + 10
        while (found := code_of(self.ask(registration, SITE))) != code and time.monotonic() < end:
            time.sleep(0.1)
        return found == code


QUESTION = EligibilityRequest(
    amc_number=AMC, member="10001", birth_date="1985-05-11", care_date=date.today().isoformat(),  # noqa: DTZ011 - the machine's own day
    domains=("PHAR",), evidence="machine",
)  # fmt: skip


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The insurer with its one person and a site are registered and loaded by commands, then the hub starts."""
    folder = tmp_path_factory.mktemp("o")
    with House(ready(folder / "h"), {}, FAST) as house:
        made = Office(house, folder)
        keys, load_key = folder / "keys", folder / "load.key"
        made.run(insurer.app, "keygen", "--out", str(keys))
        words = ("--name", "Mutuelle d'essai", "--operator", "op", "--public", str(keys / "public.json"))
        assert made.operator("insurer", "add", INSURER, *words, "--load-key", str(load_key)) == ""
        lines, file = folder / "people.ndjson", folder / "1.rights"
        lines.write_text(json.dumps(PERSON) + "\n")
        signing = ("--keys", str(keys), "--insurer", INSURER, "--sequence", "1", "--keeper-key", str(load_key))
        code, said = made.run(insurer.app, "sign", str(lines), "--out", str(file), *signing)
        assert code == "", said
        code, said = made.run(rights.app, "load", str(file))
        assert "applied" in said, said
        assert made.operator("site", "add", SITE, "--profession", "pharmacy", "--operator", "op") == ""
        house.launch("hub")
        yield made


def code_of(answer: EligibilityAnswer | Problem) -> str:
    return answer.code if isinstance(answer, Problem) else answer.answer


def test_a_registered_pharmacy_gets_a_token_and_an_answer(office: Office) -> None:
    """From `operator client add` to `covered`; suspended it is refused, resumed it is served, revoked never again."""
    private, public = office.key("till")
    words = ("client", "add", "till", "--kind", "site", "--site", SITE, "--key", public)
    assert office.operator(*words) == ""
    assert office.operator(*words) == ""
    till = Registration("till", "site", (SITE,), private)
    assert office.seen(till, "covered")
    assert office.operator("site", "suspend", SITE) == ""
    assert office.seen(till, "site-suspended")
    assert office.operator("site", "resume", SITE) == ""
    assert office.operator("client", "suspend", "till") == ""
    assert office.seen(till, "client-suspended")
    assert office.operator("client", "resume", "till") == ""
    assert office.seen(till, "covered")
    assert office.operator("client", "revoke", "till") == ""
    assert office.seen(till, "client-revoked")
    assert office.operator("client", "resume", "till") == "client-unknown"
    assert office.operator(*words) != ""


def test_who_sits_at_a_program_is_required_signed_and_seen_by_its_site(office: Office) -> None:
    """Without a word nothing is asked; with one it is, and the site reads that word; a name is no word."""
    private, public = office.key("counter")
    assert office.operator("client", "add", "counter", "--kind", "site", "--site", SITE, "--key", public) == ""
    counter = Registration("counter", "site", (SITE,), private)
    assert office.seen(counter, "covered")
    assert office.operator("client", "agents", "counter", "--required") == ""
    assert office.seen(counter, "agent-required")
    told = []
    with Client(Account(office.house.base, "counter", SITE, private, identity="clear")) as hub:
        for word in ("", "u17", "DUPONT", "u17"):
            hub.seat(word)
            told.append(code_of(hub.eligibility(QUESTION)))
        rows = hub.perform(calls.questions())
    assert told == ["agent-required", "covered", "agent-like-a-person", "covered"]
    assert not isinstance(rows, Problem)
    assert [row.agent for row in rows.questions if row.asked_by == "counter"] == ["u17", "u17", ""]
    assert office.operator("client", "agents", "nobody") == "client-unknown"


def test_contracts_count_by_the_day_of_care_within_seconds(office: Office, tmp_path: Path) -> None:
    """The first contract closes the insurer to who has none; an end is told by date; so is a site's own contract."""
    private, public = office.key("signed")
    assert office.operator("client", "add", "signed", "--kind", "site", "--site", SITE, "--key", public) == ""
    till, by = Registration("signed", "site", (SITE,), private), ("--by", "agent-7")
    add, first = ("contract", "add", *by), ("--from", "2020-01-01")
    assert office.operator(*add, "--operator", "azur", "--insurer", INSURER, *first) == ""
    assert office.seen(till, "handled-elsewhere")
    assert office.operator(*add, "--operator", "op", "--insurer", INSURER, *first) == ""
    assert office.seen(till, "covered")
    mine = next(one["contract"] for one in office.listed("contract") if one["operator"] == "op")
    assert office.operator("contract", "end", mine, "--last", "2020-12-31", *by) == ""
    assert office.seen(till, "handled-elsewhere")
    assert office.operator(*add, "--operator", "op", "--insurer", INSURER, "--from", "2021-01-01") == ""
    nurses = (*add, "--operator", "op", "--profession", "nurse", "--signed-by", "a union", *first)
    assert office.operator(*nurses) == ""
    assert office.seen(till, "site-without-contract")
    everybody = ("--operator", "op", "--profession", "every", "--signed-by", "a union")
    assert office.operator(*add, *everybody, "--cycle", "7", "--least", "500", *first) == ""
    assert office.seen(till, "covered")
    file = tmp_path / "clair.csv"
    file.write_text(f"network;site;from;to\nCLAIR;{SITE};2020-01-01;\n")
    take = ("network", "import", str(file), "--operator", "op", "--as-of", "2026-01-01", *by)
    assert [office.operator(*take), office.operator(*take)] == ["", ""]
    assert [one["joined"] for one in office.listed("network")] == [1]


def test_a_vendor_acts_by_mandate_and_changes_its_key(office: Office) -> None:
    """No mandate, no token; with it an answer; withdrawn, none; the new key works beside and after the old one."""
    (first, public), (second, newer) = office.key("first"), office.key("second")
    assert office.operator("client", "add", "soft", "--kind", "vendor", "--vendor", "Soft SA", "--key", public) == ""
    old, new = (Registration("soft", "vendor", (SITE,), private) for private in (first, second))
    assert office.seen(old, "no-mandate")
    days = ("--first", "2026-01-01", "--last", "2099-12-31")
    assert office.operator("client", "mandate", "soft", "--site", SITE, *days) == ""
    assert office.operator("client", "mandate", "soft", "--site", SITE, *days) == ""
    assert office.seen(old, "covered")
    assert office.operator("client", "revoke", "soft", "--kid", first["kid"]) == "last-key"
    assert office.operator("client", "key", "soft", "--key", newer) == ""
    assert office.seen(new, "covered")
    assert office.operator("client", "revoke", "soft", "--kid", first["kid"]) == ""
    assert office.seen(old, "unknown-key")
    assert office.operator("client", "key", "soft", "--key", public) == "kid-used"
    assert office.operator("client", "revoke", "soft", "--site", SITE) == ""
    assert office.seen(new, "no-mandate")
    assert office.operator("client", "revoke", "soft", "--site", SITE) == "no-mandate"


def test_a_closed_hub_answers_nothing_until_two_people_open_it(office: Office) -> None:
    """`compartment close hub` refuses at once; one officer does not open it, the second does."""
    private, public = office.key("box")
    assert office.operator("client", "add", "box", "--kind", "site", "--site", SITE, "--key", public) == ""
    box = Registration("box", "site", (SITE,), private)
    assert office.seen(box, "covered")
    assert office.operator("compartment", "close", "hub", "--reason", "drill", "--officer", "anne") == ""
    assert isinstance(office.ask(box, SITE), Problem)
    assert "closed" in office.run(operator.app, "compartment", "open", "hub", "--officer", "anne")[1]
    assert office.operator("compartment", "open", "hub", "--officer", "Anne") == "officer-already-spoke"
    assert office.listed("compartment")[0]["agreed"] == ["anne"]
    assert "open" in office.run(operator.app, "compartment", "open", "hub", "--officer", "bruno")[1]
    assert office.seen(box, "covered")


def test_a_region_is_restricted_told_and_opened_by_commands(office: Office) -> None:
    """`--region` puts the site in it; restricted it is refused with what to do; every step is in the history."""
    private, public = office.key("desk")
    assert office.operator("client", "add", "desk", "--kind", "site", "--site", SITE, "--key", public) == ""
    desk = Registration("desk", "site", (SITE,), private)
    place = ("site", "add", SITE, "--profession", "pharmacy", "--operator", "op", "--region", "2A")
    assert office.operator(*place) == ""
    assert [site["region"] for site in office.listed("site") if site["site"] == SITE] == ["2A"]
    told = ("--reason", "attack", "--officer", "anne")
    said = office.run(operator.app, "compartment", "close", "region:971", *told, "--reopens", "2099-01-01 12:00")[1]
    assert "attaque" in said
    assert "expected to open: 2099-01-01 12:00" in said
    assert {row["compartment"]: row["reopens"] for row in office.listed("compartment")}["region:971"] == NOON_2099
    assert "nobody registered is in region:971" in said
    assert office.seen(desk, "covered")
    said = office.run(operator.app, "compartment", "restrict", "region:2A", *told)[1]
    assert "signed card" in said
    assert "note:" not in said
    assert office.seen(desk, "compartment-restricted")
    assert office.operator("compartment", "restrict", "region:971", *told) == "closed-already"
    listed = {row["compartment"]: row for row in office.listed("compartment")}
    assert (listed["region:2A"]["state"], listed["region:2A"]["officer"]) == ("restricted", "anne")
    for officer in ("anne", "bruno"):
        office.operator("compartment", "open", "region:2A", "--officer", officer)
        office.operator("compartment", "open", "region:971", "--officer", officer)
    assert office.seen(desk, "covered")
    steps = json.loads(office.run(operator.app, "compartment", "history", "region:2A", "--json")[1])
    assert [(one["step"], one["officer"]) for one in steps] == [
        ("restricted", "anne"), ("agreed", "anne"), ("agreed", "bruno"), ("open", "bruno"),
    ]  # fmt: skip
    assert "agreed" in office.run(operator.app, "compartment", "history")[1]


def test_the_status_page_is_written_for_a_plain_web_server(office: Office, tmp_path: Path) -> None:
    """Two pages, a sheet and the data, readable by everyone; written again, they say what holds now."""
    words = ("status-page", "--operator", "op", "--output", str(tmp_path), "--name", "Horizon & fils")
    assert office.operator(*words) == ""
    assert {path.name for path in tmp_path.iterdir()} == {
        "index.html",
        "en.html",
        "status.css",
        "status.svg",
        "status.json",
    }
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in tmp_path.iterdir())
    assert "Tout fonctionne" in (tmp_path / "index.html").read_text("utf-8")
    assert "Horizon &amp; fils" in (tmp_path / "en.html").read_text("utf-8")
    shut = ("compartment", "close", "portal:op", "--reason", "maintenance", "--officer", "anne")
    assert office.operator(*shut) == ""
    assert office.operator(*words) == ""
    assert json.loads((tmp_path / "status.json").read_bytes())["state"] == "closed"
    assert "fermé pour maintenance" in (tmp_path / "index.html").read_text("utf-8")
    shut = ("compartment", "close", f"insurer:{INSURER}", "--reason", "partner", "--officer", "anne")
    assert office.operator(*shut) == ""
    assert office.operator(*words) == ""
    assert f"insurer:{INSURER}" in (tmp_path / "status.json").read_text("utf-8")
    for name in ("portal:op", f"insurer:{INSURER}"):
        for officer in ("anne", "bruno"):
            office.operator("compartment", "open", name, "--officer", officer)


def test_guarantees_and_foreign_cards(office: Office) -> None:
    """A table with faults or of another insurer changes nothing; a good one counts; a foreign card is told so."""
    from rempart.simulation.country import Country

    bad = office.folder / "bad.toml"
    bad.write_text("format = 1\n")
    assert office.operator("insurer", "guarantees", INSURER, str(bad)) not in ("", "other-insurer")
    known = Country(1, 100).insurers[0]
    good = office.folder / "good.toml"
    text = table_toml(known, date(2024, 1, 1))
    good.write_bytes(text)
    assert office.operator("insurer", "guarantees", INSURER, str(good)) == "other-insurer"
    good.write_bytes(text.replace(known.number.encode(), INSURER.encode()))
    assert office.operator("insurer", "guarantees", INSURER, str(good)) == ""
    assert [row["tables"] for row in office.listed("insurer") if row["insurer"] == INSURER] == [1]
    assert office.operator("insurer", "elsewhere", "0088888888", "--operator", "another") == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("insurer", "suspend", "0000000001"), "insurer-unknown"),
        (("site", "add", "123456789", "--profession", "pharmacy", "--operator", "op"), "site-malformed"),
        (("site", "add", OTHER, "--profession", "wizard", "--operator", "op"), "profession-unknown"),
        (("site", "add", OTHER, "--profession", "nurse", "--operator", "op", "--zone", "Mars"), "zone-unknown"),
        (("site", "suspend", OTHER), "site-unknown"),
        (("contract", "end", "x1", "--last", "2026-01-01", "--by", "a"), "contract-unknown"),
        (("contract", "add", "--operator", "op", "--from", "2026-01-01", "--by", "a"), "contract-for-what"),
        (("client", "suspend", "nobody"), "client-unknown"),
        (("client", "revoke", "nobody"), "client-unknown"),
        (("client", "revoke", "nobody", "--kid", "k"), "key-unknown"),
        (("compartment", "close", "everything", "--reason", "drill", "--officer", "anne"), "compartment-unknown"),
        (("compartment", "restrict", "function:bank-details", "--reason", "x", "--officer", "a"), "not-restrictable"),
        (
            ("compartment", "close", "hub", "--reason", "x", "--officer", "a", "--french", "Oui."),
            "sentence-in-both-languages",
        ),
        (
            ("compartment", "close", "hub", "--reason", "x", "--officer", "a", "--reopens", "2026-01-01T00:00"),
            "reopens-in-the-past",
        ),
        (("site", "add", SITE, "--profession", "pharmacy", "--operator", "op", "--region", "99"), "region-unknown"),
        (("status-page", "--operator", "nobody", "--output", "/nowhere"), "operator-unknown"),
        (("compartment", "open", "insurer:0000000001", "--officer", "anne"), "not-closed"),
    ],
)
def test_what_is_wrong_is_told_by_a_code(office: Office, words: tuple[str, ...], code: str) -> None:
    """One stable code, and nothing is changed."""
    before = [office.listed(what) for what in ("insurer", "site", "client", "compartment")]
    assert office.operator(*words) == code
    assert [office.listed(what) for what in ("insurer", "site", "client", "compartment")] == before


def test_a_private_key_is_refused(office: Office) -> None:
    """A client is registered by its public key; one that shows its private part is lost."""
    private, _ = office.key("lost")
    path = office.folder / "private.json"
    path.write_text(json.dumps(private))
    words = ("client", "add", "lost", "--kind", "site", "--site", SITE, "--key", str(path))
    assert office.operator(*words) == "private-key-presented"
    assert "lost" not in {row["client"] for row in office.listed("client")}


def test_terms_are_read_strictly(office: Office) -> None:
    """A misspelt key of the member's rule or of a card registers nothing; a good file gives rule and cards."""
    terms = office.folder / "terms.toml"
    public = str(office.folder / "keys" / "public.json")
    words = ("--name", "B", "--operator", "op", "--public", public, "--terms", str(terms))
    for text in ("[member]\ncaze = 'upper'\n", "[members]\n", "[member]\nmin_length = 0\n", "x =\n"):
        terms.write_text(text)
        assert office.operator("insurer", "add", "0077777777", *words) == "terms-malformed"
    terms.write_text(
        "[member]\nzeros = 'strip'\n[[card]]\namc_number = '0077777777'\n[[card]]\namc_number = '0066666666'\n"
    )
    assert office.operator("insurer", "add", "0077777777", *words) == ""
    assert office.operator("insurer", "suspend", "0077777777") == ""
    rows = {row["insurer"]: (row["standing"], row["cards"]) for row in office.listed("insurer")}
    assert rows["0077777777"] == ("suspended", 2)
