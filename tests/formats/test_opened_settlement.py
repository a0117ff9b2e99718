"""Past lines made from opened settlement files: decided again by the same table they give what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Submitted
from rempart.domain.adjudication import adjudicate
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.guarantee import GuaranteeTable
from rempart.domain.invoice import Invoice, Line
from rempart.domain.line_facts import age_on
from rempart.domain.money import percent
from rempart.domain.rights import Coverage
from rempart.domain.table_diff import PastLine, compare, decided_by, invoices_of
from rempart.formats.opened_settlement import LEFT_OUT, Month, OpenedWrong, cancelled, row_of
from rempart.formats.past_lines import read_past, write_past
from rempart.formats.settlement_copy import opened
from rempart.storage.copies import MsgpackCopies
from support.worked_cases import CASES, context, coverage, invoice, table

UNSAID = {"network", "first", "authorized", "region", "honoured", "closed"}
"""What a case says beside the invoice, its record and the table; the hub's invoices say it in the invoice or never."""
PLAIN = [case.values[0] for case in CASES if not UNSAID & set(case.values[0])]
HANDLES = [bytes([number]) * 16 for number in range(40)]


class Told:
    """One decided invoice on its way: sealed content, opened rows, past lines."""

    def __init__(self, asked: Invoice, decision: Decision, held: Coverage, profession: str, place: int = 0) -> None:
        site = SiteFacts(asked.site, profession, "operator-1", "Europe/Paris", "good")
        caller = Caller(None, "client-1", "site", asked.site, "", b"", b"", 0)
        identity = place.to_bytes(16)
        submitted = Submitted(identity, 1, asked, caller, site, "api", 0)
        sealed = MsgpackCopies().of(HANDLES[place], submitted, decision, held)
        person, told = opened(sealed.settlement)
        told |= {"reference": f"CLIENT-{place}", "person": person.hex()}
        self.rows = [row_of(self._line(asked, line, place), told) for line in decision.lines]

    @staticmethod
    def _line(asked: Invoice, line: DecidedLine, place: int) -> dict[str, Any]:
        """What the file says in clear of a decided line."""
        return {
            "type": "line", "invoice": f"invoice-{place}", "line": line.number, "site": asked.site,
            "care": asked.lines[0].care_date.isoformat(), "domain": line.domain, "spent": line.spent, "amo": line.amo,
            "other": line.other, "amc": line.amc, "patient": line.patient, "reason": line.reason, "rules": line.rules,
            "guarantee": "", "guaranteed": 0, "remittance": "",
        }  # fmt: skip


def past_of(month: Month, rows: Iterable[bytes]) -> list[PastLine]:
    """Through the file that `table diff` reads."""
    return list(read_past([write_past(*past) for past in month.read(rows)]))


def told_again(asked: Invoice, held: Coverage, given: GuaranteeTable, case: dict[str, Any]) -> Month | None:
    """The invoice decided, sent on, and decided again; None when no settlement file would tell it."""
    decision = adjudicate(asked, held, given, profession=case["profession"], context=context(case))
    if decision.outcome != "accepted":
        return None
    month = Month(frozenset())
    past = past_of(month, Told(asked, decision, held, case["profession"]).rows)
    found = [
        (was.line.care_date, line.amc, line.patient, line.reason)
        for lines in invoices_of(past)
        for was, line in zip(lines, decided_by(given, lines), strict=True)
    ]
    kept = [] if any(line.reason in OUT for line in decision.lines) else list(decision.lines)
    days = {line.number: line.care_date for line in asked.lines}
    assert found == [(days[line.number], line.amc, line.patient, line.reason) for line in kept]
    assert sum(month.left_out.values()) == len(decision.lines) - len(kept)
    return month


OUT = {
    "rights-closed", "domain-not-covered", "authorization-needed", "too-old", "future-care", "allowance-used",
    "renewal-too-early", "newborn-ceiling",
}  # fmt: skip


