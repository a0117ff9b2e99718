"""An answer that comes from records leaves on the cadence: what such handlers share from sign-in to answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from litestar import Response

from rempart.api.routes import raw, refused
from rempart.application.together import Unavailable

if TYPE_CHECKING:
    from litestar import Request

    from rempart.api.cadence import Cadence
    from rempart.api.invoice_routes import InvoiceDesk
    from rempart.application.guard import Caller


class Asking(Protocol):
    """A use case behind the door: `take` gives status, body, and whether the answer came from records."""

    @property
    def desk(self) -> InvoiceDesk: ...
    @property
    def cadence(self) -> Cadence: ...
    async def take(self, caller: Caller, body: bytes) -> tuple[int, bytes, bool]: ...


async def answered(asking: Asking, request: Request[Any, Any, Any]) -> Response[Any]:
    """The caller signed in, its request taken, and the answer held until its own arrival + D."""
    arrived = asyncio.get_running_loop().time()
    caller = await asking.desk.caller(request, asking.desk.state.instants.next())
    if isinstance(caller, Response):
        return caller
    try:
        status, body, held = await asking.take(caller, await request.body())
    except Unavailable:
        return refused("unavailable")
    if held:
        await asking.cadence.hold(arrived)
    return raw(status, body)
