"""People sign in at an operator's portal with a passkey: what opens, what does not, and what a session is worth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
import pytest

from rempart.bench.world import OPERATOR
from rempart.bootstrap import inviting
from rempart.bootstrap.registering import registrar
from rempart.client import _jose, calls
from rempart.client import support as desk_calls
from rempart.client.doors import Doors, PortalAccount, Registration, SignedIn
from rempart.ground.instants import now
from rempart.sealing.invitations import HAS_NUMBER
from rempart.wire.eligibility import EligibilityAnswer
from rempart.wire.problem import Problem
from rempart.wire.support import SupportQuestion
from support import signing_in as people
from support.authenticator import Authenticator
from support.hub_world import HubWorld, code_of
from support.route_table import PORTAL_REFUSALS, PORTAL_ROUTES
from support.signing_in import at

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def _code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


def test_invited_enrolled_signed_in_asks_and_signs_out(hub_world: HubWorld, portal: PortalAccount) -> None:
    """The whole way; the question is logged as the person's own, and after the end the token is worth nothing."""

    async def work(doors: Doors) -> tuple[SignedIn, object, object, object]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        question = msgspec.structs.replace(hub_world.question(), evidence="typed")
        answer = await doors.perform(session, calls.eligibility(question))
        ended = await doors.end(session)
        return session, answer, ended, await doors.perform(session, calls.eligibility(question))

    session, answer, ended, after = at(portal, work)
    site = hub_world.country.site(0)
    assert (session.site, session.sites, session.role) == (site.number, (site.number,), "professional")
    assert (session.profession, session.zone) == (site.profession, "Europe/Paris")
    assert 0 < session.expires - now() / 1e6 <= 900 < session.ends - now() / 1e6
    assert not isinstance(answer, Problem), answer
    assert ended is None
    assert _code(after) == "session-over"
    with psycopg.connect(hub_world.house.database.url("admin")) as connection:
        rows = connection.execute(
            "select site, purpose, evidence from rempart.disclosure where client = %s", (session.account,)
        ).fetchall()
    assert rows == [(site.number, "eligibility", "typed")]


def test_support_reads_by_its_id_what_a_person_asked(hub_world: HubWorld, portal: PortalAccount) -> None:
    """The counter reads out twelve characters; support is shown the answer, leaves a record, and asks for no rights."""

    async def work(doors: Doors) -> tuple[object, ...]:
        counter = await people.person_at(hub_world.house, hub_world.country, doors)
        desk = await people.person_at(hub_world.house, hub_world.country, doors, role="support")
        asking, looking = await counter.session(), await desk.session()
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        question = msgspec.structs.replace(hub_world.question(), evidence="typed")
        answer = await doors.perform(asking, calls.eligibility(question))
        assert isinstance(answer, EligibilityAnswer), answer
        found = await doors.perform(looking, desk_calls.question(answer.question))
        theirs = await doors.perform(asking, desk_calls.question(answer.question))
        mine = await doors.perform(looking, calls.eligibility(question))
        return looking, answer, found, _code(theirs), isinstance(mine, Problem)

    looking, answer, found, theirs, refused = at(portal, work)
    assert isinstance(looking, SignedIn)
    assert isinstance(answer, EligibilityAnswer)
    assert isinstance(found, SupportQuestion), found
    told = (found.question, found.outcome, found.channel, found.site, found.purpose)
    assert told == (answer.question, answer.answer, "portal", hub_world.country.site(0).number, "eligibility")
    assert (theirs, refused, looking.site) == ("purpose", True, "")
    with psycopg.connect(hub_world.house.database.url("auditor")) as connection:
        rows = connection.execute(
            "select kind, wanted from rempart.support_reading where account = %s", (looking.account,)
        ).fetchall()
    assert rows == [("question", answer.question)]


