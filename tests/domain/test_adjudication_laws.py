"""Laws that hold for any invoice: sums exact, never negative, never above what is left, monotone in the percentage."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from rempart.domain.acts import FAMILIES, PROFESSIONS
from rempart.domain.adjudication import Context, Honoured, adjudicate
from rempart.domain.allowances import Allowance, CounterKey
from rempart.domain.counters import needs
from rempart.domain.decision import Decision
from rempart.domain.guarantee import AMOUNT_KINDS, KINDS, PERCENT_KINDS, Case, Formula, GuaranteeTable, ProductTable
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.money import percent
from rempart.domain.particulars import BASKETS, ITEMS, PRICINGS, RENEWALS, SIDES, Correction, Particulars
from rempart.domain.reasons import BY_CODE
from rempart.domain.rights import DOMAINS, Coverage, Period
from rempart.domain.rights import KINDS as CONTRACT_KINDS

TODAY = date(2026, 11, 20)
START, END = date(2025, 1, 1), date(2026, 12, 31)
RATES = (0, 15, 30, 55, 60, 65, 70, 80, 90, 100)
amounts = st.integers(0, 500_000)


def make_formula(kind: str, figure: int) -> Formula:
    return Formula(
        kind, percent=figure if kind in PERCENT_KINDS else 0, amount=figure * 100 if kind in AMOUNT_KINDS else 0
    )


def table_of(formula: Formula) -> GuaranteeTable:
    return GuaranteeTable(
        "0012345678", (ProductTable("P", "1", START, END, tuple((domain, formula) for domain in DOMAINS)),)
    )


def make_invoice(lines: tuple[Line, ...], exemption: str = "") -> Invoice:
    numbered = tuple(replace(line, number=number) for number, line in enumerate(lines, start=1))
    spent, amo, amc = sum(x.spent for x in lines), sum(x.amo for x in lines), sum(x.amc for x in lines)
    presented = Presented("0012345678", "INVENTED", None, "800101", "1")
    return Invoice("123456782", "000000001", TODAY, presented, numbered, spent, amo, amc, exemption=exemption)


@st.composite
def any_lines(draw: st.DrawFn) -> Line:
    """Lines as good software makes them, and now and then as it should not."""
    base, rate, extra = draw(amounts), draw(st.sampled_from(RATES)), draw(st.integers(-20_000, 100_000))
    spent = max(base + extra, 0)
    amo = percent(min(base, spent), rate) + draw(st.sampled_from((0, 0, 0, 1, -1, 5)))
    asked = draw(st.one_of(st.just(max(spent - amo, 0)), amounts))
    care = TODAY - timedelta(days=draw(st.integers(-2, 900)))
    family = draw(st.sampled_from(FAMILIES))
    return Line(1, care, "", family, base, rate, amo, spent, asked, quantity=draw(st.integers(0, 3)))


@st.composite
def told(draw: st.DrawFn) -> Particulars:
    """Anything a line may say, whether it makes sense or not."""
    correction = Correction(draw(st.integers(-1500, 1500)), draw(st.integers(0, 800)), draw(st.booleans()))
    return Particulars(
        item=draw(st.sampled_from(("", *ITEMS))),
        side=draw(st.sampled_from(("", *SIDES))),
        correction=draw(st.sampled_from((None, correction))),
        basket=draw(st.sampled_from(("", *BASKETS))),
        price_limit=draw(st.one_of(st.none(), amounts)),
        pricing=draw(st.sampled_from(("", *PRICINGS))),
        days=draw(st.integers(0, 40)),
        renewal=draw(st.sampled_from(RENEWALS)),
        substitution=draw(st.sampled_from(("", "refused", "justified"))),
        reference_price=draw(st.one_of(st.none(), amounts)),
        first_paid=draw(st.one_of(st.none(), st.none(), amounts)),
        last_delivery=draw(st.sampled_from((None, None, TODAY - timedelta(days=400)))),
        blind=draw(st.booleans()),
    )


@st.composite
def told_lines(draw: st.DrawFn) -> Line:
    return replace(draw(any_lines()), particulars=draw(st.one_of(st.none(), told())))


@st.composite
def full_tables(draw: st.DrawFn) -> GuaranteeTable:
    """Cases, several formulas after each other, ceilings and allowances in every domain."""
    parts = st.builds(
        lambda formula, allowance, ceiling, includes: replace(
            formula, allowance=allowance, ceiling=ceiling, ceiling_includes_amo=includes
        ),
        formulas,
        st.sampled_from(("", "", "money", "acts")),
        st.sampled_from((0, 0, 5_000)),
        st.booleans(),
    )
    case = st.builds(
        Case,
        st.lists(parts, min_size=1, max_size=3).map(tuple),
        baskets=st.sampled_from(((), ("B",), ("2", "free"))),
        network=st.sampled_from(("", "in", "out")),
    )
    cases = draw(st.lists(case, max_size=3).map(tuple))
    plain = draw(parts)
    limits = (
        Allowance("money", draw(st.integers(1, 50_000)), "cents", "calendar-year"),
        Allowance("acts", draw(st.integers(1, 4)), "units", "rolling", 12),
    )
    version = ProductTable(
        "P", "1", START, END, tuple((domain, plain) for domain in DOMAINS),
        tuple((domain, cases) for domain in DOMAINS), limits, "", ("NET",),
    )  # fmt: skip
    return GuaranteeTable("0012345678", (version,))


formulas = st.builds(make_formula, st.sampled_from(sorted(KINDS)), st.integers(1, 400))


def decide(invoice: Invoice, formula: Formula, *, profession: str = "pharmacy", honoured: bool = False) -> Decision:
    periods = tuple(Period(domain, START, END, "100") for domain in DOMAINS[:9])
    coverage = Coverage(1, "P", "1", "responsible", periods)
    accreditation = Honoured(frozenset(DOMAINS), START, END) if honoured else None
    return adjudicate(
        invoice, coverage, table_of(formula), profession=profession, context=Context(TODAY, accreditation)
    )


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(any_lines(), min_size=1, max_size=5),
    formula=formulas,
    profession=st.sampled_from(PROFESSIONS),
    honoured=st.booleans(),
    exempt=st.booleans(),
)
def test_shares_always_sum_to_what_was_spent(
    *, lines: list[Line], formula: Formula, profession: str, honoured: bool, exempt: bool
) -> None:
    """AMO + insurer + patient = spent, no share is negative, none exceeds its ceiling, each reason is in the table."""
    invoice = make_invoice(tuple(lines), "4" if exempt else "")
    decision = decide(invoice, formula, profession=profession, honoured=honoured)

    assert len(decision.lines) == len(lines)
    for decided, asked in zip(decision.lines, invoice.lines, strict=True):
        assert decided.amo + decided.amc + decided.patient == decided.spent == asked.spent
        assert min(decided.amo, decided.amc, decided.patient) >= 0
        assert decided.amc <= decided.spent - decided.amo
        assert decided.amc <= asked.amc
        assert not decided.reason or (decided.amc == 0 and decided.reason in BY_CODE)
    assert decision.amo + decision.amc + decision.patient == decision.spent
    assert (decision.outcome == "accepted") == (not decision.reason)
    assert decision.outcome == "accepted" or decision.amc == 0


@settings(max_examples=100, deadline=None)
@given(
    lines=st.lists(told_lines(), min_size=1, max_size=4),
    table=full_tables(),
    profession=st.sampled_from(PROFESSIONS),
    kind=st.sampled_from(CONTRACT_KINDS),
    first=st.lists(st.tuples(st.integers(1, 4), amounts), max_size=2).map(tuple),
    share=st.integers(0, 100),
)
def test_every_mechanism_together_keeps_the_sums(
    *,
    lines: list[Line],
    table: GuaranteeTable,
    profession: str,
    kind: str,
    first: tuple[tuple[int, int], ...],
    share: int,
) -> None:
    """Whatever a line says and a table holds: sums exact, no share negative, no counter used beyond what is left."""
    invoice = make_invoice(tuple(lines))
    periods = tuple(Period(domain, START, END, "100") for domain in DOMAINS)
    coverage = Coverage(1, "P", "1", kind, periods, (("OPTI", date(2025, 6, 1)),))
    context = Context(TODAY, network=frozenset({"NET"}) if share % 2 else frozenset(), first_paid=first)
    wanted = needs(invoice, coverage, table, profession=profession, context=context)
    left = {need.key: need.limit * share // 100 for need in wanted}
    decision = adjudicate(invoice, coverage, table, profession=profession, context=context, left=left)

    for decided, asked in zip(decision.lines, invoice.lines, strict=True):
        assert decided.amo + decided.other + decided.amc + decided.patient == decided.spent == asked.spent
        assert min(decided.amo, decided.other, decided.amc, decided.patient) >= 0
        assert decided.amc <= asked.amc
        assert not decided.reason or (decided.amc == 0 and not decided.uses and decided.reason in BY_CODE)
        assert sum(use.amount for use in decided.uses if use.unit == "cents") <= decided.amc
    spent: dict[CounterKey, int] = {}
    for use in decision.uses:
        assert use.amount > 0
        spent[use.key] = spent.get(use.key, 0) + use.amount
    assert all(amount <= left[key] for key, amount in spent.items())


@settings(max_examples=200, deadline=None)
@given(st.lists(any_lines(), min_size=1, max_size=4), formulas)
def test_accepted_share_keeps_its_rule(lines: list[Line], formula: Formula) -> None:
    """Every accepted line ends with the rule that gave its amount, and the claimed AMO is never replaced."""
    invoice = make_invoice(tuple(lines))
    decision = decide(invoice, formula)
    for decided, asked in zip(decision.lines, invoice.lines, strict=True):
        assert decided.rules
        if not decided.reason:
            assert decided.amo == asked.amo
            assert decided.rules[-1].amount == decided.amc


@settings(max_examples=200, deadline=None)
@given(amounts, amounts, st.sampled_from(sorted(PERCENT_KINDS)), st.integers(1, 400), st.integers(0, 300))
def test_higher_percentage_never_pays_less(base: int, extra: int, kind: str, low: int, more: int) -> None:
    """Raising the percentage of a formula never lowers the insurer's share."""
    amo = percent(base, 65)
    line = Line(1, TODAY, "", "pharmacy", base, 65, amo, base + extra, base + extra - amo)
    invoice = make_invoice((line,))
    assert (
        decide(invoice, make_formula(kind, low)).amc <= decide(invoice, make_formula(kind, min(low + more, 1000))).amc
    )


