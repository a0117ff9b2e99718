"""The copies of a decided invoice as its three readers decode them, and decided lines as they are stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from rempart.application.guard import Caller, SiteFacts
from rempart.application.invoice_records import Submitted
from rempart.domain.allowances import CounterUse
from rempart.domain.decision import DecidedLine, Decision, RuleAmount
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.particulars import Correction, Particulars
from rempart.domain.rights import Coverage
from rempart.formats.settlement_copy import opened
from rempart.storage.copies import EPOCH, VERSION, MsgpackCopies, decision_lines, read_lines

SITE, CARE = "992300010", date(2026, 11, 20)
ACT = Line(1, CARE, "PH7", "pharmacy", 4_000, 65, 2_600, 4_000, 1_400, detail=(("CIP", "3400001", 2),))
INVOICE = Invoice(SITE, "000000001", CARE, Presented("1", "INVENTED", None, "800101", "1"), (ACT,), 4_000, 2_600, 1_400)
SUBMITTED = Submitted(
    b"i" * 16, 1, INVOICE, Caller(None, "client-1", "site", SITE, "", b"", b"", 0),
    SiteFacts(SITE, "pharmacy", "operator-1", "Europe/Paris", "good"), "api", 0,
)  # fmt: skip
LINES = (
    DecidedLine(1, "PHAR", 4_000, 2_600, 1_400, 0, (RuleAmount("formula-of-table", 1_400),)),
    DecidedLine(2, "", 100, 0, 0, 100, (RuleAmount("domain-of-act", 0),), "unknown-family"),
)
DECISION = Decision("accepted", LINES)
COVERAGE = Coverage(1, "CONFORT", "2", "responsible", ())
ACTS = [[
    1, CARE.toordinal() - EPOCH, "PH7", "pharmacy", 1, 100, [["CIP", "3400001", 2]], 4_000, 65, 2_600, 4_000, 1_400,
    "", "", "", None,
]]  # fmt: skip
CONTRACT = ["CONFORT", "2", "responsible", "pharmacy", "10", "", 46]
DECIDED = [
    [1, "PHAR", 4_000, 2_600, 1_400, 0, "", [["formula-of-table", 1_400]], 0],
    [2, "", 100, 0, 0, 100, "unknown-family", [["domain-of-act", 0]], 0],
]


def test_each_reader_gets_its_own_copy_and_none_holds_an_identity() -> None:
    """Acts alone; the insurer's line with person handle, id and contract; the member's with the site."""
    found = MsgpackCopies().of(b"person", SUBMITTED, DECISION, COVERAGE)
    acts, settlement, copy = (msgspec.msgpack.decode(each) for each in found)
    assert acts == [VERSION, ACTS]
    assert settlement == [
        VERSION,
        [b"person", b"i" * 16, SITE, "000000001", "accepted", ""],
        ACTS,
        DECIDED,
        [],
        CONTRACT,
    ]
    assert copy == [VERSION, SITE, ACTS, DECIDED]
    assert not any(word in each for word in (b"INVENTED", b"800101") for each in found)


def test_its_insurer_alone_reads_the_counters() -> None:
    """Name, period, taken and left of each, sealed with the acts; stored lines and other copies hold none of it."""
    use = CounterUse("allowance/soft", date(2026, 1, 1), date(2026, 12, 31), 1_400, CARE, "cents", free=2_000)
    decision = Decision("accepted", (LINES[0]._replace(uses=(use, use._replace(free=-1))),))
    found = MsgpackCopies().of(b"person", SUBMITTED, decision, COVERAGE)
    person, told = opened(found.settlement)
    counter = {
        "line": 1, "counter": "allowance/soft", "from": "2026-01-01", "to": "2026-12-31", "taken": 1_400,
        "unit": "cents", "left": 600,
    }  # fmt: skip
    assert (person, told["counters"]) == (b"person", [counter, counter | {"left": None}])
    assert not any(b"soft" in each for each in (found.acts, found.copy, decision_lines(decision)))
    assert opened(MsgpackCopies().of(b"person", SUBMITTED, DECISION, COVERAGE).settlement)[1]["counters"] == []


def test_its_insurer_reads_what_the_table_was_asked() -> None:
    """Base, rate, amounts as billed, what the line tells, and the contract; nobody found is an empty contract."""
    told = Particulars(
        item="lens", side="left", teeth=("11",), correction=Correction(-200, 50, multifocal=True), price_limit=0,
        last_delivery=CARE, blind=True,
    )  # fmt: skip
    lens = replace(ACT, exemption="4", qualifier="E", place="stay", particulars=told)
    submitted = SUBMITTED._replace(invoice=replace(INVOICE, lines=(lens,), nature="13", exemption="C"))
    _, found = opened(MsgpackCopies().of(b"person", submitted, DECISION, None).settlement)
    assert found["acts"] == [{
        "line": 1, "care": "2026-11-20", "code": "PH7", "family": "pharmacy", "quantity": 1, "coefficient": 100,
        "detail": (("CIP", "3400001", 2),), "base": 4_000, "rate": 65, "amo": 2_600, "spent": 4_000, "asked": 1_400,
        "exemption": "4", "qualifier": "E", "place": "stay",
        "particulars": {
            "item": "lens", "side": "left", "teeth": ("11",), "correction": (-200, 50, True), "price_limit": 0,
            "last_delivery": "2026-11-20", "blind": True,
        },
    }]  # fmt: skip
    assert found["contract"] == {
        "product": "", "level": "", "kind": "", "profession": "pharmacy", "nature": "13", "exemption": "C", "age": 46,
    }  # fmt: skip


@pytest.mark.parametrize("place", [0, 1, 2, 4, 5])
def test_another_copy_is_refused(place: int) -> None:
    """Of another version, or with a piece of another shape: no settlement copy."""
    told = msgspec.msgpack.decode(MsgpackCopies().of(b"person", SUBMITTED, DECISION, COVERAGE).settlement)
    told[place] = 2 if place == 0 else [[]]
    with pytest.raises(ValueError, match="settlement copy"):
        opened(msgspec.msgpack.encode(told))


def test_stored_lines_come_back() -> None:
    """What a decision stored is what is read, rule by rule; its shares are the sums of its lines."""
    assert read_lines(decision_lines(DECISION)) == LINES
    assert (
        DECISION.shares()
        == (DECISION.spent, DECISION.amo, DECISION.amc, DECISION.patient)
        == (4_100, 2_600, 1_400, 100)
    )
