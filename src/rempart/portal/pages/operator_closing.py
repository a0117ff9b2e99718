"""The operator's own two compartments: how they stand, closing one at once, a signed word for opening it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import operator_desk as desk
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.ground.instants import PARIS
from rempart.portal import desk_refusals, refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.operator_desk import DeskCompartment, DeskOpenRequest, DeskShutRequest
from rempart.wire.problem import Problem

HERE: Final = "/bureau/fermetures"
PARTS: Final = {"portail": ("portal", N_("Le portail")), "operateur": ("operator", N_("Tout l’opérateur"))}
"""Word in the address → the kind of compartment, and its name."""
REASONS: Final = {
    "maintenance": N_("Maintenance"), "incident": N_("Incident"), "attack": N_("Attaque"),
    "partner": N_("Un partenaire ne répond plus"), "keys-lost": N_("Remplacement de clés"), "drill": N_("Exercice"),
}  # fmt: skip
"""Each has sentences of its own for the public."""
STEPS: Final = {
    "closed": (N_("Fermé"), "warn"), "restricted": (N_("Carte signée seulement"), "warn"),
    "agreed": (N_("Accord pour rouvrir"), "calm"), "open": (N_("Ouvert"), "good"),
}  # fmt: skip
SENTENCE_MOST: Final = 300
FAULTS: Final = {
    "reason": N_("Choisissez un motif."),
    "reopens": N_("L’heure de réouverture est à venir."),
    "french": N_("Écrivez la phrase dans les deux langues, ou dans aucune ; 300 signes au plus."),
}


def closing_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau/fermetures…`, for agents and security."""
    return [_stands(pages), _shutting(pages), *_opening(pages)]


def _stands(pages: Pages) -> HTTPRouteHandler:
    @get(HERE)
    async def stands(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown, desk=True)

    return stands


