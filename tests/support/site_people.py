"""People of a site over real programs who sign actions: passkeys in software, sessions at one portal process."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from uuid import uuid4

import psycopg

from rempart.bench.world import OPERATOR
from rempart.client import own_bank
from rempart.client.doors import Doors, SignedIn
from rempart.client.own_bank import Signable
from rempart.wire.account import PasskeyProof
from rempart.wire.bank_details import BankChanged, BankDetailsState, BankProposal
from rempart.wire.problem import Problem
from support import signing_in as people
from support.authenticator import Authenticator, text
from support.hub_world import HubWorld

HOLDER = "CABINET DUPRE"


@dataclass
class Member:
    """Somebody of a site with a passkey and a session."""

    world: HubWorld
    doors: Doors
    device: Authenticator
    session: SignedIn

    async def signs(self, wanted: Signable) -> tuple[str, PasskeyProof]:
        """The challenge with the action's hash, and the passkey's signature of it."""
        asked = await self.doors.challenge("approve")
        assert not isinstance(asked, Problem), asked
        challenge = own_bank.to_sign(asked.challenge, wanted)
        got = self.device.get(urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)))
        proof = PasskeyProof(
            text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature)
        )  # fmt: skip
        return challenge, proof

    async def propose(self, account: str, change: str = "") -> BankChanged | Problem:
        change = change or str(uuid4())
        wanted = own_bank.proposal(OPERATOR, self.session.site, change, name=HOLDER, iban=account)
        assert wanted is not None
        challenge, proof = await self.signs(wanted)
        wish = BankProposal(change, HOLDER, account, challenge, proof)
        return await self.doors.perform(self.session, own_bank.propose(wish))

    async def approve(self) -> BankChanged | Problem:
        waiting = (await self.stands()).waiting
        assert waiting is not None
        wanted = own_bank.approval(
            OPERATOR, self.session.site, waiting.change, proposed_by=waiting.proposed_by, ending=waiting.ending
        )  # fmt: skip
        assert wanted is not None
        return await self.doors.perform(self.session, own_bank.approve(waiting.change, *await self.signs(wanted)))

    async def cancel(self, change: str) -> bytes | Problem:
        return await self.doors.perform(self.session, own_bank.cancel(change))

    async def stands(self) -> BankDetailsState:
        found = await self.doors.perform(self.session, own_bank.bank_details())
        assert isinstance(found, BankDetailsState), found
        return found


async def members(world: HubWorld, doors: Doors, place: int, *roles: str) -> list[Member]:
    """People of one site, signed in, and known to the hub."""
    site, made = world.country.site(place).number, []
    for role in roles:
        invitation = await asyncio.to_thread(people.invited, world.house, OPERATOR, site, role=role)
        device = Authenticator(people.HOST, people.ORIGIN)
        assert await people.enrolled(doors, invitation.code, site, device) == invitation.account
        session = await people.signed_in(doors, device)
        assert isinstance(session, SignedIn), session
        made.append(Member(world, doors, device, session))
    await asyncio.sleep(2.2)  # the hub looks every second who there is
    return made


def code(found: object) -> str:
    """The code of a refusal."""
    assert isinstance(found, Problem), found
    return found.code


def rows(world: HubWorld, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Of the database, read as its owner."""
    with psycopg.connect(world.house.database.url("admin"), autocommit=True) as connection:
        return connection.execute(statement.encode(), values).fetchall()
