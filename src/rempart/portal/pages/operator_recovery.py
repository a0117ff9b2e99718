"""An agent lets an account of a site back in where nobody there can: call and document, signed, a code shown once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.client import desk_joins, operator_desk
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import desk_refusals, refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.my_site import ROLES
from rempart.portal.pages.reading import NoPageError, refused, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.desk_joins import DeskRecoverRequest
from rempart.wire.problem import Problem

HERE: Final = "/bureau/comptes/{account:str}/secours"
MOST: Final = 200
TYPED: Final = ("reached", "document")
FAULTS: Final = {
    "reached": N_("Dites qui vous avez joint, en 200 signes au plus, sur une ligne."),
    "document": N_("Dites quel document vous avez regardé, en 200 signes au plus, sur une ligne."),
}
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_ACCOUNT: Final = re.compile(r"a[0-9a-z]{15}")
_SITE: Final = re.compile(r"[0-9][0-9AB][0-9]{7}")


def recovery_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau/comptes/…/secours…`, for agents."""
    return [*_asking(pages), *_signing(pages)]


def _asking(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def asked(account: FromPath[str], request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live, account)

        return await inside(pages, request, shown, desk=True)

    @post(HERE + "/relire", status_code=200)
    async def reread(account: FromPath[str], request: Asked) -> Response[Any]:
        form = await read(request)

        async def shown(live: SignedIn) -> Response[Any]:
            wanted = _action(pages, account, form)
            if wanted is None:
                wrong = tuple(name for name in TYPED if not _line(form, name))
                typed = {name: form.one.get(name, "") for name in TYPED}
                return await _page(pages, request, live, account, wrong=wrong or ("reached",), typed=typed)
            values = {
                "lines": shown_lines(wanted), "here": HERE.replace("{account:str}", account), "account": account,
                "fields": {name: form.one.get(name, "") for name in ("place", *TYPED)},
            }  # fmt: skip
            return pages.page(request, "desk_recovery_sign.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    return [asked, reread]


def _signing(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/defi", status_code=200)
    async def challenge(account: FromPath[str], request: Asked) -> Response[Any]:
        form = await read(request)

        async def made(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _action(pages, account, form))

        return await inside(pages, request, made, desk=True)

    @post(HERE, status_code=200)
    async def recover(account: FromPath[str], request: Asked) -> Response[Any]:
        form = await read(request)
        signed, one = assertion_of(form), form.one

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None or _action(pages, account, form) is None:
                refusal = desk_refusals.of(Problem("", 422, "passkey-refused"))
                return await _page(pages, request, live, account, refusal=refusal)
            wish = DeskRecoverRequest(
                one["place"], one["reached"], one["document"], one.get("challenge", ""), part(signed)
            )
            try:
                found = await pages.portal.hub.perform(live, desk_joins.recover(account, wish))
            except NoAnswerError:
                return await _page(pages, request, live, account, refusal=refusals.away())
            if isinstance(found, Problem):
                refusal = desk_refusals.of(found)
                if refusal.kind is Kind.AMISS:
                    return await _page(pages, request, live, account, refusal=refusal)
                return refused(pages, request, live, found)
            return pages.page(request, "desk_recovered.html", {"done": found, "place": one["place"]}, Shown(live))

        return await inside(pages, request, done, desk=True)

    return [challenge, recover]


def _action(pages: Pages, account: str, form: Form) -> Signable | None:
    place = form.one.get("place", "")
    if not _ACCOUNT.fullmatch(account) or not _SITE.fullmatch(place) or not all(_line(form, name) for name in TYPED):
        return None
    said = {name: form.one[name] for name in TYPED}
    return desk_joins.to_recover(pages.portal.settings.operator.id, account, place, **said)


def _line(form: Form, name: str) -> bool:
    """Whether something was typed there that can be signed: one line, not too long."""
    typed = form.one.get(name, "")
    return bool(typed.strip()) and len(typed) <= MOST and typed.isprintable()


async def _page(
    pages: Pages, request: Asked, live: SignedIn, account: str, *, refusal: Refusal | None = None,
    wrong: tuple[str, ...] = (), typed: Mapping[str, str] = _NOTHING,
) -> Response[Any]:  # fmt: skip
    if not _ACCOUNT.fullmatch(account):
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    try:
        found = await told(pages, request, live, operator_desk.account(account))
    except NoPageError as no:
        return no.response
    places_of = [each for each in found.accounts if each.site]
    if not places_of or account == live.account:
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    values = {
        "one": found.accounts[0], "places_of": places_of, "refusal": refusal, "wrong": wrong, "faults": FAULTS,
        "roles": ROLES, "typed": typed,
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_recovery.html", values, Shown(live, status=status))
