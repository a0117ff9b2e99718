"""The hub: keeper connections, database connections, the shared work, and the HTTP server, put together and run."""

from __future__ import annotations

import asyncio
import gc
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn
import uvloop
from litestar.handlers import HTTPRouteHandler
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from rempart.api.app import application
from rempart.api.authorization_routes import AuthorizationDesk, authorization_routes
from rempart.api.authorizations import Requests
from rempart.api.batch_routes import batch_routes
from rempart.api.batches import BatchDesk
from rempart.api.cadence import Cadence
from rempart.api.deposits import Deposits
from rempart.api.desk_door import DeskDoor
from rempart.api.estimates import EstimateDesk, estimate_routes
from rempart.api.fhir import fhir_routes
from rempart.api.file_list import file_list_routes
from rempart.api.front import Front
from rempart.api.health import health_app
from rempart.api.hot import Hot
from rempart.api.insurer_desk import insurer_desk_routes
from rempart.api.insurer_desk_reading import insurer_reading_routes
from rempart.api.insurer_rejections import insurer_rejection_routes
from rempart.api.insurer_release import insurer_release_routes
from rempart.api.insurer_routes import InsurerDesk, insurer_routes
from rempart.api.invoice_list import invoice_list_routes
from rempart.api.invoice_routes import InvoiceDesk, invoice_routes
from rempart.api.keeper_keys import KeyDesk, keeper_key_routes
from rempart.api.log_routes import log_routes
from rempart.api.metrics import registry as metrics_registry
from rempart.api.notices import notice_routes
from rempart.api.optics import optics_routes
from rempart.api.own_records import OwnRecordsDesk, own_records_routes
from rempart.api.own_site import own_site_routes
from rempart.api.payments import payment_routes
from rempart.api.presence import presence_routes
from rempart.api.proxy_socket import proxy_socket
from rempart.api.receipt_keys import receipt_key_routes
from rempart.api.record_check import record_check_routes
from rempart.api.settlements import settlement_routes
from rempart.api.signin import SignIn, word_of
from rempart.api.stand_in import stand_in_routes
from rempart.api.state import HubState, Instants
from rempart.api.status import status_routes
from rempart.api.support import support_routes
from rempart.api.token import RegisteredAssertions, TokenEndpoint, token_routes
from rempart.api.waiting_room import WaitingDesk, waiting_room_routes
from rempart.api.webhooks import webhook_routes
from rempart.application import presence
from rempart.application.agents import Agents
from rempart.application.eligibility import Answer, Ports, Question
from rempart.application.together import Limits, Together, Work
from rempart.application.tokens import TokenCache, Tokens
from rempart.bootstrap.checks.starting import refuse_forged_certificates
from rempart.bootstrap.clock import clock_of
from rempart.bootstrap.exports import signing_routes
from rempart.bootstrap.keeper_port import KeeperCounters, KeeperGrants, KeeperPort
from rempart.bootstrap.measured import MeasuredDatabase, MeasuredKeeper
from rempart.bootstrap.operator_desk import desk_routes
from rempart.bootstrap.people import people_routes
from rempart.bootstrap.presence import PresenceCodes
from rempart.bootstrap.refreshing import refresh, stale
from rempart.bootstrap.rights_words import KeeperReleaseWords
from rempart.ground.figures import HubFigures
from rempart.ground.files import SecretRefused, read_secret
from rempart.ground.instants import Clock, RealClock, monotonic
from rempart.ground.options import Hub as HubOptions
from rempart.ground.settings import Settings
from rempart.identity.certificate import Authorities
from rempart.identity.dpop import Nonces
from rempart.storage import facts
from rempart.storage.agents import AgentNames
from rempart.storage.door import Database, Databases
from rempart.storage.parties import Registry, StoredTokens

INTAKE_CONNECTIONS = 8
TOKEN_URL = "/v1/token"  # noqa: S105 - a path


