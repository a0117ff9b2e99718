"""An insurer's application in front of a running house: its client registered, and a presence code for a member."""

from __future__ import annotations

import asyncio
import time

import msgspec
import psycopg

from rempart.bootstrap.house import House
from rempart.client.session import Session
from rempart.domain.parties import Client
from rempart.ground.instants import now
from rempart.sealing.ringing import RegisterClient
from rempart.simulation.clients import demo_jwk
from rempart.simulation.insurers import Insurer
from rempart.storage.parties import Registry, single
from rempart.wire.presence import LABEL, PresenceCodeAnswer, PresenceCodeRequest, PresenceStatement
from rempart.wire.problem import Problem

AGENT = "agent-of-codes"


def register(house: House, insurer: Insurer) -> None:
    """The insurer's client, with the keeper and with the hub; the hub looks every second who there is."""
    jwk = demo_jwk(AGENT.encode())
    public = {name: value for name, value in jwk.items() if name != "d"}
    with house.ring() as ring:
        item = RegisterClient(AGENT, "insurer", "", insurer.number, {public["kid"]: public})
        (done,) = ring.call("register_client", [item])
    assert not done.refusal

    async def party() -> None:
        async with await psycopg.AsyncConnection.connect(house.settings.database.worker_url, autocommit=True) as made:
            registry = Registry(single(made))
            await registry.add_clients([Client(AGENT, "insurer", "", insurer.number, registered=1)])
            await registry.add_key(AGENT, public, 1)

    asyncio.run(party())


def code_for(house: House, insurer: Insurer, member: str, nir: str, birth: str, rank: str = "1") -> str:
    """What the member is shown; `birth` AAMMJJ."""
    statement = msgspec.json.encode(PresenceStatement(insurer.number, member, nir, birth, rank, "", int(time.time())))
    body = msgspec.json.encode(PresenceCodeRequest(statement, insurer.signing_key.sign(LABEL + statement)))
    session = Session(house.base, AGENT, demo_jwk(AGENT.encode()), speaks_for=insurer.number)
    deadline = now() + 10_000_000
    while isinstance(found := session.call("POST", "/v1/insurer/presence-codes", body), Problem):
        assert now() < deadline, found
        time.sleep(0.2)
    session.close()
    return msgspec.json.decode(found.body, type=PresenceCodeAnswer).code
