"""The worked cases hold every mechanism alone and every two that one line can meet, and both sides of every date.

A mechanism is met by a line when its rule stopped or changed it, or when the formula or fact that names it was in play.
Two cannot meet when no act family or no kind of contract has both, or when law pays whatever the table says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import combinations
from typing import Any, NamedTuple

from rempart.domain.acts import FAMILIES
from rempart.domain.adjudication import RULES, adjudicate
from rempart.domain.allowances import Tally
from rempart.domain.counters import needs
from rempart.domain.decision import DecidedLine
from rempart.domain.formulas import AMOUNT_KINDS, KINDS, PERCENT_KINDS
from rempart.domain.line_facts import LineState, age_at, line_state, question_of
from rempart.domain.parameters import ALSACE_MOSELLE, AMO_RATES, NO_EXEMPTION
from rempart.domain.particulars import AID, OWN_SHARES, Particulars
from rempart.domain.tariffs import AMOUNTS, RENEWALS
from support.worked_cases import CASES, context, counted, coverage, invoice, table


class Seen(NamedTuple):
    """One line of one case: its facts, its decision, the names of its rules."""

    case: dict[str, Any]
    state: LineState
    decided: DecidedLine
    rules: frozenset[str]

    @property
    def kinds(self) -> frozenset[str]:
        parts = () if isinstance(self.state.parts, str) or self.state.law else self.state.parts
        return frozenset(part.kind for part in parts)


def seen() -> Iterator[Seen]:
    for param in CASES:
        case = param.values[0]
        asked, covered, paid = invoice(case), coverage(case), table(case)
        about: dict[str, Any] = {"profession": case["profession"], "context": context(case)}
        stated = {name: counted(given) for name, given in case.get("left", {}).items()}
        wanted = needs(asked, covered, paid, **about)
        left = {need.key: stated[need.counter] for need in wanted if need.counter in stated}
        decision = adjudicate(asked, covered, paid, **about, left=left)
        question = question_of(asked, covered, paid, **about, tally=Tally(left))
        for line, decided in zip(asked.lines, decision.lines, strict=True):
            rules = frozenset(step.rule for step in decided.rules)
            yield Seen(case, line_state(line, question), decided, rules)


SEEN = tuple(seen())


def rule(*names: str) -> Callable[[Seen], bool]:
    return lambda each: bool(each.rules.intersection(names))


def with_allowance(each: Seen) -> bool:
    parts = each.state.parts
    return not each.state.law and not isinstance(parts, str) and any(part.allowance for part in parts)


def in_network(each: Seen) -> bool:
    version, told = each.state.version, each.state.told
    return version is not None and bool(version.networks) and told is not None and told.network == "in"


class Mechanism(NamedTuple):
    """What it is about. `families`: of which act families a line can meet it; `kinds`: under which contracts.

    `table`: it needs a formula of the table, so it never meets what law pays; `law`: law pays there.
    """

    met: Callable[[Seen], bool]
    families: frozenset[str] = frozenset(FAMILIES) - {"other"}
    kinds: frozenset[str] = frozenset({"responsible", "scheme", "c2s"})
    table: bool = False
    law: bool = False


BY_TABLE = frozenset({"responsible", "scheme"})
RESPONSIBLE = frozenset({"responsible"})
DOCTORS = frozenset({"consultation", "ccam", "radiology"})
EQUIPMENT = frozenset({"optics", "hearing"})
MECHANISMS: dict[str, Mechanism] = {
    "percentage": Mechanism(lambda each: bool(each.kinds & PERCENT_KINDS), kinds=BY_TABLE, table=True),
    "ticket moderateur": Mechanism(lambda each: "ticket-moderateur" in each.kinds, kinds=BY_TABLE, table=True),
    "amount": Mechanism(lambda each: bool(each.kinds & AMOUNT_KINDS), kinds=BY_TABLE, table=True),
    "allowance": Mechanism(with_allowance, kinds=BY_TABLE, table=True),
    "network": Mechanism(in_network, kinds=BY_TABLE, table=True),
    "no-charge basket": Mechanism(
        rule("no-charge-basket"), frozenset({"optics", "hearing", "dental", "dental-prosthesis"}), RESPONSIBLE, law=True
    ),
    "optical ceiling": Mechanism(rule("responsible-optics-ceiling"), frozenset({"optics"}), RESPONSIBLE, table=True),
    "hearing ceiling": Mechanism(rule("responsible-hearing-ceiling"), frozenset({"hearing"}), RESPONSIBLE, table=True),
    "renewal": Mechanism(
        lambda each: (
            any(use.counter.startswith("renewal/") for use in each.decided.uses)
            or each.decided.reason == "renewal-too-early"
        ),
        EQUIPMENT,
        frozenset({"responsible", "c2s"}),
    ),
    "no price agreement": Mechanism(rule("non-optam-limit"), DOCTORS, RESPONSIBLE, table=True),
    "outside the path": Mechanism(
        lambda each: each.state.line.family in DOCTORS and each.state.line.rate == 30, DOCTORS
    ),
    "hospital fee": Mechanism(rule("hospital-fees-of-law"), frozenset({"hospital-stay"}), RESPONSIBLE, law=True),
    "floor": Mechanism(rule("responsible-floor", "responsible-optics-floor"), kinds=RESPONSIBLE, table=True),
    "own share": Mechanism(
        lambda each: (
            each.state.line.particulars is not None
            and each.state.line.particulars.item in OWN_SHARES
            and each.decided.reason == "excluded-by-law"
        ),
        frozenset({"consultation", "pharmacy"}),
        frozenset({"responsible", "c2s"}),
    ),
    "C2S": Mechanism(lambda each: each.state.question.coverage.kind == "c2s", kinds=frozenset({"c2s"})),
    "second insurer": Mechanism(lambda each: each.decided.other > 0),
    "Alsace-Moselle": Mechanism(lambda each: each.state.question.regime == ALSACE_MOSELLE),
    "exemption": Mechanism(lambda each: each.state.line.exemption not in NO_EXEMPTION),
    "work accident": Mechanism(lambda each: each.case.get("nature") == "41"),
    "substitution": Mechanism(rule("substitution-accepted"), frozenset({"pharmacy"})),
    "reference tariff": Mechanism(rule("reference-tariff"), frozenset({"pharmacy"})),
    "rights closed, accredited": Mechanism(lambda each: each.state.guaranteed),
}
ALONE_ONLY = (
    ("own share", "it is never paid, so it meets nothing"),
    ("substitution", "a refused generic is never paid, so it meets nothing"),
)
"""Mechanisms that end a line before any other can be met."""
NEVER = (
    ("Alsace-Moselle", "outside the path", "the local regime's rate is 90 %"),
    ("Alsace-Moselle", "work accident", "nature 13 and nature 41 are one zone"),
    ("outside the path", "exemption", "the exempted rate is 100 %"),
    ("outside the path", "work accident", "the rate is 100 %"),
    ("exemption", "work accident", "each alone makes 100 % lawful; together they change nothing"),
    ("exemption", "floor", "at 100 % there is no ticket moderateur to pay"),
    ("work accident", "floor", "at 100 % there is no ticket moderateur to pay"),
    ("exemption", "reference tariff", "at 100 % nothing is left of the tariff"),
    ("work accident", "reference tariff", "at 100 % nothing is left of the tariff"),
    ("hospital fee", "exemption", "a fee has no compulsory share to exempt"),
    ("hospital fee", "work accident", "the compulsory scheme pays it"),
    ("floor", "hearing ceiling", "an amount is below the floor or above the ceiling"),
    ("floor", "optical ceiling", "an amount is below the floor or above the ceiling"),
    ("floor", "no price agreement", "an amount is below the floor or above the limit"),
    ("no price agreement", "ticket moderateur", "the limit is never below the ticket moderateur"),
    ("reference tariff", "floor", "the tariff limits what the floor gave"),
)
"""Pairs of one family and contract that cannot meet all the same, and why."""


def can_meet(one: str, other: str) -> bool:
    first, second = MECHANISMS[one], MECHANISMS[other]
    if {one, other} & {name for name, _ in ALONE_ONLY} or {one, other} in [{a, b} for a, b, _ in NEVER]:
        return False
    if (first.table and second.law) or (first.law and second.table) or (first.law and second.law):
        return False
    return bool(first.families & second.families and first.kinds & second.kinds)


def met_together() -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for each in SEEN:
        names = [name for name, mechanism in MECHANISMS.items() if mechanism.met(each)]
        found.update(combinations(names, 2))
    return frozenset(found)


TOGETHER = met_together()


def test_every_mechanism_is_met_alone() -> None:
    """Each mechanism is met by some line, and each rule that may change or stop a line did so in some case."""
    assert [name for name, mechanism in MECHANISMS.items() if not any(mechanism.met(each) for each in SEEN)] == []
    assert {each.name for each in RULES} - {name for each in SEEN for name in each.rules} == set()
    assert set(KINDS) - {kind for each in SEEN for kind in each.kinds} == set()


def test_every_two_mechanisms_that_one_line_can_meet_are_met() -> None:
    """For each pair some line of some case meets both."""
    possible = [pair for pair in combinations(MECHANISMS, 2) if can_meet(*pair)]
    assert [pair for pair in possible if pair not in TOGETHER] == []
    assert len(possible) >= 80


def test_no_pair_is_called_impossible_that_a_case_shows() -> None:
    """The lists of exceptions hold nothing that happens."""
    alone = {name for name, _ in ALONE_ONLY}
    assert [pair for pair in TOGETHER if not can_meet(*pair) and not alone.intersection(pair)] == []


CHANGES_SINCE = date(2021, 10, 1)
"""What changed before is too old for any line that was still payable when this program was written."""


def used_on(day: date, name: str) -> bool:
    """Whether a case has a line of that family or item on that day; a stay counts all of its days."""
    for each in SEEN:
        told = each.state.line.particulars
        first = each.state.line.care_date
        last = first + timedelta(days=max(told.days if told is not None else 0, 1) - 1)
        if first <= day <= last and name in {each.state.line.family, told.item if told is not None else ""}:
            return True
    return False


def test_both_sides_of_every_date_are_in_a_case() -> None:
    """A rate or amount that changed: the last day before and the first day since each have a line."""
    changes = {(row.family, row.start) for row in AMO_RATES} | {(row.name, row.start) for row in AMOUNTS}
    wanted = sorted((name, start) for name, start in changes if start >= CHANGES_SINCE)
    assert len(wanted) >= 8
    one = timedelta(days=1)
    missing = [(name, day) for name, start in wanted for day in (start - one, start) if not used_on(day, name)]
    assert missing == []


def test_both_sides_of_every_wait_are_in_a_case() -> None:
    """Each wait between two deliveries: refused a day too early, accepted once it is due."""
    for row in RENEWALS:
        family = "hearing" if row.item == AID else "optics"
        wanted = {"", "renewal-too-early"} if row.months else {""}
        told = [each for each in SEEN if each.state.line.family == family and each.state.line.particulars is not None]
        lines = [each for each in told if (each.state.line.particulars or Particulars()).renewal == row.reason]
        ages = [each for each in lines if row.from_age <= age_of(each) <= row.to_age]
        assert wanted <= {each.decided.reason for each in ages}, row


def age_of(each: Seen) -> int:
    return age_at(each.state.question, each.state.line.care_date)
