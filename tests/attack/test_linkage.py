"""A thief of the whole database knows three visits of a person: do the rows tell him which others are that person's?

The model. People visit pharmacies at random on some days; each visit is a question and an invoice, as in life. The
thief has every table with its physical columns (`xmin`), knows (site, minute) of three visits of each person, and
guesses one more row of `disclosure`. What he may use without breaking anything is the context a row must show: site,
day, insurer, and whether the site knew the person. Chance is therefore what context alone gives: a row where the site
did not know the person is any client's of that insurer, one where it did is any of those it met before. A strategy
that uses more must not do better, at four standard deviations (one false alarm in 30,000 runs). Left out: WAL, whose
records name the row that a later visit writes again; and habits, as of who opens all invoices of one person in a row:
the log of readings says when each was opened, because that is its purpose.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from rempart.application.eligibility import KNOWN_DAYS, MEETING_SPAN
from rempart.domain.invoice import Presented
from rempart.ground.instants import DAY, civil_date, start_of_day
from rempart.simulation.caller import Caller, presented_request
from rempart.simulation.care import open_formulas
from rempart.simulation.people import Person
from rempart.wire.invoices import InvoiceRequest, LineRequest
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY, Town, town

pytestmark = pytest.mark.postgres
MINUTE = 60_000_000
SECOND = 1_000_000
VISITS, KNOWN, DAYS = 6, 3, 9
THERE = (VISITS - KNOWN) / (DAYS - KNOWN) / (VISITS / DAYS)  # how much rarer on a day that is none of the three
SIGMAS = 4.0
ROOM = {"budgets.pharmacy": {"typed": 100_000, "machine": 100_000}}


class Visit(NamedTuple):
    """The truth: who went where and when, microseconds UTC."""

    instant: int
    site: int
    person: int


@dataclass(frozen=True)
class Row:
    """A disclosed question with everything the database joins to it by value; `values` are texts and bytes."""

    number: int
    site: str
    instant: int
    insurer: str
    known: bool
    tx: str
    values: frozenset[object]
    opened: tuple[int, ...] = ()  # when its invoice was read again

    @property
    def day(self) -> int:
        return self.instant // DAY


@dataclass
class Dump:
    """What the thief has made of the tables, and for each row the person it is about, which he has not."""

    rows: list[Row]
    met: list[dict[str, Any]]
    truth: dict[int, int]
    sizes: dict[str, int] = field(default_factory=dict)


# --- the traffic ---


def _plan(made: Town, many: int) -> list[Visit]:
    """Visits of people whose card is open at the pharmacy, at most one a person and day, each at its own second."""
    chance = random.Random(11)
    people = [person.number for person in made.country.everyone() if _formula(made, person) == "TM"][:many]
    assert len(people) == many, "the country is too small"
    sites = [site.index for site in made.country.all_sites() if site.profession == "pharmacy"][:4]
    plan: list[Visit] = []
    turns: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for person in people:
        for day in chance.sample(range(DAYS), VISITS):
            turns[day].append((chance.choice(sites), person))
    for day, visits in turns.items():
        chance.shuffle(visits)
        start = start_of_day(FIRST_DAY, "UTC") + day * DAY + 10 * 60 * MINUTE
        # Whole seconds: the hub adds microseconds to keep its instants apart, which must not carry into the next one.
        step = 9 * 60 * MINUTE // len(visits) // SECOND * SECOND
        plan += [Visit(start + place * step, *visit) for place, visit in enumerate(visits)]
    return sorted(plan)


def _formula(made: Town, person: Person) -> str:
    return dict(open_formulas(made.country.coverage(person), FIRST_DAY)).get("PHAR", "")


async def _live(made: Town, plan: list[Visit]) -> None:
    callers: dict[int, Caller] = {}
    clock = made.clock
    assert clock is not None
    for number, visit in enumerate(plan, 1):
        clock.move_to(max(clock.now(), visit.instant))
        caller = callers.setdefault(visit.site, made.caller(visit.site))
        person = made.country.person(visit.person)
        insurer, way = made.country.insurer_of(person), person.ways[0]
        shown = Presented(insurer.number, insurer.printed_member(way[0]), way[1], way[2], way[3], insurer.convention)
        day = civil_date(visit.instant, "Europe/Paris").isoformat()
        asked = presented_request(shown, care_date=day, domains=("PHAR",), evidence="machine")
        answer = await caller.eligibility(asked)
        assert not isinstance(answer, Problem), answer.code
        assert answer.answer == "covered"
        base = 1000 + number % 7 * 100
        amo = base * 65 // 100
        line = LineRequest(day, "PH7", "pharmacy", base, 65, amo, base, base - amo, 1, 100, base)
        invoice = InvoiceRequest(
            f"{number:09d}", day, shown.amc_number, shown.member, shown.birth, (line,), shown.nir, shown.rank,
            shown.convention, shown.csr, accreditation=(answer.accreditation or "").replace(" ", ""),
        )  # fmt: skip
        receipt = await caller.invoices((invoice,), f"linkage-{number}")
        assert not isinstance(receipt, Problem), receipt.code
        if number % 25 == 0:
            await _drained(made)
    await _drained(made)
    for caller in callers.values():
        await caller.close()
    await _read_again(made, sorted(callers))


async def _read_again(made: Town, sites: list[int]) -> None:
    """On the day after, every second invoice is opened by its site, in no order that follows a person."""
    clock = made.clock
    assert clock is not None
    clock.move_to(start_of_day(FIRST_DAY, "UTC") + DAYS * DAY + 9 * 60 * MINUTE)
    callers = {made.country.site(index).number: made.caller(index) for index in sites}
    with psycopg.connect(made.house.database.url("admin")) as connection:
        sent = connection.execute("select invoice, site from rempart.invoice order by invoice").fetchall()[::2]
    random.Random(7).shuffle(sent)
    for identity, site in sent:
        clock.move_to(clock.now() + SECOND)
        found = await callers[site].invoice_state(str(identity))
        assert not isinstance(found, Problem), found.code
        assert found.lines
    for caller in callers.values():
        await caller.close()


async def _drained(made: Town) -> None:
    end = time.monotonic() + 60
    while made.one("select count(*) from rempart.inbound where state = 'received'"):
        assert time.monotonic() < end, "a deposit is never decided"
        await asyncio.sleep(0.03)


# --- the theft ---


def _table(connection: psycopg.Connection[Any], name: str) -> list[dict[str, Any]]:
    statement = sql.SQL("select *, xmin::text as xmin from {}").format(sql.Identifier("rempart", name))
    return connection.cursor(row_factory=dict_row).execute(statement).fetchall()


def _dump(made: Town, plan: list[Visit]) -> Dump:
    """Every table, joined to questions by instant, by tag, and by transaction."""
    with psycopg.connect(made.house.database.url("admin")) as connection:
        names = (
            "disclosure",
            "met",
            "accreditation",
            "invoice",
            "decision",
            "site_reference",
            "inbound",
            "invoice_event",
        )
        tables = {name: _table(connection, name) for name in names}
    site_numbers = {made.country.site(visit.site).number: visit.site for visit in plan}
    truth_at = {(visit.site, visit.instant // SECOND): visit.person for visit in plan}
    by_instant = {row["instant"]: row for row in tables["accreditation"]}
    invoices = {row["invoice"]: row for row in tables["invoice"]}
    by_tag: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
    for decision in tables["decision"]:
        invoice = invoices[decision["invoice"]]
        assert invoice["state"] == "accepted", invoice["reason"]
        by_tag[decision["tag"]] += [decision, invoice]
    opened: dict[bytes, list[dict[str, Any]]] = defaultdict(list)
    for one in tables["disclosure"]:
        if one["purpose"] == "reading":
            opened[one["tag"]].append(one)
    assert len(opened) > len(plan) / 3
    rows, truth = [], {}
    for number, one in enumerate(sorted(tables["disclosure"], key=lambda row: int(row["id"]))):
        if one["purpose"] != "eligibility":
            continue
        joined = [one, *by_tag[one["tag"]], *opened[one["tag"]], *filter(None, [by_instant.get(one["instant"])])]
        joined += [met for met in tables["met"] if met["xmin"] == one["tx"]]
        values = frozenset(v for each in joined for v in each.values() if isinstance(v, bytes) or hasattr(v, "hex"))
        rows.append(Row(
            number, one["site"], one["instant"], one["insurer"], one["evidence"] == "known", str(one["tx"]), values,
            tuple(reading["instant"] for reading in opened[one["tag"]]),
        ))  # fmt: skip
        truth[number] = truth_at[site_numbers[one["site"]], one["instant"] // SECOND]
    people: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        people[row.insurer].add(truth[row.number])
    sizes = {insurer: len(found) for insurer, found in people.items()}
    return Dump(rows, tables["met"], truth, sizes)


# --- what he may try: given his three rows and the candidates, the ones he prefers ---


def anyone(_dump: Dump, _seen: list[Row], candidates: list[Row]) -> list[Row]:
    """Nothing but context."""
    return candidates


def known_again(_dump: Dump, seen: list[Row], candidates: list[Row]) -> list[Row]:
    """A site he was seen at knew the person later."""
    return [row for row in candidates if row.known and any(row.site == one.site and row.day > one.day for one in seen)]


def equal_values(dump: Dump, seen: list[Row], candidates: list[Row]) -> list[Row]:
    """A tag, MAC, fingerprint or id that two rows share, unless rows of other insurers share it too."""
    owners: dict[object, set[str]] = defaultdict(set)
    for row in dump.rows:
        for value in row.values:
            owners[value].add(row.insurer)
    mine = {value for one in seen for value in one.values if len(owners[value]) == 1}
    return [row for row in candidates if row.values & mine]


def _began(met: dict[str, Any], row: Row) -> bool:
    """Whether the meeting may have begun with this row: on its day, or in its span when days are not kept."""
    return met["first_day"] in (row.day, row.day // MEETING_SPAN * MEETING_SPAN)


def meeting_days(dump: Dump, seen: list[Row], candidates: list[Row]) -> list[Row]:
    """A meeting began on a day he was seen new at a site, and its end tells the day of the last visit there."""
    found = []
    for one in (row for row in seen if not row.known):
        last = {met["known_until"] - KNOWN_DAYS for met in dump.met if _began(met, one)}
        found += [row for row in candidates if row.known and row.site == one.site and row.day in last]
    return found


def meeting_transactions(dump: Dump, seen: list[Row], candidates: list[Row]) -> list[Row]:
    """The same, with the transaction that last wrote the meeting: it wrote the last visit's disclosure as well."""
    found = []
    for one in (row for row in seen if not row.known):
        ends = {met["xmin"] for met in dump.met if _began(met, one)}
        found += [row for row in candidates if row.known and row.site == one.site and row.tx in ends]
    return found


