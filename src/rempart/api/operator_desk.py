"""`/v1/desk/sites…`, `/v1/desk/accounts…`, `/v1/desk/invitations`: what an operator's agents see and change.

Of their own operator alone; another one's sites and accounts are absent. Accounts are ids, whose they are is known to
no hub. An invitation is signed by the agent's passkey, and the keeper verifies it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from rempart.api.account_routes import ABSENT, CONFLICT, signed_of
from rempart.api.codes import Codes
from rempart.api.desk_door import PORTAL, DeskDoor
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import bytes_of, read_body
from rempart.application.operator_desk import DeskBooks, DeskKeeper, Told, Wish, invite
from rempart.application.own_bank import Proof
from rempart.application.together import Unavailable
from rempart.application.tokens import Refusal, TokenFacts
from rempart.domain.authorities import SITE_ROLES
from rempart.domain.identifiers import parse_site
from rempart.gateways.messages import INVITATION
from rempart.ground.instants import PARIS, civil_date, day_from_number, iso, start_of_day
from rempart.storage import operator_desk as stored
from rempart.wire.operator_desk import (
    MOST_SITES,
    DeskAccount,
    DeskAccounts,
    DeskCode,
    DeskInviteRequest,
    DeskSite,
    DeskSiteAccounts,
    DeskSites,
    DeskStandingRequest,
)
from rempart.wire.problem import FieldError
from rempart.wire.sign_in import MOST

Asked = Request[Any, Any, Any]


class At(NamedTuple):
    """Who asks, at whose desk, and when (microseconds UTC)."""

    held: TokenFacts
    operator: str
    instant: int


Work = Callable[[At], Awaitable[Response[Any]]]
TAGS = ["desk"]
Begins = Annotated[str, QueryParameter(name="number", max_length=9, description="How the billing number begins.")]
After = Annotated[str, QueryParameter(name="after", max_length=9, description="The `next` of the last answer.")]
_BEGINS = re.compile(r"[0-9AB]{0,9}")
_ACCOUNT = re.compile(r"a[0-9a-z]{15}")


def operator_desk_routes(door: DeskDoor, keeper: DeskKeeper, books: DeskBooks) -> list[HTTPRouteHandler]:
    """The eight handlers."""
    return [
        *_sites(door, keeper), *_accounts(door, keeper), *_standings(door), _end_codes(door, keeper),
        _invite(door, keeper, books),
    ]  # fmt: skip


async def at_desk(door: DeskDoor, request: Asked, work: Work) -> Response[Any]:
    """In the session of who may; another hub's trouble is `unavailable`."""
    instant = door.desk.state.instants.next()
    held = await door.held(request, instant)
    if isinstance(held, Response):
        return held
    try:
        return await work(At(held, held.vendor.removeprefix(PORTAL), instant))
    except Unavailable:
        return refused("unavailable")


def done(refusal: str) -> Response[Any]:
    """204, or the refusal."""
    return refused("not-found" if refusal == "account-unknown" else shown(refusal)) if refusal else raw(204, b"")


def _sites(door: DeskDoor, keeper: DeskKeeper) -> list[HTTPRouteHandler]:
    @get("/v1/desk/sites", tags=TAGS, operation_id="DeskListSites", responses=REFUSALS)
    async def sites(request: Asked, number: Begins = "", after: After = "") -> Response[DeskSites]:
        async def work(at: At) -> Response[Any]:
            wrong = [name for name, value in (("number", number), ("after", after)) if not _BEGINS.fullmatch(value)]
            if wrong:
                return refused("invalid-fields", tuple(FieldError(name, "not-a-number") for name in wrong))
            day = civil_date(at.instant, PARIS)
            async with door.desk.databases.lend() as database:
                found = await stored.sites(
                    database, at.operator, day, prefix=number, after=after, most=MOST_SITES + 1
                )  # fmt: skip
                count = await stored.sites_in_all(database, at.operator)
            more = found[MOST_SITES - 1].site if len(found) > MOST_SITES else ""
            told = DeskSites(tuple(DeskSite(*each) for each in found[:MOST_SITES]), more, count)
            return raw(200, msgspec.json.encode(told))

        return await at_desk(door, request, work)

    @get("/v1/desk/sites/{site:str}", tags=TAGS, operation_id="DeskReadSite", responses=REFUSALS | ABSENT)
    async def site(site: FromPath[str], request: Asked) -> Response[DeskSiteAccounts]:
        async def work(at: At) -> Response[Any]:
            day = civil_date(at.instant, PARIS)
            async with door.desk.databases.lend() as database:
                found = await stored.site(database, at.operator, site, day) if parse_site(site) == site else None
                people = await stored.at_site(database, at.operator, site, day) if found else []
            if found is None:
                return refused("not-found")
            told = await _told(keeper, at.held, people, at.instant)
            if isinstance(told, Response):
                return told
            return raw(200, msgspec.json.encode(DeskSiteAccounts(DeskSite(*found), told)))

        return await at_desk(door, request, work)

    return [sites, site]


def _accounts(door: DeskDoor, keeper: DeskKeeper) -> list[HTTPRouteHandler]:
    @get("/v1/desk/accounts", tags=TAGS, operation_id="DeskListAccounts", responses=REFUSALS)
    async def accounts(request: Asked) -> Response[DeskAccounts]:
        async def work(at: At) -> Response[Any]:
            async with door.desk.databases.lend() as database:
                found = await stored.at_desks(database, at.operator, civil_date(at.instant, PARIS))
            told = await _told(keeper, at.held, found, at.instant)
            return told if isinstance(told, Response) else raw(200, msgspec.json.encode(DeskAccounts(told)))

        return await at_desk(door, request, work)

    @get("/v1/desk/accounts/{account:str}", tags=TAGS, operation_id="DeskReadAccount", responses=REFUSALS | ABSENT)
    async def one(account: FromPath[str], request: Asked) -> Response[DeskAccounts]:
        async def work(at: At) -> Response[Any]:
            day = civil_date(at.instant, PARIS)
            async with door.desk.databases.lend() as database:
                found = await stored.account(database, at.operator, account, day) if _ACCOUNT.fullmatch(account) else []
            if not found:
                return refused("not-found")
            told = await _told(keeper, at.held, found, at.instant)
            return told if isinstance(told, Response) else raw(200, msgspec.json.encode(DeskAccounts(told)))

        return await at_desk(door, request, work)

    return [accounts, one]


