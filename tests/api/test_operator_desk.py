"""The operator's desk over real programs: an agent invites by a signature, suspends; two open what one closed."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode

import pytest

from rempart.bench.world import OPERATOR
from rempart.client import calls, own_bank
from rempart.client import operator_desk as desk
from rempart.client.doors import Doors, PortalAccount, SignedIn
from rempart.client.own_bank import Signable
from rempart.sealing.actions import Action
from rempart.wire.account import PasskeyProof
from rempart.wire.operator_desk import (
    DeskAccounts,
    DeskCode,
    DeskCompartments,
    DeskInviteRequest,
    DeskOpening,
    DeskOpenRequest,
    DeskShutRequest,
    DeskSiteAccounts,
    DeskSites,
)
from rempart.wire.problem import Problem
from support import messages
from support import signing_in as people
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld
from support.signing_in import Person, at

pytestmark = pytest.mark.postgres
PORTAL = f"portal:{OPERATOR}"


@pytest.fixture(scope="module")
def portal(hub_world: HubWorld) -> PortalAccount:
    return people.registered(hub_world.house, OPERATOR)


def code(found: object) -> str:
    assert isinstance(found, Problem), found
    return found.code


async def signed(person: Person, action: Signable | None) -> tuple[str, PasskeyProof]:
    """The challenge with the action's hash behind it, and the passkey's signature."""
    assert action is not None
    made = await person.doors.challenge("approve")
    assert not isinstance(made, Problem), made
    whole = own_bank.to_sign(made.challenge, action)
    got = person.passkey.get(urlsafe_b64decode(whole + "=" * (-len(whole) % 4)))
    proof = PasskeyProof(
        text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature)
    )  # fmt: skip
    return whole, proof


def _action(place: str, days: tuple[str, str]) -> Action | None:
    return desk.invitation(OPERATOR, "staff", place, days=days, accountable=desk.HAS_NUMBER)


async def invited(person: Person, session: SignedIn, place: str, *, shown: str = "") -> DeskCode | Problem:
    """Staff for a year; `shown` is another site than the one asked for."""
    days = people.TODAY.isoformat(), (people.TODAY + people.YEAR).isoformat()
    challenge, proof = await signed(person, _action(shown or place, days))
    wish = DeskInviteRequest("staff", place, *days, "", desk.HAS_NUMBER, challenge, proof)
    return await person.doors.perform(session, desk.invite(wish))


async def agreed(person: Person, session: SignedIn) -> DeskOpening | Problem:
    """A word for opening the portal, about the closing that stands."""
    told = await person.doors.perform(session, desk.compartments())
    assert isinstance(told, DeskCompartments), told
    challenge, proof = await signed(person, desk.opening(OPERATOR, PORTAL, told.compartments[0].closing))
    wish = DeskOpenRequest(told.compartments[0].closing, challenge, proof)
    return await person.doors.perform(session, desk.open_again(PORTAL, wish))


def test_an_agent_invites_suspends_and_takes_back(hub_world: HubWorld, portal: PortalAccount) -> None:
    """What was not signed so is refused; who was invited works, is listed, is suspended within seconds, and back."""
    site = hub_world.site

    async def work(doors: Doors) -> None:
        agent = await people.person_at(hub_world.house, hub_world.country, doors, role="agent")
        session = await agent.session()
        assert (session.site, session.sites, session.role, session.insurer) == ("", (), "agent", "")
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        sites = await doors.perform(session, desk.sites(site[:4]))
        assert isinstance(sites, DeskSites), sites
        assert site in {each.site for each in sites.sites}
        assert code(await invited(agent, session, site, shown=hub_world.other)) == "challenge-invalid"
        assert code(await invited(agent, session, "910000012")) == "not-found"
        invitation = await invited(agent, session, site)
        assert isinstance(invitation, DeskCode), invitation
        passkey = Authenticator(people.HOST, people.ORIGIN)
        message = messages.of(hub_world.house, invitation.account)
        assert (message["kind"], message["operator"], message["place"]) == ("invitation", OPERATOR, site)
        for alone in (invitation.first_half, message["second_half"], invitation.first_half * 2):
            assert code(await people.enrolled(doors, alone, site, passkey)) == "invitation-unknown"
        whole = invitation.first_half + message["second_half"]
        assert await people.enrolled(doors, whole, site, passkey) == invitation.account
        colleague = await Person(doors, passkey, invitation.account).session()
        assert (colleague.site, colleague.role) == (site, "staff")
        await asyncio.sleep(2.2)
        assert not isinstance(await doors.perform(colleague, calls.find_invoices("1")), Problem)
        listed = await doors.perform(session, desk.site(site))
        assert isinstance(listed, DeskSiteAccounts), listed
        (found,) = [each for each in listed.accounts if each.account == invitation.account]
        assert (found.passkeys, found.standing, found.role) == (1, "good", "staff")
        assert found.used
        assert await doors.perform(session, desk.set_standing("accounts", invitation.account, "suspended")) == b""
        await asyncio.sleep(2.2)
        assert code(await doors.perform(colleague, calls.find_invoices("1"))) == "client-standing"
        assert await doors.perform(session, desk.set_standing("accounts", invitation.account, "good")) == b""
        told = await doors.perform(session, desk.account(invitation.account))
        assert isinstance(told, DeskAccounts), told
        assert [(each.site, each.standing) for each in told.accounts] == [(site, "good")]
        assert code(await doors.perform(colleague, desk.sites())) == "purpose"

    at(portal, work)


def test_two_agents_open_the_portal_that_one_closed(hub_world: HubWorld, portal: PortalAccount) -> None:
    """Closed, a person of a site is refused and agents go on; one word opens nothing, the second, of another, does."""

    async def work(doors: Doors) -> None:
        first = await people.person_at(hub_world.house, hub_world.country, doors, role="agent")
        second = await people.person_at(hub_world.house, hub_world.country, doors, role="security")
        staff = await people.person_at(hub_world.house, hub_world.country, doors, role="staff")
        one, other, counter = [await each.session() for each in (first, second, staff)]
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        closing = DeskShutRequest("closed", "maintenance")
        assert await doors.perform(one, desk.shut(PORTAL, closing)) == b""
        assert code(await doors.perform(one, desk.shut("portal:azur", closing))) == "not-found"
        await asyncio.sleep(2.2)
        question = await doors.perform(counter, calls.eligibility(hub_world.question()))
        assert code(question) == "compartment"
        assert await agreed(first, one) == DeskOpening("closed")
        assert code(await agreed(first, one)) == "voice-given"
        assert await agreed(second, other) == DeskOpening("open")
        told = await doors.perform(other, desk.compartments())
        assert isinstance(told, DeskCompartments), told
        newest = [each.step for each in told.events if each.compartment == PORTAL][:4]  # others closed it before
        assert newest == ["open", "agreed", "agreed", "closed"]
        assert told.compartments[0].state == "open"
        await asyncio.sleep(2.2)

    at(portal, work)
