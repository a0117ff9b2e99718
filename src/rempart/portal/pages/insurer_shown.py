"""What the pages of the insurer's desk show, put together from the hub's answers: waits, lines to decide, charts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.response import Redirect

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.portal import charts
from rempart.portal.insurer_words import LINES, MOVED
from rempart.portal.pages.entry import landing
from rempart.portal.pages.inside import inside
from rempart.portal.pages.reading import NoPageError, told
from rempart.portal.quote import cents, euros
from rempart.portal.rendering import Asked, Pages, Shown
from rempart.portal.words import N_, Words
from rempart.wire.authorizations import PendingCase
from rempart.wire.insurer_desk import DeskPending, DeskPendingList, DeskRightsReport, DeskWeek
from rempart.wire.sign_in import INSURER_ROLES

T = TypeVar("T")
WEEKS = 12
SOON = 7  # days before the last day to decide, from which a request is marked
HOUR = 60  # minutes


@dataclass(frozen=True, slots=True)
class At:
    """One request of somebody of an insurer."""

    pages: Pages
    request: Asked
    live: SignedIn

    async def told(self, call: Call[T]) -> T:
        """The hub's answer. Raises `NoPageError`."""
        return await told(self.pages, self.request, self.live, call)

    def page(self, template: str, values: Mapping[str, Any], status: int = 200) -> Response[Any]:
        """One page."""
        return self.pages.page(self.request, template, values, Shown(self.live, status=status))


async def at_insurer(pages: Pages, request: Asked, work: Callable[[At], Awaitable[Response[Any]]]) -> Response[Any]:
    """The page for people of an insurer; anybody else goes to the own first page."""

    async def shown(live: SignedIn) -> Response[Any]:
        if live.role not in INSURER_ROLES:
            return Redirect(landing(live), status_code=303)
        try:
            return await work(At(pages, request, live))
        except NoPageError as no:
            return no.response

    return await inside(pages, request, shown, chosen=False)


# --- what waits ---


@dataclass(frozen=True)
class Waiting:
    """The list; `seconds` now, UTC."""

    found: DeskPendingList
    seconds: float
    words: Words

    @property
    def pending(self) -> tuple[DeskPending, ...]:
        return self.found.pending

    @cached_property
    def today(self) -> date:
        return datetime.fromtimestamp(self.seconds, ZoneInfo("Europe/Paris")).date()

    def soon(self, one: DeskPending) -> bool:
        """Whether little time is left to decide."""
        return date.fromisoformat(one.until) <= self.today + timedelta(days=SOON)

    @property
    def oldest(self) -> int:
        """Days that the oldest request has waited."""
        asked = datetime.fromisoformat(self.pending[0].requested).astimezone(ZoneInfo("Europe/Paris")).date()
        return max(0, (self.today - asked).days)

    @cached_property
    def weeks(self) -> tuple[tuple[date, DeskWeek | None], ...]:
        """The last twelve Mondays, each with what was decided in its week."""
        known = {week.week: week for week in self.found.weeks}
        last = self.today - timedelta(days=self.today.weekday())
        days = (last - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1))
        return tuple((day, known.get(day.isoformat())) for day in days)

    @property
    def median(self) -> str:
        """The wait of the last week in which somebody decided, "" when there is none."""
        weeks = [week for _, week in self.weeks if week is not None]
        return self.lasting(weeks[-1].minutes) if weeks else ""

    @cached_property
    def delays(self) -> charts.Columns:
        """Median wait by week."""
        return self._columns([None if week is None else week.minutes for _, week in self.weeks], self.lasting, HOUR)

    @cached_property
    def decided(self) -> charts.Columns:
        """Decisions by week."""
        return self._columns([None if week is None else week.decided for _, week in self.weeks], str, 1)

    def _columns(self, values: list[int | None], written: Callable[[int], str], unit: int) -> charts.Columns:
        return charts.columns(values, [day.strftime("%d/%m") for day, _ in self.weeks], written, unit=unit)

    def lasting(self, minutes: int) -> str:
        """A wait as people say it: minutes, hours, or days from two days on."""
        if minutes >= 48 * HOUR:
            return self.words.say("%(days)s j", days=str(round(minutes / (24 * HOUR))))
        if minutes >= HOUR or not minutes:
            return self.words.say("%(hour)s h", hour=str(round(minutes / HOUR)))
        return self.words.say(N_("%(minutes)s min"), minutes=str(minutes))


# --- one request ---


class Line(NamedTuple):
    """One line to decide, in cents; `most` may be agreed, `typed` stands in its field."""

    number: int
    domain: str
    reason: str
    spent: int
    amo: int
    table: int
    most: int
    typed: str


def to_decide(case: PendingCase, typed: Mapping[str, str] | None = None) -> tuple[Line, ...]:
    """The lines, each filled with what the table gives within what allowances leave, or what was typed."""
    rooms = {room.number: room for room in case.rooms}
    made = []
    for line in case.lines:
        room = rooms.get(line.number)
        asked = max(line.spent - line.amo, 0)
        most = min(asked, room.most) if room else asked
        table = min(line.amc, room.table) if room else line.amc
        given = euros(table) if typed is None else typed.get(f"amc_{line.number}", "")
        made.append(Line(line.number, line.domain, line.reason, line.spent, line.amo, line.amc, most, given))
    return tuple(made)


def amounts(case: PendingCase, typed: Mapping[str, str]) -> tuple[tuple[tuple[int, int], ...], tuple[str, ...]]:
    """(line number, cents) for every line, and the names of fields that cannot be right."""
    given, wrong = [], []
    for line in case.lines:
        name = f"amc_{line.number}"
        amount = cents(typed.get(name, ""))
        if amount is None or amount > max(line.spent - line.amo, 0):
            wrong.append(name)
        else:
            given.append((line.number, amount))
    return tuple(given), tuple(wrong)


# --- a rights file ---


class Move(NamedTuple):
    """One kind of change: people, of how many in hundredths of percent, and whether two people must agree to it."""

    name: str
    people: int
    percent: str
    share: int
    over: bool


def moves(found: DeskRightsReport, words: Words) -> tuple[Move, ...]:
    """What a file does to people; nothing when it had nothing to be weighed against."""
    weights = found.file.weights
    if weights is None or not weights.base:
        return ()
    counts = [int(getattr(weights, kind)) for kind, _ in MOVED]
    return tuple(
        Move(words.say(name), many, percent_of(many, weights.base, words), share, kind in found.file.over)
        for (kind, name), many, share in zip(MOVED, counts, charts.shares(counts), strict=True)
    )


def percent_of(many: int, base: int, words: Words) -> str:
    """Two digits after the point, as the language writes it; never nothing of something."""
    share = 100 * many / base
    text = "< 0.01" if many and share < 0.005 else f"{share:.2f}"
    return f"{text}%" if words.language == "en" else f"{text.replace('.', ',')} %"


class Fault(NamedTuple):
    """One reason why lines were not taken, with its part of the most frequent one."""

    code: str
    name: str
    lines: int
    share: int


def faults(found: DeskRightsReport, words: Words) -> tuple[Fault, ...]:
    """Bad lines by reason, the most first."""
    parts = charts.shares([one.lines for one in found.codes])
    return tuple(
        Fault(one.code, words.say(LINES.get(one.code, one.code)), one.lines, part)
        for one, part in zip(found.codes, parts, strict=True)
    )
