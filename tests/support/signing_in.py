"""People who sign in: an operator's portal registered at a house, an invitation, a passkey in software, a session."""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from rempart.bench.world import OPERATOR
from rempart.bootstrap import inviting
from rempart.bootstrap.house import House
from rempart.bootstrap.registering import registrar
from rempart.client import _jose
from rempart.client.doors import Assertion, Doors, PortalAccount, Registration, SignedIn
from rempart.client.dpop import DpopKey
from rempart.domain.authorities import DESK_ROLES, INSURER_ROLES
from rempart.ground.instants import PARIS, civil_date, now
from rempart.sealing.invitations import HAS_NUMBER
from rempart.simulation.country import Country
from rempart.wire.problem import Problem
from support.authenticator import Authenticator, text

T = TypeVar("T")
HOST = "portal.horizon.test"
ORIGIN = f"https://{HOST}"
TODAY = civil_date(now(), PARIS)
DAY, YEAR = timedelta(days=1), timedelta(days=365)


def registered(house: House, operator: str) -> PortalAccount:
    """A portal of this operator, with a key of its own."""
    jwk = _jose.generate("ES256")
    portal = inviting.Portal(operator, HOST, (ORIGIN,), (DpopKey(jwk).thumbprint,))
    with registrar(house.settings) as registering:
        assert inviting.add_portal(registering, portal) == ""
    return PortalAccount(house.base, operator, jwk)


def invited(
    house: House, operator: str, site: str, *, role: str = "professional", account: str = "", answering: str = ""
) -> inviting.Invited:
    """An invitation to one site for a year. `answering`: for staff without a number of their own."""
    answers = (answering or HAS_NUMBER) if role == "staff" else ""
    asked = inviting.Invitation(operator, site, role, TODAY - DAY, TODAY + YEAR, account, answers)
    with registrar(house.settings) as registering:
        found = inviting.invite(registering, asked, now())
    assert isinstance(found, inviting.Invited), found
    return found


def at(account: PortalAccount, work: Callable[[Doors], Awaitable[T]]) -> T:
    """One portal process."""

    async def run() -> T:
        doors = Doors(account)
        try:
            return await work(doors)
        finally:
            await doors.close()

    return asyncio.run(run())


async def enrolled(doors: Doors, code: str, site: str, passkey: Authenticator) -> str | Problem:
    """The account that has this passkey now, or why not."""
    challenge = await doors.challenge("enrol")
    if isinstance(challenge, Problem):
        return challenge
    made = passkey.create(_opaque(challenge.challenge))
    registration = Registration(text(made.client_data), text(made.attestation))
    found = await doors.enrol(code, site, challenge.challenge, registration)
    return found if isinstance(found, Problem) else found.account


async def signed_in(doors: Doors, passkey: Authenticator, site: str = "", **lies: object) -> SignedIn | Problem:
    """A session by this passkey."""
    challenge = await doors.challenge("sign-in")
    if isinstance(challenge, Problem):
        return challenge
    got = passkey.get(_opaque(challenge.challenge), **lies)
    assertion = Assertion(
        text(got.credential), text(got.client_data), text(got.authenticator_data), text(got.signature)
    )
    return await doors.sign_in(challenge.challenge, assertion, site)


@dataclass
class Person:
    """Somebody with a passkey and an account."""

    doors: Doors
    passkey: Authenticator
    account: str

    async def session(self, site: str = "") -> SignedIn:
        found = await signed_in(self.doors, self.passkey, site)
        assert isinstance(found, SignedIn), found
        return found


async def person_at(
    house: House, country: Country, doors: Doors, *, role: str = "professional", site: str = ""
) -> Person:  # fmt: skip
    """Somebody of the country's first site or of `site`, or of the operator's or first insurer's desk, enrolled."""
    place = site or country.site(0).number
    if role in DESK_ROLES:
        place = country.insurers[0].number if role in INSURER_ROLES else OPERATOR
    invitation = await asyncio.to_thread(invited, house, OPERATOR, place, role=role)
    passkey = Authenticator(HOST, ORIGIN)
    account = await enrolled(doors, invitation.code, place, passkey)
    assert account == invitation.account
    return Person(doors, passkey, invitation.account)


def _opaque(challenge: str) -> bytes:
    return urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
