"""The insurer's side of settlement files over the API: listed, fetched, answered.

What is fetched is verified and opened afterwards, as a file that came by any other way is
(`rempart insurer settlement open`).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from rempart.client.session import Session
from rempart.wire.problem import Problem
from rempart.wire.settlements import ReplyReceipt, SettlementList, SettlementState

Part = Literal["file", "references"]


def listed(session: Session, before: str = "") -> SettlementList | Problem:
    """The newest first; `before` a day AAAA-MM-JJ. Raises `NoAnswer`."""
    found = session.call("GET", "/v1/settlements" + (f"?{urlencode({'before': before})}" if before else ""))
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=SettlementList)


def state(session: Session, settlement: str) -> SettlementState | Problem:
    """Where one stands, and what became of each answer. Raises `NoAnswer`."""
    found = session.call("GET", f"/v1/settlements/{UUID(settlement)}")
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=SettlementState)


def fetch(session: Session, settlement: str, part: Part = "file") -> bytes | Problem:
    """The file's bytes, or those of the list of people that comes with it. Raises `NoAnswer`."""
    found = session.call("GET", f"/v1/settlements/{UUID(settlement)}/{part}")
    return found if isinstance(found, Problem) else found.body


def answer(session: Session, settlement: str, signed: bytes) -> ReplyReceipt | Problem:
    """Sends signed answers; the same bytes again are the same reply. Raises `NoAnswer`."""
    found = session.call("POST", f"/v1/settlements/{UUID(settlement)}/answers", signed)
    return found if isinstance(found, Problem) else msgspec.json.decode(found.body, type=ReplyReceipt)
