"""A simulated country moved into a house: its insurers, sites and clients registered with the real programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import AsyncConnection

from rempart.bootstrap.house import House
from rempart.domain.parties import Client, Mandate, Site
from rempart.ground.instants import MICROSECONDS, now
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import OPERATIONS
from rempart.sealing.ringing import AddInsurer, AddMandate, RegisterClient
from rempart.simulation.clients import Registration, registrations
from rempart.simulation.country import Country
from rempart.simulation.guarantees import opticians_of, table_toml
from rempart.simulation.rights import write_full
from rempart.simulation.sites import Site as Place
from rempart.simulation.visits import FOREIGN_AMC
from rempart.storage.insurers import Card, add_guarantee_table, handled_elsewhere, register_insurer
from rempart.storage.parties import Registry, single
from rempart.worker.rights import Outcome, Rules, Wish, load_path

OPERATOR = "horizon"
YEAR = 365 * 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class World:
    """`register` first, then load rights, then start hub and worker.

    `now` gives microseconds UTC, simulated or not; `operator_of` whose portal a site works at.
    """

    house: House
    country: Country
    now: Callable[[], int] = now
    operator_of: Callable[[Place], str] = lambda _: OPERATOR

    def register(self) -> None:
        """Every party, with the keeper first: what it does not know it does not serve."""
        instant = self.now()
        clients = list(registrations(self.country))
        with self.house.ring() as ring:
            _done(ring.call("add_insurer", [
                AddInsurer(i.number, i.signing_public, i.box_public) for i in self.country.insurers
            ]))  # fmt: skip
            _done(ring.call("register_client", [_client(client) for client in clients]))
            mandates = [
                AddMandate(client.client, site, instant - YEAR, instant + YEAR)
                for client in clients if client.kind != "site" for site in client.sites
            ]  # fmt: skip
            _done(ring.call("mandate", mandates))
        asyncio.run(self._parties(clients, instant))
        start = date(self.country.day.year - 2, 1, 1)
        opticians = opticians_of(self.country)
        with psycopg.connect(self.house.settings.database.worker_url) as connection:
            for insurer in self.country.insurers:
                register_insurer(
                    connection, insurer.number, name=insurer.name, operator=OPERATOR, rule=insurer.rule, instant=instant
                )
                add_guarantee_table(connection, insurer.number, table_toml(insurer, start, opticians).decode(), instant)
            handled_elsewhere(connection, Card(FOREIGN_AMC), "another-operator")

    def load(self, *, bad: int = 0, progress: Callable[[Outcome], None] = lambda _: None) -> list[Outcome]:
        """Writes every insurer's signed full file and loads it through the keeper's loader; what became of each."""
        settings = self.house.settings
        rules = Rules.of(settings.rights)
        outcomes = []
        files = write_full(self.country, self.house.folder / "rights", self.country.day, bad=bad)
        with (
            psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
            KeeperSync(str(settings.paths.keeper_socket("load")), OPERATIONS) as keeper,
        ):
            for file in files:
                wish = Wish(allow_clear=True)
                outcome = load_path(connection, keeper, file.path, rules, instant=self.now(), wish=wish)
                file.path.unlink()
                outcomes.append(outcome)
                progress(outcome)
        return outcomes

    async def _parties(self, clients: list[Registration], instant: int) -> None:
        url = self.house.settings.database.worker_url
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            registry = Registry(single(connection))
            await registry.add_sites([
                Site(site.number, site.profession, self.operator_of(site), zone=site.zone, since=instant)
                for site in self.country.all_sites()
            ])  # fmt: skip
            await registry.add_clients([
                Client(c.client, c.kind, c.sites[0] if c.kind == "site" else "", "", registered=instant)
                for c in clients
            ])  # fmt: skip
            for client in clients:
                await registry.add_key(client.client, client.public_jwk, instant)
            await registry.add_mandates([
                Mandate(client.client, site, date(2020, 1, 1), date(2099, 12, 31), given=instant)
                for client in clients if client.kind != "site" for site in client.sites
            ])  # fmt: skip


def _client(client: Registration) -> RegisterClient:
    own = client.sites[0] if client.kind == "site" else ""
    return RegisterClient(client.client, client.kind, own, "", {client.public_jwk["kid"]: dict(client.public_jwk)})


def _done(results: list[object]) -> None:
    for result in results:
        refusal = getattr(result, "refusal", "")
        if refusal:
            raise RuntimeError(f"the keeper refused a registration: {refusal}")
