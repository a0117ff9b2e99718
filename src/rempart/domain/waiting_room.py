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
    "clinic": Said(
        "Le logiciel d’admission de votre clinique continue : il demande aussi les prises en charge d’un séjour.",
        "Your clinic’s admission software goes on: it asks for prises en charge of a stay too."),
    "laboratory": Said(
        "Si le système de votre laboratoire est raccordé, interrogez et facturez avec lui, par lots aussi.",
        "If your laboratory’s system is connected, ask and invoice with it, in batches too."),
    "radiology": Said(
        "Si le logiciel de votre centre d’imagerie est raccordé, interrogez avec lui dès la prise de rendez-vous.",
        "If your imaging centre’s software is connected, ask with it as soon as an appointment is made."),
    "doctor": Said(
        "Si votre logiciel médical est raccordé, facturez la part complémentaire avec lui.",
        "If your medical software is connected, invoice the complementary share with it."),
    "dentist": Said(
        "Si votre logiciel dentaire est raccordé, interrogez avec lui ; un devis de prothèse peut attendre.",
        "If your dental software is connected, ask with it; a quote for a prosthesis can wait."),
    "hearing": Said(
        "Si votre logiciel d’audioprothèse est raccordé, demandez avec lui la prise en charge des appareils.",
        "If your hearing-aid software is connected, ask with it for the prise en charge of devices."),
    "equipment": Said(
        "Si votre logiciel de vente et de location est raccordé, demandez et facturez avec lui.",
        "If your software for sale and rental is connected, ask and invoice with it."),
    "transport": Said(
        "Si le logiciel de votre entreprise de transport est raccordé, facturez avec lui ; une course faite se facture "
        "aussi à la réouverture.",
        "If your transport company’s software is connected, invoice with it; a journey that was made can also be "
        "invoiced once it is open again."),
    "midwife": Said(
        "Si votre logiciel de sage-femme est raccordé, facturez avec lui, en visite aussi.",
        "If your midwifery software is connected, invoice with it, on visits too."),
    "physiotherapist": Said(
        "Si votre logiciel de kinésithérapie est raccordé, facturez avec lui ; une série de séances peut attendre.",
        "If your physiotherapy software is connected, invoice with it; a series of sessions can wait."),
    "speech-therapist": Said(
        "Si votre logiciel d’orthophonie est raccordé, facturez avec lui ; un bilan ou une série peut attendre.",
        "If your speech therapy software is connected, invoice with it; an assessment or a series can wait."),
    "orthoptist": Said(
        "Si votre logiciel d’orthoptie est raccordé, facturez avec lui ; une série de séances peut attendre.",
        "If your orthoptics software is connected, invoice with it; a series of sessions can wait."),
    "podologist": Said(
        "Si votre logiciel de pédicurie-podologie est raccordé, facturez avec lui, semelles et soins.",
        "If your podology software is connected, invoice with it, insoles and care alike."),
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
