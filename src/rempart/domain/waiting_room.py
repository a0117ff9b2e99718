"""The waiting room: what a person before a closed part of the hub may leave for its reopening; what helps meanwhile.

Invoices and requests for prises en charge wait; a question never does, for somebody stands at the counter: there the
insurer's stand-in rule answers (`domain.stand_in`). What was left is decided under the standing and the budgets of the
moment at which it is replayed. The database holds the same limit (`storage/sql/waiting_room.sql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rempart.domain.compartments import CLOSED, Closure, Said, Within, around, meanwhile, strongest

INVOICE, AUTHORIZATION = "invoice", "authorization"
KINDS: Final = (INVOICE, AUTHORIZATION)
MOST_LEFT: Final = 20
"""Of one account at a time: a busy day at a counter without software, and little for a thief."""
WAITING, SENT, REFUSED = "waiting", "sent", "refused"
TOLD: Final[Mapping[str, str]] = {SENT: "waiting-room-sent", REFUSED: "waiting-room-refused"}
"""The notice that a site gets of each end."""
_RECEIPT: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def room_of(closure: Closure) -> str:
    """The name of the room of this closing; closed again, the same part has another room."""
    return f"{closure.compartment}@{closure.since}"


def closed_for(closures: Mapping[str, Closure], within: Within) -> Closure | None:
    """The closure in whose room something of this kind (`within.purpose`) waits; None when it can be asked now.

    A closed insurer has no room: its invoices are taken in anyway, and the page does not know the card.
    """
    shut = {name: each for name, each in closures.items() if each.state == CLOSED}
    return strongest(shut, {name for name in around(within) if not name.startswith("insurer:")})


def receipt(drawn: bytes) -> str:
    """The number of a receipt: ten characters without I, L, O, U, of ten random bytes."""
    return "".join(_RECEIPT[each % 32] for each in drawn[:10])


_SOFTWARE: Final[Mapping[str, Said]] = {
    "pharmacy": Said(
        "Votre logiciel d’officine continue : interrogez et facturez avec lui.",
        "Your pharmacy software goes on: ask and invoice with it."),
    "hospital": Said(
        "Le logiciel de votre bureau des admissions continue : interrogez et facturez avec lui.",
        "Your admission office’s software goes on: ask and invoice with it."),
    "nurse": Said(
        "Si votre logiciel de soins est raccordé, facturez avec lui, même en tournée.",
        "If your care software is connected, invoice with it, on your rounds too."),
    "optician": Said(
        "Votre logiciel d’optique continue : il demande aussi les prises en charge.",
        "Your optics software goes on: it asks for prises en charge too."),
}  # fmt: skip
_ANY_SOFTWARE: Final = Said(
    "Si votre logiciel est raccordé, interrogez et facturez avec lui.",
    "If your software is connected, ask and invoice with it.",
)
_FILES: Final = Said(
    "Les fichiers B2 de votre logiciel ou de votre concentrateur sont reçus comme d’habitude.",
    "B2 files of your software or your concentrator are taken in as usual.",
)
_ROOM: Final = Said(
    "Sans logiciel, laissez vos factures et vos demandes de prise en charge en salle d’attente.",
    "Without software, leave your invoices and requests for prises en charge in the waiting room.",
)
_OF_PEOPLE: Final = ("portal", "channel:portal")
"""Compartments that close people's pages alone."""


def alternatives(closure: Closure, profession: str) -> tuple[Said, ...]:
    """What somebody of this profession can do meanwhile, the most useful first."""
    kind = closure.compartment.partition(":")[0]
    if closure.state != CLOSED or not ({kind, closure.compartment} & set(_OF_PEOPLE)):
        return (*meanwhile(closure), *((_ROOM,) if closure.state == CLOSED and kind != "insurer" else ()))
    return (_SOFTWARE.get(profession, _ANY_SOFTWARE), _FILES, *meanwhile(closure)[1:], _ROOM)
