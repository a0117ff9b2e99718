"""The account on which the site is paid: what is paid today, the change that waits, and a new account that one signs.

An account is typed twice, shown once to be read again and signed, and never again but for its last four characters.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect
from stdnum import iban as number

from rempart.client import own_bank
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.reading import NOT_THEIRS, NoPageError, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_
from rempart.wire.bank_details import BankChangeState, BankDetailsState, BankProposal
from rempart.wire.problem import Problem

HERE: Final = "/site-et-equipe/compte"
NAME_MOST: Final = 70
FAULTS: Final = {
    "iban": N_("Ce numéro n’est pas un IBAN : recopiez-le du RIB, en entier."),
    "again": N_("Les deux numéros ne sont pas les mêmes : retapez le second."),
    "name": N_("Écrivez le titulaire comme sur le RIB, en 70 signes au plus."),
}
WHY_NOT: Final = {
    "role": (N_("Un responsable du site change de compte"), N_("Demandez-le-lui : votre rôle ne le permet pas.")),
    "manager-signs": (
        N_("Le responsable du site change de compte"),
        N_("Ce site a un responsable : c’est lui qui signe le nouveau compte."),
    ),
    "on-probation": (
        N_("Pas encore : ce compte est en période de prudence"),
        N_("Pour changer de compte bancaire, connectez-vous avec une clé d’accès ; après un accès rendu, attendez 72 "
           "heures."),
    ),
}  # fmt: skip


def bank_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`/site-et-equipe/compte…`."""
    return [*_reading(pages), *_proposing(pages), *_approving(pages), _cancelling(pages)]


def _reading(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE)
    async def stands(request: Asked) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            return await _page(pages, request, live)

        return await inside(pages, request, shown)

    @post(HERE + "/relire", status_code=200)
    async def reread(request: Asked) -> Response[Any]:
        form = await read(request)

        async def shown(live: SignedIn) -> Response[Any]:
            name = own_bank.spelled_name(form.one.get("name", ""))
            iban, again = (own_bank.spelled_iban(form.one.get(each, "")) for each in ("iban", "again"))
            good = {"iban": number.is_valid(iban), "again": again == iban, "name": 0 < len(name) <= NAME_MOST}
            if not all(good.values()):
                return await _page(pages, request, live, wrong=tuple(key for key, fine in good.items() if not fine))
            wanted = _proposal(pages, live, str(uuid4()), (name, iban))
            if wanted is None:
                return await _page(pages, request, live, wrong=("name",))
            return _to_sign(pages, request, live, wanted=wanted)

        return await inside(pages, request, shown)

    return [stands, reread]


def _proposing(pages: Pages) -> list[HTTPRouteHandler]:
    @post(HERE + "/defi", status_code=200)
    async def challenge(request: Asked) -> Response[Any]:
        form = await read(request)

        async def asked(live: SignedIn) -> Response[Any]:
            return await challenge_of(pages, request, live, _typed(pages, live, form))

        return await inside(pages, request, asked)

    @post(HERE)
    async def propose(request: Asked) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            wanted = _typed(pages, live, form)
            if signed is None or wanted is None:
                return await _page(pages, request, live, refusal=_unread())
            *_, change, name, iban = wanted.fields
            wish = BankProposal(change, name, iban, form.one.get("challenge", ""), part(signed))
            try:
                found = await pages.portal.hub.perform(live, own_bank.propose(wish))
            except NoAnswerError:
                return await _page(pages, request, live, refusal=refusals.away())
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return [challenge, propose]


def _approving(pages: Pages) -> list[HTTPRouteHandler]:
    @get(HERE + "/{change:uuid}")
    async def one(request: Asked, change: FromPath[UUID]) -> Response[Any]:
        async def shown(live: SignedIn) -> Response[Any]:
            try:
                waiting, wanted = await _waiting(pages, request, live, change)
            except NoPageError as no:
                return no.response
            return _to_sign(pages, request, live, wanted=wanted, waiting=waiting)

        return await inside(pages, request, shown)

    @post(HERE + "/{change:uuid}/defi", status_code=200)
    async def challenge(request: Asked, change: FromPath[UUID]) -> Response[Any]:
        async def asked(live: SignedIn) -> Response[Any]:
            try:
                _, wanted = await _waiting(pages, request, live, change)
            except NoPageError:
                return await challenge_of(pages, request, live, None)
            return await challenge_of(pages, request, live, wanted)

        return await inside(pages, request, asked)

    @post(HERE + "/{change:uuid}")
    async def approve(request: Asked, change: FromPath[UUID]) -> Response[Any]:
        form = await read(request)
        signed = assertion_of(form)

        async def done(live: SignedIn) -> Response[Any]:
            if signed is None:
                return await _page(pages, request, live, refusal=_unread())
            wish = own_bank.approve(str(change), form.one.get("challenge", ""), part(signed))
            try:
                found = await pages.portal.hub.perform(live, wish)
            except NoAnswerError:
                return await _page(pages, request, live, refusal=refusals.away())
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return [one, challenge, approve]


