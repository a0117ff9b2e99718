"""Pro Santé Connect as the hub asks it: where its addresses are, its keys, a code exchanged once, userinfo.

What is read is remembered: the addresses for an hour, the keys until one is named that is not among them. The hub
verifies the id_token so that nothing false goes further; the keeper verifies it again, with keys that it was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.application.provider_sign_in import Place, Returned, Vouched
from rempart.application.sessions import Given
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.passkeys import given
from rempart.gateways.provider import Answered, ProviderHttp, ProviderUnreachableError, context
from rempart.ground import logs
from rempart.ground.files import SecretRefused, read_secret
from rempart.ground.instants import MICROSECONDS
from rempart.ground.options import HospitalClient, ProviderClient
from rempart.ground.options import ProSanteConnect as Options
from rempart.identity import pro_sante_connect as psc
from rempart.sealing.account_frames import SessionResult
from rempart.sealing.provider_frames import ProviderItem

FRESH = 3_600 * MICROSECONDS
PAUSE = 60 * MICROSECONDS
"""Between two readings of the keys for a name that is not among them: a stranger's tokens cannot make us ask more."""


class ProviderOptionsError(Exception):
    """The provider's part of the configuration cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Registered:
    """Us at the provider, for one operator's portal."""

    client_id: str
    redirect_uri: str
    secret: str = field(repr=False)
    http: ProviderHttp = field(repr=False)


class Tokens(msgspec.Struct, frozen=True):
    """What a token endpoint gives for a code; nothing of it is printed."""

    id_token: str
    access_token: str

    def __repr__(self) -> str:
        return "Tokens(…)"


def registered(options: Options) -> dict[str, Registered]:
    """The clients by operator. Raises `ProviderOptionsError`."""
    return {each.operator: registered_client(each, loopback=options.demo_loopback) for each in options.clients}


def registered_client(client: ProviderClient | HospitalClient, *, loopback: bool) -> Registered:
    """Us at a provider, with what is in the files. Raises `ProviderOptionsError`."""
    secret = b"" if client.secret_file is None else read_secret(client.secret_file)
    key = b"" if client.certificate_key is None else read_secret(client.certificate_key)
    for each in (secret, key):
        if isinstance(each, SecretRefused):
            raise ProviderOptionsError(each.reason)
    if not secret and client.certificate is None:
        raise ProviderOptionsError(f"pro_sante_connect: {client.operator} needs secret_file or certificate")
    try:
        tls = context(str(client.certificate or ""), str(client.certificate_key or ""))
    except OSError as error:
        reason = f"pro_sante_connect: the certificate of {client.operator} cannot be used ({type(error).__name__})"
        raise ProviderOptionsError(reason) from error
    told = secret.decode("utf-8", "replace").strip() if isinstance(secret, bytes) else ""
    return Registered(client.client_id, client.redirect_uri, told, ProviderHttp(tls, loopback))


