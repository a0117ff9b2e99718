"""After a closing: sites are told once each, letters for the mailing tool, new codes for chosen accounts, a plan."""

from __future__ import annotations

import asyncio
import csv
import stat
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from rempart.bench.world import OPERATOR
from rempart.cli.operator import app
from rempart.client.doors import Doors, PortalAccount
from rempart.ground.instants import now
from rempart.storage import compartment_notices
from rempart.storage.compartments import Shutting, open_again, shut
from rempart.storage.door import Database
from rempart.wire.problem import Problem
from support import signing_in as people
from support.authenticator import Authenticator
from support.hub_world import HubWorld
from support.signing_in import at

pytestmark = pytest.mark.postgres
REGION = "region:971"


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def run(world: HubWorld, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words, "--config", str(world.house.config)])
    return done.exit_code, done.output


def sql(world: HubWorld, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        done = connection.execute(statement.encode(), values or None)
        return done.fetchall() if done.description else []


def told(world: HubWorld) -> None:
    """As the worker does it, in parts of two sites."""

    async def tell() -> None:
        database = Database(world.house.settings.database.worker_url)
        try:
            while await compartment_notices.tell(database, now(), date(2026, 11, 22)):
                pass
        finally:
            await database.close()

    asyncio.run(tell())


def test_each_site_within_is_told_once_of_each_change(
    hub_world: HubWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three sites of a region, two a commit: closed, then open; nobody else, and nothing twice. Then their letters."""
    monkeypatch.setattr(compartment_notices, "PART", 2)
    sites = [row[0] for row in sql(hub_world, "select site from rempart.site order by site limit 3")]
    sql(hub_world, "update rempart.site set region = '971' where site = any(%s)", sites)
    told(hub_world)  # what neighbours closed and opened in this house
    ((last,),) = sql(hub_world, "select coalesce(max(notice), 0) from rempart.site_notice")
    with psycopg.connect(hub_world.house.database.url("worker"), autocommit=True) as worker:
        shutting = Shutting(REGION, "closed", "attack", "anne")
        assert shut(worker, shutting, now()) is None
        told(hub_world)
        told(hub_world)
        kinds = (
            "select site, kind from rempart.site_notice "
            "where kind like 'compartment-%%' and site = any(%s) and notice > %s order by 1, 2"
        )
        assert sql(hub_world, kinds, sites, last) == [(site, "compartment-closed") for site in sites]
        code, said = run(hub_world, "compartment", "letters", REGION, "--output", str(tmp_path / "letters.csv"))
        assert (code, "3 letters" in said) == (0, True)
        for officer in ("anne", "bruno"):
            open_again(worker, REGION, officer, now())
    told(hub_world)
    assert len(sql(hub_world, kinds, sites, last)) == 6
    assert sql(hub_world, "select count(*) from rempart.site_notice where kind like 'compartment-%%'"
               " and not site = any(%s) and notice > %s", sites, last) == [(0,)]  # fmt: skip
    with (tmp_path / "letters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["site"] for row in rows] == sites
    assert all("attaque" in row["text_fr"] and "règle de remplacement" in row["text_fr"] for row in rows)
    assert stat.S_IMODE((tmp_path / "letters.csv").stat().st_mode) == 0o600
    assert run(hub_world, "compartment", "letters", "region:988", "--output", str(tmp_path / "x"))[0] == 1
    sql(hub_world, "update rempart.site set region = null where site = any(%s)", sites)


def test_chosen_accounts_need_a_new_passkey(hub_world: HubWorld, portal: PortalAccount, tmp_path: Path) -> None:
    """The old one opens nothing, both files' halves make a new one; an account that was not chosen goes on."""
    output, others = tmp_path / "first.csv", tmp_path / "second.csv"

    async def work(doors: Doors) -> tuple[object, object, object, str, str]:
        chosen = await people.person_at(hub_world.house, hub_world.country, doors)
        other = await people.person_at(hub_world.house, hub_world.country, doors)
        words = ("portal", "require-passkeys", OPERATOR, "--officer", "anne", "--output", str(output))
        words = (*words, "--second", str(others))
        assert (await asyncio.to_thread(run, hub_world, *words))[0] == 1, "nobody was chosen"
        code, said = await asyncio.to_thread(run, hub_world, *words, "--account", chosen.account)
        assert (code, "1 accounts" in said) == (0, True), said
        assert (await asyncio.to_thread(run, hub_world, *words, "--account", chosen.account))[0] == 1, "it is there"
        with output.open(encoding="utf-8", newline="") as file, others.open(encoding="utf-8", newline="") as second:
            (row,), (half,) = csv.DictReader(file), csv.DictReader(second)
        whole = row["first_half"] + half["second_half"]
        old = await people.signed_in(doors, chosen.passkey)
        made = await people.enrolled(doors, whole, row["site"], Authenticator(people.HOST, people.ORIGIN))
        return old, made, await people.signed_in(doors, other.passkey), chosen.account, row["account"]

    old, made, other, account, named = at(portal, work)
    assert isinstance(old, Problem)
    assert made == account == named
    assert not isinstance(other, Problem)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (output, others)} == {0o600}


def test_who_was_chosen_and_not_done_is_named(hub_world: HubWorld, portal: PortalAccount, tmp_path: Path) -> None:
    """A desk's account is done like another; unknown, ended and federated ones are told, and the exit code is 1."""
    output, second = tmp_path / "first.csv", tmp_path / "second.csv"
    unknown, federated = "a000000000000000", "a000000000000fed"
    sql(hub_world, "insert into rempart.client (client, kind, registered) values (%s, 'account', 0) "
        "on conflict do nothing", federated)  # fmt: skip
    sql(hub_world, "insert into rempart.account (account, operator, role, invited, federated) "
        "values (%s, %s, 'professional', 0, true) on conflict do nothing", federated, OPERATOR)  # fmt: skip

    async def work(doors: Doors) -> tuple[str, str, object, int, str]:
        desk = await people.person_at(hub_world.house, hub_world.country, doors, role="security")
        ended = await people.person_at(hub_world.house, hub_world.country, doors)
        assert (await asyncio.to_thread(run, hub_world, "client", "revoke", ended.account))[0] == 0
        chosen = [word for each in (desk.account, ended.account, unknown, federated) for word in ("--account", each)]
        words = ("portal", "require-passkeys", OPERATOR, "--officer", "anne", "--output", str(output))
        code, said = await asyncio.to_thread(run, hub_world, *words, "--second", str(second), *chosen)
        old = await people.signed_in(doors, desk.passkey)
        return desk.account, ended.account, old, code, said

    account, ended, old, code, said = at(portal, work)
    assert (code, isinstance(old, Problem)) == (1, True)
    for each, why in ((ended, "ended for ever"), (unknown, "no such account"), (federated, "hospital's own provider")):
        assert f"{each}: nothing was changed" in said
        assert why in said
    assert f"{OPERATOR}: 1 accounts need a new passkey" in said
    with output.open(encoding="utf-8", newline="") as file:
        assert [(row["site"], row["account"]) for row in csv.DictReader(file)] == [(OPERATOR, account)]


def test_a_plan_is_made_and_ended_by_a_command(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Windows follow each other from the first; what cannot be changes nothing."""
    words = ("compartment", "wave", f"portal:{OPERATOR}", "--officer", "anne")
    code, said = run(hub_world, *words, "--first", "2099-01-05 08:00", "--minutes", "30", "--shares", "10,90")
    assert (code, "2099-01-05 08:30 to 2099-01-05 09:00: 90 %" in said) == (0, True), said
    assert run(hub_world, *words, "--first", "2099-01-05 08:00", "--shares", "10,80")[0] == 1
    assert run(hub_world, "compartment", "wave", "hub", "--officer", "anne", "--end")[0] == 1
    assert run(hub_world, *words, "--end")[0] == 0
    last = "select count(*) from rempart.wave_window where plan = (select max(plan) from rempart.wave_plan)"
    assert sql(hub_world, last) == [(0,)]

    async def come(doors: Doors) -> bool:
        for _ in range(600):  # the hub looks every second who may come
            if not isinstance(await doors.challenge("sign-in"), Problem):
                return True
            await asyncio.sleep(0.1)
        return False

    assert at(portal, come)
