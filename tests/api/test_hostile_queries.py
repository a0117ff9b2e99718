"""Texts in an address that no reference can be: refused as such, never a failure of the hub."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

import msgspec
import pytest

from rempart.simulation.caller import Caller
from rempart.simulation.http import Response
from support.hub_world import HubWorld, code_of

pytestmark = pytest.mark.postgres
HOSTILE = ("A1\0B", "\0", "é1", "1' or '1'='1", "A" * 21, "%", "A1\nB", "")
PATHS = ("/v1/invoices?site_reference=", "/v1/authorizations?site_reference=")


def test_what_no_reference_can_be_is_refused_wherever_one_is_looked_for(hub_world: HubWorld) -> None:
    """NUL, which PostgreSQL takes in no text, and what would be a site's own reference in no shape."""

    async def walk(caller: Caller) -> dict[tuple[str, str], int]:
        try:
            return {
                (path, text): code_of(await caller.call("GET", path + quote(text, safe=""), b"", {}))[0]
                for path in PATHS
                for text in HOSTILE
            }
        finally:
            await caller.close()

    found = asyncio.run(walk(hub_world.caller(hub_world.site_client)))
    assert set(found.values()) == {422}, found


def test_a_number_that_is_none_finds_no_authorization(hub_world: HubWorld) -> None:
    """Not those either that wait for their number."""

    async def find(caller: Caller) -> Response:
        try:
            await caller.authorization(hub_world.quote(), "before-the-search")
            found = await caller.call("GET", "/v1/authorizations?reference=none", b"", {})
            assert isinstance(found, Response)
            return found
        finally:
            await caller.close()

    found = asyncio.run(find(hub_world.caller(hub_world.site_client)))
    assert (found.status, msgspec.json.decode(found.body).get("authorizations", [])) == (200, [])