class ProSanteConnect:
    """The `Provider` port of one hub process."""

    def __init__(self, options: Options, clients: Mapping[str, Registered]) -> None:
        self._options = options
        self._clients = clients
        self._endpoints: tuple[int, psc.Endpoints] | None = None
        self._keys: dict[str, psc.Jwk] = {}
        self._keys_read = 0

    async def vouch(self, returned: Returned, instant: int) -> Vouched | Refusal:
        """What the provider gives for a code. Raises `Unavailable`.

        Refusals: provider-unknown, provider-mixed-up (another provider's answer), provider-code (unknown, used, or not
        this browser's), those of `pro_sante_connect.verify`, malformed-userinfo.
        """
        client = self._clients.get(returned.operator)
        if client is None:
            return Refusal("provider-unknown")
        try:
            return await asyncio.to_thread(self._vouch, client, returned, instant)
        except ProviderUnreachableError as error:
            logs.get().warning("the identity provider did not help", code=error.code)
            raise Unavailable("provider") from error

    def _vouch(self, client: Registered, returned: Returned, instant: int) -> Vouched | Refusal:
        ends = self._addresses(client, instant)
        if returned.issuer != self._options.issuer and (returned.issuer or ends.names_itself):
            return Refusal("provider-mixed-up")
        tokens = exchanged(client, ends, returned.code, returned.verifier)
        if isinstance(tokens, Refusal):
            return tokens
        id_token = tokens.id_token.encode("ascii", "replace")
        self._know(client, ends, psc.claimed_kid(id_token), instant)
        nonce = psc.nonce_of(returned.challenge)
        expected = psc.Expected(self._options.issuer, client.client_id, nonce, self._options.acr)
        who = psc.verify(id_token, self._keys, expected, instant // MICROSECONDS)
        if isinstance(who, psc.Refused):
            return Refusal(who.code)
        told = psc.read_exercices(good_answer(client.http.get(ends.userinfo, tokens.access_token)), who)
        if isinstance(told, psc.Refused):
            return Refusal(told.code)
        return Vouched(id_token, tuple(Place(each.finess, each.name, each.profession, each.mode) for each in told))

    def _addresses(self, client: Registered, instant: int) -> psc.Endpoints:
        if self._endpoints is None or not 0 <= instant - self._endpoints[0] < FRESH:
            content = good_answer(client.http.get(psc.discovery_address(self._options.issuer)))
            found = psc.read_discovery(content, self._options.issuer, self._options.authorize)
            if isinstance(found, psc.Refused):
                raise ProviderUnreachableError(found.code)
            self._endpoints = (instant, found)
        return self._endpoints[1]

    def _know(self, client: Registered, ends: psc.Endpoints, kid: str, instant: int) -> None:
        """Reads the provider's keys, once, when one is named that is not known."""
        if kid in self._keys or 0 <= instant - self._keys_read < PAUSE:
            return
        found = psc.read_keys(good_answer(client.http.get(ends.keys)))
        if isinstance(found, psc.Refused):
            raise ProviderUnreachableError(found.code)
        self._keys, self._keys_read = found, instant


class KeeperVouchers:
    """The `Vouchers` port: the keeper, over its `ask` socket."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def vouched(
        self, returned: Returned, id_token: bytes, sites: Sequence[str], *, anywhere: bool, instant: int
    ) -> Given | Refusal:
        """The keeper's yes or no. Raises `Unavailable`."""
        item = ProviderItem(
            returned.operator, returned.binding, returned.challenge, id_token, tuple(sites), anywhere, instant
        )
        return given(*await self._keeper.call("provider", [item]))


class KeeperStrangers:
    """The `Strangers` port: the keeper, over its `ask` socket. A session that it opens is dropped."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def stranger(self, returned: Returned, id_token: bytes, instant: int) -> bytes | Refusal:
        """The keeper's name of who nobody is linked to here, or `account-exists`. Raises `Unavailable`."""
        item = ProviderItem(returned.operator, returned.binding, returned.challenge, id_token, (), True, instant)  # noqa: FBT003 - a field of the frame
        found: SessionResult = (await self._keeper.call("provider", [item]))[0]
        if found.refusal == "link-unknown" and found.person:
            return found.person
        return Refusal("account-exists" if found.refusal in _LINKED else found.refusal)


_LINKED = ("", "passkey-required", "no-exercice", "no-mandate")


def exchanged(client: Registered, ends: psc.Endpoints, code: str, verifier: str) -> Tokens | Refusal:
    """RFC 6749 § 4.1.3 with PKCE's verifier (RFC 7636 § 4.5); a provider takes a code once."""
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri,
        "code_verifier": verifier,
    }  # fmt: skip
    pair = (client.client_id, client.secret) if client.secret else None
    answer = client.http.post(ends.token, form if pair else form | {"client_id": client.client_id}, pair)
    if answer.status == 400 and _error(answer.body) == "invalid_grant":
        return Refusal("provider-code")
    try:
        return msgspec.json.decode(good_answer(answer), type=Tokens)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ProviderUnreachableError("provider-answer-malformed") from error


def good_answer(answer: Answered) -> bytes:
    """The body of a 200. Raises `ProviderUnreachableError`."""
    if answer.status != 200:
        raise ProviderUnreachableError(f"provider-status-{answer.status}")
    return answer.body


def _error(body: bytes) -> str:
    try:
        told: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""
    return str(told.get("error", ""))
