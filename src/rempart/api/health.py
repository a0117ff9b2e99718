"""/healthz, /readyz and /metrics of one program, on a port of their own. No label names a person, site or client."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

Ready = Callable[[], Awaitable[tuple[str, ...]]]


def health_app(ready: Ready, registry: CollectorRegistry = REGISTRY) -> Callable[..., Awaitable[None]]:
    """The ASGI application. `ready` names what is missing, nothing when all is there; `registry` is what is shown."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        path = scope.get("path", "")
        if path == "/healthz":
            await _answer(send, 200, b"alive\n", b"text/plain")
        elif path == "/readyz":
            missing = await ready()
            body = b"ready\n" if not missing else ("not ready: " + ", ".join(missing) + "\n").encode()
            await _answer(send, 503 if missing else 200, body, b"text/plain")
        elif path == "/metrics":
            await _answer(send, 200, generate_latest(registry), CONTENT_TYPE_LATEST.encode())
        else:
            await _answer(send, 404, b"try /healthz, /readyz or /metrics\n", b"text/plain")

    return app


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _answer(send: Any, status: int, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
