"""The door of `/v1/desk/…`: people of an operator's or an insurer's desk, each for what `authority.DESKS` gives.

Whoever has no such action is refused for that first, and learns nothing else. An insurer's people meet compartments as
everybody does. An operator's do not: they are who opens them again.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from rempart.api import closures
from rempart.api.authority import may
from rempart.api.hot import NONCE, caller_of
from rempart.api.invoice_routes import InvoiceDesk
from rempart.api.routes import documented, raw, refused
from rempart.api.signin import Denied
from rempart.application.guard import Caller, Wish, client_in_good_standing, compartment_open
from rempart.application.tokens import TokenFacts
from rempart.wire.problem import encode

PORTAL = "portal:"


class DeskDoor:
    """Who calls, for the handlers of a desk; `desk` has the hub's state, sign-in and databases."""

    def __init__(self, desk: InvoiceDesk) -> None:
        self.desk = desk

    async def caller(self, request: Request[Any, Any, Any], instant: int) -> Caller | Response[Any]:
        """A person who may call this operation, or the refusal to answer with.

        `caller.insurer` is the insurer's number of an insurer's person, and `operator_of(caller)` whose portal it is.
        """
        found = await self.held(request, instant)
        return found if isinstance(found, Response) else caller_of(found)

    async def held(self, request: Request[Any, Any, Any], instant: int) -> TokenFacts | Response[Any]:
        """The same as `caller`, with the session's grant and binding for the keeper."""
        state, sign_in = self.desk.state, self.desk.sign_in
        url = state.settings.hub.audience + request.scope["path"]
        found = await sign_in.authenticate_or_read(
            list(request.scope["headers"]), request.scope["method"], url, instant
        )  # fmt: skip
        if isinstance(found, Denied):
            return raw(found.problem.status, encode(found.problem), found.headers)
        request.scope["state"][NONCE] = sign_in.fresh_nonce(instant)[1]
        caller = caller_of(found)
        operation = str(request.route_handler.operation_id)
        if not may(caller.kind, caller.role, operation, probation=caller.probation > instant):
            return refused("purpose")
        wish = Wish("api", "", caller.insurer, "", instant)
        if refusal := client_in_good_standing(state.facts.snapshot, caller, wish):
            return refused(refusal)
        refusal = compartment_open(state.facts.snapshot, caller, wish) if caller.insurer else ""
        return documented(closures.refusal(state, refusal, caller, wish)) if refusal else found


def operator_of(caller: Caller) -> str:
    """The operator at whose portal a person signed in."""
    return caller.vendor.removeprefix(PORTAL)
