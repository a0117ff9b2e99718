"""The direct debit file: valid against the ISO schema, the same bytes each time, and errors that show nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from rempart.domain.payment import NAME_MOST, TEXT_MOST, sepa_text
from rempart.formats.iso20022._message import SchemaInvalidError
from rempart.formats.iso20022.pain008 import NAMESPACE, CollectionFile, Debit, write

IBAN = "FR7630006000011234567890189"
DEBIT = Debit("CALL0001", 123_456, "MANDATE-1", "2026-01-05", "Mutuelle Imaginaire", IBAN, "APPEL DE FONDS 22/11/2026")
ORDER = CollectionFile("RMPCALL", "2026-11-23T08:00:00Z", "2026-11-26", "Operateur Un", IBAN, "FR72ZZZ123456", (DEBIT,))


def test_it_says_what_is_collected_from_whom() -> None:
    """Business to business, recurrent, under the creditor's identifier and each insurer's mandate; sums right."""
    content = write(replace(ORDER, debits=(DEBIT, replace(DEBIT, end_to_end="CALL0002", amount=5))))
    root = etree.fromstring(content)
    found = {etree.QName(element).localname: element.text for element in root.iter() if not len(element)}
    assert (found["NbOfTxs"], found["CtrlSum"], found["MsgId"]) == ("2", "1234.61", "RMPCALL")
    assert (found["SeqTp"], found["ReqdColltnDt"], found["MndtId"]) == ("RCUR", "2026-11-26", "MANDATE-1")
    assert (found["DtOfSgntr"], found["Prtry"]) == ("2026-01-05", "SEPA")
    assert [one.text for one in root.iter(f"{{{NAMESPACE}}}Cd")] == ["SEPA", "B2B"]
    amounts = root.iter(f"{{{NAMESPACE}}}InstdAmt")
    assert [(one.text, one.get("Ccy")) for one in amounts] == [("1234.56", "EUR"), ("0.05", "EUR")]


@given(st.text(), st.text(), st.integers(1, 99_999_999_999))
def test_any_name_and_text_give_a_valid_file(name: str, text: str, amount: int) -> None:
    """What `sepa_text` lets through is valid; the same order gives the same bytes."""
    debit = replace(
        DEBIT, name=sepa_text(name, NAME_MOST) or "X", text=sepa_text(text, TEXT_MOST) or "X", amount=amount
    )
    assert write(replace(ORDER, debits=(debit,))) == write(replace(ORDER, debits=(debit,)))


@pytest.mark.parametrize(
    "order",
    [
        replace(ORDER, debits=(replace(DEBIT, iban="SECRET"),)),
        replace(ORDER, debits=(replace(DEBIT, mandate="SECRET" * 6),)),
        replace(ORDER, debits=(replace(DEBIT, signed="SECRET"),)),
        replace(ORDER, debits=()),
        replace(ORDER, day="SECRET"),
    ],
)
def test_what_the_schema_refuses_is_told_without_values(order: CollectionFile) -> None:
    """A malformed account, mandate or date, no debit: line and kind only."""
    with pytest.raises(SchemaInvalidError) as refused:
        write(order)
    assert "line " in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert IBAN not in repr(order) + repr(order.debits)
