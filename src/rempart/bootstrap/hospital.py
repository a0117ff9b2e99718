"""Hospitals' own OpenID providers as the hub asks them: where their addresses are, a code exchanged once.

The id_token goes to the keeper unread: it alone has the provider's keys, and says what must be told in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from rempart.application.hospital_sign_in import Came
from rempart.application.sessions import Given
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.passkeys import given
from rempart.bootstrap.provider import FRESH, Registered, exchanged, good_answer, registered_client
from rempart.gateways.provider import ProviderUnreachableError
from rempart.ground import logs
from rempart.ground.options import Federation, HospitalClient
from rempart.identity import pro_sante_connect as psc
from rempart.identity.pro_sante_connect.subject import DISCOVERY
from rempart.sealing.hospital_frames import HospitalItem


@dataclass(slots=True)
class _Known:
    options: HospitalClient
    client: Registered = field(repr=False)
    endpoints: tuple[int, psc.Endpoints] | None = None


def hospitals(options: Federation) -> dict[tuple[str, str], _Known]:
    """The providers by operator and name. Raises `ProviderOptionsError`."""
    return {
        (each.operator, each.name): _Known(each, registered_client(each, loopback=options.demo_loopback))
        for each in options.hospitals
    }


class HospitalProviders:
    """The `HospitalProvider` port of one hub process."""

    def __init__(self, known: Mapping[tuple[str, str], _Known]) -> None:
        self._known = known

    async def vouch(self, came: Came, instant: int) -> bytes | Refusal:
        """What the provider gives for a code. Raises `Unavailable`.

        Refusals: provider-unknown, provider-mixed-up (another provider's answer), provider-code (unknown, used, or not
        this browser's).
        """
        known = self._known.get((came.operator, came.hospital))
        if known is None:
            return Refusal("provider-unknown")
        try:
            return await asyncio.to_thread(_vouch, known, came, instant)
        except ProviderUnreachableError as error:
            logs.get().warning("a hospital's provider did not help", code=error.code)
            raise Unavailable("provider") from error


def _vouch(known: _Known, came: Came, instant: int) -> bytes | Refusal:
    ends = _addresses(known, instant)
    if came.issuer != known.options.issuer and (came.issuer or ends.names_itself):
        return Refusal("provider-mixed-up")
    tokens = exchanged(known.client, ends, came.code, came.verifier)
    return tokens if isinstance(tokens, Refusal) else tokens.id_token.encode("ascii", "replace")


def _addresses(known: _Known, instant: int) -> psc.Endpoints:
    if known.endpoints is None or not 0 <= instant - known.endpoints[0] < FRESH:
        content = good_answer(known.client.http.get(known.options.issuer + DISCOVERY))
        found = psc.read_discovery(content, known.options.issuer, known.options.authorize)
        if isinstance(found, psc.Refused):
            raise ProviderUnreachableError(found.code)
        known.endpoints = (instant, found)
    return known.endpoints[1]


class KeeperHospitals:
    """The `Vouchers` port: the keeper, over its `ask` socket."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def vouched(self, came: Came, id_token: bytes, instant: int) -> Given | Refusal:
        """The keeper's yes or no. Raises `Unavailable`."""
        item = HospitalItem(came.operator, came.binding, came.hospital, came.challenge, id_token, instant)
        return given(*await self._keeper.call("hospital", [item]))