def _standings(door: DeskDoor) -> list[HTTPRouteHandler]:
    async def written(request: Asked, kind: str, of: str) -> Response[Any]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskStandingRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            async with door.desk.databases.lend() as database:
                refusal = await stored.set_standing(
                    database, at.held.client, (kind, of), standing=asked.standing, instant=at.instant
                )  # fmt: skip
            return done(refusal)

        return await at_desk(door, request, work)

    @post(
        "/v1/desk/sites/{site:str}/standing", status_code=204, tags=TAGS, operation_id="DeskSetSiteStanding",
        responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def site_standing(site: FromPath[str], request: Asked) -> Response[None]:
        return await written(request, "site", site)

    @post(
        "/v1/desk/accounts/{account:str}/standing", status_code=204, tags=TAGS, operation_id="DeskSetAccountStanding",
        responses=REFUSALS | ABSENT | CONFLICT,
    )  # fmt: skip
    async def account_standing(account: FromPath[str], request: Asked) -> Response[None]:
        return await written(request, "account", account)

    return [site_standing, account_standing]


def _end_codes(door: DeskDoor, keeper: DeskKeeper) -> HTTPRouteHandler:
    @post(
        "/v1/desk/accounts/{account:str}/codes/end", status_code=204, tags=TAGS, operation_id="DeskEndCodes",
        responses=REFUSALS | ABSENT,
    )  # fmt: skip
    async def end(account: FromPath[str], request: Asked) -> Response[None]:
        async def work(at: At) -> Response[Any]:
            return done(await keeper.end_codes(at.held, account, at.instant))

        return await at_desk(door, request, work)

    return end


def _invite(door: DeskDoor, keeper: DeskKeeper, books: DeskBooks) -> HTTPRouteHandler:
    codes = Codes(door.desk.state.settings)

    @post(
        "/v1/desk/invitations", status_code=200, tags=TAGS, operation_id="DeskInvite",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def invited(request: Asked) -> Response[DeskCode]:
        async def work(at: At) -> Response[Any]:
            asked = read_body(DeskInviteRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            wish, proof = _wish(door, asked), proof_of(asked)
            if isinstance(wish, Response):
                return wish
            if isinstance(proof, Response):
                return proof
            found = await invite(keeper, books, at.held, wish, proof=proof, instant=at.instant)
            if isinstance(found, Refusal):
                return done(found.code)
            made = (found.account, found.code, found.expires)
            return await codes.divided(INVITATION, wish.place, made, held=at.held, instant=at.instant)

        return await at_desk(door, request, work)

    return invited


def proof_of(asked: Any) -> Proof | Response[Any]:
    """The signed challenge of a request, decoded; or the refusal to answer with."""
    read, signed = bytes_of(asked, "challenge"), signed_of(asked.signed)
    if isinstance(read, Response):
        return read
    return signed if isinstance(signed, Response) else Proof(read[0], signed)


def _wish(door: DeskDoor, asked: DeskInviteRequest) -> Wish | Response[Any]:
    """The mandate's bounds are those of the days at the site; of a desk's role there are none."""
    if asked.role not in SITE_ROLES:
        return Wish(asked.account, asked.role, asked.place, asked.first, asked.last, 0, 0, asked.accountable)
    days, wrong = [], []
    for name in ("first", "last"):
        try:
            days.append(date.fromisoformat(getattr(asked, name)))
        except ValueError:
            wrong.append(FieldError(name, "not-a-date"))
    if wrong or not date.min < days[0] <= days[1] < date.max:
        return refused("invalid-fields", tuple(wrong) or (FieldError("last", "before-first"),))
    place = door.desk.state.facts.snapshot.sites.get(asked.place)
    if place is None:
        return refused("not-found")
    start, end = start_of_day(days[0], place.zone), start_of_day(days[1] + timedelta(1), place.zone)
    first, last = days[0].isoformat(), days[1].isoformat()
    return Wish(asked.account, asked.role, asked.place, first, last, start, end, asked.accountable)


async def _told(
    keeper: DeskKeeper, held: TokenFacts, rows: Sequence[stored.Account], instant: int
) -> tuple[DeskAccount, ...] | Response[Any]:
    """Rows with what the keeper has of each account."""
    found = await keeper.told(held, sorted({row.account for row in rows}), instant) if rows else {}
    if isinstance(found, Refusal):
        return refused(shown(found.code))
    return tuple(_account(row, found.get(row.account)) for row in rows)


def _account(row: stored.Account, told: Told | None) -> DeskAccount:
    known = told or Told(row.account, 0, 0, 0, 0, ended=False)
    return DeskAccount(
        row.account, row.role, row.standing, civil_date(row.invited, PARIS).isoformat(), row.insurer, row.site,
        row.first.isoformat() if row.first else "", row.last.isoformat() if row.last else "", known.passkeys,
        day_from_number(known.used).isoformat() if known.used else "", iso(known.code) if known.code else "",
        iso(known.probation) if known.probation else "", known.ended, row.here,
    )  # fmt: skip
