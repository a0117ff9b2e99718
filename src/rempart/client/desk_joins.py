"""Who joins and who is let back in, as calls, and what an agent's passkey signs of it."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions
from rempart.sealing.actions import Action
from rempart.wire.desk_joins import (
    Answer,
    DeskAnswerRequest,
    DeskEnrolment,
    DeskEnrolments,
    DeskJoined,
    DeskJoinRequest,
    DeskRecoverRequest,
)
from rempart.wire.operator_desk import DeskCode

_PATH: Final = "/v1/desk/"


def enrolments() -> Call[DeskEnrolments]:
    """Who asks to join."""
    return Call("GET", f"{_PATH}enrolments", DeskEnrolments)


def enrolment(identity: str) -> Call[DeskEnrolment]:
    """One of them."""
    return Call("GET", _of(identity, ""), DeskEnrolment)


def document(identity: str) -> Call[bytes]:
    """The sealed document. Who fetches it is written down, so it is not repeated when its answer got lost."""
    return Call("GET", _of(identity, "/document"), bytes, repeat=Repeat.UNLESS_LOST)


def agree(identity: str, request: DeskJoinRequest) -> Call[DeskJoined]:
    """A signed yes. The challenge is good once."""
    return Call("POST", _of(identity, "/yes"), DeskJoined, msgspec.json.encode(request), repeat=Repeat.NEVER)


def answer(identity: str, said: Answer, reason: str) -> Call[bytes]:
    """A no, or another document is wanted."""
    body = msgspec.json.encode(DeskAnswerRequest(said, reason))
    return Call("POST", _of(identity, "/answer"), bytes, body, repeat=Repeat.NEVER)


def recover(account: str, request: DeskRecoverRequest) -> Call[DeskCode]:
    """Lets an account of a site back in. The challenge is good once."""
    path = f"{_PATH}accounts/{quote(account, safe='')}/recovery"
    return Call("POST", path, DeskCode, msgspec.json.encode(request), repeat=Repeat.NEVER)


def to_agree(operator: str, enrolment: str, place: str, document: str, *, reached: str) -> Action | None:
    """What an agent reads and signs to say yes; None when a field cannot be written."""
    return actions.written("desk-join", operator, operator, enrolment, place, document, reached)


def to_recover(operator: str, account: str, place: str, *, reached: str, document: str) -> Action | None:
    """What an agent reads and signs to let an account back in."""
    return actions.written("desk-recover", operator, operator, account, place, reached, document)


def _of(identity: str, act: str) -> str:
    return f"{_PATH}enrolments/{quote(identity, safe='')}{act}"
