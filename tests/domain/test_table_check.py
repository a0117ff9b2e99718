"""What is said about a sound table: gaps, contradictions, and what the law of responsible contracts forbids."""

from __future__ import annotations

import pytest

from rempart.domain.table_check import SENTENCES, remarks
from rempart.formats.guarantee_table import read

HEAD = 'format = "rempart-guarantees/1"\ninsurer = "0012345678"\n'
HEAD += '[[product]]\ncode = "P"\nlevel = "1"\nfrom = 2026-01-01\n'
RESPONSIBLE = HEAD + 'kind = "responsible"\n'
TM = '{ kind = "ticket-moderateur" }'
FEE, FRAME = 'items = ["daily-fee"]\n', 'items = ["frame"]\n'
OPTAM = 'pricings = ["optam"]\npays = { kind = "percent-including-amo", percent = 150 }'
NEAR = '[[product.cases.MED]]\npricings = ["non-optam"]\npays = { kind = "percent-including-amo", percent = 131 }'
LIMITED = 'formulas = { MED = { kind = "ticket-moderateur", allowance = "a" } }\n[product.allowances.a]\n'


def said(body: str, head: str = RESPONSIBLE) -> list[tuple[str, str]]:
    table = read((head + body).encode()).table
    assert table is not None, read((head + body).encode()).faults
    return [(remark.weight, remark.code) for remark in remarks(table)]


def case(domain: str, body: str) -> str:
    return f"formulas = {{ {domain} = {TM} }}\n[[product.cases.{domain}]]\n{body}\n"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('formulas = { MED = { kind = "none" } }', "below-ticket-moderateur"),
        ('formulas = { MED = { kind = "percent-including-amo", percent = 99 } }', "below-ticket-moderateur"),
        ('formulas = { PHAR = { kind = "ticket-moderateur", except-rates = [65] } }', "rates-left-out"),
        (case("HOSP", 'items = ["daily-fee"]\npays = { kind = "none" }'), "daily-fee-limited"),
        (case("HOSP", f"{FEE}pays = {{ kind = 'amount-per-day', amount = '19.99' }}"), "daily-fee-limited"),
        (case("MED", 'items = ["participation"]\npays = { kind = "actual-costs" }'), "pays-own-share"),
        ('formulas = { OPTI = { kind = "amount-per-equipment", amount = "800.01" } }', "above-optical-ceiling"),
        ('formulas = { OPTI = { kind = "amount-per-equipment", amount = "49.99" } }', "below-optical-floor"),
        (
            case("OPTI", 'corrections = ["complex"]\npays = { kind = "amount-per-equipment", amount = "199.99" }'),
            "below-optical-floor",
        ),
        (case("OPTI", f"{FRAME}pays = {{ kind = 'amount-per-line', amount = '100.01' }}"), "above-optical-ceiling"),
        ('formulas = { AUDI = { kind = "amount-per-ear", amount = "1700.01" } }', "above-hearing-ceiling"),
        (
            case("MED", 'pricings = ["non-optam"]\npays = { kind = "percent-including-amo", percent = 201 }'),
            "non-optam-too-high",
        ),
        (case("MED", OPTAM) + NEAR, "non-optam-too-near"),
        (LIMITED + 'limit = "10.00"\nperiod = "calendar-year"', "ticket-moderateur-limited"),
    ],
)
def test_what_a_responsible_contract_may_not_say_is_told(body: str, code: str) -> None:
    """Each thing the law forbids is told, and is nothing to remark on under another kind of contract."""
    assert said(body) == [("forbidden", code)]
    assert said(body, HEAD + 'kind = "scheme"\n') == []


@pytest.mark.parametrize(
    "body",
    [
        f"formulas = {{ MED = {TM} }}",
        'formulas = { MED = { kind = "percent-including-amo", percent = 100 } }',
        'formulas = { PHAR = { kind = "ticket-moderateur", except-rates = [15, 30] } }',
        'formulas = { OPTI = { kind = "amount-per-equipment", amount = "800.00" } }',
        'formulas = { OPTI = { kind = "amount-per-equipment", amount = "50.00" } }',
        'formulas = { AUDI = { kind = "amount-including-amo", amount = "1700.00" } }',
        case("HOSP", 'items = ["daily-fee"]\npays = { kind = "actual-costs" }'),
        case("HOSP", 'items = ["private-room"]\npays = { kind = "none" }'),
        case("OPTI", 'items = ["frame"]\npays = { kind = "amount-per-line", amount = "100.00" }'),
        case("OPTI", 'baskets = ["A"]\npays = { kind = "basket-price" }'),
    ],
)
def test_what_the_law_allows_is_not_remarked(body: str) -> None:
    """The figures at the bounds, and everyday formulas, are lawful."""
    assert said(body) == []


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        (
            case("MED", 'families = ["consultation"]\npays = { kind = "actual-costs" }')
            + '[[product.cases.MED]]\nfamilies = ["consultation"]\nbaskets = ["A"]\npays = { kind = "actual-costs" }',
            ("contradiction", "case-never-reached"),
        ),
        (case("MED", f"from-age = 16\nbelow-age = 16\npays = {TM}"), ("contradiction", "ages-reversed")),
        (case("MED", f'network = "in"\npays = {TM}'), ("contradiction", "network-not-named")),
        (
            f'formulas = {{ MED = {TM} }}\n[product.allowances.a]\nlimit = "1.00"\nperiod = "calendar-year"',
            ("contradiction", "allowance-unused"),
        ),
        (
            f'formulas = {{ MED = {TM} }}\n[[product.cases.OPTI]]\nbaskets = ["B"]\npays = {TM}',
            ("gap", "no-formula-otherwise"),
        ),
        (case("OPTI", f'baskets = ["A"]\npays = {TM}'), ("contradiction", "no-charge-overruled")),
        (f'networks = ["CLAIR"]\nformulas = {{ MED = {TM} }}', ("gap", "network-without-site")),
    ],
)
def test_gaps_and_contradictions_are_told(body: str, remark: tuple[str, str]) -> None:
    """A case that is never used, an allowance without use, a domain that answers for some lines only."""
    assert said(body) == [remark]


def test_a_product_without_a_kind_is_noted() -> None:
    """Without a kind the law is not known, and the remark says so."""
    assert said(f"formulas = {{ MED = {TM} }}", HEAD) == [("note", "kind-not-said")]


def test_every_remark_has_its_sentence() -> None:
    """Sentences end like sentences; the codes are kebab-case."""
    assert all(text.endswith(".") for text in SENTENCES.values())
    assert all(code == code.lower() and " " not in code for code in SENTENCES)
