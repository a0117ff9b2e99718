"""Worked cases: one TOML entry each under cases/, with its arithmetic or source; amounts in euros, computed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from rempart.domain.adjudication import adjudicate
from rempart.domain.counters import needs
from support.worked_cases import CASES, cents, context, counted, coverage, invoice, table


@pytest.mark.parametrize("case", CASES)
def test_decision_is_the_one_worked_out_by_hand(case: dict[str, Any]) -> None:
    """Outcome, shares, reason and domain of each line, and what is read and used of counters, are those of the case."""
    facts = (invoice(case), coverage(case), table(case))
    about: dict[str, Any] = {"profession": case["profession"], "context": context(case)}
    wanted = needs(*facts, **about)
    stated = {name: counted(given) for name, given in case.get("left", {}).items()}
    left = {need.key: stated[need.counter] for need in wanted if need.counter in stated}
    assert len(left) == len(stated)
    decision = adjudicate(*facts, **about, left=left)

    assert decision.outcome == case.get("outcome", "accepted")
    paid_first = dict(context(case).first_paid)
    for number, given in enumerate(case["lines"], start=1):
        if "first_paid" in given.get("more", {}):
            paid_first[number] = cents(given["more"]["first_paid"])
    for decided, given in zip(decision.lines, case["lines"], strict=True):
        assert (decided.amc, decided.patient) == (cents(given["pays"]), cents(given["patient"])), decided
        assert decided.amo + decided.other + decided.amc + decided.patient == decided.spent
        assert decided.other == paid_first.get(decided.number, 0)
        assert decided.reason == given.get("reason", "")
        assert decided.domain == given.get("domain", decided.domain)
        if "by" in given:
            assert decided.rules[-1].rule == given["by"]
            assert decided.rules[-1].amount == decided.amc
    if "needs" in case:
        said = [f"{need.counter} {need.period_start}/{need.period_end} {need.limit}" for need in wanted]
        assert said == case["needs"]
    if "uses" in case:
        used: dict[str, int] = {}
        for use in decision.uses:
            used[use.counter] = used.get(use.counter, 0) + use.amount
        assert used == {name: counted(given) for name, given in case["uses"].items()}
    assert {use.key for use in decision.uses} <= {need.key for need in wanted}


def test_there_are_enough_cases_and_each_says_where_its_figures_come_from() -> None:
    """At least one hundred and fifty cases, each with a source or its arithmetic, none twice."""
    given = [param.values[0] for param in CASES]
    assert len(given) >= 150
    assert all(case["source"] for case in given)
    assert len({case["says"] for case in given}) == len(given)


def test_nobody_found_is_not_confirmed() -> None:
    """Without a record every line is rejected as not confirmed, and nothing is paid."""
    case = CASES[0].values[0]
    decision = adjudicate(invoice(case), None, table(case), profession="doctor", context=context(case))
    assert (decision.outcome, decision.reason, decision.amc) == ("rejected", "not-confirmed", 0)
    assert {decided.reason for decided in decision.lines} == {"not-confirmed"}


def test_insurer_without_a_table_holds() -> None:
    """An insurer that sent no table holds the invoice."""
    case = CASES[0].values[0]
    decision = adjudicate(invoice(case), coverage(case), None, profession="doctor", context=context(case))
    assert (decision.outcome, decision.reason, decision.amc) == ("held", "table-missing", 0)


def test_closed_rights_are_told_before_a_missing_table() -> None:
    """A line that rights reject is rejected, not held, when the table is missing too."""
    case = CASES[0].values[0] | {"rights": {"MED": "2025-01-01/2025-12-31"}}
    decision = adjudicate(invoice(case), coverage(case), None, profession="doctor", context=context(case))
    assert (decision.outcome, decision.reason) == ("rejected", "rights-closed")


def test_invoice_without_lines_is_rejected() -> None:
    """An invoice about nothing is rejected with its own reason."""
    case = CASES[0].values[0] | {"lines": []}
    decision = adjudicate(invoice(case), coverage(case), table(case), profession="doctor", context=context(case))
    assert (decision.outcome, decision.reason, decision.lines) == ("rejected", "no-lines", ())
