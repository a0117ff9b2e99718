"""What the portal needs of the hub, and the portal's parts in one value. `rempart.client.doors.Doors` fits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from rempart.client.calls import Call
from rempart.client.doors import Assertion, Challenge, Enrolled, Pin, Registration, SignedIn
from rempart.client.pro_sante_connect import Back, Begun
from rempart.portal.cities import Cities
from rempart.portal.demo import DemoPerson
from rempart.portal.settings import Settings
from rempart.portal.words import Words
from rempart.wire.enrolment import EnrolmentOpened, EnrolmentState
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace
from rempart.wire.sign_in import Purpose

T = TypeVar("T")
NOWHERE = Cities()


class Hub(Protocol):
    """The doors of one hub. Each may raise `NoAnswerError`."""

    async def challenge(self, purpose: Purpose, site: str = "") -> Challenge | Problem: ...

    async def enrol(self, code: str, site: str, challenge: str, made: Registration) -> Enrolled | Problem: ...

    async def sign_in(
        self, challenge: str, made: Assertion, site: str = "", *, device: str = ""
    ) -> SignedIn | Problem: ...

    async def sign_in_by_pin(self, challenge: str, shown: Pin, *, device: str = "") -> SignedIn | Problem: ...

    async def sign_in_by_hospital(
        self, hospital: str, begun: Begun, back: Back, *, device: str = ""
    ) -> SignedIn | Problem: ...

    async def sign_in_by_provider(
        self, begun: Begun, back: Back
    ) -> tuple[SignedIn, tuple[Workplace, ...]] | Problem: ...

    async def join(self, begun: Begun, back: Back) -> EnrolmentOpened | Problem: ...

    async def joining(self, ticket: str) -> EnrolmentState | Problem: ...

    async def join_at(self, ticket: str, place: int, site: str) -> EnrolmentState | Problem: ...

    async def join_with(self, ticket: str, enrolment: str, sealed: str) -> EnrolmentState | Problem: ...

    async def renew(self, session: SignedIn, site: str = "") -> SignedIn | Problem: ...

    async def end(self, session: SignedIn) -> Problem | None: ...

    async def perform(self, session: SignedIn, call: Call[T]) -> T | Problem: ...


@dataclass(frozen=True, slots=True)
class Portal:
    """One portal process. `clock` gives seconds UTC; `languages` are in the order they are offered.

    `demo_people` are offered at the sign-in to whoever comes: never in production.
    """

    settings: Settings
    hub: Hub
    clock: Callable[[], float]
    languages: dict[str, Words]
    demo_people: tuple[DemoPerson, ...] = ()
    cities: Cities = NOWHERE