@settings(max_examples=200, deadline=None)
@given(
    line=told_lines(),
    share=st.sampled_from(sorted(PERCENT_KINDS)),
    kind=st.sampled_from(CONTRACT_KINDS),
    profession=st.sampled_from(PROFESSIONS),
    low=st.integers(1, 400),
    more=st.integers(0, 600),
)
def test_higher_percentage_never_pays_less_whatever_the_line_says(
    *, line: Line, share: str, kind: str, profession: str, low: int, more: int
) -> None:
    """The same under every kind of contract, for lines with baskets, ears, fees, price regimes and floors."""
    invoice = make_invoice((line,))
    coverage = Coverage(1, "P", "1", kind, tuple(Period(domain, START, END, "100") for domain in DOMAINS))
    paid = [
        adjudicate(
            invoice, coverage, table_of(make_formula(share, figure)), profession=profession, context=Context(TODAY)
        ).amc
        for figure in (low, low + more)
    ]
    assert paid[0] <= paid[1]


@settings(max_examples=100, deadline=None)
@given(st.lists(any_lines(), min_size=1, max_size=4), formulas)
def test_same_question_gets_the_same_answer(lines: list[Line], formula: Formula) -> None:
    """Adjudication has no memory: the same facts give the same decision."""
    invoice = make_invoice(tuple(lines))
    assert decide(invoice, formula) == decide(invoice, formula)


@given(st.integers(-3, 3).filter(lambda cents: cents != 0))
def test_totals_off_by_a_cent_reject(off: int) -> None:
    """Announced totals are exact: a cent more or less rejects the invoice, whatever the total."""
    line = Line(1, TODAY, "", "pharmacy", 1000, 65, 650, 1000, 350)
    invoice = make_invoice((line,))
    for name in ("total_spent", "total_amo", "total_amc"):
        changed = replace(invoice, **{name: getattr(invoice, name) + off})
        assert decide(changed, Formula("ticket-moderateur")).reason == "totals-wrong"