def read_together(_dump: Dump, seen: list[Row], candidates: list[Row]) -> list[Row]:
    """An invoice of his was opened, and within the minute another of the same site: of the same person, perhaps."""
    mine = [(one.site, instant) for one in seen for instant in one.opened]
    return [
        row for row in candidates
        if any(row.site == site and abs(at - instant) < MINUTE for site, instant in mine for at in row.opened)
    ]  # fmt: skip


Strategy = Callable[[Dump, list[Row], list[Row]], list[Row]]
STRATEGIES: tuple[Strategy, ...] = (
    anyone,
    known_again,
    equal_values,
    meeting_days,
    meeting_transactions,
    read_together,
)


@dataclass(frozen=True)
class Score:
    """Guesses made, hits among them, and how many hits chance gives and by how much that varies."""

    guesses: int
    hits: int
    expected: float
    deviation: float

    @property
    def beyond(self) -> float:
        """Standard deviations above chance."""
        return (self.hits - self.expected) / self.deviation if self.deviation else 0.0


def _chance(dump: Dump, row: Row) -> float:
    """How likely a row is one given client's of its insurer who was not seen that day, from context alone."""
    if not row.known:
        return THERE / dump.sizes[row.insurer]
    before = [
        one for one in dump.rows
        if one.site == row.site and one.insurer == row.insurer and one.day < row.day and not one.known
    ]  # fmt: skip
    return THERE / max(1, len(before))


