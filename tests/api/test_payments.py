"""A site reads and prints its own remittances through the hub's routes, and nobody else's."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from litestar import Litestar

from rempart.api.deposits import Deposits
from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.payments import payment_routes
from rempart.api.signin import SignIn
from rempart.api.state import HubState, Instants
from rempart.application.eligibility import Answer, Question
from rempart.application.together import Limits, Together
from rempart.application.tokens import TokenCache, TokenFacts, digest_of
from rempart.client.dpop import DpopKey
from rempart.ground.instants import MICROSECONDS
from rempart.identity.dpop import Nonces
from rempart.storage import facts
from rempart.storage.door import Databases
from rempart.wire.payments import RemittanceAdvice, RemittanceList
from support.money import DAY, NOW, SECOND, SITES, MoneyWorld, iban
from support.tokens import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.postgres
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


def as_site(money: MoneyWorld, site: str, use: Callable[[Reader], Awaitable[Any]]) -> Any:
    """Runs `use` with a reader whose token is that of `site`."""

    async def inside() -> Any:
        nonces = Nonces(b"n" * 32)
        key = DpopKey.generate()
        key.nonce = nonces.current(NOW // MICROSECONDS)
        cache = TokenCache(MemoryStore())
        expires = NOW + 900 * MICROSECONDS
        bound = "jkt:" + key.thumbprint
        cache.put(TokenFacts(digest_of(TOKEN.encode()), "till", "site", site, "", b"g", b"g" * 16, bound, expires), NOW)
        together: Together[Question, Answer] = Together([], Limits())
        state = HubState(money.settings, Instants(FixedClock()), together)
        databases = Databases(money.settings.database.hub_url, 1)
        async with databases.lend() as database:
            state.facts = await facts.read(await database.connection())
        deposits = Deposits(None, databases, 1)  # type: ignore[arg-type]  # these routes deposit nothing
        desk = InvoiceDesk(state, SignIn(cache, nonces), deposits, databases)
        try:
            app = httpx.ASGITransport(Litestar(payment_routes(desk), openapi_config=None))
            async with httpx.AsyncClient(transport=app, base_url=money.settings.hub.audience) as client:
                return await use(Reader(money, site, client, key))
        finally:
            await databases.close()

    return asyncio.run(inside())


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    with money.sql() as connection:
        connection.execute("insert into rempart.client (client, kind, registered) values ('till', 'vendor', 0)")
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234, SECOND)
    money.decide(SITES[0], state="rejected")
    money.decide(SITES[1], 500)
    money.pay()
    return money


def test_a_site_reads_its_remittance_by_insurer(paid: MoneyWorld) -> None:
    """The list, then the detail: amounts by insurer and invoice, and what was rejected with its sentence."""

    async def use(reader: Reader) -> tuple[Any, Any]:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return one, await reader.get(f"/v1/remittances/{one.remittance}")

    one, answer = as_site(paid, SITES[0], use)
    assert (one.amount, one.invoices, one.state, one.payer) == (1_234, 2, "reserved", "Operateur Un")
    found = msgspec.json.decode(answer.content, type=RemittanceAdvice)
    assert {part.insurer: part.amount for part in found.insurers} == {"0000401166": 1_000, "0000775001": 234}
    assert [(one.reason, bool(one.sentence)) for one in found.rejected] == [("rights-closed", True)]
    for invoice in (invoice for part in found.insurers for invoice in part.invoices):
        assert invoice.spent == invoice.amo + invoice.paid + invoice.patient
    for secret in (iban(1), "Pharmacie", "bed 12", "PHAR"):
        assert secret.encode() not in answer.content
    assert answer.headers["cache-control"] == "no-store"


def test_it_prints_as_a_pdf_without_identity(paid: MoneyWorld) -> None:
    """The PDF comes as a download whose name holds the day and the bank's reference."""

    async def use(reader: Reader) -> Any:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return one, await reader.get(f"/v1/remittances/{one.remittance}/advice.pdf")

    one, answer = as_site(paid, SITES[0], use)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"releve-20261123-{one.reference}.pdf" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF")
    for secret in (iban(1), "Pharmacie", "Inventée", "bed 12"):
        assert secret.encode() not in answer.content


def test_another_sites_remittance_looks_absent(paid: MoneyWorld) -> None:
    """By its id, as JSON or PDF: 404, the same as for one that is not."""
    other = paid.one("select remittance from rempart.remittance where site = %s", SITES[1])

    async def use(reader: Reader) -> list[int]:
        paths = (f"/v1/remittances/{other}", f"/v1/remittances/{other}/advice.pdf", f"/v1/remittances/{SITES[0]:0>32}")
        return [(await reader.get(path)).status_code for path in paths]

    assert as_site(paid, SITES[0], use) == [404, 404, 404]
    assert as_site(paid, SITES[2], _first_page).remittances == ()


def test_without_sign_in_nothing_is_read(paid: MoneyWorld) -> None:
    """No token: 401."""

    async def use(reader: Reader) -> int:
        return int((await reader.client.get("/v1/remittances")).status_code)

    assert as_site(paid, SITES[0], use) == 401


def test_a_rejection_is_told_in_one_advice_only(paid: MoneyWorld) -> None:
    """The next remittance tells what was rejected since, and its state follows the bank."""
    paid.confirm("main-20261123-01.xml")
    paid.decide(SITES[0], 77)
    paid.pay(DAY + timedelta(days=1))

    async def use(reader: Reader) -> Any:
        newest, older = (await _first_page(reader)).remittances
        before = await reader.get(f"/v1/remittances?before={newest.day}")
        detail = await reader.get(f"/v1/remittances/{newest.remittance}")
        return newest, older, msgspec.json.decode(before.content, type=RemittanceList), detail

    newest, older, before, detail = as_site(paid, SITES[0], use)
    assert (newest.state, older.state) == ("reserved", "settled")
    assert older.ended
    assert before.remittances == (older,)
    assert msgspec.json.decode(detail.content, type=RemittanceAdvice).rejected == ()


async def _first_page(reader: Reader) -> RemittanceList:
    return msgspec.json.decode((await reader.get("/v1/remittances")).content, type=RemittanceList)
