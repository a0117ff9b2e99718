"""People come in by Pro Santé Connect on real programs: what opens, what does not, what a session is worth."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg
import pytest
from typer.testing import CliRunner

from rempart.bench.world import OPERATOR
from rempart.bootstrap import linking
from rempart.bootstrap.registering import registrar
from rempart.cli import operator
from rempart.client import _jose, calls
from rempart.client.doors import Doors, PortalAccount, SignedIn
from rempart.client.pro_sante_connect import Back, Begun, begin
from rempart.ground.instants import MICROSECONDS, now
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace
from support import signing_in as people
from support.hub_world import HubWorld
from support.signing_in import at
from support.vouching import ACR, CLIENT, RPPS, rsa, userinfo

pytestmark = pytest.mark.postgres
CODE = "a-code-that-nobody-may-keep"
Entered = tuple[SignedIn, tuple[Workplace, ...]] | Problem


@dataclass
class Linked:
    """Somebody invited to the first site and linked there, and the portal."""

    portal: PortalAccount
    account: str


@pytest.fixture(scope="module")
def linked(hub_world: HubWorld) -> Linked:
    """The hub has read who it is."""
    portal = people.registered(hub_world.house, OPERATOR)
    invited = people.invited(hub_world.house, OPERATOR, hub_world.site)
    keys = json.dumps({"keys": [rsa().as_dict(private=False)]}).encode()
    provider = linking.Provider(OPERATOR, hub_world.provider.issuer, CLIENT, (ACR,), keys)
    link = linking.Link(OPERATOR, invited.account, hub_world.site, RPPS)
    with registrar(hub_world.house.settings) as registering:
        assert linking.set_provider(registering, provider) == ""
        assert linking.link(registering, link, now()) == ""
    time.sleep(2.2)  # the hub looks every second who there is
    return Linked(portal, invited.account)


async def begun(world: HubWorld, doors: Doors) -> Begun:
    """A challenge that the provider will sign for the person that the tests know."""
    challenge = await doors.challenge("provider")
    assert not isinstance(challenge, Problem), challenge
    world.provider.nonce, world.provider.instant = challenge.challenge, int(time.time())
    world.provider.people, world.provider.lies = userinfo({"finess": world.site, "name": "PHARMACIE"}), {}
    return begin(challenge.challenge)


async def come_in(doors: Doors, began: Begun) -> Entered:
    return await doors.sign_in_by_provider(began, Back(began.state, CODE))


def _code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def test_a_linked_person_comes_in_asks_and_is_unlinked(hub_world: HubWorld, linked: Linked) -> None:
    """The question is logged as the person's own; when the link ends, the session does; no log names anybody."""

    async def work(doors: Doors) -> tuple[Entered, object, object]:
        entered = await come_in(doors, await begun(hub_world, doors))
        assert not isinstance(entered, Problem), entered
        question = msgspec.structs.replace(hub_world.question(), evidence="typed")
        answer = await doors.perform(entered[0], calls.eligibility(question))
        await asyncio.to_thread(_unlink, hub_world, linked.account)
        return entered, answer, await doors.renew(entered[0])

    entered, answer, renewed = at(linked.portal, work)
    assert not isinstance(entered, Problem)
    session, places = entered
    assert (session.account, session.site, session.role) == (linked.account, hub_world.site, "professional")
    assert 0 < session.ends - time.time() <= 3_600
    assert places == (Workplace(hub_world.site, "PHARMACIE", "21", "L"),)
    assert not isinstance(answer, Problem), answer
    assert isinstance(renewed, Problem)
    with psycopg.connect(hub_world.house.database.url("admin")) as connection:
        rows = connection.execute("select site, evidence from rempart.disclosure where client = %s", (linked.account,))
        assert rows.fetchall() == [(hub_world.site, "typed")]
        halved = connection.execute("select probation - began from rempart.token where client = %s", (linked.account,))
        assert halved.fetchall() == [(3_600 * MICROSECONDS,)]  # half of the budgets until it ends
    logged = b"".join(path.read_bytes() for path in hub_world.house.folder.rglob("*.log"))
    assert logged
    for told in (RPPS, CODE, "a secret of tests", "an-access-token"):
        assert told.encode() not in logged


