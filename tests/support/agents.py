"""An insurer's agent of a town: registered, and signed in once the hub knows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg import AsyncConnection

from rempart.client import agent
from rempart.client.session import Session
from rempart.domain.parties import Client
from rempart.sealing.ringing import RegisterClient
from rempart.simulation.clients import demo_jwk
from rempart.storage.parties import Registry, single
from rempart.wire.problem import Problem

if TYPE_CHECKING:
    from support.houses import Town


@contextmanager
def agent_of(made: Town, insurer: str) -> Iterator[Session]:
    """The signed-in agent of one insurer, registered for it alone, the first time."""
    name, key = f"agent-{insurer}", demo_jwk(insurer.encode())
    public = {field: value for field, value in key.items() if field != "d"}
    with made.house.ring() as ring:
        (done,) = ring.call("register_client", [RegisterClient(name, "insurer", "", insurer, {key["kid"]: public})])
    assert not done.refusal

    async def register() -> None:
        url = made.house.settings.database.worker_url
        async with await AsyncConnection.connect(url, autocommit=True) as connection:
            registry = Registry(single(connection))
            await registry.add_clients([Client(name, "insurer", "", insurer, registered=made.world.now())])
            await registry.add_key(name, public, made.world.now())

    if not made.one("select count(*) from rempart.client where client = %s", name):
        asyncio.run(register())
    for _ in range(100):  # the hub looks every second
        session = Session(made.house.base, name, key, speaks_for=insurer, now=lambda: made.world.now() // 1_000_000)
        found = agent.pending(session)
        if not isinstance(found, Problem):
            break
        session.close()
        time.sleep(0.1)
    yield session
    session.close()
