"""Worked cases: one TOML entry each under cases/, with its arithmetic or source; amounts in euros, computed by hand."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rempart.domain.adjudication import Context, Honoured, adjudicate
from rempart.domain.guarantee import AMOUNT_KINDS, Formula, GuaranteeTable, ProductTable, checked
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import parse_euros
from rempart.domain.rights import DOMAINS, Coverage, Period

FOLDER = Path(__file__).parent / "cases"
CARE = date(2026, 11, 2)
TODAY = date(2026, 11, 20)
ALL_YEAR = "2023-01-01/2026-12-31"


def load() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        found += [
            pytest.param({"profession": document.get("profession"), **case}, id=f"{path.stem}: {case['says']}")
            for case in document["case"]
        ]
    return found


def cents(text: str) -> int:
    amount = parse_euros(text)
    assert amount is not None, text
    return amount


def formula(text: str) -> Formula:
    """`kind`, `kind 125`, `kind 400.00`, each with an optional `except 15`."""
    said, _, excepted = text.partition(" except ")
    kind, _, figure = said.partition(" ")
    rates = (int(excepted),) if excepted else ()
    if kind in AMOUNT_KINDS:
        return Formula(kind, amount=cents(figure), except_rates=rates)
    return Formula(kind, percent=int(figure or 0), except_rates=rates)


def period(domain: str, text: str) -> Period:
    """`start/end`, with the card's formula after a space when it is not 100."""
    dates, _, printed = text.partition(" ")
    start, end = dates.split("/")
    return Period(domain, date.fromisoformat(start), date.fromisoformat(end), printed or "100")


def line(number: int, given: dict[str, Any]) -> Line:
    return Line(
        number,
        given.get("care", CARE),
        given.get("code", ""),
        given["family"],
        cents(given["base"]),
        given["rate"],
        cents(given["amo"]),
        cents(given["spent"]),
        cents(given["asks"]),
        quantity=given.get("quantity", 1),
        exemption=given.get("exemption", ""),
        place=given.get("place", ""),
    )


def invoice(case: dict[str, Any]) -> Invoice:
    lines = tuple(line(number, given) for number, given in enumerate(case["lines"], start=1))
    totals = {"spent": sum(x.spent for x in lines), "amo": sum(x.amo for x in lines), "amc": sum(x.amc for x in lines)}
    totals |= {key: cents(text) for key, text in case.get("totals", {}).items()}
    presented = Presented("0012345678", "INVENTED", None, "800101", "1")
    return Invoice(
        "123456782",
        "000000001",
        TODAY,
        presented,
        lines,
        totals["spent"],
        totals["amo"],
        totals["amc"],
        nature=case.get("nature", "10"),
        exemption=case.get("exemption", ""),
    )


def coverage(case: dict[str, Any]) -> Coverage:
    rights = case.get("rights", dict.fromkeys(DOMAINS, ALL_YEAR))
    periods = tuple(period(domain, text) for domain, text in rights.items())
    return Coverage(1, case.get("product", "CONFORT"), "1", case.get("kind", "responsible"), periods)


def table(case: dict[str, Any]) -> GuaranteeTable:
    formulas = tuple((domain, formula(text)) for domain, text in case["table"].items())
    made = checked("0012345678", (ProductTable("CONFORT", "1", date(2023, 1, 1), date.max, formulas),))
    assert isinstance(made, GuaranteeTable), made
    return made


def context(case: dict[str, Any]) -> Context:
    honoured = None
    if "honoured" in case:
        given = case["honoured"]
        honoured = Honoured(frozenset(given["domains"]), given["start"], given["end"])
    return Context(case.get("today", TODAY), honoured, case.get("closed"))


CASES = load()


@pytest.mark.parametrize("case", CASES)
def test_decision_is_the_one_worked_out_by_hand(case: dict[str, Any]) -> None:
    """Outcome, insurer's share, patient's share, reason and domain of each line are those of the case."""
    decision = adjudicate(
        invoice(case), coverage(case), table(case), profession=case["profession"], context=context(case)
    )

    assert decision.outcome == case.get("outcome", "accepted")
    for decided, given in zip(decision.lines, case["lines"], strict=True):
        assert (decided.amc, decided.patient) == (cents(given["pays"]), cents(given["patient"]))
        assert decided.reason == given.get("reason", "")
        assert decided.domain == given.get("domain", decided.domain)
        if "by" in given:
            assert decided.rules[-1].rule == given["by"]
            assert decided.rules[-1].amount == decided.amc


def test_there_are_enough_cases_and_each_says_where_its_figures_come_from() -> None:
    """At least forty cases, each with a source or its arithmetic, none twice."""
    given = [param.values[0] for param in CASES]
    assert len(given) >= 40
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
