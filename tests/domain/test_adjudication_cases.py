"""Worked cases: one TOML entry each under cases/, with its arithmetic or source; amounts in euros, computed by hand."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rempart.domain.adjudication import Context, Honoured, adjudicate
from rempart.domain.counters import needs
from rempart.domain.guarantee import AMOUNT_KINDS, GuaranteeTable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import parse_euros
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.rights import DOMAINS, Coverage, Period
from rempart.formats.guarantee_table import document

FOLDER = Path(__file__).parent / "cases"
CARE = date(2026, 11, 2)
TODAY = date(2026, 11, 20)
ALL_YEAR = "2023-01-01/2026-12-31"


def load() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        shared = {key: value for key, value in document.items() if key != "case"}
        found += [pytest.param(shared | case, id=f"{path.stem}: {case['says']}") for case in document["case"]]
    return found


def cents(text: str) -> int:
    amount = parse_euros(text)
    assert amount is not None, text
    return amount


def formula(given: str | dict[str, Any]) -> dict[str, Any]:
    """`kind`, `kind 125`, `kind 400.00`, each with an optional `except 15`; or the format's own table."""
    if isinstance(given, dict):
        return given
    said, _, excepted = given.partition(" except ")
    kind, _, figure = said.partition(" ")
    made: dict[str, Any] = {"kind": kind}
    if figure:
        made |= {"amount": figure} if kind in AMOUNT_KINDS else {"percent": int(figure)}
    return made | ({"except-rates": [int(excepted)]} if excepted else {})


def period(domain: str, text: str) -> Period:
    """`start/end`, with the card's formula after a space when it is not 100."""
    dates, _, printed = text.partition(" ")
    start, end = dates.split("/")
    return Period(domain, date.fromisoformat(start), date.fromisoformat(end), printed or "100")


def particulars(given: dict[str, Any]) -> Particulars:
    """The words of `Particulars`; a correction by its parts, prices in euros."""
    seen = dict(given)
    correction = None
    if "sphere" in seen:
        correction = Correction(seen.pop("sphere"), seen.pop("cylinder", 0), seen.pop("multifocal", False))
    for price in ("price_limit", "reference_price"):
        if price in seen:
            seen[price] = cents(seen[price])
    if "teeth" in seen:
        seen["teeth"] = tuple(seen["teeth"])
    return Particulars(**seen, correction=correction)


def line(number: int, given: dict[str, Any]) -> Line:
    """One line; what is not asked is all that AMO left."""
    spent, amo = cents(given["spent"]), cents(given["amo"])
    return Line(
        number,
        given.get("care", CARE),
        given.get("code", ""),
        given["family"],
        cents(given["base"]),
        given["rate"],
        amo,
        spent,
        cents(given["asks"]) if "asks" in given else max(spent - amo, 0),
        quantity=given.get("quantity", 1),
        exemption=given.get("exemption", ""),
        qualifier=given.get("qualifier", ""),
        place=given.get("place", ""),
        particulars=particulars(given["more"]) if "more" in given else None,
    )


def invoice(case: dict[str, Any]) -> Invoice:
    lines = tuple(line(number, given) for number, given in enumerate(case["lines"], start=1))
    totals = {"spent": sum(x.spent for x in lines), "amo": sum(x.amo for x in lines), "amc": sum(x.amc for x in lines)}
    totals |= {key: cents(text) for key, text in case.get("totals", {}).items()}
    presented = Presented("0012345678", "INVENTED", None, case.get("birth", "800101"), "1")
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
    product, kind = case.get("product", "CONFORT"), case.get("kind", "responsible")
    return Coverage(case.get("rank", 1), product, "1", kind, periods, tuple(case.get("equipment", {}).items()))


def table(case: dict[str, Any]) -> GuaranteeTable:
    """The case's formulas, cases and allowances, read as the format reads them."""
    product: dict[str, Any] = {"code": "CONFORT", "level": "1", "from": date(2023, 1, 1)}
    product["formulas"] = {domain: formula(given) for domain, given in case["table"].items()}
    product |= {key: case[key] for key in ("cases", "allowances", "networks") if key in case}
    reading = document({"format": "rempart-guarantees/1", "insurer": "0012345678", "product": [product]}, {})
    assert reading.table is not None, reading.faults
    return reading.table


def context(case: dict[str, Any]) -> Context:
    honoured = None
    if "honoured" in case:
        given = case["honoured"]
        honoured = Honoured(frozenset(given["domains"]), given["start"], given["end"])
    return Context(
        case.get("today", TODAY),
        honoured,
        case.get("closed"),
        case.get("region", "general"),
        authorized=frozenset(case.get("authorized", ())),
        network=frozenset(case.get("network", ())),
        first_paid=tuple((int(number), cents(paid)) for number, paid in case.get("first", {}).items()),
    )


def counted(given: str | int) -> int:
    """Units as they are, euros in cents."""
    return given if isinstance(given, int) else cents(given)


CASES = load()


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
