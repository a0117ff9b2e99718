"""A Client-Cert header that no proxy set: the public listener refuses it, and a hub that would not does not start."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rempart.bootstrap.checks.starting import StartRefusedError, forged_certificates, refuse_forged_certificates
from rempart.ground.settings import Settings, parse

TEXT = """
production = true
[database]
owner_url = "postgresql://o@/d"
hub_url = "postgresql://h@/d"
worker_url = "postgresql://w@/d"
auditor_url = "postgresql://a@/d"
[hub.client_certificate]
proxy_socket = "hub.sock"
"""


def _settings(text: str = TEXT) -> Settings:
    found = parse(text, Path("/srv"))
    assert isinstance(found, Settings), found
    return found


def _app(code: str) -> Any:
    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        assert any(name == b"client-cert" for name, _ in scope["headers"])
        await send({"type": "http.response.start", "status": 401, "headers": []})
        await send({"type": "http.response.body", "body": msgspec.json.encode({"code": code})})

    return app


def test_a_hub_that_believes_a_forged_header_does_not_start() -> None:
    """It answers something other than the refusal of the header: start is refused, in production with certificates."""
    with pytest.raises(StartRefusedError) as refused:
        asyncio.run(refuse_forged_certificates(_app("token-required"), _settings()))
    assert refused.value.fault.code == "forged-certificate-passes"
    asyncio.run(refuse_forged_certificates(_app("token-required"), _settings("")))
    asyncio.run(refuse_forged_certificates(_app("forged-certificate-header"), _settings()))


def test_one_path_that_believes_is_enough() -> None:
    """Each path is tried; the one that does not refuse is named."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        code = "forged-certificate-header" if scope["path"] == "/v1/eligibility" else "body-malformed"
        await _app(code)(scope, receive, send)

    assert asyncio.run(forged_certificates(app, "127.0.0.1", 1)) == ("/v1/invoices",)
