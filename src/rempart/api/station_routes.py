"""`/v1/stations…` and `/v1/delegations…`: workstations that people share, and locums, by the site's manager.

`/v1/sign-in/pin` is for who is not signed in yet: a portal's proof, and the workstation's signature, which the keeper
verifies as it verifies a passkey's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from rempart.api.account_routes import ABSENT, CONFLICT, signed_of, within
from rempart.api.problems import problem
from rempart.api.problems_people import shown
from rempart.api.routes import REFUSALS, raw, refused
from rempart.api.sign_in_routes import SignInDesk, by_portal, bytes_of, read_body
from rempart.application.stations import CodeAsked, Delegation, NewStation, Pin, Stations
from rempart.application.tokens import Refusal, TokenFacts
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.sealing.invitations import locum_code_hash
from rempart.wire.problem import FieldError, encode
from rempart.wire.sign_in import MOST, told_device
from rempart.wire.stations import (
    DelegationClaim,
    DelegationCode,
    DelegationCodeRequest,
    DelegationRequest,
    DelegationTaken,
    PinRequest,
    SeatAnswer,
    SeatRequest,
    StationEnrolled,
    StationList,
    StationRequest,
    StationState,
)

Asked = Request[Any, Any, Any]
ABSENT_CODES = frozenset({"account-unknown", "station-unknown"})
STATION_BYTES, SEAT_BYTES = 16, 8


def station_routes(desk: SignInDesk, stations: Stations) -> list[HTTPRouteHandler]:
    """The nine handlers."""
    listed = [_enrol(desk, stations), _list(desk, stations), _end(desk, stations), _sit(desk, stations)]
    locums = [_delegate(desk, stations), _give_code(desk, stations), _take(desk, stations)]
    return [*listed, _pin(desk, stations), *locums, _end_delegation(desk, stations)]


def _done(refusal: str) -> Response[Any]:
    return raw(204, b"") if not refusal else _no(refusal)


def _no(refusal: str) -> Response[Any]:
    return refused("not-found" if refusal in ABSENT_CODES else shown(refusal))


def _enrol(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/stations", status_code=201, tags=["sign-in"], operation_id="EnrolStation", responses=REFUSALS | CONFLICT,
        request_max_body_size=MOST,
    )  # fmt: skip
    async def enrol(request: Asked) -> Response[StationEnrolled]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(StationRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read, signed = bytes_of(asked, "key", "challenge"), signed_of(asked.signed)
            if isinstance(read, Response):
                return read
            if isinstance(signed, Response):
                return signed
            key, challenge = read
            found = await stations.keeper.enrol(held, NewStation(key, challenge, signed), instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            return raw(201, msgspec.json.encode(StationEnrolled(found.hex())))

        return await within(desk, request, work, standing=True)

    return enrol


def _list(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @get("/v1/stations", tags=["sign-in"], operation_id="ListStations", responses=REFUSALS)
    async def listed(request: Asked) -> Response[StationList]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            found = await stations.keeper.stations(held, instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            told = tuple(
                StationState(each.station.hex(), civil_date(each.made, PARIS).isoformat(), each.by, each.seated)
                for each in found
            )
            return raw(200, msgspec.json.encode(StationList(told)))

        return await within(desk, request, work)

    return listed


def _end(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/stations/{station:str}/end", status_code=204, tags=["sign-in"], operation_id="EndStation",
        responses=REFUSALS | ABSENT,
    )  # fmt: skip
    async def end(station: FromPath[str], request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            return _done(await stations.keeper.end(held, _name(station, STATION_BYTES), instant))

        return await within(desk, request, work)

    return end


def _sit(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/stations/{station:str}/seats", status_code=201, tags=["sign-in"], operation_id="SitDown",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def sit(station: FromPath[str], request: Asked) -> Response[SeatAnswer]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(SeatRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read = bytes_of(asked, "challenge", "proof", "signature")
            if isinstance(read, Response):
                return read
            found = await stations.keeper.sit(held, Pin(_name(station, STATION_BYTES), b"", *read), instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            return raw(201, msgspec.json.encode(SeatAnswer(found.seat.hex(), iso(found.until))))

        return await within(desk, request, work, standing=True)

    return sit


def _pin(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    async def answer(asked: PinRequest, binding: str, instant: int) -> Response[Any]:
        read = bytes_of(asked, "challenge", "proof", "signature")
        if isinstance(read, Response):
            return read
        pin = Pin(_name(asked.station, STATION_BYTES), _name(asked.seat, SEAT_BYTES), *read)
        device = told_device(asked.device)
        found = await stations.switch(asked.operator, binding, pin, device=device, instant=instant)
        return refused(shown(found.code)) if isinstance(found, Refusal) else desk.told(found, instant)

    return by_portal(desk, ("/v1/sign-in/pin", "SignInByPin"), PinRequest, answer)


def _delegate(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/delegations", status_code=204, tags=["own-site"], operation_id="DelegateSite",
        responses=REFUSALS | ABSENT | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def delegate(request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(DelegationRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read, signed, days = bytes_of(asked, "challenge"), signed_of(asked.signed), _days(asked)
            if isinstance(read, Response):
                return read
            if isinstance(signed, Response):
                return signed
            if isinstance(days, Response):
                return days
            (challenge,) = read
            wanted = Delegation(asked.account, *days, challenge, signed)
            return _done(await stations.delegate(held, wanted, instant))

        return await within(desk, request, work, standing=True)

    return delegate


def _give_code(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/delegation-codes", status_code=201, tags=["own-site"], operation_id="GiveDelegationCode",
        responses=REFUSALS | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def give(request: Asked) -> Response[DelegationCode]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(DelegationCodeRequest, await request.body())
            if isinstance(asked, Response):
                return asked
            read, signed, days = bytes_of(asked, "challenge"), signed_of(asked.signed), _days(asked)
            if isinstance(read, Response):
                return read
            if isinstance(signed, Response):
                return signed
            if isinstance(days, Response):
                return days
            found = await stations.give_code(held, CodeAsked(*days, read[0], signed), instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            return raw(201, msgspec.json.encode(DelegationCode(found.code, iso(found.expires))))

        return await within(desk, request, work, standing=True)

    return give


def _take(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/delegations/take", status_code=200, tags=["own-site"], operation_id="TakeDelegation",
        responses=REFUSALS | CONFLICT, request_max_body_size=MOST,
    )  # fmt: skip
    async def take(request: Asked) -> Response[DelegationTaken]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            asked = read_body(DelegationClaim, await request.body())
            if isinstance(asked, Response):
                return asked
            # What is no code is asked for as well: the keeper counts who guesses.
            found = await stations.take(held, locum_code_hash(asked.code) or b"", instant)
            if isinstance(found, Refusal):
                return _no(found.code)
            told = DelegationTaken(found.site, found.first.isoformat(), found.last.isoformat())
            return raw(200, msgspec.json.encode(told))

        return await within(desk, request, work, standing=True)

    return take


def _end_delegation(desk: SignInDesk, stations: Stations) -> HTTPRouteHandler:
    @post(
        "/v1/delegations/{account:str}/end", status_code=204, tags=["own-site"], operation_id="EndDelegation",
        responses=REFUSALS | ABSENT,
    )  # fmt: skip
    async def end(account: FromPath[str], request: Asked) -> Response[None]:
        async def work(held: TokenFacts, instant: int) -> Response[Any]:
            return _done(await stations.end_delegation(held, account, instant))

        return await within(desk, request, work)

    return end


def _days(asked: DelegationRequest | DelegationCodeRequest) -> tuple[date, date] | Response[Any]:
    """Both days; or the refusal that names those that are none, as ISO 8601 writes them."""
    found, wrong = [], []
    for name in ("first", "last"):
        try:
            day = date.fromisoformat(getattr(asked, name))
        except ValueError:
            day = date.max
        if day == date.max or day.isoformat() != getattr(asked, name):
            wrong.append(FieldError(name, "date-form"))
        found.append(day)
    if wrong:
        document = problem("invalid-fields", tuple(wrong))
        return raw(document.status, encode(document))
    return found[0], found[1]


def _name(said: str, size: int) -> bytes:
    """The bytes of a name, b"" when it is none: nothing is called so."""
    try:
        found = bytes.fromhex(said)
    except ValueError:
        return b""
    return found if len(found) == size and found.hex() == said else b""