def test_an_invitation_is_good_once_and_for_its_site(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Another site's number, a second use and a wrong code get one and the same answer."""
    site, other = hub_world.country.site(0), hub_world.country.site(1)
    invitation = people.invited(hub_world.house, OPERATOR, site.number)

    async def work(doors: Doors) -> list[object]:
        tried = [(invitation.code, other.number), (invitation.code, site.number), (invitation.code, site.number)]
        tried += [("0000-0000-0000-0000", site.number)]
        return [
            await people.enrolled(doors, code, place, Authenticator(people.HOST, people.ORIGIN))
            for code, place in tried
        ]

    elsewhere, good, again, wrong = at(portal, work)
    assert good == invitation.account
    assert elsewhere == again == wrong
    assert _code(wrong) == "invitation-unknown"


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://portal.horizon.test.evil.example"},
        {"rp_id": "evil.example"},
        {"verified": False},
        {"kind": "webauthn.create"},
        {"cross": True},
        {"challenge": b"another challenge of enough bytes"},
        {"key": Authenticator().key},
    ],
    ids=lambda lies: next(iter(lies)),
)
def test_what_another_page_or_key_signed_opens_nothing(
    hub_world: HubWorld, portal: PortalAccount, lies: dict[str, object]
) -> None:
    """A relayed sign-in fails by its origin, whoever carries it; so does everything else that is not as asked."""

    async def work(doors: Doors) -> object:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        return await people.signed_in(doors, person.passkey, **lies)

    assert _code(at(portal, work)) in {"passkey-refused", "challenge-invalid"}