def _cancelling(pages: Pages) -> HTTPRouteHandler:
    @post(HERE + "/{change:uuid}/arreter")
    async def cancel(request: Asked, change: FromPath[UUID]) -> Response[Any]:
        async def done(live: SignedIn) -> Response[Any]:
            try:
                found = await pages.portal.hub.perform(live, own_bank.cancel(str(change)))
            except NoAnswerError:
                return await _page(pages, request, live, refusal=refusals.away())
            return await _answer(pages, request, live, found)

        return await inside(pages, request, done)

    return cancel


def _unread() -> Refusal:
    return refusals.of(Problem("", 422, "passkey-refused"))


def _proposal(pages: Pages, live: SignedIn, change: str, account: tuple[str, str]) -> Signable | None:
    """`account`: holder and IBAN."""
    name, iban = account
    return own_bank.proposal(pages.portal.settings.operator.id, live.site, change, name=name, iban=iban)


def _typed(pages: Pages, live: SignedIn, form: Form) -> Signable | None:
    """The action as the page that is signed holds it."""
    change, name, iban = (form.one.get(each, "") for each in ("change", "name", "iban"))
    return _proposal(pages, live, change, (name, iban)) if change and name and number.is_valid(iban) else None


async def _waiting(
    pages: Pages, request: Asked, live: SignedIn, change: UUID
) -> tuple[BankChangeState, Signable]:  # fmt: skip
    """The change that waits for this second person, and what is signed; anything else is not found."""
    stands: BankDetailsState = await told(pages, request, live, own_bank.bank_details())
    found = stands.waiting
    if found is None or found.change != str(change) or live.role != "manager" or found.proposed_by == live.account:
        raise NoPageError(pages.page(request, "not_found.html", {}, Shown(live, status=404)))
    operator = pages.portal.settings.operator.id
    wanted = own_bank.approval(
        operator, live.site, found.change, proposed_by=found.proposed_by, ending=found.ending
    )  # fmt: skip
    if wanted is None or found.state != "proposed":
        raise NoPageError(pages.page(request, "not_found.html", {}, Shown(live, status=404)))
    return found, wanted


def _to_sign(
    pages: Pages, request: Asked, live: SignedIn, *, wanted: Signable, waiting: BankChangeState | None = None
) -> Response[Any]:
    values = {
        "lines": shown_lines(wanted), "fields": dict(wanted.shown()), "waiting": waiting,
        "here": HERE if waiting is None else f"{HERE}/{waiting.change}",
    }  # fmt: skip
    return pages.page(request, "bank_sign.html", values, Shown(live))


async def _answer(pages: Pages, request: Asked, live: SignedIn, found: object) -> Response[Any]:
    """Back to where the account stands; or the page with what is amiss."""
    if not isinstance(found, Problem):
        return Redirect(HERE, status_code=303)
    refusal = refusals.of(found)
    if found.code == "not-found":
        return pages.page(request, "not_found.html", {}, Shown(live, status=404))
    if refusal.kind in {Kind.OVER, Kind.STOPPED} and found.code != NOT_THEIRS:
        return ended(pages, request, found)
    return await _page(pages, request, live, refusal=refusal)


async def _page(
    pages: Pages, request: Asked, live: SignedIn, *, wrong: tuple[str, ...] = (), refusal: Refusal | None = None
) -> Response[Any]:
    try:
        stands = await told(pages, request, live, own_bank.bank_details())
    except NoPageError as no:
        return no.response
    values = {
        "stands": stands, "me": live.account, "manager": live.role == "manager", "wrong": wrong, "faults": FAULTS,
        "refusal": refusal, "why": WHY_NOT.get(stands.why_not), "stops": live.role in {"manager", "professional"},
    }  # fmt: skip
    status = 422 if wrong else 200 if refusal is None else STATUS[refusal.kind]
    return pages.page(request, "bank.html", values, Shown(live, status=status))
