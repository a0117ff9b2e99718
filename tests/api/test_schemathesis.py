"""Schemathesis against the running hub, signed in: no 5xx, and every answer is one the document allows."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rempart.ground.instants import MICROSECONDS, now
from support.hub_world import HubWorld
from support.route_table import PORTAL_ROUTES, ROUTES, TOKEN_ROUTES

pytestmark = pytest.mark.postgres
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = (*(row.operation for row in ROUTES), *TOKEN_ROUTES, *PORTAL_ROUTES)
QUICK, LONG = 5, 1_500  # examples of one operation


class Signer:
    """Signs each generated request with the session's key, and keeps the hub's nonce."""

    def __init__(self, world: HubWorld) -> None:
        self.base = world.base
        caller = world.caller(world.site_client)
        token = asyncio.run(_token(caller))
        self.token, self.key = token, caller.dpop

    def send(self, case: Any, *, signed: bool) -> Any:
        """One request; again when the hub asked for its nonce."""
        for _ in range(2):
            headers = {}
            if signed:
                url = self.base + case.formatted_path
                proof = self.key.proof(case.method.upper(), url, now() // MICROSECONDS, token=self.token)
                headers = {"Authorization": f"DPoP {self.token}", "DPoP": proof}
            response = case.call(base_url=self.base, headers=headers)
            self.key.nonce = response.headers.get("dpop-nonce", [self.key.nonce])[0]
            if b"-nonce" not in response.content:
                break
        return response


async def _token(caller: Any) -> str:
    token = await caller.token()
    await caller.close()
    assert isinstance(token, str)
    return token


def _run(world: HubWorld, operation: str, examples: int) -> tuple[int, bool]:
    """How many requests were sent, and whether anything in them can vary."""
    document = msgspec.json.decode(asyncio.run(world.bare("GET", "/schema/openapi.json", b"", {})).body)
    schema = schemathesis.openapi.from_dict(document)
    found = next(one.ok() for one in schema.get_all_operations() if one.ok().definition.raw["operationId"] == operation)
    signer, count = Signer(world), 0
    secured = bool(found.definition.raw["security"])
    modes = [found.as_strategy(generation_mode=mode) for mode in GenerationMode]

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=examples == QUICK,
        phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=st.one_of(modes))
    def walk(case: Any) -> None:
        nonlocal count
        response = signer.send(case, signed=secured)
        case.validate_response(response, checks=CHECKS)
        count += 1

    walk()
    raw = found.definition.raw
    return count, bool(raw.get("parameters") or raw.get("requestBody"))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_generated_requests_get_only_what_the_document_allows(hub_world: HubWorld, operation: str) -> None:
    """Good and bad requests of every operation: no 5xx, documented statuses, types and shapes."""
    assert _run(hub_world, operation, QUICK)[0] >= 1


@pytest.mark.soak
@pytest.mark.parametrize("operation", OPERATIONS)
def test_many_generated_requests_get_only_what_the_document_allows(hub_world: HubWorld, operation: str) -> None:
    """The same, for long."""
    sent, varies = _run(hub_world, operation, int(os.environ.get("REMPART_SCHEMATHESIS", LONG)))
    assert sent > (QUICK if varies else 0)
