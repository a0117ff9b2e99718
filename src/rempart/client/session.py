"""A signed-in conversation with the hub over the standard library: sign-in, DPoP proofs, the server's nonce.

One connection, one request at a time; a refused nonce is repeated once. TLS is that of the machine's trust store.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from rempart.client import assertion
from rempart.client.dpop import DpopKey
from rempart.wire.problem import Problem
from rempart.wire.token import FORM_TYPE, GRANT_TYPE, TokenAnswer

MARGIN = 30  # seconds before its end at which a token is asked anew
ANSWER_MOST = 64 * 1024 * 1024  # bytes


class NoAnswer(Exception):
    """The hub did not answer, or not in HTTP: the request may or may not have been taken."""


class Answer(NamedTuple):
    """Status and body."""

    status: int
    body: bytes


def _seconds() -> int:
    return int(time.time())


class Session:
    """`speaks_for`: the site's billing number, or for an insurer's agent the insurer's ten digits."""

    def __init__(
        self,
        base: str,
        client: str,
        private_jwk: Mapping[str, str],
        *,
        speaks_for: str,
        timeout: float = 30.0,
        now: Callable[[], int] = _seconds,
    ) -> None:
        parts = urlsplit(base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._base, self._client, self._jwk = base.rstrip("/"), client, private_jwk
        self._for, self._now = speaks_for, now
        self._dpop = DpopKey.generate()
        self._token, self._until = "", 0

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def call(self, method: str, path: str, body: bytes = b"") -> Answer | Problem:
        """One signed request; a `Problem` when the hub refused it or the sign-in. Raises `NoAnswer`."""
        token = self._signed_in()
        if isinstance(token, Problem):
            return token
        url = self._base + path.partition("?")[0]  # proofs name the address without its query, RFC 9449 § 4.2
        for _ in range(2):  # the first answer may only bring the nonce
            proof = self._dpop.proof(method, url, self._now(), token=token)
            headers = {"Authorization": f"DPoP {token}", "DPoP": proof, "Content-Type": "application/json"}
            answer, again = self._exchange(method, path, body, headers=headers)
            if not again:
                break
        return answer if answer.status < 300 else _problem(answer)

    def _signed_in(self) -> str | Problem:
        if self._token and self._now() < self._until - MARGIN:
            return self._token
        path = "/v1/token"
        for _ in range(2):
            audience = self._base + path
            form = {
                "grant_type": GRANT_TYPE,
                "client_assertion_type": assertion.ASSERTION_TYPE,
                "client_assertion": assertion.sign(self._jwk, self._client, audience, self._now()),
                "site": self._for,
            }
            headers = {"Content-Type": FORM_TYPE, "DPoP": self._dpop.proof("POST", audience, self._now())}
            answer, again = self._exchange("POST", path, urlencode(form).encode(), headers=headers)
            if not again:
                break
        if answer.status != 200:
            return _problem(answer)
        found = msgspec.json.decode(answer.body, type=TokenAnswer)
        self._token, self._until = found.access_token, self._now() + found.expires_in
        return self._token

    def _exchange(
        self, method: str, path: str, body: bytes, *, headers: Mapping[str, str]
    ) -> tuple[Answer, bool]:  # fmt: skip
        """The answer, and whether the request must be repeated with the nonce it brought."""
        try:
            self._connection.request(method, path, body, dict(headers))
            response = self._connection.getresponse()
            content = response.read(ANSWER_MOST)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NoAnswer(type(error).__name__) from error
        nonce = response.headers.get("DPoP-Nonce", "")
        self._dpop.nonce = nonce or self._dpop.nonce
        wanted = b"use_dpop_nonce" in content or "use_dpop_nonce" in response.headers.get("WWW-Authenticate", "")
        return Answer(response.status, content), bool(nonce) and response.status in {400, 401} and wanted


def _problem(answer: Answer) -> Problem:
    """The hub's problem document; one made up here when the body is none (a proxy's page, say)."""
    try:
        return msgspec.json.decode(answer.body, type=Problem)
    except msgspec.DecodeError:
        return Problem("No problem document", answer.status, "no-problem-document")
