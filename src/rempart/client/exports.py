"""Files that are signed for as calls, and what a person reads and signs of one."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.client.own_bank import Signable
from rempart.sealing import actions
from rempart.wire.account import PasskeyProof
from rempart.wire.exports import ExportList, ExportSigned, ExportSigning

REMITTANCE, SETTLEMENT = "remittance", "settlement"
NEEDS_SIGNATURE, NEEDS_SECOND = "export-needs-signature", "export-needs-second"
_SITE, _DESK = "/v1/exports", "/v1/desk/insurer/exports"


class Export(NamedTuple):
    """A document by its kind and id, how many invoices it tells, and the account that fetches it."""

    what: str
    document: str
    invoices: int
    taker: str


def exports(*, desk: bool = False) -> Call[ExportList]:
    """One's own of a day, and what one may second; `desk`: an insurer's."""
    return Call("GET", _DESK if desk else _SITE, ExportList)


def sign(export: Export, challenge: str, signed: PasskeyProof) -> Call[ExportSigned]:
    """A signature. The challenge is good once: not repeated when its answer got lost."""
    body = msgspec.json.encode(ExportSigning(*export, challenge, signed))
    path = _DESK if export.what == SETTLEMENT else _SITE
    return Call("POST", path, ExportSigned, body, repeat=Repeat.NEVER)


def action(operator: str, place: str, export: Export, *, second: bool) -> Signable | None:
    """What a person reads and signs; `place` a site's or an insurer's number. None when a field cannot be written."""
    fields = (export.what, export.document, str(export.invoices), export.taker)
    return actions.written("export-second" if second else "export", operator, place, *fields)
