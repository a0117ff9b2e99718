"""A signed-in conversation with the hub for what an insurer's own programs say: one request, one answer, no repetition.

The same sign-in, proofs and nonces as `Client` (`exchange`); TLS is that of the machine's trust store.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rempart.client import sockets
from rempart.client.calls import Call, Repeat
from rempart.client.exchange import Account, NoAnswerError, Patience, run
from rempart.client.exchange import Session as Flows
from rempart.wire.problem import Problem

NoAnswer = NoAnswerError
"""The hub did not answer, or not in HTTP; `sent` says whether the request may have been taken."""


class Answer(NamedTuple):
    """The body of a good answer."""

    body: bytes


class Session:
    """`speaks_for`: the site's billing number, or for an insurer's agent the insurer's ten digits.

    It presents nobody, so nothing is sealed. ValueError when `base` is neither https nor this machine.
    """

    def __init__(
        self,
        base: str,
        client: str,
        private_jwk: Mapping[str, str],
        *,
        speaks_for: str,
        timeout: float = 30.0,
        now: Callable[[], float] = time.time,
    ) -> None:
        account = Account(base, client, speaks_for, private_jwk, identity="clear")
        self._flows = Flows(account, Patience(attempts=1, timeout=timeout), clock=now)
        self._connection = sockets.Connection(base, timeout=timeout)

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def call(self, method: str, path: str, body: bytes = b"") -> Answer | Problem:
        """One signed request; a `Problem` when the hub refused it or the sign-in. Raises `NoAnswer`."""
        call = Call(method, path, bytes, body, repeat=Repeat.NEVER)
        found = run(self._flows.perform(call), self._connection.exchange, time.sleep)
        return found if isinstance(found, Problem) else Answer(found)
