"""The support desk: what a site reads out on the telephone, looked up. States, rules and codes; nobody's name.

What is looked up is no one's identity, so it may stand in an address; what cannot be such a thing never gets there.
"""

from __future__ import annotations

import re
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import support as calls
from rempart.client.doors import SignedIn
from rempart.portal.pages.authorizations_shown import REQUESTED
from rempart.portal.pages.authorizations_shown import STATES as AUTHORIZATION_STATES
from rempart.portal.pages.forms import read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.invoices_said import STATES, At
from rempart.portal.pages.questions import KINDS, OTHER
from rempart.portal.pages.reading import NOT_THEIRS, refused
from rempart.portal.quote_reasons import reason_of as quote_reason_of
from rempart.portal.reasons import REASONS, reason_of
from rempart.portal.refusals import Refusal
from rempart.portal.rendering import Asked, Pages
from rempart.portal.support_words import CHANNELS, EVIDENCES, RULES, outcome_of
from rempart.portal.words import N_
from rempart.wire.problem import Problem

PATH: Final = "/assistance"
FAULTS: Final = {
    "question": N_("Un numéro de question compte 12 caractères, lus à l’écran du site."),
    "site": N_("Un numéro de facturation compte 9 caractères."),
    "number": N_("Un numéro de facture compte 1 à 9 chiffres."),
    "reference": N_("Une référence de prise en charge compte 20 caractères et commence par P."),
}
_SHAPES: Final = {
    "question": re.compile(r"[0-9A-HJKMNP-TV-Z]{12}"),
    "site": re.compile(r"[0-9A-Z]{9}"),
    "number": re.compile(r"[0-9]{1,9}"),
    "reference": re.compile(r"P[0-9A-HJKMNP-TV-Z]{19}"),
}
_FORMS: Final = {
    "question": (("question",), PATH + "/questions/{question}"),
    "invoice": (("site", "number"), PATH + "/factures/{site}/{number}"),
    "authorization": (("reference",), PATH + "/prises-en-charge/{reference}"),
}
"""By form: its fields, and the address where what they name is shown."""


def support_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/assistance…`."""
    return [*_search(pages), _question(pages), _invoices(pages), _authorization(pages)]


def _search(pages: Pages) -> list[HTTPRouteHandler]:
    @get(PATH)
    async def desk(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return _desk(At(pages, request, live))

        return await inside(pages, request, shown, desk=True)

    @post(PATH, status_code=200)
    async def search(request: Asked) -> Response[Any]:
        told = (await read(request)).one

        async def sought(live: SignedIn) -> Response[Any]:
            fields, address = _FORMS.get(told.get("what", ""), _FORMS["question"])
            values = {name: re.sub(r"[\s-]", "", told.get(name, "")).upper() for name in fields}
            wrong = tuple(name for name in fields if not _SHAPES[name].fullmatch(values[name]))
            if wrong:
                return _desk(At(pages, request, live), wrong)
            return Redirect(address.format(**values), status_code=303)

        return await inside(pages, request, sought, desk=True)

    return [desk, search]


def _desk(at: At, wrong: tuple[str, ...] = (), absent: str = "") -> Response[Any]:
    """The three ways to look something up. `absent`: the form whose thing is not there."""
    status = 422 if wrong else 404 if absent else 200
    return at.page("support.html", {"wrong": wrong, "faults": FAULTS, "absent": absent}, status)


def _question(pages: Pages) -> HTTPRouteHandler:
    @get(PATH + "/questions/{question:str}")
    async def one(question: FromPath[str], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            if not _SHAPES["question"].fullmatch(question):
                return _desk(at, ("question",))
            found = await at.ask(calls.question(question))
            if isinstance(found, Problem | Refusal):
                return _no(at, found, "question")
            values = {
                "found": found, "outcome": outcome_of(found.outcome), "kind": KINDS.get(found.purpose, OTHER),
                "evidences": EVIDENCES, "channels": CHANNELS,
            }  # fmt: skip
            return at.page("support_question.html", values)

        return await inside(pages, request, shown, desk=True)

    return one


def _invoices(pages: Pages) -> HTTPRouteHandler:
    @get(PATH + "/factures/{site:str}/{number:str}")
    async def some(site: FromPath[str], number: FromPath[str], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            wrong = tuple(
                name for name, value in (("site", site), ("number", number)) if not _SHAPES[name].fullmatch(value)
            )
            if wrong:
                return _desk(at, wrong)
            found = await at.ask(calls.invoices(site, number))
            if isinstance(found, Problem | Refusal):
                return _no(at, found, "invoice")
            values = {
                "found": found.invoices, "states": STATES, "names": {code: one.name for code, one in STATES.items()},
                "reasons": REASONS, "reason_of": reason_of, "rules": RULES,
                "channels": CHANNELS,
            }  # fmt: skip
            return at.page("support_invoice.html", values)

        return await inside(pages, request, shown, desk=True)

    return some


def _authorization(pages: Pages) -> HTTPRouteHandler:
    @get(PATH + "/prises-en-charge/{reference:str}")
    async def one(reference: FromPath[str], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            at = At(pages, request, live)
            if not _SHAPES["reference"].fullmatch(reference):
                return _desk(at, ("reference",))
            found = await at.ask(calls.authorization(reference))
            if isinstance(found, Problem | Refusal):
                return _no(at, found, "authorization")
            events = {"requested": REQUESTED, **{state: name for state, (name, _) in AUTHORIZATION_STATES.items()}}
            values = {
                "found": found, "states": AUTHORIZATION_STATES, "events": events, "reasons": REASONS,
                "reason_of": quote_reason_of, "rules": RULES,
            }  # fmt: skip
            return at.page("support_authorization.html", values)

        return await inside(pages, request, shown, desk=True)

    return one


def _no(at: At, said: Problem | Refusal, form: str) -> Response[Any]:
    """What is absent or cannot be it is told at its form; anything else as on every page."""
    if isinstance(said, Problem) and said.code == "not-found":
        return _desk(at, absent=form)
    if isinstance(said, Problem) and said.code == "invalid-fields":
        return _desk(at, _FORMS[form][0][-1:])
    if isinstance(said, Problem) and said.code == NOT_THEIRS:
        return refused(at.pages, at.request, at.live, said)
    return at.declined(said)
