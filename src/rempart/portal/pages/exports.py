"""A file that tells many invoices: its taker signs, then downloads; a colleague signs beside for the largest.

The same pages at a site (an advice) and at an insurer's desk (a settlement file).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response import Redirect

from rempart.client import calls, exports, insurer_desk
from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.exports import Export
from rempart.client.own_bank import Signable
from rempart.portal import refusals
from rempart.portal.pages.entry import STATUS, assertion_of
from rempart.portal.pages.forms import Form, read
from rempart.portal.pages.inside import ended, inside
from rempart.portal.pages.insurer_shown import At, at_insurer
from rempart.portal.pages.reading import NOT_THEIRS, NoPageError, refused, told
from rempart.portal.pages.signing import challenge_of, part, shown_lines
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.wire.exports import ExportAsked, ExportList
from rempart.wire.payments import RemittanceAdvice
from rempart.wire.problem import Problem

T = TypeVar("T")
SECONDS: Final = frozenset({"professional", "manager", "insurer-manager"})
"""Roles that are asked for a second signature; the hub's table decides."""
NEEDS: Final = frozenset({exports.NEEDS_SIGNATURE, exports.NEEDS_SECOND})


class Where(NamedTuple):
    """The address below which files of a kind are, and whether it is an insurer's desk."""

    here: str
    what: str
    desk: bool


SITE: Final = Where("/paiements", exports.REMITTANCE, desk=False)
DESK: Final = Where("/assureur/fonds", exports.SETTLEMENT, desk=True)


class Here(NamedTuple):
    """One request of somebody who is signed in."""

    pages: Pages
    request: Asked
    live: SignedIn
    where: Where

    def page(self, template: str, values: Mapping[str, object], refusal: Refusal | None = None) -> Response[Any]:
        """One page, with what was refused on it."""
        status = 200 if refusal is None else STATUS[refusal.kind]
        whole = {**values, "where": self.where, "refusal": refusal}
        return self.pages.page(self.request, template, whole, Shown(self.live, status=status))

    def absent(self) -> NoPageError:
        """To be raised."""
        return NoPageError(self.pages.page(self.request, "not_found.html", {}, Shown(self.live, status=404)))

    async def told(self, call: Call[T]) -> T:
        """The hub's answer. Raises `NoPageError`."""
        return await told(self.pages, self.request, self.live, call)

    async def challenge(self, export: Export, *, second: bool) -> Response[Any]:
        """What the passkey signs."""
        return await challenge_of(self.pages, self.request, self.live, self.action(export, second=second))

    def action(self, export: Export, *, second: bool) -> Signable | None:
        """What is read and signed."""
        live, operator = self.live, self.pages.portal.settings.operator.id
        return exports.action(operator, live.site or live.insurer, export, second=second)

    def lines(self, export: Export, *, second: bool) -> tuple[tuple[str, str, str], ...]:
        """The same as a page shows it. Raises `NoPageError`."""
        signed = self.action(export, second=second)
        if signed is None:
            raise self.absent()
        return shown_lines(signed)


class Standing(NamedTuple):
    """What is signed for a file: until when each of the two stands, "" for none; `two`: a second person signs too."""

    export: Export
    limits: ExportList
    until: str
    second: str

    @property
    def two(self) -> bool:
        return self.export.invoices > self.limits.second_above

    @property
    def whole(self) -> bool:
        return bool(self.until and (self.second or not self.two))


def export_routes(pages: Pages) -> list[HTTPRouteHandler]:
    """`…/signer` of one file and `…/signatures` of colleagues', at sites and at insurers' desks."""
    return [route for where in (SITE, DESK) for route in (*_own(pages, where), *_second(pages, where))]


async def given(pages: Pages, request: Asked, live: SignedIn, call: Call[T], *, sign: str) -> T:
    """The hub's answer. Raises `NoPageError`, to the page `sign` where a signature is wanted first."""
    try:
        found = await pages.portal.hub.perform(live, call)
    except NoAnswerError:
        raise NoPageError(pages.refused(request, refusals.away(), Shown(live, status=503))) from None
    if isinstance(found, Problem):
        asks = found.code in NEEDS
        raise NoPageError(Redirect(sign, status_code=303) if asks else refused(pages, request, live, found))
    return found


async def wanted(pages: Pages, request: Asked, live: SignedIn, where: Where) -> tuple[ExportAsked, ...]:
    """What colleagues asked for and waits for this person's signature. Raises `NoPageError`."""
    if live.role not in SECONDS:
        return ()
    found = await told(pages, request, live, exports.exports(desk=where.desk))
    return tuple(one for one in found.exports if one.taker != live.account and not one.second_until)


def told_by(advice: RemittanceAdvice) -> int:
    """How many invoices an advice tells, as the hub counts them: paid, rejected and taken back."""
    return sum(len(each.invoices) for each in advice.insurers) + len(advice.rejected) + len(advice.deductions)


Work = Callable[[Here], Awaitable[Response[Any]]]


