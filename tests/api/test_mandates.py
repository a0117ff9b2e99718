"""A vendor's program comes to act for a site by its manager's code, over real programs: from the code to the end."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rempart.bench.world import OPERATOR
from rempart.bootstrap.registering import registrar
from rempart.cli import client as command
from rempart.client import _jose, assertion, calls, mandates
from rempart.client.doors import Doors, PortalAccount
from rempart.client.hub import Account, Client
from rempart.domain.parties import Client as Party
from rempart.ground.instants import now
from rempart.wire.mandates import MandateCode
from rempart.wire.own_site import OwnSite
from rempart.wire.problem import Problem
from support import signing_in as people
from support.hub_world import HubWorld
from support.signing_in import TODAY, at
from support.site_people import Member, code, members, rows

pytestmark = pytest.mark.postgres
LOGICIEL = "logiciel-de-cabinet"


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def _registered(world: HubWorld, folder: Path) -> Path:
    """A vendor's program without any mandate; its key in a file."""
    jwk, key = _jose.generate("ES256"), folder / "key.json"
    with registrar(world.house.settings) as registering:
        party = Party(LOGICIEL, "vendor", "", "editeur", registered=now())
        assert registering.add_client(party, assertion.public_key(jwk)) == ""
    key.touch(mode=0o600)
    key.write_text(json.dumps(jwk), "utf-8")
    return key


async def _code(manager: Member, client: str) -> MandateCode | Problem:
    wanted = mandates.code_for(OPERATOR, manager.session.site, client)
    assert wanted is not None
    return await manager.doors.perform(manager.session, mandates.give_code(client, *await manager.signs(wanted)))


def test_a_program_enrols_by_a_code_and_is_ended_at_once(
    hub_world: HubWorld, portal: PortalAccount, tmp_path: Path
) -> None:
    """No token before, a year after one command; a renewal too early is refused; ended, no token works any more."""
    key, site = _registered(hub_world, tmp_path), hub_world.country.site(7).number
    jwk = json.loads(key.read_text("utf-8"))

    def notices() -> str:
        """What the program is answered: a refusal's code, or nothing."""
        with Client(Account(hub_world.house.base, LOGICIEL, site, jwk, identity="clear")) as hub:
            found = hub.notices(0)
            return found.code if isinstance(found, Problem) else ""

    def enrol(given: str) -> tuple[int, str]:
        done = CliRunner().invoke(command.app, [
            "enrol", "--code", given, "--url", hub_world.house.base, "--client", LOGICIEL, "--site", site,
            "--key", str(key),
        ])  # fmt: skip
        return done.exit_code, done.output

    async def work(doors: Doors) -> None:
        manager, other = await members(hub_world, doors, 7, "manager", "professional")
        assert await asyncio.to_thread(notices) == "no-mandate"
        assert code(await _code(other, LOGICIEL)) == "purpose"
        given = await _code(manager, LOGICIEL)
        assert isinstance(given, MandateCode), given
        status, said = await asyncio.to_thread(enrol, given.code)
        last = TODAY + timedelta(364)
        assert (status, str(last) in said) == (0, True)
        assert await asyncio.to_thread(notices) == ""
        status, said = await asyncio.to_thread(enrol, given.code)
        assert status != 0
        days = ((last + timedelta(1)).isoformat(), (last + timedelta(365)).isoformat())
        wanted = mandates.renewal_of(OPERATOR, site, LOGICIEL, days)
        assert wanted is not None
        early = mandates.renew(LOGICIEL, days, *await manager.signs(wanted))
        assert code(await doors.perform(manager.session, early)) == "mandate-not-due"
        await asyncio.to_thread(_near_its_end, hub_world, site)
        first = (TODAY + timedelta(21), TODAY + timedelta(385))
        days = (first[0].isoformat(), first[1].isoformat())
        wanted = mandates.renewal_of(OPERATOR, site, LOGICIEL, days)
        assert wanted is not None
        near = mandates.renew(LOGICIEL, days, *await manager.signs(wanted))
        assert code(await doors.perform(manager.session, near)) == "mandate-not-due"  # the keeper's own calendar
        assert code(await doors.perform(other.session, mandates.end(LOGICIEL))) == "purpose"
        assert await doors.perform(manager.session, mandates.end(LOGICIEL)) == b""
        assert await asyncio.to_thread(notices) == "no-mandate"
        assert code(await doors.perform(manager.session, mandates.end(LOGICIEL))) == "not-found"

    at(portal, work)
    told = rows(hub_world, "select what from rempart.program_mandate where site = %s order by event", site)
    assert told == [("claimed",), ("ended",)]


