"""`/v1/enrolment/…`: how a professional whom Pro Santé Connect vouches for asks to join an operator.

Each request carries a proof of the portal's key (DPoP). A ticket, held by the browser, stands for the person for an
hour. The bank document comes sealed to the operator's own key (docs/formats/enrolment.md): the hub cannot read it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

MOST_SEALED = 3 * 1024 * 1024
"""Bytes of a sealed document."""
MOST = 4 * MOST_SEALED // 3 + 4_096
"""Bytes of the request that brings it, in base64url."""
State = Literal["asked", "documents", "awaiting", "approved", "refused", "withdrawn", "expired"]


class EnrolmentPlace(msgspec.Struct, frozen=True):
    """A place as the provider tells of it: any value may be empty. Its number is its ordinal, from 0."""

    finess: str
    name: str
    profession: str
    mode: str


class EnrolmentState(msgspec.Struct, frozen=True):
    """Where an enrolment stands. Instants are ISO 8601 in UTC; `reason` says what the operator asks for or refuses."""

    enrolment: str
    state: State
    site: str
    finess: str
    profession: str
    asked: str
    changed: str
    expires: str
    reason: str = ""


class EnrolmentOpened(msgspec.Struct, frozen=True):
    """A ticket, good for `expires_in` seconds through this portal; `enrolment` when one was begun before."""

    ticket: str
    expires_in: int
    places: tuple[EnrolmentPlace, ...]
    enrolment: EnrolmentState | None = None


class TicketRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks where it stands."""

    operator: str
    ticket: str


class PlaceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Chooses a place, by its ordinal, and the 9 characters that it bills by."""

    operator: str
    ticket: str
    place: int
    site: str


class DocumentRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sends the sealed document, base64url. It is bound to the enrolment it names."""

    operator: str
    ticket: str
    enrolment: str
    sealed: str
