"""HTTP/1.1 over one plain connection, for the synchronous client: keep-alive, no redirects, no proxies of its own."""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urlsplit

from rempart.client.exchange import Lost, Received, Send

MAX_BODY = 64 * 1024 * 1024  # bytes
IDLE_MOST = 2.0  # seconds; servers close what is idle for longer, and a request sent into that would be lost


class Connection:
    """One connection to `base`, opened when first used and anew after a silence; one exchange at a time."""

    def __init__(self, base: str, *, timeout: float, tls: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(base)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = tls or ssl.create_default_context()
            self._http = http.client.HTTPSConnection(host, port, timeout=timeout, context=context)
        else:
            self._http = http.client.HTTPConnection(host, port, timeout=timeout)  # type: ignore[assignment]  # its base
        self._last = 0.0

    def exchange(self, send: Send) -> Received | Lost:
        """One exchange; a failure closes the connection."""
        if time.monotonic() - self._last > IDLE_MOST:
            self._http.close()
        try:
            if self._http.sock is None:
                self._http.connect()
        except OSError:
            self._http.close()
            return Lost(sent=False)
        try:
            self._http.request(send.method, send.path, send.body, dict(send.headers))
            answer = self._http.getresponse()
            body = answer.read(MAX_BODY + 1)
        except (OSError, http.client.HTTPException):
            self._http.close()
            return Lost(sent=True)
        if len(body) > MAX_BODY or answer.length:  # too long, or cut short: what is left to come is not zero
            self._http.close()
            return Lost(sent=True)
        self._last = time.monotonic()
        return Received(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)

    def close(self) -> None:
        """Closes the connection, if open."""
        self._http.close()