def attack(dump: Dump, strategy: Strategy, *, rounds: int = 3) -> Score:
    """Every person is attacked, several times with other visits known."""
    chance = random.Random(5)
    own: dict[int, list[Row]] = defaultdict(list)
    for row in dump.rows:
        own[dump.truth[row.number]].append(row)
    guesses = hits = 0
    expected = variance = 0.0
    for person, rows in own.items():
        for _ in range(rounds):
            seen = chance.sample(rows, KNOWN)
            days, insurer = {row.day for row in seen}, seen[0].insurer
            candidates = [row for row in dump.rows if row.insurer == insurer and row.day not in days]
            preferred = strategy(dump, seen, candidates)
            if not preferred:
                continue
            guess = chance.choice(preferred)
            likely = _chance(dump, guess)
            guesses, hits = guesses + 1, hits + (dump.truth[guess.number] == person)
            expected, variance = expected + likely, variance + likely * (1 - likely)
    return Score(guesses, hits, expected, sqrt(variance * rounds))  # rounds about one person are not independent


def _stolen(folder: Path, people: int, many: int) -> Iterator[Dump]:
    with town(folder, people, options=ROOM, insurers=2) as made:
        plan = _plan(made, many)
        asyncio.run(_live(made, plan))
        yield _dump(made, plan)


