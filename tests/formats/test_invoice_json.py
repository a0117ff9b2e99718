"""Our own JSON of invoices: what is written is read back; every fault is told with its field, at the smallest level."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.identifiers import Fault
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.particulars import BASKETS, ITEMS, PRICINGS, RENEWALS, SIDES, Correction, Particulars
from rempart.formats.invoice_json import MOST_CENTS, MOST_INVOICES, MOST_LINES, Refused, Taken, read, write

SITE = "992300010"
texts = st.text(max_size=12)
days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
cents = st.integers(0, MOST_CENTS)
particulars = st.builds(
    Particulars, st.sampled_from(("", *ITEMS)), st.sampled_from(("", *SIDES)),
    st.lists(st.sampled_from(("11", "48", "85")), max_size=2).map(tuple),
    st.none() | st.builds(Correction, st.integers(-2000, 2000), st.integers(0, 900), st.booleans()),
    st.sampled_from(("", *BASKETS)), st.none() | cents, st.sampled_from(("", *PRICINGS)), st.integers(0, 400),
    st.sampled_from(RENEWALS), st.sampled_from(("", "refused", "justified")), st.none() | cents,
    st.none() | cents, st.none() | days, st.booleans(),
)  # fmt: skip
lines = st.builds(
    Line, st.just(1), days, texts, texts, cents, st.integers(0, 100), cents, cents, cents, st.integers(1, 9999),
    st.integers(1, 1_000_000), cents, texts, texts, texts,
    st.lists(st.tuples(texts, texts, st.integers(-5, 5)), max_size=3).map(tuple),
    st.none() | particulars,
)  # fmt: skip
presenteds = st.builds(
    Presented,
    st.integers(1, 10**10 - 1).map(lambda n: f"{n:010d}"),
    texts,
    st.sampled_from((None, "2690549588157")),
    st.just("800101"),
    st.none() | st.sampled_from("123456789"),
    texts,
    texts,
)


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    acts = tuple(replace(act, number=n) for n, act in enumerate(draw(st.lists(lines, min_size=1, max_size=4)), 1))
    totals = (sum(a.spent for a in acts), sum(a.amo for a in acts), sum(a.amc for a in acts))
    return Invoice(
        SITE, f"{draw(st.integers(1, 999_999_999)):09d}", draw(days), draw(presenteds), acts, *totals, draw(texts),
        draw(texts), draw(st.none() | texts), draw(st.sampled_from(("", "bed 12", "2026/17"))),
        draw(st.sampled_from(("real", "test", "demo"))),
    )  # fmt: skip


@given(sent=st.lists(invoices(), min_size=1, max_size=3).map(tuple))
def test_what_a_site_writes_is_read_back(sent: tuple[Invoice, ...]) -> None:
    """Every field of every line, for the site of the token."""
    assert read(write(sent), SITE) == tuple(Taken(invoice, distinct=False) for invoice in sent)


def invoice(**changes: Any) -> dict[str, Any]:
    """One sound invoice as a site's software sends it, but for what is said of it."""
    act = {
        "care_date": "2026-11-20", "code": "PH7", "family": "pharmacy", "base": 4000, "rate": 65, "amo": 2600,
        "spent": 4000, "amc": 1400,
    }  # fmt: skip
    usual = {
        "number": "17", "issued": "2026-11-23", "amc_number": "00401166", "member": "INVENTED",
        "birth_date": "1980-01-01", "lines": [act | changes.pop("line", {})],
    }  # fmt: skip
    return usual | changes


def body(*sent: dict[str, Any]) -> bytes:
    return json.dumps({"invoices": sent}).encode()


def taken(**changes: Any) -> Taken | Refused:
    found = read(body(invoice(**changes)), SITE)
    assert isinstance(found, tuple)
    (one,) = found
    return one


