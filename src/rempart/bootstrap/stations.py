"""The keeper as workstations and locums see it, over its `ask` socket; and their mandates in the database."""

from __future__ import annotations

from datetime import date

from rempart.application.own_bank import Proof
from rempart.application.sessions import Given
from rempart.application.stations import (
    CodeAsked,
    CodeGiven,
    Delegation,
    NewStation,
    Pin,
    Seat,
    Span,
    Station,
    Taken,
)
from rempart.application.tokens import Refusal, TokenFacts
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import signing
from rempart.bootstrap.passkeys import given
from rempart.sealing.account_frames import AssertionPart
from rempart.sealing.station_frames import (
    DelegateItem,
    DelegationCodeItem,
    EndDelegationItem,
    EndStationItem,
    EnrolStationItem,
    SitItem,
    StationsItem,
    SwitchItem,
    TakeDelegationItem,
)


class KeeperStations:
    """The `Counter` port. Raises `Unavailable`."""

    def __init__(self, keeper: KeeperPort) -> None:
        self._keeper = keeper

    async def enrol(self, held: TokenFacts, new: NewStation, instant: int) -> bytes | Refusal:
        signed = AssertionPart(*new.signed)
        item = EnrolStationItem(held.grant, held.binding, new.key, new.challenge, signed, instant)
        (done,) = await self._keeper.call("enrol_station", [item])
        return Refusal(done.refusal) if done.refusal else bytes(done.station)

    async def stations(self, held: TokenFacts, instant: int) -> tuple[Station, ...] | Refusal:
        (told,) = await self._keeper.call("stations", [StationsItem(held.grant, held.binding, instant)])
        if told.refusal:
            return Refusal(told.refusal)
        return tuple(Station(each.station, each.made, each.by, each.seated) for each in told.stations)

    async def end(self, held: TokenFacts, station: bytes, instant: int) -> str:
        (done,) = await self._keeper.call("end_station", [EndStationItem(held.grant, held.binding, station, instant)])
        return str(done.refusal)

    async def sit(self, held: TokenFacts, pin: Pin, instant: int) -> Seat | Refusal:
        item = SitItem(held.grant, held.binding, pin.station, pin.challenge, pin.proof, pin.signature, instant)
        (done,) = await self._keeper.call("sit", [item])
        return Refusal(done.refusal) if done.refusal else Seat(done.seat, done.until)

    async def switch(self, operator: str, binding: str, pin: Pin, instant: int) -> Given | Refusal:
        item = SwitchItem(
            operator, binding, pin.station, pin.seat, pin.challenge, pin.proof, pin.signature, instant
        )  # fmt: skip
        return given(*await self._keeper.call("switch", [item]))

    async def delegate(self, held: TokenFacts, asked: Delegation, span: Span, instant: int) -> str:
        item = DelegateItem(
            held.grant, held.binding, asked.account, asked.first.isoformat(), asked.last.isoformat(), *span,
            asked.challenge, AssertionPart(*asked.signed), instant,
        )  # fmt: skip
        (done,) = await self._keeper.call("delegate", [item])
        return str(done.refusal)

    async def end_delegation(self, held: TokenFacts, account: str, instant: int) -> str:
        item = EndDelegationItem(held.grant, held.binding, account, instant)
        (done,) = await self._keeper.call("end_delegation", [item])
        return str(done.refusal)

    async def give_code(self, held: TokenFacts, asked: CodeAsked, span: Span, instant: int) -> CodeGiven | Refusal:
        said = signing(held, Proof(asked.challenge, asked.signed), instant)
        item = DelegationCodeItem(asked.first.isoformat(), asked.last.isoformat(), *span, said)
        (done,) = await self._keeper.call("delegation_code", [item])
        return Refusal(done.refusal) if done.refusal else CodeGiven(done.code, done.expires)

    async def take(self, held: TokenFacts, code_hash: bytes, instant: int) -> Taken | Refusal:
        item = TakeDelegationItem(held.grant, held.binding, code_hash, instant)
        (done,) = await self._keeper.call("take_delegation", [item])
        if done.refusal:
            return Refusal(done.refusal)
        return Taken(done.site, date.fromisoformat(done.first), date.fromisoformat(done.last), done.by)