def test_a_hostile_return_is_refused_and_an_honest_one_beside_it_is_not(hub_world: HubWorld, linked: Linked) -> None:
    """Replayed, of another portal, of another person, of another provider: each by its code, on the real programs."""
    _link(hub_world, linked.account)

    async def work(doors: Doors) -> dict[str, object]:
        thief = Doors(PortalAccount(hub_world.base, OPERATOR, _jose.generate("ES256")))
        nobody = Doors(PortalAccount(hub_world.base, "another-operator", linked.portal.key))
        found: dict[str, object] = {}
        try:
            began = await begun(hub_world, doors)
            hub_world.provider.asked.clear()
            found["portal-key-unknown"] = await come_in(thief, began)
            found["unknown-portal"] = await come_in(nobody, began)
            assert hub_world.provider.asked == []  # no stranger makes us ask it
            mixed = Back(began.state, CODE, "https://auth.other.test")
            found["provider-mixed-up"] = await doors.sign_in_by_provider(began, mixed)
            found[""] = await come_in(doors, began)
            found["challenge-spent"] = await come_in(doors, began)
            other = await begun(hub_world, doors)
            found["provider-nonce"] = await come_in(doors, began)
            hub_world.provider.lies = {"acr": None}
            found["provider-acr"] = await come_in(doors, other)
            who = "f:x:810009999999"
            hub_world.provider.lies = {"SubjectNameID": "810009999999", "sub": who}
            hub_world.provider.people = userinfo({"finess": hub_world.site}, sub=who, name_id="810009999999")
            found["link-unknown"] = await come_in(doors, other)
            elsewhere = await begun(hub_world, doors)
            hub_world.provider.people = userinfo({"finess": hub_world.other})
            found["no-exercice"] = await come_in(doors, elsewhere)
        finally:
            await thief.close()
            await nobody.close()
        return found

    found = at(linked.portal, work)
    assert not isinstance(found.pop(""), Problem)
    assert {name: _code(each) for name, each in found.items()} == {name: name for name in found}


def test_what_cannot_be_registered_is_told(hub_world: HubWorld, linked: Linked) -> None:
    """An account or site of another operator, a number that is none, keys that are none, a portal there is not."""
    good = linking.Link(OPERATOR, linked.account, hub_world.site, RPPS)
    with registrar(hub_world.house.settings) as registering:

        def link(**changed: str) -> str:
            said = {name: getattr(good, name) for name in ("operator", "account", "site", "rpps")} | changed
            return linking.link(registering, linking.Link(**said), now())

        assert link(rpps="10003461033") == "rpps-malformed"
        assert link(account="a" + "0" * 15) == "account-unknown"
        assert link(operator="another-operator") == "account-unknown"
        assert link(site="999999999") == "site-unknown"
        provider = linking.Provider("another-operator", hub_world.provider.issuer, CLIENT, (ACR,), b"")
        assert linking.set_provider(registering, provider) == "unknown-portal"
        assert linking.set_provider(registering, linking.Provider(OPERATOR, "x", CLIENT, (ACR,), b"x")) == (
            "malformed-keys"
        )
        assert linking.unlink(registering, "another-operator", linked.account, now()) == "link-unknown"


def test_the_operators_commands_do_the_same(hub_world: HubWorld, linked: Linked, tmp_path: Path) -> None:
    """Keys from a file, a number that is asked for and not repeated, an end; and a sentence for each no."""
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [rsa().as_dict(private=False)]}))

    def run(*words: str, typed: str = "") -> tuple[int, str]:
        config = hub_world.house.folder / "rempart.toml"
        found = CliRunner().invoke(operator.app, [*words, "--config", str(config)], input=typed)
        return found.exit_code, found.output + str(found.exception or "")

    link = ("account", "link", OPERATOR, linked.account, "--site", hub_world.site)
    assert run("portal", "provider", OPERATOR, "--client-id", CLIENT, "--keys", str(keys))[0] == 0
    assert run("portal", "provider", OPERATOR, "--client-id", CLIENT, "--keys", str(tmp_path / "none"))[0] == 1
    done, said = run(*link, typed=f"{RPPS}\n")
    assert (done, linked.account in said) == (0, True)
    wrong, said = run(*link, "--rpps", "1000123")
    assert (wrong, "11 digits" in said) == (1, True)
    assert run("account", "unlink", OPERATOR, linked.account)[0] == 0
    again, said = run("account", "unlink", OPERATOR, linked.account)
    assert (again, "not linked" in said) == (1, True)
    _link(hub_world, linked.account)


def _unlink(world: HubWorld, account: str) -> None:
    with registrar(world.house.settings) as registering:
        assert linking.unlink(registering, OPERATOR, account, now()) == ""


def _link(world: HubWorld, account: str) -> None:
    with registrar(world.house.settings) as registering:
        assert linking.link(registering, linking.Link(OPERATOR, account, world.site, RPPS), now()) == ""
