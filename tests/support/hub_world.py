"""A running hub with a small registered country, and one caller of every kind, on real programs and a real database."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec
import psycopg
from psycopg import AsyncConnection

from rempart.bench.world import OPERATOR, World
from rempart.bootstrap.house import House
from rempart.client import assertion
from rempart.client.doors import Doors
from rempart.client.dpop import DpopKey
from rempart.domain.parties import Client, Mandate
from rempart.formats import optics_messages
from rempart.ground.instants import MICROSECONDS, now
from rempart.sealing.ringing import AddMandate, RegisterClient
from rempart.simulation.authorizations import QUOTES, presented, request_for
from rempart.simulation.caller import Caller, eligibility_request
from rempart.simulation.clients import Registration, demo_jwk, registration_of, registrations
from rempart.simulation.country import Country
from rempart.simulation.day import CONCENTRATOR, events
from rempart.simulation.events import Ask
from rempart.simulation.http import Connection, Response
from rempart.simulation.sites import day_begun_everywhere
from rempart.wire.authorizations import AuthorizationRequest, SignedDecision, Statement
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.estimates import EstimateLine, EstimateRequest
from rempart.wire.problem import Problem
from rempart.wire.token import ASSERTION_TYPE, FORM_TYPE
from support import signing_in
from support.false_provider import FalseProvider, lying
from support.ready import ready
from support.vouching import CLIENT

VENDOR = "vendor-of-tests"
AGENT = "agent-of-tests"
YEAR = 365 * 86_400 * MICROSECONDS
FAST = {"fsync": "off", "full_page_writes": "off"}


class HubWorld:
    """`site` is the pharmacy whose objects are asked for, `other` another site; `provider` vouches for its people."""

    def __init__(self, house: House, country: Country, provider: FalseProvider) -> None:
        self.house, self.country, self.base = house, country, house.base
        self.provider = provider
        self.site, self.other = country.site(0).number, country.site(1).number
        self.site_client, self.other_client = registration_of(country, 0), registration_of(country, 1)
        self.vendor = Registration(VENDOR, "site", (self.site,), demo_jwk(b"vendor of tests"))
        self.insurer = Registration(AGENT, "site", (country.insurers[0].number,), demo_jwk(b"agent of tests"))
        self.concentrator = next(one for one in registrations(country) if one.client == CONCENTRATOR)

    def caller(self, registration: Registration, site: str = "") -> Caller:
        """A caller of its own connection, token and key."""
        return Caller(self.base, registration, site or registration.sites[0], now=now)

    def question(self) -> EligibilityRequest:
        """The first sound question of the country's day."""
        asked = events(self.country, self.country.day)
        return eligibility_request(next(e for e in asked if isinstance(e, Ask) and e.expected == "covered"))

    def quote(self, number: int = 0) -> AuthorizationRequest:
        """A quote of spectacles for someone this hub does not know: no rights are loaded."""
        shown = presented(self.country, self.country.person(number))
        return request_for(shown, self.country.day, QUOTES["optician"])

    def estimate(self) -> bytes:
        """A medicine, for someone this hub does not know: no rights are loaded."""
        shown = presented(self.country, self.country.person(0))
        line = EstimateLine("PH7", "pharmacy", 4_000, 65, 4_000, care_date=self.country.day.isoformat())
        return msgspec.json.encode(
            EstimateRequest(
                shown.amc_number, shown.member, shown.birth, "machine", (line,), convention=shown.convention,
                csr=shown.csr, nir=shown.nir, rank=shown.rank,
            )
        )  # fmt: skip

    def unsigned_decision(self, authorization: str) -> bytes:
        """A case worker's refusal that nobody signed."""
        statement = msgspec.json.encode(Statement(authorization, "refused", "2026-11-24T09:00:00Z"))
        return msgspec.json.encode(SignedDecision(statement, bytes(64)))

    def signed(self, registration: Registration, site: str = "", *, token: str = "") -> dict[str, str]:
        """A form of the token endpoint, or of its revocation, with a fresh assertion."""
        audience = self.base + "/v1/token"
        made = assertion.sign(registration.private_jwk, registration.client, audience, now() // MICROSECONDS)
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": made}
        return {**form, "token": token} if token else {**form, "grant_type": "client_credentials", "site": site}

    async def expired(self) -> Caller:
        """A caller whose token ended an hour ago, and which does not know."""
        caller = self.caller(self.site_client)
        token = await caller.token()
        assert isinstance(token, str)
        caller._token = "an-expired-token-" + token[:16]
        with psycopg.connect(self.house.database.url("admin"), autocommit=True) as connection:
            connection.execute(
                "insert into rempart.token (hash, client, site, vendor, grant_bytes, grant_id, binding, expires) "
                "select %s, client, site, vendor, grant_bytes, grant_id, binding, %s from rempart.token "
                "where hash = %s",
                (_digest(caller._token), now() - 3600 * MICROSECONDS, _digest(token)),
            )
        return caller

    async def revoked(self) -> Caller:
        """A caller whose token was revoked."""
        from urllib.parse import urlencode

        caller = self.caller(self.site_client)
        token = await caller.token()
        assert isinstance(token, str)
        form = urlencode(self.signed(self.site_client, token=token)).encode()
        answer = await self.bare("POST", "/v1/token/revoke", form, {"Content-Type": FORM_TYPE})
        assert answer.status == 200
        return caller

    async def with_another_key(self) -> Caller:
        """A thief: the token is good, the key is the thief's own."""
        caller = self.caller(self.site_client)
        assert isinstance(await caller.token(), str)
        caller.dpop = DpopKey.generate()
        return caller

    async def person(self) -> Caller:
        """A professional of the site, signed in with a passkey at the operator's portal."""
        return (await self.people("professional"))["professional"]

    async def people(self, *roles: str) -> dict[str, Caller]:
        """Somebody in each role, of the site or of a desk, signed in with a passkey at the operator's portal."""
        account = await asyncio.to_thread(signing_in.registered, self.house, OPERATOR)
        doors = Doors(account)
        made = {}
        for role in roles:
            session = await (await signing_in.person_at(self.house, self.country, doors, role=role)).session()
            made[role] = self.caller(self.site_client)
            made[role].dpop = DpopKey(account.key)
            made[role]._token, made[role]._until = session.token, int(session.expires)
        await doors.close()
        await asyncio.sleep(2.2)  # the hub looks every second who there is
        return made

    async def bare(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response:
        """A request with these headers and no sign-in."""
        connection = Connection(self.base)
        try:
            return await connection.request(method, path, body, headers)
        finally:
            await connection.close()

    def suspend(self, table: str, key: str, *, good: bool = False) -> None:
        """Suspends a client or site, or takes it back; returns when the hub has read it."""
        assert table in {"client", "site"}
        standing = "good" if good else "suspended"
        with psycopg.connect(self.house.settings.database.worker_url, autocommit=True) as connection:
            connection.execute(f"update rempart.{table} set standing = %s where {table} = %s", (standing, key))  # noqa: S608 - one of two names
        time.sleep(2.2)  # the hub looks every second


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


@contextmanager
def running_hub(folder: Path, people: int = 20) -> Iterator[HubWorld]:
    """Keeper, PostgreSQL and hub, with everything registered and no rights loaded."""
    with lying() as provider, House(ready(folder), _options(folder, provider), FAST) as house:
        world = World(house, Country(1, people, day=day_begun_everywhere(now())))
        world.register()
        made_site = world.country.site(0).number
        _register_vendor(house, made_site)
        _register_agent(house, world.country.insurers[0].number)
        house.launch("hub")
        yield HubWorld(house, world.country, provider)


def _options(folder: Path, provider: FalseProvider) -> dict[str, object]:
    """The provider in both its parts: Pro Santé Connect, and a hospital's own."""
    vouching = _vouching(folder, provider)
    back = f"{signing_in.ORIGIN}/etablissement/hopital-nord/retour"
    hospital = {
        "operator": OPERATOR, "name": "hopital-nord", "issuer": provider.issuer, "authorize": provider.authorize,
        "client_id": CLIENT, "redirect_uri": back, "secret_file": str(folder.with_name("provider.secret")),
    }  # fmt: skip
    return {"pro_sante_connect": vouching, "federation": {"hospitals": [hospital], "demo_loopback": True}}


def _vouching(folder: Path, provider: FalseProvider) -> dict[str, object]:
    """The hub's configuration of the provider: one client, that of the operator's portal."""
    secret = folder.with_name("provider.secret")
    secret.write_text("a secret of tests")
    secret.chmod(0o600)
    back = f"{signing_in.ORIGIN}/pro-sante-connect/retour"
    client = {"operator": OPERATOR, "client_id": CLIENT, "redirect_uri": back, "secret_file": str(secret)}
    return {
        "issuer": provider.issuer, "authorize": provider.authorize, "clients": [client], "demo_loopback": True,
    }  # fmt: skip


def _register_vendor(house: House, site: str) -> None:
    key = {name: value for name, value in demo_jwk(b"vendor of tests").items() if name != "d"}
    instant = now()
    with house.ring() as ring:
        registered = ring.call("register_client", [RegisterClient(VENDOR, "vendor", "", "soft", {key["kid"]: key})])
        mandated = ring.call("mandate", [AddMandate(VENDOR, site, instant - YEAR, instant + YEAR)])
    assert not any(getattr(one, "refusal", "") for one in (*registered, *mandated))
    asyncio.run(_vendor_parties(house, site, key, instant))


async def _vendor_parties(house: House, site: str, key: dict[str, str], instant: int) -> None:
    from rempart.storage.parties import Registry, single

    async with await AsyncConnection.connect(house.settings.database.worker_url, autocommit=True) as connection:
        registry = Registry(single(connection))
        await registry.add_clients([Client(VENDOR, "vendor", "", "soft", registered=instant)])
        await registry.add_key(VENDOR, key, instant)
        await registry.add_mandates([Mandate(VENDOR, site, date(2020, 1, 1), date(2099, 12, 31), given=instant)])


def _register_agent(house: House, insurer: str) -> None:
    key = {name: value for name, value in demo_jwk(b"agent of tests").items() if name != "d"}
    with house.ring() as ring:
        (done,) = ring.call("register_client", [RegisterClient(AGENT, "insurer", "", insurer, {key["kid"]: key})])
    assert not done.refusal
    asyncio.run(_agent_party(house, insurer, key, now()))


async def _agent_party(house: House, insurer: str, key: dict[str, str], instant: int) -> None:
    from rempart.storage.parties import Registry, single

    async with await AsyncConnection.connect(house.settings.database.worker_url, autocommit=True) as connection:
        registry = Registry(single(connection))
        await registry.add_clients([Client(AGENT, "insurer", "", insurer, registered=instant)])
        await registry.add_key(AGENT, key, instant)


def code_of(answer: Response | Problem) -> tuple[int, str]:
    """Status, and the code of a refusal."""
    if isinstance(answer, Problem):
        return answer.status, answer.code
    if answer.status < 400:
        return answer.status, ""
    if answer.headers["content-type"] == "application/xml":
        message = optics_messages.read(answer.body)
        assert isinstance(message, optics_messages.Message)
        return answer.status, str(message.values["code"])
    told = msgspec.json.decode(answer.body)
    if told.get("resourceType") == "OperationOutcome":
        told = told["issue"][0]["details"]["coding"][0]
    return answer.status, str(told["code"])
