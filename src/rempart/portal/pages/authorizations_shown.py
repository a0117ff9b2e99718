"""What the pages about prises en charge share: asking the hub, the words of states, one of them shown."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple, TypeVar

from litestar import Response

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.portal import card, days, papers, quote, quote_reasons, refusals
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.inside import ended
from rempart.portal.papers import KINDS
from rempart.portal.quote import Quote
from rempart.portal.quote_kinds import BY_DOMAIN, kind_of
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.authorizations import AuthorizationState
from rempart.wire.problem import Problem

T = TypeVar("T")
PATH: Final = "/prises-en-charge"
STATES: Final = {
    "pending": (N_("En attente"), "warn"),
    "agreed": (N_("Accordée"), "good"),
    "refused": (N_("Refusée"), "bad"),
    "modified": (N_("Remplacée"), "soft"),
    "cancelled": (N_("Annulée"), "soft"),
    "expired": (N_("Expirée"), "soft"),
    "partly-invoiced": (N_("Facturée en partie"), "calm"),
    "invoiced": (N_("Facturée"), "calm"),
}
"""By state: what it is called, and the colour of its chip."""
REQUESTED: Final = N_("Demandée")
OPEN: Final = frozenset({"agreed", "partly-invoiced"})
CANCELLABLE: Final = frozenset({"pending", "agreed", "partly-invoiced"})
MODIFIABLE: Final = frozenset({"pending", "agreed"})
FAULTS: Final = {
    **card.FAULTS,
    **quote.FAULTS,
    **papers.FAULTS,
    "planned": N_("Écrivez le jour prévu : au plus 30 jours avant aujourd’hui, au plus un an après."),
    "delivered": N_("Écrivez le jour de la livraison : aujourd’hui ou avant, après la demande."),
    "number": N_("Le numéro de facture est le vôtre : 1 à 9 chiffres."),
    "site_reference": N_(
        "Votre référence compte au plus 20 caractères dont un chiffre, sans cinq lettres de suite : D-0041."
    ),
}
"""By field, without the number of its line."""
_KEY = re.compile(r"[A-Za-z0-9_-]{20,40}")
_LINE = re.compile(r"lines\[([0-9]+)\]\.(?:particulars\.)?([a-z_]+).*")
_FIELDS: Final = {
    "spent": "price", "unit_price": "price", "base": "base", "amo": "base", "rate": "base", "quantity": "days",
    "days": "days", "code": "act", "teeth": "teeth", "correction": "sphere", "price_limit": "limit",
    "basket": "basket", "item": "item", "detail": "lpp", "amc": "amc",
}  # fmt: skip
"""Fields of a line on the wire, and those of the form."""
_WHOLE: Final = {
    "birth": "birth_date", "planned_date": "planned", "care_date": "planned", "issued": "delivered",
    "content": "papers", "attachments": "papers",
}  # fmt: skip
_TYPED = N_("À corriger avant d’envoyer")
_OWN: Final = {
    "invalid-fields": (_TYPED, N_("Rien n’a été demandé : relisez les champs signalés.")),
    "not-changeable": (
        N_("Cette prise en charge ne peut plus changer"),
        N_("Regardez où elle en est : son état a changé entre-temps."),
    ),
    "idempotency-key-reused": (
        N_("Cette demande est déjà partie"),
        N_("Ouvrez la liste pour voir sa réponse, ou recommencez une demande."),
    ),
}  # fmt: skip


class Here(NamedTuple):
    """One request of a signed-in person, and what renders its answer."""

    pages: Pages
    request: Asked
    live: SignedIn

    @property
    def today(self) -> date:
        """The civil day at the site."""
        return days.today(self.pages.portal, self.live)

    def page(self, template: str, values: Mapping[str, Any], status: int = 200) -> Response[Any]:
        """One page."""
        return self.pages.page(self.request, template, values, Shown(self.live, status=status))

    def refused(self, refusal: Refusal) -> Response[Any]:
        """A page of its own for a no."""
        return self.pages.refused(self.request, refusal, Shown(self.live, status=STATUS[refusal.kind]))


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a form was not sent: a refusal, or the fields at fault, line numbers included."""

    refusal: Refusal | None = None
    wrong: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The page's HTTP status."""
        if self.refusal is not None:
            return STATUS[self.refusal.kind]
        return 422 if self.wrong else 200

    @property
    def faults(self) -> tuple[tuple[str, str, str], ...]:
        """Each field at fault with the number of its line, "" for none, and its sentence, not translated."""
        return tuple((name, line_of(name), FAULTS[bare(name)]) for name in self.wrong)