def test_a_stolen_cookie_is_worth_nothing_without_the_portals_key(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Another key signs for the same token; and a key that no operator registered gets no challenge."""
    thief = PortalAccount(portal.hub, portal.operator, _jose.generate("ES256"))

    async def steal(doors: Doors) -> SignedIn:
        return await (await people.person_at(hub_world.house, hub_world.country, doors)).session()

    session = at(portal, steal)

    async def use(doors: Doors) -> list[object]:
        asked = await doors.perform(session, calls.eligibility(hub_world.question()))
        return [asked, await doors.renew(session), await doors.challenge("sign-in")]

    assert [_code(each) for each in at(thief, use)] == ["wrong-key", "wrong-key", "portal-key-unknown"]


def test_who_works_at_two_sites_chooses_one(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Until then nothing may be asked; afterwards for that site alone, in its zone; a site of nobody's is refused."""
    site, other = hub_world.country.site(0), _same_operator(hub_world)

    async def work(doors: Doors) -> tuple[object, ...]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        await asyncio.to_thread(people.invited, hub_world.house, OPERATOR, other, account=person.account)
        none = await person.session()
        unsaid = await doors.perform(none, calls.eligibility(hub_world.question()))
        elsewhere = await doors.renew(none, hub_world.concentrator.sites[-1])
        with _at(hub_world, other, "Indian/Reunion"):
            chosen = await doors.renew(none, other)
            while isinstance(chosen, SignedIn) and chosen.zone != "Indian/Reunion":  # the hub looks every second
                await asyncio.sleep(0.2)
                chosen = await doors.renew(chosen)
        return none, unsaid, chosen, elsewhere

    none, unsaid, chosen, elsewhere = at(portal, work)
    assert isinstance(none, SignedIn)
    assert isinstance(chosen, SignedIn)
    assert (none.site, set(none.sites), none.zone, chosen.site) == ("", {site.number, other}, "", other)
    assert _code(unsaid) == "site-standing"
    assert _code(elsewhere) == "no-mandate"


@contextmanager
def _at(world: HubWorld, site: str, zone: str) -> Iterator[None]:
    """The site lies there for a while."""
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        moved = "update rempart.site set zone = %s where site = %s"
        connection.execute(moved, (zone, site))
        try:
            yield
        finally:
            connection.execute(moved, ("Europe/Paris", site))


def _same_operator(world: HubWorld) -> str:
    first = world.country.site(0)
    return next(s.number for s in world.country.all_sites() if s != first)


def test_an_account_that_is_ended_is_out_at_once(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Its session ends with the next request, and no passkey of it opens anything."""

    async def work(doors: Doors) -> tuple[object, object]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        await asyncio.to_thread(_revoke, hub_world, person.account)
        return await doors.renew(session), await people.signed_in(doors, person.passkey)

    renewed, again = at(portal, work)
    assert _code(renewed) in {"session-over", "account-revoked"}
    assert _code(again) == "account-revoked"


def _revoke(world: HubWorld, account: str) -> None:
    with registrar(world.house.settings) as registering:
        assert registering.revoke_client(account, now()) == ""


def test_a_mandate_that_ended_gives_no_session(hub_world: HubWorld, portal: PortalAccount) -> None:
    """A locum's delegation is a mandate: withdrawn, its session cannot be renewed and a sign-in has no site."""
    site = hub_world.country.site(0)

    async def work(doors: Doors) -> tuple[object, object]:
        person = await people.person_at(hub_world.house, hub_world.country, doors)
        session = await person.session()
        await asyncio.to_thread(_withdraw, hub_world, person.account, site.number)
        return await doors.renew(session), await people.signed_in(doors, person.passkey, site.number)

    renewed, again = at(portal, work)
    assert _code(renewed) in {"session-over", "no-mandate"}
    assert _code(again) == "no-mandate"


def _withdraw(world: HubWorld, account: str, site: str) -> None:
    with registrar(world.house.settings) as registering:
        assert registering.end_mandates(account, site, now()) == ""


def test_inviting_is_refused_for_what_cannot_be(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Another operator's site, an unknown role, an account of nobody: nothing is registered."""
    site = hub_world.country.site(0)
    good = inviting.Invitation(
        OPERATOR, site.number, "staff", people.TODAY, people.TODAY, accountable=HAS_NUMBER
    )  # fmt: skip
    wrong = {
        "role-unknown": inviting.Invitation(OPERATOR, site.number, "king", people.TODAY, people.TODAY),
        "site-unknown": inviting.Invitation(OPERATOR, "000000000", "staff", people.TODAY, people.TODAY),
        "other-operator": inviting.Invitation("nobody", site.number, "staff", people.TODAY, people.TODAY),
        "other-desk": inviting.Invitation(OPERATOR, site.number, "agent", people.TODAY, people.TODAY),
        "insurer-unknown": inviting.Invitation(OPERATOR, "0000000000", "case-worker", people.TODAY, people.TODAY),
        "account-unknown": inviting.Invitation(
            OPERATOR, site.number, "staff", people.TODAY, people.TODAY, "a00000000000000"
        ),
        "accountable-required": inviting.Invitation(OPERATOR, site.number, "staff", people.TODAY, people.TODAY),
    }
    with registrar(hub_world.house.settings) as registering:
        assert {code: inviting.invite(registering, asked, now()) for code, asked in wrong.items()} == {
            code: code for code in wrong
        }
        made = inviting.invite(registering, good, now())
    assert isinstance(made, inviting.Invited)


def test_the_portals_routes_answer_every_caller_as_the_table_says(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Without a proof, with a proof of nobody's key, with another operator's name: refused before anything is read."""

    async def work(doors: Doors) -> dict[str, tuple[int, str]]:
        challenge = await doors.challenge("sign-in")
        assert not isinstance(challenge, Problem)
        bare = {path: code_of(await hub_world.bare("POST", path, b"{}", {})) for path in PORTAL_ROUTES.values()}
        assert set(bare.values()) == {(401, "proof-required")}
        thief = Doors(PortalAccount(portal.hub, portal.operator, _jose.generate("ES256")))
        other = Doors(PortalAccount(portal.hub, "another-operator", portal.key))
        passkey = Authenticator(people.HOST, people.ORIGIN)
        try:
            asked = {
                "stranger's key": await thief.challenge("sign-in"),
                "other operator": await other.challenge("sign-in"),
                "no invitation": await people.enrolled(doors, "0000-0000-0000-0000", "990000002", passkey),
                "no passkey": await people.signed_in(doors, passkey),
                "challenge of another purpose": await doors.enrol(
                    "0000-0000-0000-0000", "990000002", challenge.challenge, Registration("e30", "oA")
                ),
            }
        finally:
            await thief.close()
            await other.close()
        return {name: (found.status, found.code) for name, found in asked.items() if isinstance(found, Problem)}

    assert at(portal, work) == PORTAL_REFUSALS
