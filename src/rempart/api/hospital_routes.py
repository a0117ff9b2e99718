"""People's sign-in by a hospital's own provider: the one route of it. The challenge is asked for as for a passkey."""

from __future__ import annotations

from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from rempart.api.problems_people import shown
from rempart.api.routes import refused
from rempart.api.sign_in_routes import SignInDesk, by_portal, bytes_of
from rempart.application.hospital_sign_in import Came, HospitalSignIn
from rempart.application.tokens import Refusal
from rempart.wire.hospital import HospitalRequest
from rempart.wire.sign_in import told_device


def hospital_routes(desk: SignInDesk, signing_in: HospitalSignIn) -> list[HTTPRouteHandler]:
    """`POST /v1/sign-in/hospital`."""

    async def answer(asked: HospitalRequest, binding: str, instant: int) -> Response[Any]:
        read = bytes_of(asked, "challenge")
        if isinstance(read, Response):
            return read
        came = Came(asked.operator, binding, asked.hospital, read[0], asked.code, asked.verifier, asked.issuer)
        device = told_device(asked.device)
        found = await signing_in.sign_in(came, device=device, instant=instant)
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.told(found, instant)

    return [by_portal(desk, ("/v1/sign-in/hospital", "SignInByHospital"), HospitalRequest, answer)]