def birthday_inside(asked: Invoice) -> bool:
    """Whether the person's age changes, or would by the year alone, from one line to another."""
    birth, first = asked.presented.birth, asked.lines[0].care_date
    born = first.year - age_on(birth, first)
    return any(age_on(birth, line.care_date) != line.care_date.year - born for line in asked.lines)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["says"]) for case in PLAIN])
def test_every_worked_case_comes_back_from_the_sealed_content(case: dict[str, Any]) -> None:
    """Every counter whole and no equipment known: what was decided is decided again, line by line."""
    told_again(invoice(case), replace(coverage(case), last_equipment=()), table(case), case)


def test_a_line_left_out_takes_its_invoice_along() -> None:
    """A third lens that comes too early counts in its equipment's floor: without it the others come out otherwise."""
    (case,) = (case for case in PLAIN if case["says"].startswith("two complex lenses are paid 200 at least"))
    asked, (line,) = invoice(case), invoice(case).lines
    lines = tuple(replace(line, number=number, quantity=1) for number in (1, 2, 3))
    whole = replace(asked, lines=lines, total_spent=45_000, total_amo=18, total_amc=44_982)
    month = told_again(whole, replace(coverage(case), last_equipment=()), table(case), case)
    assert month is not None
    assert (month.left_out["counter"], month.left_out["beside"], month.lines) == (1, 2, 0)


@st.composite
def varied(draw: st.DrawFn) -> tuple[dict[str, Any], Invoice]:
    """A worked case whose lines are repeated, left out, and given any amounts."""
    case = draw(st.sampled_from(PLAIN))
    asked = invoice(case)
    lines = draw(st.lists(st.sampled_from(asked.lines), min_size=1, max_size=4))
    made = tuple(varied_line(draw, number, line) for number, line in enumerate(lines, 1))
    spent, amo, amc = sum(x.spent for x in made), sum(x.amo for x in made), sum(x.amc for x in made)
    return case, replace(asked, lines=made, total_spent=spent, total_amo=amo, total_amc=amc)


def varied_line(draw: st.DrawFn, number: int, line: Line) -> Line:
    base = draw(st.one_of(st.just(line.base), st.integers(0, 100_000)))
    spent = draw(st.one_of(st.just(max(line.spent, base)), st.integers(0, 200_000)))
    amo = percent(min(base, spent), line.rate) + draw(st.sampled_from((0, 0, 0, 1)))
    asked = draw(st.one_of(st.just(max(spent - amo, 0)), st.integers(0, 200_000)))
    return replace(line, number=number, base=base, spent=spent, amo=amo, amc=asked, quantity=draw(st.integers(1, 3)))


@settings(max_examples=150, deadline=None)
@given(varied())
def test_deciding_past_lines_again_gives_the_decided_amounts(given: tuple[dict[str, Any], Invoice]) -> None:
    """Any amounts, any mechanism, any number of lines; counters whole, no known equipment, no birthday in between."""
    case, asked = given
    assume(not birthday_inside(asked))
    told_again(asked, replace(coverage(case), last_equipment=()), table(case), case)


def test_an_exemption_of_the_whole_invoice_comes_through() -> None:
    """At 100 % because the invoice is exempted, which no line says: without it the rate would not be lawful."""
    line = {"family": "consultation", "base": "30.00", "rate": 100, "amo": "30.00", "spent": "60.00"}
    case = {
        "profession": "doctor", "kind": "scheme", "table": {"MED": "percent-including-amo 200"}, "lines": [line],
    }  # fmt: skip
    month = told_again(replace(invoice(case), exemption="4"), coverage(case), table(case), case)
    assert month is not None
    assert month.lines == 1
    assert told_again(invoice(case), coverage(case), table(case), case) is None


def test_nobody_is_named_in_past_lines() -> None:
    """Neither reference nor handle nor invoice's number comes through: words of this file alone stand for them."""
    rows = decided(12)
    month = Month(frozenset())
    written = b"".join(write_past(*past) for past in month.read(rows))
    assert (month.people, month.invoices, month.lines) == (12, 12, 12)
    for secret in (b"CLIENT", b"000000001", b"invoice-", HANDLES[1].hex().encode(), b"800101"):
        assert secret in b"".join(rows) or secret == b"800101"
        assert secret not in written