@dataclass(frozen=True, slots=True)
class Presented:
    """What the card says, or the fields of it that cannot be right."""

    values: Mapping[str, Any] = field(repr=False)  # text, by field of the card
    wrong: tuple[str, ...] = ()


def bare(name: str) -> str:
    """The name of a field without the number of its line."""
    return re.sub(r"_[0-9]+$", "", name)


def line_of(name: str) -> str:
    """The number of a field's line, "" when it is of none."""
    found = re.search(r"_([0-9]+)$", name)
    return found[1] if found is not None else ""


def presented(form: Mapping[str, str]) -> Presented:
    """The card as it was typed."""
    read = {name: reader(form.get(name, "")) for name, reader in card.READ.items()}
    wrong = tuple(name for name in card.FIELDS if name in read and read[name] is None)
    return Presented({name: value or "" for name, value in read.items()}, wrong)


def key_of(text: str) -> str:
    """The form's idempotency key, or a new one when it has none of ours."""
    return text if _KEY.fullmatch(text) else secrets.token_urlsafe(18)


async def asked(here: Here, call: Call[T]) -> T | Response[Any]:
    """What the hub answers, or the page that says why it does not."""
    try:
        found = await here.pages.portal.hub.perform(here.live, call)
    except NoAnswerError:
        return here.refused(refusals.away())
    return no(here, found) if isinstance(found, Problem) else found


def no(here: Here, problem: Problem) -> Response[Any]:
    """A page of its own for a no of the hub."""
    if problem.code == "not-found":
        return here.page("not_found.html", {}, 404)
    refusal = refusal_of(problem)
    if refusal.kind in {Kind.OVER, Kind.STOPPED}:
        return ended(here.pages, here.request, problem)
    return here.refused(refusal)


def trouble(problem: Problem, quoted: Quote) -> Trouble:
    """What a no of the hub says of the form."""
    return Trouble(refusal_of(problem), fields((each.field for each in problem.errors), quoted))


def fields(told: Iterable[str], quoted: Quote) -> tuple[str, ...]:
    """The hub's names of fields as those of the form; what the form does not have is left out."""
    numbers = [row.number for row in quoted.rows if row.line is not None]
    found: list[str] = []
    for name in told:
        line = _LINE.fullmatch(name)
        if line is not None and line[2] in _FIELDS and int(line[1]) < len(numbers):
            found.append(f"{_FIELDS[line[2]]}_{numbers[int(line[1])]}")
            continue
        last = name.rpartition(".")[2]
        if (last := _WHOLE.get(last, last)) in FAULTS:
            found.append(last)
    return tuple(dict.fromkeys(found))


def refusal_of(problem: Problem) -> Refusal:
    """What the hub's no means here."""
    own = _OWN.get(problem.code)
    if own is None:
        return refusals.of(problem)
    return Refusal(Kind.AMISS, own[0], own[1], problem.code)


def shown(
    here: Here, found: AuthorizationState, *, carried: Mapping[str, str] | None = None, papers: int = 0
) -> Response[Any]:
    """One prise en charge. `carried`: fields of the quote just asked about, with which its invoice may begin.

    `papers`: how many documents went with it just now.
    """
    values = {
        "found": found,
        "states": STATES,
        "events": {"requested": REQUESTED, **{state: name for state, (name, _) in STATES.items()}},
        "cancellable": found.state in CANCELLABLE,
        "invoiceable": found.state in OPEN and domain_of(found) in BY_DOMAIN,
        "reason_of": quote_reasons.reason_of,
        "carried": carried or {},
        "modifiable": found.state in MODIFIABLE and kind_of(here.live.profession) is not None,
        "stay": kind_of(here.live.profession) is BY_DOMAIN["HOSP"],
        "paper_kinds": KINDS,
        "unkept": bool(papers) and not found.attachments,
    }
    return here.page("authorization.html", values)


def domain_of(found: AuthorizationState) -> str:
    """The column of the card that its lines fall under; "" while it waits."""
    return next((line.domain for line in found.lines if line.domain), "")
