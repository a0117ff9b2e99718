"""Somebody joins an operator alone, on the real programs: vouched for, a place, a sealed document, two officers."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import msgspec
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from typer.testing import CliRunner

from rempart.bench.world import OPERATOR
from rempart.bootstrap import enrolling, linking
from rempart.bootstrap.directories import import_file
from rempart.bootstrap.registering import registrar
from rempart.bootstrap.site_changes import Changed, apply, change
from rempart.cli import operator
from rempart.client import _jose, desk_joins, enrolment, own_bank
from rempart.client.doors import Doors, PortalAccount
from rempart.client.pro_sante_connect import Back, Begun, begin
from rempart.domain.enrolment import LIFE, Word
from rempart.domain.identifiers import luhn_digit
from rempart.domain.parties import Site
from rempart.domain.site_changes import CLOSED, OWNER, SiteChange
from rempart.ground.instants import now
from rempart.sealing.actions import Action
from rempart.sealing.enrolment import Package, bound_to, open_package
from rempart.storage.directories import Source
from rempart.storage.enrolment_office import EnrolmentOffice
from rempart.storage.site_changes import changes
from rempart.wire.account import PasskeyProof
from rempart.wire.desk_joins import DeskJoined, DeskJoinRequest
from rempart.wire.enrolment import EnrolmentOpened, EnrolmentState
from rempart.wire.problem import Problem
from support import signing_in as people
from support.authenticator import text
from support.hub_world import HubWorld
from support.signing_in import TODAY, at
from support.vouching import ACR, CLIENT, RPPS, rsa, userinfo

pytestmark = pytest.mark.postgres
T = TypeVar("T")
CODE = "a-code-of-somebody-who-joins"
NEW, ENDED = "750000010", "970499992"
HOLDER, IBAN = "CABINET INVENTE", "FR76 3000 6000 0112 3456 7890 189"
DOCUMENT = b"%PDF-1.7 a bank document of nobody"
ENDED_AT = "select ended from rempart.mandate where client = %s"
KEY = X25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


@dataclass
class Desk:
    """A portal that has opened the provider; everybody else is `joined` under an identity of their own."""

    world: HubWorld
    portal: PortalAccount
    folder: Path

    def identity(self, rpps: str, *places: dict[str, str]) -> None:
        """Who the provider vouches for next."""
        who = f"f:x:8{rpps}"
        self.world.provider.lies = {"SubjectNameID": f"8{rpps}", "sub": who}
        self.world.provider.people = userinfo(*places, sub=who, name_id=f"8{rpps}")

    async def begun(self, doors: Doors) -> tuple[Begun, Back]:
        challenge = await doors.challenge("provider")
        assert not isinstance(challenge, Problem), challenge
        self.world.provider.nonce, self.world.provider.instant = challenge.challenge, int(time.time())
        made = begin(challenge.challenge)
        return made, Back(made.state, CODE)

    async def opened(self, doors: Doors) -> EnrolmentOpened:
        found = await doors.join(*await self.begun(doors))
        assert not isinstance(found, Problem), found
        return found

    def at(self, work: Callable[[Doors], Awaitable[T]]) -> T:
        return at(self.portal, work)


@pytest.fixture(scope="module")
def desk(hub_world: HubWorld, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The keeper knows the provider's keys; a directory lists one place, and listed another before."""
    portal = people.registered(hub_world.house, OPERATOR)
    keys = json.dumps({"keys": [rsa().as_dict(private=False)]}).encode()
    folder = tmp_path_factory.mktemp("registry")
    with registrar(hub_world.house.settings) as registering:
        provider = linking.Provider(OPERATOR, hub_world.provider.issuer, CLIENT, (ACR,), keys)
        assert linking.set_provider(registering, provider) == ""
        for day, places in (("2026-05-12", (NEW, ENDED)), ("2026-06-12", (NEW,))):
            path = folder / f"{day}.csv"
            rest = ";;;;;;;;;;;451;01" + ";" * 4 + ";620" + ";" * 14
            path.write_text("\n".join([f"finess;etalab;1;{day}", *(f"structureet;{each}{rest}" for each in places)]))
            found = import_file(
                registering.connection, path, Source("finess", type(TODAY).fromisoformat(day), "agent-7"), now()
            )
            assert not isinstance(found, str), found
    return Desk(hub_world, portal, folder)