@pytest.fixture(scope="module")
def stolen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dump]:
    """The database after nine days of 100 people."""
    yield from _stolen(tmp_path_factory.mktemp("linkage") / "h", 700, 100)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_three_known_visits_tell_no_other(stolen: Dump, strategy: Strategy) -> None:
    """No strategy finds a fourth visit more often than the context of the rows alone would."""
    score = attack(stolen, strategy)
    assert score.beyond < SIGMAS, score


def test_no_value_returns_on_another_day(stolen: Dump) -> None:
    """Of all tags, MACs, fingerprints and ids, none stands at two days of one person but what a whole site shares."""
    days: dict[object, set[int]] = defaultdict(set)
    sharing: dict[object, set[int]] = defaultdict(set)
    for row in stolen.rows:
        for value in row.values:
            days[value].add(row.day)
            sharing[value].add(stolen.truth[row.number])
    assert [value for value, found in days.items() if len(found) > 1 and len(sharing[value]) == 1] == []


def test_the_attack_finds_a_leak_that_is_planted(stolen: Dump) -> None:
    """The control: one value that follows a person from day to day is found, far beyond chance."""
    leaking = [
        Row(r.number, r.site, r.instant, r.insurer, r.known, r.tx, r.values | {("person", stolen.truth[r.number])})
        for r in stolen.rows
    ]
    score = attack(Dump(leaking, stolen.met, stolen.truth, stolen.sizes), equal_values)
    assert score.guesses >= 100
    assert score.beyond > 10 * SIGMAS
    assert score.hits == score.guesses


def test_the_attack_finds_meetings_dated_to_the_day(stolen: Dump) -> None:
    """The control of the meetings: with exact days, and written again at each visit, they tie visits together."""
    pairs: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in stolen.rows:
        pairs[row.site, stolen.truth[row.number]].append(row)
    met = [
        {"first_day": rows[0].day, "known_until": rows[-1].day + KNOWN_DAYS, "xmin": rows[-1].tx}
        for rows in pairs.values()
    ]
    leaking = Dump(stolen.rows, met, stolen.truth, stolen.sizes)
    assert attack(leaking, meeting_transactions).beyond > SIGMAS


@pytest.mark.soak
def test_a_thousand_people(tmp_path: Path) -> None:
    """The same with 1,000 people."""
    for dump in _stolen(tmp_path / "h", 6_000, 1_000):
        scores = {strategy.__name__: attack(dump, strategy, rounds=1) for strategy in STRATEGIES}
        assert all(score.beyond < SIGMAS for score in scores.values()), scores
