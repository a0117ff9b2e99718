"""A provider on the loopback that lies as a test tells it: addresses, keys, tokens, userinfo, and what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc.jwk import RSAKey

from support.vouching import Vouching, rsa, userinfo

REALM = "/auth/realms/esante-wallet"
OPENID = f"{REALM}/protocol/openid-connect"


@dataclass
class FalseProvider:
    """`answers`: path → what is answered instead (status, body); `asked`: paths in order, with headers and body."""

    issuer: str = ""
    authorize: str = "https://wallet.provider.test/auth"
    vouching: Vouching = field(default_factory=Vouching)
    keys: list[RSAKey] = field(default_factory=lambda: [rsa()])
    nonce: str = ""
    instant: int = 0
    lies: dict[str, Any] = field(default_factory=dict)
    people: bytes = field(default_factory=lambda: userinfo({"finess": "990000002"}))
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    certificates: list[Any] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path in self.answers:
            return self.answers[path]
        made = {
            f"{REALM}/.well-known/wallet-openid-configuration": self._discovery,
            f"{REALM}/.well-known/openid-configuration": self._discovery,
            f"{OPENID}/certs": lambda: {"keys": [key.as_dict(private=False) | {"use": "sig"} for key in self.keys]},
            f"{OPENID}/token": self._tokens,
            f"{OPENID}/userinfo": lambda: json.loads(self.people),
        }.get(path)
        return (404, b"") if made is None else (200, json.dumps(made()).encode())

    def paths(self) -> list[str]:
        """The last part of each path that was asked, since the last look."""
        found = [path.rpartition("/")[2] for path, _, _ in self.asked]
        self.asked.clear()
        return found

    def _discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": self.authorize, "token_endpoint": self._at("token"),
            "userinfo_endpoint": self._at("userinfo"), "jwks_uri": self._at("certs"),
            "authorization_response_iss_parameter_supported": False,
        }  # fmt: skip

    def _at(self, name: str) -> str:
        return f"{self.issuer}/protocol/openid-connect/{name}"

    def _tokens(self) -> dict[str, Any]:
        self.vouching.issuer = self.issuer
        token = self.vouching.id_token(self.nonce, instant=self.instant, **self.lies)
        return {"id_token": token.decode(), "access_token": "an-access-token", "token_type": "Bearer"}


@contextmanager
def lying(tls: ssl.SSLContext | None = None) -> Iterator[FalseProvider]:
    """It serves until the block ends; with `tls`, over it."""
    made = FalseProvider()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            made.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            if isinstance(self.connection, ssl.SSLSocket):
                made.certificates.append(self.connection.getpeercert())
            status, content = made.answer(self.path)
            self.send_response(status)
            if status in {302, 303}:
                self.send_header("location", content.decode())
                content = b""
            self.send_header("content-length", str(len(content)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the library's own name

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme, port = "http" if tls is None else "https", server.server_address[1]
    made.issuer = f"{scheme}://{'127.0.0.1' if tls is None else 'localhost'}:{port}{REALM}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(30)