@dataclass(slots=True)
class Hub:
    """One hub process's parts; `run` serves until cancelled."""

    settings: Settings
    database_url: str
    clock: Clock = field(default_factory=RealClock)

    def _lane(self, figures: HubFigures) -> _Lane:
        settings = self.settings
        database = Database(self.database_url, card_sites=settings.budgets.card_sites_a_day)
        return _Lane(KeeperPort(settings.paths.keeper_socket("ask")), database, settings, figures)

    @asynccontextmanager
    async def parts(self) -> AsyncIterator[tuple[Hot, HubState]]:
        """The application with its connections open, closed again at the end."""
        settings = self.settings
        ask = settings.paths.keeper_socket("ask")
        figures = HubFigures()
        lanes = [self._lane(figures) for _ in range(settings.hub.lanes)]
        limits = Limits(
            settings.hub.batch_most, max(1, settings.hub.batch_most // 8), settings.hub.queue_limit,
            settings.hub.deadline_milliseconds / 1000,
        )  # fmt: skip
        works: list[Work[Question, Answer]] = [lane.work for lane in lanes]
        together: Together[Question, Answer] = Together(works, limits)
        state = HubState(
            settings, Instants(self.clock), together, hub=settings.hub.number, figures=figures, read_at=monotonic()
        )
        for lane in lanes:
            lane.codes.facts = lambda: state.facts
        reader = Database(self.database_url)
        grants = KeeperPort(ask)
        databases = Databases(self.database_url, INTAKE_CONNECTIONS, card_sites=settings.budgets.card_sites_a_day)
        async with AsyncConnectionPool(self.database_url, min_size=1, max_size=4, open=False) as pool:
            registry, store = Registry(pool.connection), StoredTokens(pool.connection)
            cache = TokenCache(store)
            agents = Agents(AgentNames(registry, pool.connection), word_of)
            sign_in = SignIn(cache, Nonces(_nonce_key(settings)), _authorities(settings), agents=agents)
            audience = settings.hub.audience + TOKEN_URL
            tokens = Tokens(
                KeeperGrants(grants, audience), RegisteredAssertions(registry, audience), registry, store, cache
            )
            endpoint = TokenEndpoint(tokens, sign_in, settings.hub.audience)
            cadence = Cadence(0 if settings.demo.unsafe_cadence_off else settings.hub.cadence_milliseconds / 1000)
            figures.queue.of = lambda: together.waiting
            figures.late.of = lambda: cadence.missed
            proxy = str(settings.hub.client_certificate.proxy_socket or "")
            desk = InvoiceDesk(
                state, sign_in, Deposits(grants, databases, settings.hub.file_most_bytes, lambda: state.facts),
                databases,
            )  # fmt: skip
            log_pool = ConnectionPool(self.database_url, min_size=0, max_size=2, open=True)
            routes = [*token_routes(endpoint, self.clock.now, proxy), *invoice_routes(desk), *log_routes(log_pool)]
            routes += [*stand_in_routes(log_pool), *keeper_key_routes(KeyDesk(grants, state))]
            routes += status_routes(state, log_pool)
            routes += [*_site_routes(desk, grants, cadence), *_insurer_routes(desk, grants, cadence)]
            routes += people_routes(state, sign_in, grants, registry=registry, store=store, cache=cache)
            routes += [*support_routes(DeskDoor(desk)), *desk_routes(DeskDoor(desk), grants, (store, cache), log_pool)]
            app = application(state, sign_in, cadence, routes)
            state.facts = await facts.read(await reader.connection())
            together.start()
            refresher = asyncio.create_task(refresh(state, reader))
            try:
                yield app, state
            finally:
                refresher.cancel()
                await together.stop()
                for lane in lanes:
                    await lane.close()
                await grants.close()
                await reader.close()
                await databases.close()
                log_pool.close()

    async def run(self) -> None:
        """Serves HTTP, and health and metrics on their own port, until the process is told to stop."""
        async with self.parts() as (app, state):
            hub = self.settings.hub
            gc.collect()
            gc.freeze()
            gc.set_threshold(100_000, 50, 100)  # p99: what lives long is frozen, what dies young dies by counting
            main = uvicorn.Server(
                uvicorn.Config(
                    app, host=hub.host, port=hub.port, loop="uvloop", http=Front, lifespan="off",
                    access_log=False, log_config=None, server_header=False, date_header=False,
                    proxy_headers=False, backlog=2048,
                )
            )  # fmt: skip
            await refuse_forged_certificates(app, self.settings)
            listeners = _listeners(hub)
            side = uvicorn.Server(
                uvicorn.Config(
                    health_app(lambda: _ready(state), metrics_registry(state.figures.all())),
                    host=hub.metrics_host, port=hub.metrics_port, access_log=False, log_config=None, lifespan="off",
                )
            )  # fmt: skip
            await asyncio.gather(main.serve(listeners), side.serve())


class _Lane:
    def __init__(self, keeper: KeeperPort, database: Database, settings: Settings, figures: HubFigures) -> None:
        records = MeasuredDatabase(database, figures.find, figures.settle)
        self._ports = Ports(MeasuredKeeper(keeper, figures.keeper), records, records)
        self.codes = PresenceCodes(keeper, database)
        self._batch = figures.batch
        self._keeper, self._database = keeper, database
        self._share = round(settings.budgets.hour_fraction * 100)

    async def work(self, questions: Sequence[Question]) -> Sequence[Answer]:
        self._batch.saw(len(questions))
        return await presence.ask(self._ports, self.codes, questions, hour_share=self._share)

    async def close(self) -> None:
        await self._keeper.close()
        await self._database.close()


def _site_routes(desk: InvoiceDesk, keeper: KeeperPort, cadence: Cadence) -> list[HTTPRouteHandler]:
    """What sites ask and read beside rights and invoices."""
    counters = KeeperCounters(keeper)
    asking = AuthorizationDesk(desk, Requests(desk.state, keeper, desk.databases, counters), cadence)
    return [
        *payment_routes(desk), *batch_routes(desk, BatchDesk(desk.state, keeper, desk.databases)),
        *authorization_routes(asking), *fhir_routes(asking), *optics_routes(asking), *webhook_routes(desk),
        *notice_routes(desk), *own_site_routes(desk), *invoice_list_routes(desk), *file_list_routes(desk),
        *receipt_key_routes(desk),
        *estimate_routes(EstimateDesk(desk, keeper, counters, cadence)),
        *own_records_routes(OwnRecordsDesk(desk, keeper, cadence)),
        *waiting_room_routes(WaitingDesk(desk, keeper)), *signing_routes(desk, keeper),
    ]  # fmt: skip


def _insurer_routes(desk: InvoiceDesk, keeper: KeeperPort, cadence: Cadence) -> list[HTTPRouteHandler]:
    """What insurers' agents ask and decide, and their people in a portal."""
    agents, door = InsurerDesk(desk, keeper), DeskDoor(desk)
    return [
        *insurer_routes(agents), *settlement_routes(agents), *record_check_routes(agents, keeper, cadence),
        *presence_routes(agents, keeper), *insurer_desk_routes(door), *insurer_reading_routes(door),
        *insurer_rejection_routes(door), *insurer_release_routes(door, KeeperReleaseWords(keeper)),
    ]  # fmt: skip


def _listeners(hub: HubOptions) -> list[socket.socket]:
    """The public listener, and the proxy's own when certificates are used."""
    public = socket.create_server((hub.host, hub.port), backlog=2048, reuse_port=False)
    public.settimeout(0)
    certificate = hub.client_certificate
    if certificate.proxy_socket is None:
        return [public]
    return [public, proxy_socket(certificate.proxy_socket, certificate.proxy_group)]


def _authorities(settings: Settings) -> Authorities | None:
    file = settings.hub.client_certificate.authorities
    return Authorities([file.read_bytes()]) if file is not None else None


def _nonce_key(settings: Settings) -> bytes:
    """One key for all hubs, so that each accepts the others' nonces; a hub alone makes its own."""
    file = settings.hub.nonce_key_file
    if file is None:
        return secrets.token_bytes(32)
    found = read_secret(file)
    if isinstance(found, SecretRefused):
        raise RuntimeError(found.reason)
    return found


async def _ready(state: HubState) -> tuple[str, ...]:
    missing = []
    if stale(state):
        missing.append("the database does not answer")
    if not state.facts.snapshot.sites:
        missing.append("no site is registered")
    if state.together.waiting >= state.settings.hub.queue_limit:
        missing.append("the queue is full")
    return tuple(missing)


def run(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT."""
    uvloop.run(Hub(settings, settings.database.hub_url, clock_of(settings)).run())
