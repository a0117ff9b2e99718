"""A site's signed-in client of the routes about payments and returns, without a running hub."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
from litestar import Litestar

from rempart.api.authorization_routes import AuthorizationDesk, authorization_routes
from rempart.api.cadence import Cadence
from rempart.api.deposits import Deposits
from rempart.api.desk_door import DeskDoor
from rempart.api.fhir import fhir_routes
from rempart.api.file_list import file_list_routes
from rempart.api.insurer_desk import insurer_desk_routes
from rempart.api.invoice_list import invoice_list_routes
from rempart.api.invoice_routes import InvoiceDesk, invoice_routes
from rempart.api.own_site import own_site_routes
from rempart.api.payments import payment_routes
from rempart.api.signin import SignIn
from rempart.api.state import HubState, Instants
from rempart.api.support import support_routes
from rempart.application.eligibility import Answer, Question
from rempart.application.together import Limits, Together
from rempart.application.tokens import TokenCache, TokenFacts, digest_of
from rempart.client.dpop import DpopKey
from rempart.ground.instants import MICROSECONDS
from rempart.identity.dpop import Nonces
from rempart.storage import facts
from rempart.storage.door import Databases
from support.money import NOW, MoneyWorld
from support.tokens import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.handlers import HTTPRouteHandler

TOKEN = "an-opaque-token-of-some-length-for-the-test"


class FixedClock:
    """The instant of the test."""

    def now(self) -> int:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Reader:
    """A site's signed-in client of the routes."""

    def __init__(self, money: MoneyWorld, site: str, client: httpx.AsyncClient, key: DpopKey) -> None:
        self.base = money.settings.hub.audience
        self.site, self.client, self.key = site, client, key

    async def get(self, path: str) -> Any:
        proof = self.key.proof("GET", self.base + path.partition("?")[0], NOW // MICROSECONDS, token=TOKEN)
        return await self.client.get(path, headers={"authorization": f"DPoP {TOKEN}", "dpop": proof})

    async def post(self, path: str, body: bytes) -> Any:
        proof = self.key.proof("POST", self.base + path, NOW // MICROSECONDS, token=TOKEN)
        return await self.client.post(path, headers={"authorization": f"DPoP {TOKEN}", "dpop": proof}, content=body)


def as_site(
    money: MoneyWorld,
    site: str,
    use: Callable[[Reader], Awaitable[Any]],
    *,
    kind: str = "site",
    vendor: str = "",
    role: str = "",
    insurer: str = "",
    client: str = "till",
    session: bytes = b"",
    more: Callable[[InvoiceDesk], list[HTTPRouteHandler]] | None = None,
) -> Any:
    """Runs `use` with a reader whose token is that of `site`, or of another kind of client there.

    `more`: routes beside those of payments and reading.
    """

    async def inside() -> Any:
        nonces = Nonces(b"n" * 32)
        key = DpopKey.generate()
        key.nonce = nonces.current(NOW // MICROSECONDS)
        cache = TokenCache(MemoryStore())
        expires = NOW + 900 * MICROSECONDS
        bound = "jkt:" + key.thumbprint
        digest = digest_of(TOKEN.encode())
        cache.put(
            TokenFacts(
                digest, client, kind, site, vendor, b"g", b"g" * 16, bound, expires, role, session=session,
                insurer=insurer,
            ), NOW,
        )  # fmt: skip
        together: Together[Question, Answer] = Together([], Limits())
        state = HubState(money.settings, Instants(FixedClock()), together)
        databases = Databases(money.settings.database.hub_url, 1)
        async with databases.lend() as database:
            state.facts = await facts.read(await database.connection())
        deposits = Deposits(None, databases, 1)  # type: ignore[arg-type]  # these routes deposit nothing
        desk = InvoiceDesk(state, SignIn(cache, nonces), deposits, databases)
        try:
            nothing: Any = None  # these routes ask for no authorization
            routes = [
                *payment_routes(desk),
                *own_site_routes(desk),
                *invoice_list_routes(desk),
                *file_list_routes(desk),
                *invoice_routes(desk),
                *authorization_routes(AuthorizationDesk(desk, nothing, Cadence(0))),
                *fhir_routes(AuthorizationDesk(desk, nothing, Cadence(0))),
                *support_routes(DeskDoor(desk)),
                *insurer_desk_routes(DeskDoor(desk)),
                *(more(desk) if more is not None else ()),
            ]
            app = httpx.ASGITransport(Litestar(routes, openapi_config=None))
            async with httpx.AsyncClient(transport=app, base_url=money.settings.hub.audience) as asking:
                return await use(Reader(money, site, asking, key))
        finally:
            await databases.close()

    return asyncio.run(inside())


def sign_in(money: MoneyWorld) -> None:
    """Registers the client that the readers' tokens are of."""
    with money.sql() as connection:
        connection.execute("insert into rempart.client (client, kind, registered) values ('till', 'vendor', 0)")
