"""What the pages about invoices say alike: states in words, and the hub's no to an invoice or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

from litestar import Response

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.inside import ended
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.problem import Problem

T = TypeVar("T")


class Standing(NamedTuple):
    """A state in words: the chip and its colour, and a sentence about it."""

    name: str
    colour: str
    sentence: str


_RECEIVED = Standing(N_("Reçue"), "calm", N_("Elle est bien arrivée ; la réponse suit dans quelques secondes."))
STATES: Final = {
    "received": _RECEIVED,
    "acknowledged": _RECEIVED,
    "refused": Standing(N_("Non prise"), "bad", N_("Elle n’a pas été prise : son numéro est libre.")),
    "waiting": Standing(N_("En attente"), "calm", N_("Elle sera traitée dès que possible, sans rien faire.")),
    "held": Standing(N_("À vérifier"), "warn", N_("Elle attend une réponse avant d’être traitée.")),
    "accepted": Standing(N_("Acceptée"), "good", N_("Elle sera payée avec un prochain virement.")),
    "rejected": Standing(N_("Rejetée"), "bad", N_("Elle ne sera pas payée telle quelle.")),
    "paid": Standing(N_("Payée"), "good", N_("Son virement a été exécuté.")),
    "cancelled": Standing(N_("Annulée"), "soft", N_("Elle ne sera pas payée ; son numéro est libre.")),
}


def standing(state: str) -> Standing:
    """A state in words; as received for one that is not known yet."""
    return STATES.get(state, _RECEIVED)


_LOOK = N_("Regardez où elle en est avant de recommencer.")
_ACTS = {
    "not-cancellable": (N_("Cette facture ne peut plus être annulée"),
        N_("Son virement est déjà ordonné, ou elle ne compte plus. Elle pourra être reprise une fois payée.")),
    "idempotency-key-reused": (N_("Cette page a déjà envoyé une autre facture"),
        N_("Rien n’a été envoyé cette fois. Vérifiez la liste, puis recommencez sur une page neuve.")),
    "file-too-large": (N_("Ce fichier est trop grand"), N_("Envoyez-le en plusieurs fichiers.")),
    "purpose": (N_("Votre rôle ne permet pas de le faire"),
        N_("Demandez à un professionnel de votre site de répondre à votre place.")),
    "not-found": (N_("Cette facture n’attend plus de réponse"), _LOOK),
    "invalid-fields": (N_("La facture n’a pas été envoyée"), N_("Une valeur ne peut pas être juste : relisez-la.")),
}  # fmt: skip
NOT_SENT: Final = {code: Refusal(Kind.AMISS, *told, code) for code, told in _ACTS.items()}
"""What the hub may answer to an act on one invoice, beside what it answers to everybody."""


class At(NamedTuple):
    """Somebody signed in, in front of one page."""

    pages: Pages
    request: Asked
    live: SignedIn

    async def ask(self, call: Call[T]) -> T | Problem | Refusal:
        """What the hub says; a refusal of ours when it says nothing."""
        try:
            return await self.pages.portal.hub.perform(self.live, call)
        except NoAnswerError:
            return refusals.away()

    def page(self, template: str, values: Mapping[str, Any], status: int = 200) -> Response[Any]:
        """One page with the person's header."""
        return self.pages.page(self.request, template, values, Shown(self.live, status=status))

    def declined(self, said: Problem | Refusal) -> Response[Any]:
        """The page of a no: the session's end, something absent, or a calm sentence."""
        if isinstance(said, Problem):
            if said.status == 404:
                return self.page("not_found.html", {}, 404)
            if refusals.of(said).kind in {Kind.OVER, Kind.STOPPED}:
                return ended(self.pages, self.request, said)
            said = NOT_SENT.get(said.code) or refusals.of(said)
        return self.pages.refused(self.request, said, Shown(self.live, status=STATUS[said.kind]))
