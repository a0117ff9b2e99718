"""A code that leaves the house goes two ways: its first half to who asked for it, its second by the operator's mail."""

from __future__ import annotations

import asyncio

import msgspec
from litestar import Response

from rempart.api.routes import raw, refused
from rempart.application.tokens import TokenFacts
from rempart.gateways.messages import RECOVERED, Message, Messages
from rempart.ground.instants import iso
from rempart.ground.settings import Settings
from rempart.sealing.invitations import halves
from rempart.wire.account import RecoveryAnswer
from rempart.wire.operator_desk import DeskCode


class Codes:
    """Delivers what the keeper made, `made` being (account, code, expires in microseconds UTC)."""

    def __init__(self, settings: Settings) -> None:
        self._messages = Messages(settings.paths.messages)

    async def divided(
        self, kind: str, place: str, made: tuple[str, str, int], *, held: TokenFacts, instant: int
    ) -> Response[DeskCode]:
        """The first half, once the second is on the disk; nobody is told a code whose other half is nowhere."""
        account, code, expires = made
        first, second = halves(code)
        message = Message(kind, _operator(held), account, place, second, instant, expires)
        if not await self._put(message):
            return refused("unavailable")
        return raw(200, msgspec.json.encode(DeskCode(account, first, iso(expires))))

    async def handed_over(
        self, place: str, made: tuple[str, str, int], *, held: TokenFacts, instant: int
    ) -> Response[RecoveryAnswer]:
        """The whole code, for a manager who stands beside the colleague; the colleague is written to as well."""
        account, code, expires = made
        message = Message(RECOVERED, _operator(held), account, place, "", instant, expires)
        if not await self._put(message):
            return refused("unavailable")
        return raw(200, msgspec.json.encode(RecoveryAnswer(account, code, iso(expires))))

    async def _put(self, message: Message) -> bool:
        try:
            await asyncio.to_thread(self._messages.put, message)
        except OSError:
            return False
        return True


def _operator(held: TokenFacts) -> str:
    return held.vendor.removeprefix("portal:")
