"""Exports as keeper and database see them."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rempart.api.desk_door import DeskDoor
from rempart.api.exports import desk_export_routes, export_routes
from rempart.api.invoice_routes import InvoiceDesk
from rempart.application.exports import Exports, Wish
from rempart.application.own_bank import Proof
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.sealing.export_frames import ExportItem
from rempart.storage.exports import StoredExports


class KeeperExports:
    """The `ExportKeeper` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def sign(
        self, held: TokenFacts, wish: Wish, first: bytes, proof: Proof, *, instant: int
    ) -> bytes | Refusal:  # fmt: skip
        """The approval."""
        (what, document), invoices, taker = wish
        item = ExportItem(what, str(document), invoices, taker, first, signing(held, proof, instant))
        (done,) = await self._keeper.call("sign_export", [item])
        return Refusal(done.refusal) if done.refusal else bytes(done.approval)


def signing_routes(desk: InvoiceDesk, keeper: KeeperPort) -> list[HTTPRouteHandler]:
    """What people of sites and of insurers sign before they fetch."""
    exports = Exports(KeeperExports(keeper), StoredExports(desk.databases))
    return [*export_routes(desk, exports), *desk_export_routes(DeskDoor(desk), exports)]
