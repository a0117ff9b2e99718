"""What a program in production looks at before it listens; outside production nothing is refused.

`forged_certificates` is for the hub: its own application, asked as if from the public listener, must refuse a
`Client-Cert` header (RFC 9440), which only the named proxy may set.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from .findings import Fault, Ground
from .options import dangers

if TYPE_CHECKING:
    from rempart.ground.settings import Settings

FORGED = ((b"client-cert", b":Zm9yZ2Vk:"), (b"authorization", b"Bearer forged"))
REFUSAL = "forged-certificate-header"
TRIED = (("POST", "/v1/eligibility"), ("POST", "/v1/invoices"))


class StartRefusedError(RuntimeError):
    """The program must not start; `fault` says why and what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.sentence}; {fault.todo}")
        self.fault = fault


App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def start_faults(settings: Settings, program: str) -> tuple[Fault, ...]:
    """Why `program` (keeper, hub or worker) must not start in production; () otherwise."""
    if not settings.production:
        return ()
    ground = Ground(settings)
    outcomes = [dangers(ground)]
    if program == "keeper":
        from .keys import kek_apart, key_ring

        outcomes += [key_ring(ground), kek_apart(ground)]
    return tuple(fault for outcome in outcomes if isinstance(outcome, tuple) for fault in outcome)


def forged_fault(paths: Sequence[str]) -> Fault:
    """A forged header was believed, or at least not refused as one."""
    return Fault(
        "forged-certificate-passes",
        f"a forged Client-Cert header on the public listener was not refused: {', '.join(paths)}",
        "let nothing set or pass Client-Cert to hub.port; only the proxy of hub.client_certificate.proxy_socket may",
    )


async def forged_certificates(app: App, host: str, port: int) -> tuple[str, ...]:
    """Paths of the application that do not refuse a forged header from the public listener. Nothing needs to listen."""
    return tuple([path for method, path in TRIED if not await _refuses(app, (method, path), (host, port))])


async def refuse_forged_certificates(app: App, settings: Settings) -> None:
    """For the hub in production, before it listens. Raises StartRefusedError when a forged header passes."""
    hub = settings.hub
    if settings.production and hub.client_certificate.proxy_socket is not None:
        believed = await forged_certificates(app, hub.host, hub.port)
        if believed:
            raise StartRefusedError(forged_fault(believed))


async def _refuses(app: App, asked: tuple[str, str], server: tuple[str, int]) -> bool:
    method, path = asked
    answer: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        answer.append(message.get("body", b""))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "root_path": "", "scheme": "http", "query_string": b"", "server": server,
        "client": ("127.0.0.1", 1), "headers": [*FORGED, (b"content-type", b"application/json")],
    }  # fmt: skip
    await app(scope, receive, send)
    return refused(b"".join(answer))


def refused(body: bytes) -> bool:
    """Whether a problem document names the forged header."""
    try:
        return bool(msgspec.json.decode(body)["code"] == REFUSAL)
    except (msgspec.DecodeError, KeyError, TypeError):
        return False