def _shutting(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/{word:str}/fermer")
    async def shut(request: Asked, word: FromPath[str]) -> Response[Any]:
        form = await read(request)

        async def done(live: SignedIn) -> Response[Any]:
            name = _named(pages, word)
            wish, wrong = _wish(pages, form)
            if not name:
                return pages.page(request, "not_found.html", {}, Shown(live, status=404))
            if wish is None:
                return await _page(pages, request, live, wrong=(word, wrong))
            try:
                found = await pages.portal.hub.perform(live, desk.shut(name, wish))
            except NoAnswerError:
                return await _page(pages, request, live, refusal=refusals.away())
            if isinstance(found, Problem):
                return await _not_done(pages, request, live, found)
            return Redirect(HERE, status_code=303)

        return await inside(pages, request, done, desk=True)

    return shut


def _opening(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/{word:str}/ouvrir")
    async def reread(request: Asked, word: FromPath[str]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                part_of, wanted = await _shut_now(pages, request, live, word)
            except NoPageError as no:
                return no.response
            values = {
                "one": part_of, "lines": shown_lines(wanted), "fields": {"closing": str(part_of.closing)},
                "name": PARTS[word][1], "second": bool(part_of.agreed), "here": f"{HERE}/{word}/ouvrir",
            }  # fmt: skip
            return pages.page(request, "desk_open_sign.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    @post(HERE + "/{word:str}/ouvrir/defi", status_code=200)
    async def challenge(request: Asked, word: FromPath[str]) -> Response[Any]:
        form = await read(request)

        async def made(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _action(pages, word, form.one.get("closing", "")))

        return await inside(pages, request, made, desk=True)

    @post(HERE + "/{word:str}/ouvrir")
    async def agree(request: Asked, word: FromPath[str]) -> Response[Any]:
        form = await read(request)
        signed, closing = assertion_of(form), form.one.get("closing", "")

        async def done(live: SignedIn) -> Response[Any]:
            name = _named(pages, word)
            if signed is None or not name or not _is_number(closing):
                return await _page(pages, request, live, refusal=desk_refusals.of(Problem("", 422, "passkey-refused")))
            wish = DeskOpenRequest(int(closing), form.one.get("challenge", ""), part(signed))
            try:
                found = await pages.portal.hub.perform(live, desk.open_again(name, wish))
            except NoAnswerError:
                return await _page(pages, request, live, refusal=refusals.away())
            if isinstance(found, Problem):
                return await _not_done(pages, request, live, found)
            return Redirect(HERE, status_code=303)

        return await inside(pages, request, done, desk=True)

    return [reread, challenge, agree]


def _named(pages: Pages, word: str) -> str:
    return f"{PARTS[word][0]}:{pages.portal.settings.operator.id}" if word in PARTS else ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18


def _action(pages: Pages, word: str, closing: str) -> Signable | None:
    name = _named(pages, word)
    return desk.opening(pages.portal.settings.operator.id, name, int(closing)) if name and _is_number(closing) else None


async def _shut_now(
    pages: Pages, request: Asked, live: SignedIn, word: str
) -> tuple[DeskCompartment, Signable]:  # fmt: skip
    """The compartment and what is signed for it; NoPageError when there is nothing to open, or not from here."""
    found = await told(pages, request, live, desk.compartments())
    one = next((each for each in found.compartments if each.compartment == _named(pages, word)), None)
    wanted = None if one is None else _action(pages, word, str(one.closing))
    if one is None or wanted is None or not one.closing or not one.officer or live.account in one.agreed:
        raise NoPageError(Redirect(HERE, status_code=303))
    return one, wanted


def _wish(pages: Pages, form: Form) -> tuple[DeskShutRequest | None, tuple[str, ...]]:
    """What is asked, or the fields that cannot be right."""
    one = form.one
    french, english, reopens = one.get("french", ""), one.get("english", ""), one.get("reopens", "")
    at = _instant(pages, reopens) if reopens else ""
    good = {
        "reason": one.get("reason", "") in REASONS,
        "reopens": at is not None,
        "french": bool(french) == bool(english) and max(len(french), len(english)) <= SENTENCE_MOST
        and (french + english).isprintable(),
    }  # fmt: skip
    wrong = tuple(name for name, fine in good.items() if not fine)
    if wrong:
        return None, wrong
    state: Any = "restricted" if one.get("state") == "restricted" else "closed"
    return DeskShutRequest(state, one["reason"], at or "", french, english), ()


def _instant(pages: Pages, typed: str) -> str | None:
    """What `datetime-local` gives, in Paris, as an instant in UTC; None when it is none, or has passed."""
    try:
        given = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if given.tzinfo is not None:
        return None
    at = given.replace(tzinfo=ZoneInfo(PARIS)).astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at.timestamp() > pages.portal.clock() else None


async def _not_done(pages: Pages, request: Asked, live: SignedIn, problem: Problem) -> Response[Any]:
    refusal = desk_refusals.of(problem)
    if refusal.kind is Kind.AMISS:
        return await _page(pages, request, live, refusal=refusal)
    return refused(pages, request, live, problem)


async def _page(
    pages: Pages, request: Asked, live: SignedIn, *, refusal: Refusal | None = None,
    wrong: tuple[str, tuple[str, ...]] = ("", ()),
) -> Response[Any]:  # fmt: skip
    try:
        found = await told(pages, request, live, desk.compartments())
    except NoPageError as no:
        return no.response
    words = {f"{kind}:{pages.portal.settings.operator.id}": (word, name) for word, (kind, name) in PARTS.items()}
    values = {
        "found": found, "parts_named": words, "reasons": REASONS, "steps": STEPS, "me": live.account, "faults": FAULTS,
        "wrong_at": wrong[0], "wrong": wrong[1], "refusal": refusal,
    }  # fmt: skip
    status = 422 if wrong[1] else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_closing.html", values, Shown(live, status=status))
