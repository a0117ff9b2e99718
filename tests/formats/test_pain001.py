"""The bank file: valid against the ISO schema, the same bytes each time, and errors that show nobody's account."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from rempart.domain.payment import NAME_MOST, TEXT_MOST, sepa_text
from rempart.formats.iso20022.pain001 import NAMESPACE, BankFile, Credit, SchemaInvalidError, check, euros, write

IBAN = "FR7630006000011234567890189"
CREDIT = Credit("RMP0001", 123_456, "Pharmacie de l'Ecluse", IBAN, "TIERS PAYANT 3 factures")
ORDER = BankFile("RMPFILE", "2026-11-23T08:00:00Z", "2026-11-23", "Operateur Un", IBAN, (CREDIT,))


def test_a_bank_file_says_what_was_ordered() -> None:
    """One block, its counts and sums, SEPA and SLEV, the reference, name, account and text of each transfer."""
    content = write(replace(ORDER, credits=(CREDIT, replace(CREDIT, end_to_end="RMP0002", amount=5))))
    root = etree.fromstring(content)
    found = {etree.QName(element).localname: element.text for element in root.iter() if not len(element)}
    assert {etree.QName(element).namespace for element in root.iter()} == {NAMESPACE}
    assert (found["NbOfTxs"], found["CtrlSum"], found["MsgId"]) == ("2", "1234.61", "RMPFILE")
    assert (found["Cd"], found["ChrgBr"], found["Dt"]) == ("SEPA", "SLEV", "2026-11-23")
    amounts = root.iter(f"{{{NAMESPACE}}}InstdAmt")
    assert [(one.text, one.get("Ccy")) for one in amounts] == [("1234.56", "EUR"), ("0.05", "EUR")]
    assert euros(100) == "1.00"


@given(st.text(), st.text(), st.integers(1, 99_999_999_999))
def test_any_name_and_text_give_a_valid_file(name: str, text: str, amount: int) -> None:
    """What `sepa_text` lets through is valid XML for the bank; the same order gives the same bytes."""
    credit = replace(
        CREDIT, name=sepa_text(name, NAME_MOST) or "X", text=sepa_text(text, TEXT_MOST) or "X", amount=amount
    )
    order = replace(ORDER, credits=(credit,))
    assert write(order) == write(order)


WRONG = (
    replace(ORDER, credits=(replace(CREDIT, iban="SECRET"),)),
    replace(ORDER, credits=(replace(CREDIT, end_to_end="SECRET" * 6),)),
    replace(ORDER, credits=(replace(CREDIT, name=""),)),
    replace(ORDER, credits=()),
    replace(ORDER, day="SECRET"),
)


@pytest.mark.parametrize("order", WRONG)
def test_what_the_schema_refuses_is_told_without_values(order: BankFile) -> None:
    """A malformed account, a reference that is too long, an empty name, no transfer, no date: line and kind only."""
    with pytest.raises(SchemaInvalidError) as refused:
        write(order)
    assert "line " in str(refused.value)
    assert "SECRET" not in str(refused.value)
    assert IBAN not in repr(order)
    assert IBAN not in repr(order.credits)


def test_entities_are_not_resolved() -> None:
    """A file that names an entity is refused, and what it points to is not read."""
    with pytest.raises(SchemaInvalidError):
        check(
            b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]><Document xmlns="'
            + NAMESPACE.encode()
            + b'">&x;</Document>'
        )
