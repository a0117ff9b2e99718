"""The key to which a page seals the documents of a request: the insurer's, whom the card's labels name.

The portal verifies it against the keeper's pinned key before a page may use it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.papers import insurer_keys, paper_key
from rempart.portal import card, quote, refusals
from rempart.portal.pages import authorizations_shown as common
from rempart.portal.pages.entry import STATUS
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import N_
from rempart.wire.problem import Problem

LABELS: Final = ("amc_number", "convention", "csr")
NO_KEY: Final = Refusal(
    Kind.AMISS,
    N_("Cet assureur ne reçoit pas de documents ici"),
    N_("Retirez-les et demandez sans eux, ou envoyez-les à l’assureur par votre moyen habituel."),
    "not-found",
)
FALSE_KEY: Final = Refusal(
    Kind.AWAY,
    N_("Les documents ne peuvent pas être scellés pour le moment"),
    N_("La clé de l’assureur n’a pas pu être vérifiée : retirez les documents, ou appelez votre opérateur."),
    "keys-not-signed",
)


def paper_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/prises-en-charge/cle`; nothing where the keeper's key is not pinned."""
    keeper = pages.portal.settings.keeper
    if not keeper:
        return []

    @post(common.PATH + "/cle", status_code=200)
    async def key(request: Asked) -> Response[Any]:
        told = (await read(request)).one

        async def given(live: SignedIn) -> Response[Any]:
            labels = {name: card.READ[name](told.get(name, "")) for name in LABELS}
            planned = quote.day_of(told.get("planned", ""))
            wrong = [name for name, value in labels.items() if value is None]
            if wrong or planned is None:
                return _json({"wrong": wrong or ["planned"]}, 422)
            call = insurer_keys(*(str(labels[name] or "") for name in LABELS))
            try:
                found = await pages.portal.hub.perform(live, call)
            except NoAnswerError:
                return _no(pages, request, refusals.away())
            if isinstance(found, Problem):
                return _no(pages, request, NO_KEY if found.code == "not-found" else refusals.of(found))
            reader = paper_key(found, keeper, int(pages.portal.clock()))
            if reader is None:
                return _no(pages, request, FALSE_KEY)
            bound = {"insurer": reader.insurer, "site": live.site, "planned": planned.isoformat()}
            return _json({**bound, "key": reader.x})

        return await inside(pages, request, given)

    return [key]


def _no(pages: Pages, request: Asked, refusal: Refusal) -> Response[Any]:
    words = pages.words(request)
    return _json({"title": words.say(refusal.title), "todo": words.say(refusal.todo)}, STATUS[refusal.kind])


def _json(told: dict[str, Any], status: int = 200) -> Response[Any]:
    return Response(msgspec.json.encode(told), status_code=status, media_type="application/json")
