"""What every answer of the portal carries, and what no request may be: the outermost layer, before any route.

A POST must come from a page of this portal: browsers say so in `Sec-Fetch-Site` and `Origin`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS: Final = "publickey-credentials-get=(self), publickey-credentials-create=(self), camera=()"
SCANNING: Final = frozenset({"/patient", "/hors-ligne", "/factures/nouvelle", "/prises-en-charge/nouvelle"})
"""Where cards are scanned: there, and nowhere else, the camera and WebAssembly are allowed."""
VARYING: Final = (
    (b"content-security-policy", POLICY.encode()),
    (b"permissions-policy", PERMISSIONS.encode()),
)
TO_SCAN: Final = (
    (b"content-security-policy", POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'").encode()),
    (b"permissions-policy", PERMISSIONS.replace("camera=()", "camera=(self)").encode()),
)
ALONE: Final = frozenset({"/carte-nom"})
"""Where a member's name is typed: this page connects nowhere, sends no form, and decodes a picture by itself."""
_CLOSED: Final = TO_SCAN[0][1].replace(b"connect-src 'self'", b"connect-src 'none'")
_NOWHERE: Final = _CLOSED.replace(b"form-action 'self'", b"form-action 'none'")
KEPT_IN: Final = ((b"content-security-policy", _NOWHERE), (b"permissions-policy", PERMISSIONS.encode()))
ALWAYS: Final = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
FOREIGN: Final = b"Refused: this request does not come from a page of this portal.\n"
READS: Final = frozenset({"GET", "HEAD"})


class Guarded:
    """The application within."""

    def __init__(self, within: ASGIApp, origin: str) -> None:
        self._within = within
        self._origin = origin.encode()
        self._headers = (*ALWAYS, STRICT_TRANSPORT) if origin.startswith("https://") else ALWAYS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.WEBSOCKET:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return

        ours = scope["method"] in READS or self._ours(scope["headers"])
        varying = TO_SCAN if ours and scope["path"] in SCANNING else VARYING
        if scope["path"] in ALONE:
            varying = KEPT_IN

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message["headers"] = [*headers, *varying, *self._headers]
            await send(message)

        if not ours:
            await _refuse(sent)
            return
        await self._within(scope, receive, sent)

    def _ours(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the browser says that one of our pages sent this.

        Under `no-referrer` a form's Origin is `null`: then `Sec-Fetch-Site` alone says it, which no page can forge.
        """
        told = [(name, value) for name, value in headers if name in {b"origin", b"sec-fetch-site"}]
        sites = [value for name, value in told if name == b"sec-fetch-site"]
        origins = [value for name, value in told if name == b"origin"]
        if sites:
            return sites == [b"same-origin"] and set(origins) <= {self._origin, b"null"}
        return origins == [self._origin]


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(FOREIGN))]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": FOREIGN, "more_body": False})