async def _within(pages: Pages, request: Asked, where: Where, work: Work) -> Response[Any]:
    """For people of a site, or of an insurer; `work` may raise `NoPageError`."""

    async def at_site(live: SignedIn) -> Response[Any]:
        try:
            return await work(Here(pages, request, live, where))
        except NoPageError as no:
            return no.response

    async def at_desk(at: At) -> Response[Any]:
        return await work(Here(pages, request, at.live, where))

    return await (at_insurer(pages, request, at_desk) if where.desk else inside(pages, request, at_site))


# --- one's own ---


def _own(pages: Pages, where: Where) -> list[HTTPRouteHandler]:
    path = where.here + "/{identity:uuid}/signer"

    @get(path)
    async def stands(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        async def work(here: Here) -> Response[Any]:
            return _page(here, await _standing(here, identity))

        return await _within(pages, request, where, work)

    @post(path + "/defi", status_code=200)
    async def challenge(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        async def work(here: Here) -> Response[Any]:
            return await here.challenge((await _standing(here, identity)).export, second=False)

        return await _within(pages, request, where, work)

    @post(path)
    async def sign(request: Asked, identity: FromPath[UUID]) -> Response[Any]:
        form = await read(request)

        async def work(here: Here) -> Response[Any]:
            found = await _standing(here, identity)
            refusal = await _signed(here, found.export, form)
            if refusal is None:
                return Redirect(f"{where.here}/{identity}/signer", status_code=303)
            return _page(here, found, refusal)

        return await _within(pages, request, where, work)

    return [stands, challenge, sign]


async def _standing(here: Here, identity: UUID) -> Standing:
    """Raises `NoPageError`: absent, or small enough to need nothing."""
    where, me = here.where, here.live.account
    if where.desk:
        files = (await here.told(insurer_desk.settlements())).settlements
        invoices, back = next((one.rows for one in files if one.settlement == str(identity)), 0), where.here
    else:
        invoices, back = told_by(await here.told(calls.remittance(str(identity)))), f"{where.here}/{identity}"
    limits = await here.told(exports.exports(desk=where.desk))
    if invoices <= limits.signed_above:
        raise NoPageError(Redirect(back, status_code=303))
    own = [one for one in limits.exports if (one.document, one.taker) == (str(identity), me)]
    enough = [one for one in own if one.invoices >= invoices]
    now = here.pages.portal.clock()
    until, second = _latest([one.until for one in enough], now), _latest([one.second_until for one in enough], now)
    return Standing(Export(where.what, str(identity), invoices, me), limits, until, second)


def _latest(instants: list[str], now: float) -> str:
    """The last of those that are still to come, "" when none is."""
    return max((one for one in instants if one and datetime.fromisoformat(one).timestamp() > now), default="")


def _page(here: Here, found: Standing, refusal: Refusal | None = None) -> Response[Any]:
    values = {
        "stands": found, "lines": here.lines(found.export, second=False),
        "here": f"{here.where.here}/{found.export.document}",
    }  # fmt: skip
    return here.page("export_sign.html", values, refusal)


# --- a colleague's ---


def _second(pages: Pages, where: Where) -> list[HTTPRouteHandler]:
    path = where.here + "/signatures/{number:int}"

    @get(path)
    async def one(request: Asked, number: FromPath[int]) -> Response[Any]:
        async def work(here: Here) -> Response[Any]:
            return _second_page(here, await _asked(here, number))

        return await _within(pages, request, where, work)

    @post(path + "/defi", status_code=200)
    async def challenge(request: Asked, number: FromPath[int]) -> Response[Any]:
        async def work(here: Here) -> Response[Any]:
            return await here.challenge(_export(await _asked(here, number)), second=True)

        return await _within(pages, request, where, work)

    @post(path)
    async def sign(request: Asked, number: FromPath[int]) -> Response[Any]:
        form = await read(request)

        async def work(here: Here) -> Response[Any]:
            found = await _asked(here, number)
            refusal = await _signed(here, _export(found), form)
            return _second_page(here, found, refusal) if refusal else Redirect(where.here, status_code=303)

        return await _within(pages, request, where, work)

    return [one, challenge, sign]


async def _asked(here: Here, number: int) -> ExportAsked:
    """What waits under that number; anything else is not found. Raises `NoPageError`."""
    found = await wanted(*here)
    one = next((each for each in found if each.number == number), None)
    if one is None:
        raise here.absent()
    return one


def _second_page(here: Here, found: ExportAsked, refusal: Refusal | None = None) -> Response[Any]:
    values = {"asked": found, "lines": here.lines(_export(found), second=True)}
    return here.page("export_second.html", values, refusal)


def _export(found: ExportAsked) -> Export:
    return Export(found.what, found.document, found.invoices, found.taker)


async def _signed(here: Here, export: Export, form: Form) -> Refusal | None:
    """What came of a signature: None when it stands. Raises `NoPageError` when the session is over."""
    signed = assertion_of(form)
    if signed is None:
        return refusals.of(Problem("", 422, "passkey-refused"))
    try:
        call = exports.sign(export, form.one.get("challenge", ""), part(signed))
        found = await here.pages.portal.hub.perform(here.live, call)
    except NoAnswerError:
        return refusals.away()
    if not isinstance(found, Problem):
        return None
    refusal = refusals.of(found)
    if refusal.kind in {Kind.OVER, Kind.STOPPED} and found.code != NOT_THEIRS:
        raise NoPageError(ended(here.pages, here.request, found))
    return refusal
