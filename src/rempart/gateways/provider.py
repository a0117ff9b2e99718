"""HTTP to an identity provider: a few addresses of one origin, over TLS 1.2 or later, no redirect, little read.

Plain http reaches this machine only, for demonstrations. A client's certificate is shown where there is one (RFC 8705).
"""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT = 5.0  # seconds, for connecting and for each reading
MOST = 128 * 1024  # bytes of an answer
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
FORM = "application/x-www-form-urlencoded"


class ProviderUnreachableError(Exception):
    """No answer, or none that is one: `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answered:
    """`status` and at most 128 kB; longer answers are no answer."""

    status: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderHttp:
    """Asks one provider. `loopback`: http to this machine is allowed. `tls` shows a certificate where it has one."""

    tls: ssl.SSLContext
    loopback: bool = False

    def get(self, address: str, bearer: str = "") -> Answered:
        """Raises `ProviderUnreachableError`."""
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
        return self._asked("GET", address, b"", headers)

    def post(self, address: str, form: Mapping[str, str], client: tuple[str, str] | None) -> Answered:
        """A form; `client` is id and secret as HTTP Basic (RFC 6749 § 2.3.1). Raises `ProviderUnreachableError`."""
        headers = {"Accept": "application/json", "Content-Type": FORM}
        if client is not None:
            pair = ":".join(quote(part, safe="") for part in client)
            headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()
        return self._asked("POST", address, urlencode(form).encode(), headers)

    def _asked(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        connection, path = self._connection(address)
        try:
            connection.request(method, path, body or None, dict(headers))
            with connection.getresponse() as answer:
                content = answer.read(MOST + 1)
        except (OSError, http.client.HTTPException) as error:
            raise ProviderUnreachableError("provider-not-reached") from error
        finally:
            connection.close()
        if len(content) > MOST:
            raise ProviderUnreachableError("provider-answer-too-long")
        return Answered(answer.status, content)

    def _connection(self, address: str) -> tuple[http.client.HTTPConnection, str]:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise ProviderUnreachableError("provider-address") from None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if parts.scheme == "https" and host:
            return http.client.HTTPSConnection(host, port or 443, timeout=TIMEOUT, context=self.tls), path
        if parts.scheme == "http" and self.loopback and host in LOOPBACK:
            return http.client.HTTPConnection(host, port or 80, timeout=TIMEOUT), path
        raise ProviderUnreachableError("provider-address")


def context(certificate: str = "", key: str = "") -> ssl.SSLContext:
    """TLS against this machine's authorities, showing a certificate of PEM files if there is one. Raises OSError."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate:
        made.load_cert_chain(certificate, key or None)
    return made