def code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def sealed(asked: EnrolmentState, document: bytes = DOCUMENT) -> str:
    return enrolment.sealed(enrolment.Papers(HOLDER, IBAN, document), PUBLIC, OPERATOR, asked.enrolment)


async def waiting(desk: Desk, doors: Doors, site: str) -> EnrolmentState:
    """All of the person's side, at the place that was told."""
    opened = await desk.opened(doors)
    asked = await doors.join_at(opened.ticket, 0, site)
    assert not isinstance(asked, Problem), asked
    sent = await doors.join_with(opened.ticket, asked.enrolment, sealed(asked))
    assert not isinstance(sent, Problem), sent
    return sent


def test_from_the_provider_to_a_session_at_the_new_site(desk: Desk, tmp_path: Path) -> None:
    """Two officers, with the operator's own key; then site, payee, manager and link are there, and the person is in."""
    desk.identity("10009999991", {"finess": NEW, "name": "PHARMACIE NOUVELLE"})

    async def ask(doors: Doors) -> tuple[EnrolmentOpened, EnrolmentState, object]:
        opened = await desk.opened(doors)
        state = await waiting(desk, doors, NEW)
        return opened, state, await doors.joining(opened.ticket)

    opened, state, shown = desk.at(ask)
    assert [(each.finess, each.name, each.profession) for each in opened.places] == [(NEW, "PHARMACIE NOUVELLE", "21")]
    assert opened.enrolment is None
    assert (state.state, state.site, state.finess) == ("awaiting", NEW, NEW)
    assert shown == state
    key = tmp_path / "key"
    key.write_text(urlsafe_b64encode(KEY.private_bytes_raw()).decode())
    key.chmod(0o600)

    def office(*words: str) -> str:
        done = CliRunner().invoke(operator.app, ["enrolment", *words, "--config", str(desk.world.house.config)])
        return str(getattr(done.exception, "code", "")) or done.output

    assert (
        office("show", state.enrolment, "--key", str(key), "--out", str(tmp_path / "open")).count(state.enrolment) == 2
    )
    assert (tmp_path / "open" / f"{state.enrolment}.pdf").read_bytes() == DOCUMENT
    assert (tmp_path / "open" / f"{state.enrolment}.txt").read_text() == f"{HOLDER}\n{IBAN.replace(' ', '')}\n"
    yes = ("approve", state.enrolment, "--called-back", "the switchboard", "--key", str(key), "--by")
    assert "second officer" in office(*yes, "Anne")
    assert office(*yes, " anne ") == "officer-already-spoke"
    assert "is its manager" in office(*yes, "Bruno")
    assert office(*yes, "Chloe") == "transition-not-allowed"
    with psycopg.connect(desk.world.house.database.url("admin")) as connection:
        payee = connection.execute("select proposed_by, approved_by from rempart.payee where site = %s", (NEW,))
        assert payee.fetchall() == [("Anne", "Bruno")]
        assert connection.execute("select count(*) from rempart.enrolment_document").fetchone() == (0,)
        steps = connection.execute(
            "select state, said_by from rempart.enrolment_event where enrolment = %s order by number",
            (state.enrolment,),
        )
        assert steps.fetchall() == [("asked", "person"), ("awaiting", "person"), ("approved", "Bruno")]
    time.sleep(2.2)  # the hub looks every second who there is

    async def come_in(doors: Doors) -> tuple[object, object]:
        entered = await doors.sign_in_by_provider(*await desk.begun(doors))
        return entered, await doors.join(*await desk.begun(doors))

    entered, again = desk.at(come_in)
    assert isinstance(entered, tuple), entered
    assert (entered[0].site, entered[0].role, entered[0].profession) == (NEW, "manager", "pharmacy")
    assert entered[0].account == enrolling.account_of(UUID(state.enrolment))
    assert code(again) == "account-exists"