def test_a_sound_invoice_is_taken_in_its_canonical_form() -> None:
    """Number of nine digits, insurer of ten, birth date as cards write it, totals from the lines, site of the token."""
    found = taken(amc_number="00401166", distinct=True, nir="2 69 05 49 588 157")
    assert isinstance(found, Taken)
    assert found.distinct
    one = found.invoice
    assert (one.site, one.number, one.presented.amc_number) == (SITE, "000000017", "0000401166")
    assert (one.presented.nir, one.presented.birth, one.presented.rank) == ("2690549588157", "800101", None)
    assert (one.total_spent, one.total_amo, one.total_amc) == (4000, 2600, 1400)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"number": ""}, "number", "invoice-number-malformed"),
        ({"number": "0"}, "number", "invoice-number-malformed"),
        ({"number": "1234567890"}, "number", "invoice-number-malformed"),
        ({"number": "12A"}, "number", "invoice-number-malformed"),
        ({"number": "²"}, "number", "invoice-number-malformed"),
        ({"number": "-1"}, "number", "invoice-number-malformed"),
        ({"issued": "2026-02-30"}, "issued", "impossible-date"),
        ({"issued": "yesterday"}, "issued", "impossible-date"),
        ({"mode": "REAL"}, "mode", "unknown-mode"),
        ({"site_reference": "Madame Inventée"}, "site_reference", None),
        ({"amc_number": "12"}, None, None),
        ({"birth_date": "the first"}, None, None),
        ({"nir": "123"}, None, None),
        ({"nir": "2690549588157 99"}, None, None),
        ({"rank": "0"}, None, None),
        ({"lines": []}, "lines", "no-lines"),
        ({"line": {"care_date": "20/11/2026"}}, "lines[0].care_date", "impossible-date"),
        ({"line": {"rate": 101}}, "lines[0].rate", "rate-out-of-range"),
        ({"line": {"rate": -1}}, "lines[0].rate", "rate-out-of-range"),
        ({"line": {"quantity": 0}}, "lines[0].quantity", "quantity-out-of-range"),
        ({"line": {"quantity": 10_000}}, "lines[0].quantity", "quantity-out-of-range"),
        ({"line": {"coefficient": 0}}, "lines[0].quantity", "quantity-out-of-range"),
        *(
            ({"line": {"particulars": {name: "nonsense"}}}, f"lines[0].particulars.{name}", "unknown-word")
            for name in ("item", "side", "basket", "pricing", "renewal", "substitution")
        ),
        ({"line": {"particulars": {"days": 401}}}, "lines[0].particulars.days", "days-out-of-range"),
        ({"line": {"particulars": {"teeth": ["19"]}}}, "lines[0].particulars.teeth", "tooth-malformed"),
        ({"line": {"particulars": {"price_limit": -1}}}, "lines[0].particulars.price_limit", "amount-out-of-range"),
        ({"line": {"particulars": {"first_paid": -1}}}, "lines[0].particulars.first_paid", "amount-out-of-range"),
        ({"line": {"particulars": {"last_delivery": "soon"}}}, "lines[0].particulars.last_delivery", "impossible-date"),
        (
            {"line": {"particulars": {"correction": {"sphere": 10_000}}}},
            "lines[0].particulars.correction",
            "correction-out-of-range",
        ),
        *(
            ({"line": {name: amount}}, f"lines[0].{name}", "amount-out-of-range")
            for name in ("base", "amo", "spent", "amc", "unit_price")
            for amount in (-1, MOST_CENTS + 1)
        ),
    ],
)
def test_one_fault_refuses_its_invoice_with_field_and_code(
    changes: dict[str, Any], field: str | None, code: str | None
) -> None:
    """One fault told once, without a value; codes of identifiers are those of the domain."""
    found = taken(**changes)
    assert isinstance(found, Refused)
    (fault,) = found.faults
    assert field in {None, fault.field}
    assert code in {None, fault.code}
    assert fault.code.replace("-", "").isalpha()
    assert not any(str(value) in repr(fault) for value in changes.values() if isinstance(value, str) and value)


def test_every_fault_of_an_invoice_is_told_at_once() -> None:
    """A site mends its invoice in one go, and knows which one it is."""
    found = taken(issued="never", mode="x", line={"rate": 101, "base": -1})
    assert isinstance(found, Refused)
    assert found.number == "000000017"
    assert {fault.field for fault in found.faults} == {"issued", "mode", "lines[0].rate", "lines[0].base"}


def test_a_faulty_invoice_leaves_its_neighbours_alone() -> None:
    """Refusal is at the smallest level, in the order sent; a line's place is told."""
    two_acts = invoice(lines=[invoice()["lines"][0], invoice(line={"rate": 101})["lines"][0]])
    found = read(body(invoice(), two_acts, invoice(number="18")), SITE)
    assert isinstance(found, tuple)
    assert [type(one) for one in found] == [Taken, Refused, Taken]
    assert found[1] == Refused("000000017", (Fault("lines[1].rate", "rate-out-of-range"),))


def test_too_many_lines_refuse_the_invoice() -> None:
    """The most is taken, one more is not."""
    act = invoice()["lines"][0]
    assert isinstance(taken(lines=[act] * MOST_LINES), Taken)
    found = taken(lines=[act] * (MOST_LINES + 1))
    assert isinstance(found, Refused)
    assert found.faults == (Fault("lines", "too-many-lines"),)


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"", Fault("", "malformed-body")),
        (b"{", Fault("", "malformed-body")),
        (b'{"invoices": []} and more', Fault("", "malformed-body")),
        (b'{"invoices": [{"number": "\xff"}]}', Fault("", "malformed-body")),
        (b"[]", Fault("", "wrong-shape")),
        (b"{}", Fault("", "wrong-shape")),
        (b'{"invoices": []}', Fault("invoices", "no-invoices")),
        (b'{"invoices": [], "invoices": []}', Fault("", "repeated-field")),
        (body(*[invoice()] * (MOST_INVOICES + 1)), Fault("invoices", "too-many-invoices")),
        (body(invoice(unknown=1)), Fault("invoices[0]", "wrong-shape")),
        (body(invoice(line={"amo": 26.5})), Fault("invoices[0].lines[0].amo", "wrong-shape")),
        (body(invoice(line={"amo": "2600"})), Fault("invoices[0].lines[0].amo", "wrong-shape")),
        (body(invoice(member=7)), Fault("invoices[0].member", "wrong-shape")),
        (body(invoice(site=SITE)), Fault("invoices[0]", "wrong-shape")),
        (body(invoice())[:-3] + b', "mode": "real", "mode": "test"}]}', Fault("", "repeated-field")),
    ],
)
def test_a_body_that_is_not_the_json_expected_is_refused_whole(sent: bytes, fault: Fault) -> None:
    """Where its shape is wrong is told, never what stood there; a site cannot name another than its token's."""
    assert read(sent, SITE) == fault


@given(sent=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_comes_is_an_answer(sent: bytes) -> None:
    """No body raises."""
    assert isinstance(read(sent, SITE), (Fault, tuple))
