"""What a gateway for files says to the hub for the clients whose SSH keys it saw.

It holds no client's key: it signs with its own that a client is connected by a registered SSH key, and gets a token
for that client that sends files and reads what became of them, nothing else. docs/decisions/0022-sftp.md.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from rempart.client import assertion
from rempart.client.calls import Call
from rempart.client.exchange import TOKEN_PATH, Account, Flow, Lost, Patience, Send, Session
from rempart.client.pool import Pool
from rempart.wire.problem import Problem
from rempart.wire.token import ASSERTION_TYPE, FORM_TYPE, GRANT_TYPE

T = TypeVar("T")
FILE_SECONDS = 120.0  # of one exchange: a large file is sealed while it is taken
OPEN = "*"  # the site: the client's own, or the first that mandates it


@dataclass(frozen=True, slots=True)
class GatewayAccount:
    """Who the gateway is: the hub's origin, its registered id, its private JWK; `connect` as of `Account`.

    ValueError as of `Account`.
    """

    hub: str
    client: str
    key: Mapping[str, str] = field(repr=False)
    connect: str = ""

    def account(self) -> Account:
        """The gateway as a client of the hub; it presents nobody, so nothing is sealed."""
        return Account(self.hub, self.client, "", self.key, self.connect, identity="clear")


class Behalf(Session):
    """The flows of one connected client. `site` is known once a token was given."""

    def __init__(
        self, account: Account, patience: Patience, who: tuple[str, str, str], clock: Callable[[], float] = time.time
    ) -> None:
        """`who`: the client's id, its SSH key's fingerprint, the site it named or ""."""
        super().__init__(account, patience, clock=clock)
        self._who = who

    def opened(self) -> Flow[str | Lost | Problem]:
        """A live token, or why there is none."""
        return (yield from self._live_token())

    def _token_request(self) -> Send:
        audience, seconds = self.account.origin + TOKEN_PATH, int(self._clock())
        client, fingerprint, site = self._who
        seen = {"behalf": client, "ssh_key": fingerprint}
        form = {
            "grant_type": GRANT_TYPE,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion.sign(
                self.account.key, self.account.client, audience, seconds, site=site, behalf=seen
            ),
            "site": site or OPEN,
        }
        headers = (("Content-Type", FORM_TYPE), ("DPoP", self._proofs.proof("POST", audience, seconds)))
        return Send("POST", TOKEN_PATH, urlencode(form).encode(), headers)


class Gateway:
    """One gateway's connections to its hub, for all who are connected to it."""

    def __init__(
        self,
        account: GatewayAccount,
        *,
        connections: int = 8,
        patience: Patience | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._account = account.account()
        self._patience = patience or Patience(timeout=FILE_SECONDS)
        self._pool = Pool(account.connect or account.hub, self._patience.timeout, connections, tls=tls)

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.close()

    async def admit(self, client: str, fingerprint: str, site: str = "") -> Behalf | Problem | Lost:
        """The client's flows when the hub knows its SSH key; the hub's refusal; `Lost` when it does not answer."""
        behalf = Behalf(self._account, self._patience, (client, fingerprint, site))
        found: str | Lost | Problem = await self._pool.drive(behalf.opened())
        return behalf if isinstance(found, str) else found

    async def perform(self, behalf: Behalf, call: Call[T]) -> T | Problem:
        """Any call of `calls`, for that client. Raises `NoAnswerError`."""
        return await self._pool.drive(behalf.perform(call))
