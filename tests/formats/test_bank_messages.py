"""Bank messages: every sample gives exactly what it says, hostile ones nothing, and no free text is kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from rempart.domain.bank_return import BankEntry
from rempart.formats.iso20022 import camt054, pain002
from rempart.formats.iso20022._message import MOST_BYTES, Refused, cents_of, day_of, euros, parsed, schema_of, valid
from support.bank_samples import (
    FIRST,
    FOLDER,
    GOOD,
    ORDER,
    SECOND,
    THIRD,
    WRONG,
    detail,
    entry,
    files,
    line,
    notification,
    report,
)

if TYPE_CHECKING:
    from collections.abc import Callable

DAY, BOOKED = date(2026, 11, 24), date(2026, 11, 24)


def reader(name: str) -> Callable[[bytes], Any]:
    """What reads a sample of that name."""
    return pain002.read if "pain002" in name else camt054.read


def of(text: str) -> pain002.StatusReport:
    """A report that must be taken."""
    found = pain002.read(text.encode())
    assert isinstance(found, pain002.StatusReport)
    return found


def moved(text: str) -> camt054.Notification:
    """A notification that must be taken."""
    found = camt054.read(text.encode())
    assert isinstance(found, camt054.Notification)
    return found


def test_the_samples_in_the_docs_are_these() -> None:
    """Every published sample is the one built for the tests (run tests/support/bank_samples.py otherwise)."""
    assert {path.stem: path.read_bytes() for path in FOLDER.glob("*.xml")} == files()


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_message_is_refused_by_its_code(name: str) -> None:
    """Nothing of it is taken; code and line, no value."""
    text, code = WRONG[name]
    found = reader(name)(text.encode())
    assert isinstance(found, Refused)
    assert found.code == code
    assert not any(value in repr(found) for value in (FIRST, ORDER, "Imaginaire", "root"))


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_sound_message_is_taken_and_keeps_no_free_text(name: str) -> None:
    """What a bank adds in words stays in its file."""
    found = reader(name)(GOOD[name].encode())
    assert not isinstance(found, Refused)
    assert "Imaginaire" not in str(found)


@pytest.mark.parametrize("name", ["pain.002.001.03", "pain.002.001.12", "camt.054.001.08"])
def test_our_samples_keep_to_the_published_schemas(name: str) -> None:
    """Every sound sample whose schema is carried is valid under it."""
    texts = [text for text in GOOD.values() if f":{name}" in text]
    assert texts
    for text in texts:
        root = parsed(text.encode())
        assert not isinstance(root, Refused)
        assert valid(root, schema_of(name)) is None


def test_a_report_tells_each_transfer() -> None:
    """Settled, rejected with its code, and pending; the amount in cents, the report's day."""
    found = of(GOOD["good-pain002-03"])
    assert (found.message, found.original, found.outcome) == ("BANK-0001", ORDER, "unknown")
    assert found.entries == (
        BankEntry(FIRST, "settled", "", 123_456, DAY),
        BankEntry(SECOND, "rejected", "AC04", 5, DAY),
        BankEntry(THIRD, "unknown", "", 123_456, DAY),
    )


def test_a_report_may_end_the_whole_order() -> None:
    """Refused or settled as a whole, it names no transfer."""
    refused, settled = of(GOOD["good-pain002-all-refused"]), of(GOOD["good-pain002-all-settled"])
    assert (refused.outcome, refused.reason, refused.entries) == ("rejected", "AM04", ())
    assert (settled.outcome, settled.entries) == ("settled", ())


def test_group_and_block_that_disagree_end_nothing() -> None:
    """A group that says settled and a block that says rejected leave the order as it is."""
    assert of(report(status="RJCT", group="<GrpSts>ACSC</GrpSts>")).outcome == "unknown"


def test_a_transfer_takes_its_blocks_status_when_it_has_none() -> None:
    """A rejected block rejects the transfers it lists."""
    text = report(line(FIRST, "RJCT"), status="RJCT").replace("        <TxSts>RJCT</TxSts>\n", "")
    assert [one.outcome for one in of(text).entries] == ["rejected"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("ACSC", "settled"), ("ACCC", "settled"), ("RJCT", "rejected"), ("CANC", "rejected"), ("ACSP", "unknown"),
     ("ACTC", "unknown"), ("RCVD", "unknown"), ("", "unknown")],
)  # fmt: skip
def test_only_final_states_end_a_transfer(status: str, outcome: str) -> None:
    """Accepted for processing, pending and unheard-of states end nothing."""
    assert pain002.outcome_of(status) == outcome


def test_a_reason_in_words_is_kept_as_narr_only() -> None:
    """A proprietary reason that is no code could hold a name: only that there was one is kept."""
    entries = of(report(line(FIRST, "RJCT", reason="Madame Imaginaire"))).entries
    assert [one.reason for one in entries] == ["NARR"]


