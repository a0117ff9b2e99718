"""An Idempotency-Key is one within a client and a site, and of nobody else."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest
from psycopg import AsyncConnection

from rempart.domain.parties import Mandate
from rempart.ground.instants import now
from rempart.sealing.ringing import AddMandate
from rempart.simulation.caller import Caller
from rempart.storage.parties import Registry, single
from rempart.wire.authorizations import AuthorizationState
from rempart.wire.problem import Problem
from support.hub_world import VENDOR, YEAR, HubWorld, running_hub

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """A hub whose vendor speaks for two sites."""
    with running_hub(tmp_path_factory.mktemp("keys") / "h") as made:
        instant = now()
        with made.house.ring() as ring:
            (done,) = ring.call("mandate", [AddMandate(VENDOR, made.other, instant - YEAR, instant + YEAR)])
        assert not done.refusal
        asyncio.run(_mandate(made, instant))
        yield made


async def _mandate(made: HubWorld, instant: int) -> None:
    async with await AsyncConnection.connect(made.house.settings.database.worker_url, autocommit=True) as connection:
        mandate = Mandate(VENDOR, made.other, date(2020, 1, 1), date(2099, 12, 31), given=instant)
        await Registry(single(connection)).add_mandates([mandate])


def test_a_vendor_may_number_two_sites_requests_alike(world: HubWorld) -> None:
    """The same key and the same body from another site is that site's own request, with its own authorization."""

    async def asked(caller: Caller, key: str) -> AuthorizationState:
        answer = await caller.authorization(world.quote(), key)
        assert not isinstance(answer, Problem), answer.code
        return answer

    async def inside() -> list[AuthorizationState]:
        here, there = world.caller(world.vendor, world.site), world.caller(world.vendor, world.other)
        try:
            return [await asked(here, "1"), await asked(there, "1"), await asked(here, "1")]
        finally:
            await here.close()
            await there.close()

    first, other, again = asyncio.run(inside())
    assert first.authorization != other.authorization
    assert msgspec.json.encode(again) == msgspec.json.encode(first)
