"""The worked cases of `tests/domain/cases/*.toml` as domain values: invoice, coverage, table, context."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rempart.domain.adjudication import Context, Honoured
from rempart.domain.guarantee import AMOUNT_KINDS, GuaranteeTable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import parse_euros
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.rights import DOMAINS, Coverage, Period
from rempart.formats.guarantee_table import document

FOLDER = Path(__file__).parents[1] / "domain" / "cases"
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
    for price in ("price_limit", "reference_price", "first_paid"):
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
    members = [{"name": name, "members": sites} for name, sites in case.get("members", {}).items()]
    whole = {"format": "rempart-guarantees/1", "insurer": "0012345678", "product": [product], "network": members}
    reading = document(whole, {})
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
