"""The direct debit of an insurer for a call for funds: ISO 20022 pain.008.001.08, one payment block, in euros.

Sources: ISO 20022 message definition report Payments Initiation, 2019 version; EPC131-08 (SEPA business-to-business
direct debit, customer-to-bank implementation guidelines, 2023): service level SEPA, local instrument B2B, sequence
RCUR, charges SLEV, the creditor's agent and the debtors' NOTPROVIDED, the creditor's identifier under scheme SEPA.
Left out: the core scheme (for consumers), amendments of a mandate, electronic mandates. The same order gives the same
bytes. It is checked against the schema before it leaves; an error names no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lxml import etree

from rempart.formats.iso20022._message import document, euros, put, schema_of, written

NAME: Final = "pain.008.001.08"
NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{NAME}"
_NOT_PROVIDED: Final = "NOTPROVIDED"


@dataclass(frozen=True, slots=True)
class Debit:
    """One insurer debited; `amount` in cents, `mandate` its reference, `signed` an ISO date. Texts are SEPA's."""

    end_to_end: str
    amount: int
    mandate: str
    signed: str
    name: str
    iban: str
    text: str

    def __repr__(self) -> str:
        return f"Debit({self.end_to_end})"


@dataclass(frozen=True, slots=True)
class CollectionFile:
    """`created` is an ISO instant without fraction, `day` when the bank is asked to collect, an ISO date.

    `creditor` is the SEPA creditor identifier of who collects (in France: ICS).
    """

    message: str
    created: str
    day: str
    name: str
    iban: str
    creditor: str
    debits: tuple[Debit, ...]

    def __repr__(self) -> str:
        return f"CollectionFile({self.message}, debits={len(self.debits)})"


def write(order: CollectionFile) -> bytes:
    """The file as UTF-8 XML, checked. Raises `SchemaInvalidError`."""
    root, start = document(NAMESPACE, "CstmrDrctDbtInitn")
    count, total = str(len(order.debits)), euros(sum(debit.amount for debit in order.debits))
    head = put(start, "GrpHdr")
    for tag, text in (("MsgId", order.message), ("CreDtTm", order.created), ("NbOfTxs", count), ("CtrlSum", total)):
        put(head, tag, text)
    put(head, "InitgPty/Nm", order.name)
    block = put(start, "PmtInf")
    _block(block, order, count, total)
    for debit in order.debits:
        _debit(put(block, "DrctDbtTxInf"), debit)
    return written(root, schema_of(NAME, "sepaxml"))


def _block(block: etree._Element, order: CollectionFile, count: str, total: str) -> None:
    for tag, text in (
        ("PmtInfId", order.message), ("PmtMtd", "DD"), ("BtchBookg", "true"), ("NbOfTxs", count), ("CtrlSum", total),
    ):  # fmt: skip
        put(block, tag, text)
    kind = put(block, "PmtTpInf")
    for path, text in (("SvcLvl/Cd", "SEPA"), ("LclInstrm/Cd", "B2B"), ("SeqTp", "RCUR")):
        put(kind, path, text)
    for path, text in (
        ("ReqdColltnDt", order.day), ("Cdtr/Nm", order.name), ("CdtrAcct/Id/IBAN", order.iban),
        ("CdtrAgt/FinInstnId/Othr/Id", _NOT_PROVIDED), ("ChrgBr", "SLEV"),
    ):  # fmt: skip
        put(block, path, text)
    scheme = put(block, "CdtrSchmeId/Id/PrvtId/Othr")
    put(scheme, "Id", order.creditor)
    put(scheme, "SchmeNm/Prtry", "SEPA")


def _debit(element: etree._Element, debit: Debit) -> None:
    put(element, "PmtId/EndToEndId", debit.end_to_end)
    put(element, "InstdAmt", euros(debit.amount)).set("Ccy", "EUR")
    mandate = put(element, "DrctDbtTx/MndtRltdInf")
    put(mandate, "MndtId", debit.mandate)
    put(mandate, "DtOfSgntr", debit.signed)
    for path, text in (
        ("DbtrAgt/FinInstnId/Othr/Id", _NOT_PROVIDED), ("Dbtr/Nm", debit.name), ("DbtrAcct/Id/IBAN", debit.iban),
        ("RmtInf/Ustrd", debit.text),
    ):  # fmt: skip
        put(element, path, text)