def test_two_agents_agree_at_the_desk_and_the_command_line_finishes_it(desk: Desk) -> None:
    """Each signs what was read; the sealed document opens with the operator's key; a forged word makes nothing."""
    desk.identity("10009999997", {"finess": ""})
    site = "75000002" + luhn_digit("75000002")
    state = desk.at(lambda doors: waiting(desk, doors, site))
    one, house = UUID(state.enrolment), desk.world.house
    terms = enrolling.Terms(KEY, str(house.settings.paths.keeper_socket("box")), now(), profession="pharmacy")

    async def say_yes(doors: Doors) -> list[object]:
        found: list[object] = []
        agents = [await people.person_at(house, desk.world.country, doors, role="agent") for _ in range(2)]
        sessions = [await each.session() for each in agents]
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        for agent, session in zip((agents[0], *agents), (sessions[0], *sessions), strict=True):
            sealed_to_us = await doors.perform(session, desk_joins.document(state.enrolment))
            assert isinstance(sealed_to_us, bytes), sealed_to_us
            package = open_package(sealed_to_us, KEY, bound_to(OPERATOR, state.enrolment))
            assert isinstance(package, Package), package
            wanted = desk_joins.to_agree(OPERATOR, state.enrolment, site, "2", reached="the switchboard")
            challenge, proof = await people_signed(agent, wanted)
            wish = DeskJoinRequest(site, "2", "the switchboard", challenge, proof)
            found.append(await doors.perform(session, desk_joins.agree(state.enrolment, wish)))
        return found

    first, again, second = desk.at(say_yes)
    assert (first, code(again), second) == (DeskJoined(1), "officer-already-spoke", DeskJoined(0))
    with registrar(house.settings) as registering:
        connection = registering.connection
        with psycopg.connect(house.database.url("admin"), autocommit=True) as admin:
            admin.execute("alter table rempart.enrolment_approval disable trigger append_only")
            lie = "update rempart.enrolment_approval set called_back = %s where enrolment = %s"
            admin.execute(lie, ("nobody", one))
            assert enrolling.finish(registering, one, terms) == "approval-unproven"
            admin.execute(lie, ("the switchboard", one))
            admin.execute("alter table rempart.enrolment_approval enable trigger append_only")
        made = enrolling.finish(registering, one, terms)
        assert made == enrolling.Joined(enrolling.account_of(one), site, 0)
        assert registering.site(site) is not None
        assert connection.execute("select count(*) from rempart.payee where site = %s", (site,)).fetchone() == (1,)