def decided(people: int) -> list[bytes]:
    """Rows of as many people with the first worked case that pays."""
    return [row for place in range(people) for row in told(place).rows]


def told(place: int, decision: Decision | None = None) -> Told:
    asked, held, given = invoice(PAYS), coverage(PAYS), table(PAYS)
    made = decision or adjudicate(asked, held, given, profession=PAYS["profession"], context=context(PAYS))
    return Told(asked, made, held, PAYS["profession"], place)


PAYS = next(case for case in PLAIN if len(case["lines"]) == 1 and case["lines"][0]["pays"] not in {"0", "0.00"})


def test_the_same_table_changes_nothing_and_ten_people_are_not_shown() -> None:
    """Twelve people: one cell that pays what was decided, before and after; ten people: no cell at all."""
    given = table(PAYS)
    (cell,) = compare(given, given, past_of(Month(frozenset()), decided(12)))
    paid = adjudicate(
        invoice(PAYS), coverage(PAYS), given, profession=PAYS["profession"], context=context(PAYS)
    ).amc  # fmt: skip
    assert (cell.before, cell.after, cell.lines, len(cell.people)) == (12 * paid, 12 * paid, 12, 12)
    assert compare(given, given, past_of(Month(frozenset()), decided(10))) == ()


def one_line(reason: str = "", *rules: str) -> Decision:
    steps = tuple(RuleAmount(rule, 0) for rule in rules)
    return Decision("accepted", (DecidedLine(1, "MED", 3_000, 2_100, 900, 0, steps, reason),))


@pytest.mark.parametrize(
    ("decision", "why"),
    [
        (one_line("", "authorization-agreed"), "agreed"),
        (one_line("", "formula-of-table", "guarantee-limit"), "ceiling"),
        (one_line("", "formula-of-table", "newborn-ceiling"), "ceiling"),
        (one_line("rights-closed"), "rights"),
        (one_line("allowance-used"), "counter"),
        (one_line("newborn-ceiling"), "counter"),
    ],
)
def test_what_no_table_gave_is_left_out_and_counted(decision: Decision, why: str) -> None:
    """A line that another table would not have changed by itself is no past line, and is counted under its cause."""
    month = Month(frozenset())
    assert past_of(month, told(1, decision).rows) == []
    assert month.left_out == dict.fromkeys(LEFT_OUT, 0) | {why: 1}


def test_cancelled_and_twice_told_invoices_count_once_or_not_at_all() -> None:
    """A cancellation in a later file takes the invoice out of an earlier one; a second telling is not a second line."""
    cancellation = b'{"type":"cancellation","invoice":"invoice-2","site":"1","amount":-900}\n'
    files = [told(1).rows + told(2).rows, [*told(1).rows, cancellation]]
    gone: set[str] = set().union(*(cancelled(rows) for rows in files))
    month = Month(frozenset(gone))
    assert len(months(month, files)) == 1
    assert (month.left_out["cancelled"], month.left_out["told-twice"], month.invoices) == (1, 1, 1)


def months(month: Month, files: Sequence[Sequence[bytes]]) -> list[PastLine]:
    return [past for rows in files for past in past_of(month, rows)]


def test_an_invoice_without_acts_is_left_out() -> None:
    """A line whose acts nobody sealed has no act: it is counted, not guessed."""
    bare = row_of({"type": "line", "invoice": "i", "line": 1, "site": "1", "care": date(2026, 5, 4).isoformat()}, {})
    month = Month(frozenset())
    assert past_of(month, [bare]) == []
    assert month.left_out["not-sealed"] == 1


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'{"type":1}', b'{"type":"line","act":{}}'])
def test_another_file_is_told_by_its_line(raw: bytes) -> None:
    """What `settlement open` did not write stops at its line, without a word of it."""
    with pytest.raises(OpenedWrong) as caught:
        past_of(Month(frozenset()), [*told(1).rows, raw])
    assert (caught.value.number, str(caught.value)) == (2, "line 2 is not of an opened settlement file")
