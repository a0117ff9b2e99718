"""The insurer's agent by rules: the first that fits decides, and none leaves the request waiting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rempart.cli._insurer_agent import Rule, Rules, _rules, amounts_of, decided, told
from rempart.cli._output import Failure
from rempart.client.agent import Opened, Quote, QuotedLine
from rempart.wire.authorizations import DecisionAnswer, LineRoom, PendingCase
from rempart.wire.problem import Problem

AUTHORIZATION = "019caddd-6600-7a1e-8c33-5d2f0000000a"


def opened(table: tuple[int, int] = (100_00, 50_00), domain: str = "OPTI") -> Opened:
    """Two lines of 120 and 90 euros with 3 cents of the compulsory scheme each."""
    lines = (
        QuotedLine(1, "VER", "optics", 120_00, 5, 60, 3, table[0]),
        QuotedLine(2, "MON", "optics", 90_00, 5, 60, 3, table[1]),
    )
    case = PendingCase(AUTHORIZATION, "2026-11-24T09:00:00Z", "992300010", domain, "amount-to-review", (), ())
    return Opened(case, Quote(1, "0000401166", "992300010", "2026-11-24", lines), "R-1", ())


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ((), None),
        ((Rule("agreed"),), ("agreed", ((1, 100_00), (2, 50_00)))),
        ((Rule("agreed", pays="asked"),), ("agreed", ((1, 119_97), (2, 89_97)))),
        ((Rule("agreed", most=150_00),), ("agreed", ((1, 100_00), (2, 50_00)))),
        ((Rule("agreed", most=149_99),), None),
        ((Rule("agreed", "AUDI"), Rule("refused")), ("refused", ())),
        ((Rule("refused", "OPTI"), Rule("agreed")), ("refused", ())),
    ],
)
def test_the_first_rule_that_fits_decides(rules: tuple[Rule, ...], said: object) -> None:
    """By domain and amount, in the order of the file."""
    assert decided(Rules(rules), opened()) == said


def test_amounts_are_cut_to_what_allowances_leave() -> None:
    """Each way of paying has its own room; a line without one is paid whole, and no room at all agrees to nothing."""
    case = opened()
    rooms = (LineRoom(1, 90_00, 70_00),)
    cut = replace(case, case=msgspec.structs.replace(case.case, rooms=rooms))
    assert amounts_of(cut, "table") == ((1, 70_00), (2, 50_00))
    assert amounts_of(cut, "asked") == ((1, 90_00), (2, 89_97))
    none = replace(case, case=msgspec.structs.replace(case.case, rooms=(LineRoom(1, 0, 0), LineRoom(2, 0, 0))))
    assert decided(Rules((Rule("agreed"),)), none) is None


def test_a_refused_agreement_is_told_with_its_reason_and_day() -> None:
    """Why it still waits and until when; never where; a problem is told by its code."""
    held = DecisionAnswer("pending", "allowance-held", "Le forfait est retenu.", "2027-05-22")
    assert told(held) == "pending: allowance-held until 2027-05-22. Le forfait est retenu."
    assert told(DecisionAnswer("agreed")) == "agreed"
    assert told(Problem("T", 404, "not-found")) == "not-found"


def test_nobody_agrees_to_nothing() -> None:
    """Where the table gives nothing, a rule that agrees to the table leaves the case to a person."""
    assert decided(Rules((Rule("agreed"),)), opened((0, 0))) is None


def test_rules_are_read_whole_or_not_at_all(tmp_path: Path) -> None:
    """An unknown word or verdict is a failure before anything is fetched."""
    file = tmp_path / "rules.toml"
    file.write_text('[[rule]]\nverdict = "agreed"\ndomain = "OPTI"\nmost = 1\n')
    assert _rules(file) == Rules((Rule("agreed", "OPTI", 1),))
    for text in ('[[rule]]\nverdict = "maybe"\n', '[[rule]]\nverdict = "agreed"\nmore = 1\n', "not toml"):
        file.write_text(text)
        with pytest.raises(Failure):
            _rules(file)


def test_a_case_prints_no_member() -> None:
    """What could reach a log names the authorization only."""
    assert repr(opened()) == f"Opened({AUTHORIZATION})"