async def people_signed(person: people.Person, action: Action | None) -> tuple[str, PasskeyProof]:
    """The challenge with the action's hash behind it, and the passkey's signature."""
    assert action is not None
    made = await person.doors.challenge("approve")
    assert not isinstance(made, Problem), made
    whole = own_bank.to_sign(made.challenge, action)
    got = person.passkey.get(urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
    return whole, PasskeyProof(*map(text, (got.credential, got.client_data, got.authenticator_data, got.signature)))


def test_what_cannot_be_joined_is_told(desk: Desk) -> None:
    """No such place, a number that is none, a place that ended, a site that there is, a document that is none."""
    desk.identity("10009999992", {"finess": NEW}, {"finess": ENDED}, {"finess": ""})

    async def work(doors: Doors) -> dict[str, object]:
        ticket = (await desk.opened(doors)).ticket
        found: dict[str, object] = {
            "not-found": await doors.joining(ticket),
            "place-unknown": await doors.join_at(ticket, 3, "123456782"),
            "site-malformed": await doors.join_at(ticket, 2, "123456783"),
            "place-ended": await doors.join_at(ticket, 1, "123456782"),
            "site-registered": await doors.join_at(ticket, 2, desk.world.site),
            "ticket-over": await doors.joining("another-ticket"),
        }
        asked = await doors.join_at(ticket, 2, "123456782")
        assert not isinstance(asked, Problem), asked
        assert (asked.state, asked.finess) == ("asked", "")
        found["document-size"] = await doors.join_with(ticket, asked.enrolment, "AAAA")
        other = replace_enrolment(asked)
        found["not-found "] = await doors.join_with(ticket, other.enrolment, sealed(other))
        await doors.join_with(ticket, asked.enrolment, sealed(asked))
        found["transition-not-allowed"] = await doors.join_with(ticket, asked.enrolment, sealed(asked))
        return found

    found = desk.at(work)
    assert {name: code(each) for name, each in found.items()} == {name: name.strip() for name in found}


def replace_enrolment(asked: EnrolmentState) -> EnrolmentState:
    """The same of somebody else."""
    return msgspec.structs.replace(asked, enrolment="0199d2c4-5b1e-7c3a-9f00-3b5d2a7e1c44")


def test_a_ticket_is_worth_nothing_elsewhere(desk: Desk) -> None:
    """Through another portal's key; and a stranger's key does not even make the hub ask the provider."""
    desk.identity("10009999993", {"finess": NEW})

    async def work(doors: Doors) -> tuple[object, object]:
        ticket = (await desk.opened(doors)).ticket
        began = await desk.begun(doors)
        thief = Doors(PortalAccount(desk.world.base, OPERATOR, _jose.generate("ES256")))
        try:
            desk.world.provider.asked.clear()
            found = await thief.joining(ticket), await thief.join(*began)
            assert desk.world.provider.asked == []
        finally:
            await thief.close()
        return found

    shown, opened = desk.at(work)
    assert (code(shown), code(opened)) == ("ticket-over", "portal-key-unknown")


def test_another_document_a_refusal_and_thirty_days(desk: Desk) -> None:
    """The operator asks again, and says why; refuses; what nobody decides ends by itself, and its document goes."""
    desk.identity("10009999994", {"finess": ""})
    with registrar(desk.world.house.settings) as registering:
        office = EnrolmentOffice(registering.connection)
        first = desk.at(lambda doors: waiting(desk, doors, "123456782"))
        one = UUID(first.enrolment)
        assert enrolling.refuse(office, one, enrolling.No("Anne", "because", now())) == "reason-unknown"
        assert enrolling.ask_again(office, one, enrolling.No("Anne", "unreadable", now())) == ""
        assert enrolling.ask_again(office, one, enrolling.No("Anne", "unreadable", now())) == "not-awaiting"

        async def again(doors: Doors) -> tuple[EnrolmentOpened, object]:
            opened = await desk.opened(doors)
            assert opened.enrolment is not None
            return opened, await doors.join_with(opened.ticket, opened.enrolment.enrolment, sealed(opened.enrolment))

        opened, sent = desk.at(again)
        assert opened.enrolment is not None
        assert (opened.enrolment.state, opened.enrolment.reason) == ("documents", "unreadable")
        assert isinstance(sent, EnrolmentState), sent
        assert enrolling.refuse(office, one, enrolling.No("Anne", "not-reached", now())) == ""
        second = desk.at(lambda doors: waiting(desk, doors, "123456782"))
        assert second.enrolment != first.enrolment
        assert office.document(UUID(second.enrolment)) is not None
        assert office.sweep(now() + LIFE) >= 1
        assert office.document(UUID(second.enrolment)) is None


def test_one_officer_the_hub_and_another_key_open_nothing(desk: Desk) -> None:
    """The database itself wants two; the hub cannot read a document; a document is bound to its enrolment."""
    desk.identity("10009999995", {"finess": ""})
    state = desk.at(lambda doors: waiting(desk, doors, "123456782"))
    one = UUID(state.enrolment)
    box = str(desk.world.house.settings.paths.keeper_socket("box"))
    terms = enrolling.Terms(X25519PrivateKey.generate(), box, now())
    word = Word("Anne", "the switchboard", "")
    with registrar(desk.world.house.settings) as registering:
        assert enrolling.approve(registering, one, word, terms) == "envelope-reader"
        assert enrolling.approve(registering, one, word._replace(called_back=" "), terms) == "not-called-back"
        first = enrolling.approve(registering, one, word, replace(terms, key=KEY))
        assert first == enrolling.Joined("", "123456782", 1)
        with pytest.raises(psycopg.errors.CheckViolation):
            registering.connection.execute(
                "insert into rempart.enrolment_event (enrolment, number, state, said_by, instant) "
                "values (%s, 3, 'approved', 'Anne', %s)",
                (one, now()),
            )
    with psycopg.connect(desk.world.house.database.url("hub"), autocommit=True) as hub:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            hub.execute("select sealed from rempart.enrolment_document")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            hub.execute("insert into rempart.enrolment_approval values (%s, 'x', 'y', '', 2, 1)", (one,))


def test_neither_person_nor_account_number_is_anywhere(desk: Desk) -> None:
    """Not in the hub's tables of enrolments, and not in any log of the programs."""
    desk.identity("10009999996", {"finess": "", "name": "CABINET INVENTEE"})
    desk.at(lambda doors: waiting(desk, doors, "123456782"))
    with psycopg.connect(desk.world.house.database.url("admin")) as connection:
        kept = ""
        for name in ("enrolment", "enrolment_event", "enrolment_document", "enrolment_ticket"):
            kept += str(connection.execute(f"select t::text from rempart.{name} t").fetchall())  # noqa: S608 - names above
    logged = b"".join(path.read_bytes() for path in desk.world.house.folder.rglob("*.log"))
    assert logged
    for told in ("10009999996", RPPS, "INVENTE", IBAN.replace(" ", "")[4:], CODE):
        assert told not in kept
        assert told.encode() not in logged


def test_another_owner_ends_everybody_at_the_site_by_that_day(desk: Desk) -> None:
    """Mandates end at once for a change of today, later for one of later; a site that has closed changes no more."""
    site = "98765434" + luhn_digit("98765434")
    with registrar(desk.world.house.settings) as registering:
        assert registering.add_site(Site(site, "pharmacy", OPERATOR)) == ""
    invited = people.invited(desk.world.house, OPERATOR, site)
    with registrar(desk.world.house.settings) as registering:
        later = change(registering, SiteChange(site, CLOSED, TODAY + timedelta(40), "Anne"), now())
        assert isinstance(later, Changed), later
        assert later.mandates >= 1
        ended = registering.connection.execute(
            "select ended from rempart.mandate where client = %s", (invited.account,)
        )
        (at_end,) = ended.fetchone() or (0,)
        assert at_end > now()
        again = people.invited(desk.world.house, OPERATOR, site)
        assert change(registering, SiteChange(site, OWNER, TODAY - timedelta(3), "Anne"), now()) == "day-past"
        assert change(registering, SiteChange(site, OWNER, TODAY, " "), now()) == "officer-missing"
        sold = change(registering, SiteChange(site, OWNER, TODAY, "Anne", "sold"), now())
        assert isinstance(sold, Changed), sold
        ended = registering.connection.execute(ENDED_AT, (again.account,))
        (at_once,) = ended.fetchone() or (0,)
        assert at_once <= now()
        assert [each.what for each in changes(registering.connection, done=False)] == [CLOSED]
        assert apply(registering, now()) == (0, "")
        assert change(registering, SiteChange(ENDED, OWNER, TODAY, "Anne"), now()) == "site-unknown"


def test_an_import_proposes_and_an_agent_closes(desk: Desk) -> None:
    """By the commands alone: two files, a proposal with why, and the site is closed by who confirms it."""
    gone, stays = (each + luhn_digit(each) for each in ("98765432", "98765433"))
    head = "Code profession|Numéro SIRET site|Numéro FINESS site|Code commune (coord. structure)\n"

    def office(*words: str) -> str:
        done = CliRunner().invoke(operator.app, [*words, "--config", str(desk.world.house.config)])
        return str(getattr(done.exception, "code", "")) or done.output

    assert "registered" in office("site", "add", gone, "--profession", "pharmacy", "--operator", OPERATOR)
    for day, places in (("2026-05-12", (gone, stays)), ("2026-06-12", (stays,))):
        path = desk.folder / f"annuaire-{day}.txt"
        path.write_text(head + "".join(f"21||{each}|75101\n" for each in places))
        said = office("registry", "import", str(path), "--kind", "annuaire", "--as-of", day, "--by", "agent-7")
        assert f"{len(places)} places" in said
    assert (
        office("registry", "import", str(path), "--kind", "annuaire", "--as-of", day, "--by", "x") == "as-of-not-later"
    )
    assert office("registry", "import", str(path), "--kind", "rpps", "--as-of", day, "--by", "x") == "kind-unknown"
    (told,) = json.loads(office("registry", "proposals", "--json"))
    assert (told["site"], told["what"], told["last_care"]) == (gone, "closed", None)
    number = str(told["proposal"])
    assert "confirmed" in office("registry", "confirm", number, "--by", "agent-7")
    assert office("registry", "dismiss", number, "--by", "agent-7", "--because", "x") == "proposal-unknown"
    assert json.loads(office("registry", "proposals", "--json")) == []
    assert len(json.loads(office("registry", "list", "--json"))) == 4
    sites = {each["site"]: each["standing"] for each in json.loads(office("site", "list", "--json"))}
    assert sites[gone] == "closed"
    assert gone in office("site", "changes", "--all")
    assert "0 changes done" in office("site", "apply")
