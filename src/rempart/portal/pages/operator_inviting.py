"""An agent invites somebody: says who and where, reads it again, signs it, and hands over a code that is shown once."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery

from rempart.client import operator_desk as desk
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import desk_refusals, refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import inside
from rempart.portal.pages.my_site import ROLES
from rempart.portal.pages.reading import refused
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.operator_desk import DeskCode, DeskInviteRequest, DeskSiteAccounts
from rempart.wire.problem import Problem
from rempart.wire.sign_in import SITE_ROLES

HERE: Final = "/bureau/invitations"
INVITED: Final = (*SITE_ROLES, "support")
"""Whom an agent invites. Everybody else of a desk is invited where the keeper stands."""
FAULTS: Final = {
    "site": N_("Le numéro de facturation compte 9 caractères : recopiez-le de la liste des sites."),
    "last": N_("Le dernier jour vient après le premier, et pas avant aujourd’hui."),
    "role": N_("Choisissez un rôle."),
    "answers": N_("Une personne de l’équipe sans numéro travaille sous quelqu’un du site. Dites qui en répond."),
    "answers-unknown": N_("Aucun professionnel ni responsable de ce site, ou plusieurs, ne finissent ainsi."),
}
_SITE: Final = re.compile(r"[0-9][0-9AB][0-9]{7}")
_ACCOUNT: Final = re.compile(r"a[0-9a-z]{15}|")
_ENDING: Final = re.compile(r"[0-9a-z]{4}|a[0-9a-z]{15}")
STAFF: Final = "staff"
ANSWERING: Final = ("professional", "manager")
"""Who may answer for staff without a number of their own."""
_YEAR: Final = timedelta(days=365)


def inviting_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/bureau/invitations…`."""
    return [*_asking(pages), *_signing(pages)]