def test_a_notification_tells_what_left_came_back_and_came_in() -> None:
    """Debits are settled, a return is rejected with its code, money in is told apart, what is pending ends nothing."""
    found = moved(GOOD["good-camt054"])
    assert found.paid == (
        BankEntry(FIRST, "settled", "", 123_456, BOOKED),
        BankEntry(SECOND, "settled", "", 5, BOOKED),
        BankEntry(THIRD, "rejected", "AC04", 1_000, BOOKED),
        BankEntry("", "unknown", "", 700, BOOKED),
    )
    assert found.received == (BankEntry("CALL-1", "settled", "", 50_000, BOOKED),)


def test_a_collection_taken_back_is_told_among_what_was_received() -> None:
    """A returned direct debit is a debit with a return reason."""
    found = moved(notification(entry("5.00", detail("CALL-1", returned="MD06"))))
    assert (found.paid, found.received) == ((), (BankEntry("CALL-1", "rejected", "MD06", 500, BOOKED),))


def test_a_batch_without_all_its_details_leaves_the_rest_unknown() -> None:
    """What the bank does not detail is held under no reference; the sum is the entry's."""
    assert moved(GOOD["good-camt054-batch"]).paid == (BankEntry("", "unknown", "", 10_000, BOOKED),)
    part = moved(GOOD["good-camt054-part-of-batch"]).paid
    assert part == (BankEntry(FIRST, "settled", "", 6_000, BOOKED), BankEntry("", "unknown", "", 4_000, BOOKED))


def test_a_marked_reversal_is_a_return_without_reason() -> None:
    """Either mark, the flag or the sub-family of returns, makes it a return."""
    flagged = notification(entry("5.00", detail(FIRST), side="CRDT")).replace(
        "</CdtDbtInd>", "</CdtDbtInd>\n<RvslInd>true</RvslInd>"
    )
    family = "<Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn>"
    sub = notification(entry("5.00", detail(FIRST), side="CRDT")).replace("<BkTxCd>", f"<BkTxCd>{family}")
    for text in (flagged, sub):
        assert moved(text).paid == (BankEntry(FIRST, "rejected", "", 500, BOOKED),)


def test_another_encoding_hides_no_document_type() -> None:
    """UTF-16, or a declaration of it over UTF-8 bytes, brings no entity in."""
    text, _ = WRONG["pain002-external-entity"]
    assert pain002.read(text.replace("UTF-8", "UTF-16").encode("utf-16")) == Refused("not-utf-8")
    found = pain002.read(text.replace("UTF-8", "UTF-16").encode())
    assert isinstance(found, Refused)
    assert found.code == "document-type-not-allowed"


def test_a_message_beyond_the_limit_is_not_parsed() -> None:
    """The size is looked at first."""
    assert parsed(b" " * (MOST_BYTES + 1)) == Refused("message-too-large")


def test_a_deep_message_is_refused() -> None:
    """The parser's own limit on depth holds."""
    assert parsed(b"<a>" * 100_000) == Refused("not-well-formed", 1)


@settings(max_examples=100)
@given(st.data())
def test_a_changed_message_is_read_or_refused(data: st.DataObject) -> None:
    """Bytes replaced or cut anywhere give a value, never an exception."""
    name = data.draw(st.sampled_from(sorted(GOOD)))
    content = bytearray(GOOD[name].encode())
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)):
        content[at] = byte
    cut = data.draw(st.integers(0, len(content)))
    for attempt in (bytes(content), bytes(content[:cut])):
        assert isinstance(reader(name)(attempt), (Refused, pain002.StatusReport, camt054.Notification))


@given(st.integers(0, 10**15 - 1))
def test_cents_survive_the_way_a_bank_writes_them(cents: int) -> None:
    """Euros with a point come back as the same cents, whatever zeros follow."""
    assert cents_of(euros(cents)) == cents_of(euros(cents) + "00") == cents
    assert cents_of(euros(cents) + "001") is None


def test_days_and_fragments_of_cents() -> None:
    """A day that does not exist is none; half a cent is none."""
    assert day_of("2026-11-31") is None
    assert day_of("2026-11-24T23:59:59+01:00") == DAY
    assert [cents_of(text) for text in ("5", "5.5", ".5", "-5", "1e3", "")] == [500, 550, None, None, None, None]


def test_no_namespace_or_another_root_is_not_handled() -> None:
    """XML of anything else is named so."""
    for content in (b"<Document/>", b"<a xmlns='urn:x'/>", etree.tostring(etree.Element("html"))):
        assert pain002.read(content) == camt054.read(content) == Refused("message-not-handled", 1)