def test_a_program_of_the_site_enrols_its_own_key_and_is_ended_for_good(
    hub_world: HubWorld, portal: PortalAccount, tmp_path: Path
) -> None:
    """One command makes the key and the client: it asks, is listed without an end, and one press stops it for ever."""
    site, path = hub_world.country.site(8).number, tmp_path / "own.json"

    def enrol(given: str, path: Path = path) -> dict[str, str]:
        words = [
            "enrol",
            "--code",
            given,
            "--url",
            hub_world.house.base,
            "--site",
            site,
            "--key",
            str(path),
            "--new-key",
        ]
        done = CliRunner().invoke(command.app, [*words, "--json"])
        return dict(json.loads(done.stdout)) if done.exit_code == 0 else {}

    def asks(client: str) -> str:
        jwk = json.loads(path.read_text("utf-8"))
        with Client(Account(hub_world.house.base, client, site, jwk, identity="clear")) as hub:
            found = hub.notices(0)
            return found.code if isinstance(found, Problem) else ""

    async def work(doors: Doors) -> None:
        (manager,) = await members(hub_world, doors, 8, "manager")
        given = await _code(manager, mandates.ANY_PROGRAM)
        assert isinstance(given, MandateCode), given
        assert await asyncio.to_thread(enrol, "7K2M-9X4C-1V8B-3N5Q", tmp_path / "never.json") == {}
        told = await asyncio.to_thread(enrol, given.code)
        client = told["client"]
        assert (client, told["site"], told["last"]) == (mandates.own_program(json.loads(path.read_text())), site,
                                                        "9999-12-31")  # fmt: skip
        assert path.stat().st_mode & 0o777 == 0o600
        assert await asyncio.to_thread(enrol, given.code, tmp_path / "second.json") == {}
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        assert await asyncio.to_thread(asks, client) == ""
        own = await doors.perform(manager.session, calls.own_site())
        assert isinstance(own, OwnSite), own
        assert {one.member: (one.by, one.last) for one in own.members}[client] == ("program", "9999-12-31")
        assert await doors.perform(manager.session, mandates.end(client)) == b""
        assert await asyncio.to_thread(asks, client) != ""
        own = await doors.perform(manager.session, calls.own_site())
        assert isinstance(own, OwnSite), own
        assert client not in {one.member for one in own.members}
        assert code(await doors.perform(manager.session, mandates.end(client))) == "not-found"

    at(portal, work)
    told = rows(hub_world, "select what from rempart.program_mandate where site = %s order by event", site)
    assert told == [("enrolled",), ("ended",)]


def _near_its_end(world: HubWorld, site: str) -> None:
    """As the database would be had eleven months passed; the keeper's registry says otherwise."""
    rows(world, "update rempart.mandate set ends = %s where client = %s and site = %s returning 1",
         TODAY + timedelta(20), LOGICIEL, site)  # fmt: skip
    told = rows(world, "select rempart.tell_mandates_ending(%s, %s)", TODAY, now())
    assert told in ([(1,)], [(0,)])  # the worker may have told it first
    found = rows(world, "select day from rempart.site_notice where site = %s and kind = 'mandate-ending'", site)
    assert found == [(TODAY + timedelta(20),)]
    assert rows(world, "select rempart.tell_mandates_ending(%s, %s)", TODAY, now()) == [(0,)]