def _asking(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def asked(request: Asked, site: FromQuery[str] = "") -> Response[Any]:
        typed = Form((("site", site if _SITE.fullmatch(site) else ""),))

        async def shown(live: SignedIn) -> Response[Any]:
            return _page(pages, request, live, typed)

        return await inside(pages, request, shown, desk=True)

    @post(HERE + "/relire", status_code=200)
    async def reread(request: Asked) -> Response[Any]:
        form = await read(request)

        async def shown(live: SignedIn) -> Response[Any]:
            try:
                told, wrong = await _answered(pages, live, form)
            except NoAnswerError:
                return _page(pages, request, live, form, refusal=refusals.away())
            wanted = None if wrong else _action(pages, told)
            if wanted is None:
                return _page(pages, request, live, form, wrong=wrong or ("role",))
            values = {
                "lines": [(name, said, value or "–") for name, said, value in shown_lines(wanted)],
                "fields": _fields(pages, told), "role": ROLES[form.one["role"]],
            }  # fmt: skip
            return pages.page(request, "desk_invite_sign.html", values, Shown(live))

        return await inside(pages, request, shown, desk=True)

    return [asked, reread]


def _signing(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        form = await read(request)

        async def made(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, None if _wrong(pages, form) else _action(pages, form))

        return await inside(pages, request, made, desk=True)

    @post(HERE, status_code=200)
    async def invite(request: Asked) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None or _wrong(pages, form):
                return _page(pages, request, live, form, refusal=desk_refusals.of(Problem("", 422, "passkey-refused")))
            wish = DeskInviteRequest(
                **_fields(pages, form), challenge=form.one.get("challenge", ""), signed=part(signed)
            )  # fmt: skip
            try:
                found = await pages.portal.hub.perform(live, desk.invite(wish))
            except NoAnswerError:
                return _page(pages, request, live, form, refusal=refusals.away())
            return _answer(pages, request, live, found, form=form)

        return await inside(pages, request, done, desk=True)

    return [challenge, invite]


def _answer(
    pages: Pages, request: Asked, live: SignedIn, found: DeskCode | Problem, *, form: Form
) -> Response[Any]:  # fmt: skip
    if not isinstance(found, Problem):
        values = {**_fields(pages, form), "done": found, "role": ROLES[form.one["role"]], "account": found.account}
        return pages.page(request, "desk_invited.html", values, Shown(live))
    refusal = desk_refusals.of(found)
    if refusal.kind is Kind.AMISS or found.code == "not-found":
        where = desk_refusals.of(Problem("", 422, desk_refusals.SITE_ABSENT)) if found.code == "not-found" else refusal
        return _page(pages, request, live, form, refusal=where)
    return refused(pages, request, live, found)


def _fields(pages: Pages, form: Form) -> dict[str, str]:
    """What is signed and sent: of a desk's role neither site nor days."""
    one, operator = form.one, pages.portal.settings.operator.id
    at_site = one.get("role", "") in SITE_ROLES
    return {
        "role": one.get("role", ""), "place": _number(form) if at_site else operator,
        "first": one.get("first", "") if at_site else "", "last": one.get("last", "") if at_site else "",
        "account": one.get("account", ""),
        "accountable": one.get("accountable", "") if one.get("role") == STAFF else "",
    }  # fmt: skip


async def _answered(pages: Pages, live: SignedIn, form: Form) -> tuple[Form, tuple[str, ...]]:
    """The form with who answers for staff, found among the site's people by how the account ends; and what is wrong.

    Raises `NoAnswerError`.
    """
    wrong = _wrong(pages, form, answered=False)
    if wrong or form.one.get("role") != STAFF:
        return form, wrong
    if form.one.get("number"):
        return Form((("accountable", desk.HAS_NUMBER), *form.pairs)), ()
    typed = re.sub(r"\s", "", form.one.get("answers", "")).lower()
    if not typed:
        return form, ("answers",)
    found = await pages.portal.hub.perform(live, desk.site(_number(form))) if _ENDING.fullmatch(typed) else None
    people = found.accounts if isinstance(found, DeskSiteAccounts) else ()
    named = {one.account for one in people if one.role in ANSWERING and one.account.endswith(typed)}
    if len(named) != 1:
        return form, ("answers-unknown",)
    return Form((("accountable", named.pop()), *form.pairs)), ()


def _number(form: Form) -> str:
    """The site, as typed or as the page that is signed holds it."""
    return re.sub(r"\s", "", form.one.get("site", "") or form.one.get("place", "")).upper()


def _action(pages: Pages, form: Form) -> Signable | None:
    told = _fields(pages, form)
    operator = pages.portal.settings.operator.id
    days = told["first"], told["last"]
    return desk.invitation(
        operator, told["role"], told["place"], days=days, account=told["account"], accountable=told["accountable"]
    )  # fmt: skip


def _wrong(pages: Pages, form: Form, *, answered: bool = True) -> tuple[str, ...]:
    """The fields that cannot be right. `answered`: who answers for staff was looked for already."""
    told = _fields(pages, form)
    if told["role"] not in INVITED or not _ACCOUNT.fullmatch(told["account"]):
        return ("role",)
    if answered and told["role"] == STAFF and not told["accountable"]:
        return ("answers",)
    if told["role"] not in SITE_ROLES:
        return ()
    good = {"site": _SITE.fullmatch(told["place"]) is not None, "last": _days_fit(pages, told["first"], told["last"])}
    return tuple(name for name, fine in good.items() if not fine)


def _days_fit(pages: Pages, first: str, last: str) -> bool:
    try:
        return date.fromisoformat(first) <= date.fromisoformat(last) and date.fromisoformat(last) >= _today(pages)
    except ValueError:
        return False


def _today(pages: Pages) -> date:
    """Of Greenwich: days are proposals, the hub reads them at the site."""
    return datetime.fromtimestamp(pages.portal.clock(), UTC).date()


def _page(
    pages: Pages, request: Asked, live: SignedIn, form: Form, *, wrong: tuple[str, ...] = (),
    refusal: Refusal | None = None,
) -> Response[Any]:  # fmt: skip
    today, said = _today(pages), form.one.get("accountable", "")
    own = said == desk.HAS_NUMBER
    values = {
        "typed": {
            "role": form.one.get("role", ""), "site": _number(form),
            "first": form.one.get("first", "") or today.isoformat(),
            "last": form.one.get("last", "") or (today + _YEAR).isoformat(),
            "answers": form.one.get("answers", "") or ("" if own else said),
            "number": form.one.get("number", "") or own,
        },
        "invited": INVITED, "roles": ROLES, "faults": FAULTS, "wrong": wrong, "refusal": refusal,
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "desk_invite.html", values, Shown(live, status=status))
