"""People's sign-in by Pro Santé Connect: the one route of it. The challenge is asked for as for a passkey."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from rempart.api.problems_people import shown
from rempart.api.routes import refused
from rempart.api.sign_in_routes import SignInDesk, by_portal, bytes_of
from rempart.application.provider_sign_in import Entered, ProviderSignIn, Returned
from rempart.application.tokens import Refusal
from rempart.wire.provider import ProviderAnswer, ProviderRequest, Workplace


def provider_routes(desk: SignInDesk, signing_in: ProviderSignIn) -> list[HTTPRouteHandler]:
    """`POST /v1/sign-in/provider`."""

    async def answer(asked: ProviderRequest, binding: str, instant: int) -> Response[Any]:
        read = bytes_of(asked, "challenge")
        if isinstance(read, Response):
            return read
        returned = Returned(asked.operator, binding, read[0], asked.code, asked.verifier, asked.issuer)
        found = await signing_in.sign_in(returned, instant)
        if isinstance(found, Refusal):
            return refused(shown(found.code))
        return desk.answer(ProviderAnswer(desk.session_answer(found.session, instant), _workplaces(found)), instant)

    return [by_portal(desk, ("/v1/sign-in/provider", "SignInByProvider"), ProviderRequest, answer)]


def _workplaces(found: Entered) -> tuple[Workplace, ...]:
    return tuple(
        Workplace(site) if place is None else Workplace(site, place.name, place.profession, place.mode)
        for site, place in found.told
    )
