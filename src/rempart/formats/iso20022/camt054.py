"""What moved on an account: ISO 20022 camt.054.001.08, BankToCustomerDebitCreditNotification, read.

Sources: ISO 20022 message definition report Bank-to-Customer Cash Management, 2019 version, and its external code
sets (entry status BOOK, PDNG, INFO; bank transaction sub-family RRTN: returned). Held against its schema.
Left out: charges, interest, exchange, names and accounts of others, free texts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from rempart.domain.bank_return import BankEntry, Outcome
from rempart.formats.iso20022._message import At, Refused, day_of, parsed, schema_of, valid

NAME: Final = "camt.054.001.08"
NAMESPACE: Final = f"urn:iso:std:iso:20022:tech:xsd:{NAME}"
RETURNED: Final = "RRTN"


@dataclass(frozen=True, slots=True)
class Notification:
    """`paid`: what left the account, and what came back of it. `received`: what came in, and what was taken back.

    In each, `settled` is booked, `rejected` returned or reversed, `unknown` pending, or booked without its details
    (then `end_to_end` is empty and `amount` the whole entry): nothing of the message is dropped. Days are the
    bank's booking days.
    """

    message: str
    paid: tuple[BankEntry, ...]
    received: tuple[BankEntry, ...]


def read(content: bytes) -> Notification | Refused:
    """A notification, or why nothing of it is taken."""
    root = parsed(content)
    if isinstance(root, Refused):
        return root
    if root.tag != f"{{{NAMESPACE}}}Document":
        return Refused("message-not-handled", 1)
    refused = valid(root, schema_of(NAME))
    if refused is not None:
        return refused
    top = At(root, NAMESPACE).all("BkToCstmrDbtCdtNtfctn")[0]
    created = day_of(top.text("GrpHdr/CreDtTm"))
    if created is None:
        return Refused("date-malformed", top.line)
    paid: list[BankEntry] = []
    received: list[BankEntry] = []
    for entry in top.all("Ntfctn/Ntry"):
        found = _entry(entry, created)
        if isinstance(found, Refused):
            return found
        for outgoing, one in found:
            (paid if outgoing else received).append(one)
    return Notification(top.text("GrpHdr/MsgId"), tuple(paid), tuple(received))


def _entry(entry: At, created: date) -> list[tuple[bool, BankEntry]] | Refused:
    """Each transaction of an entry with whether it is of what we paid; the entry itself when it has no details."""
    day = day_of(_dated(entry, "BookgDt") or _dated(entry, "ValDt") or created.isoformat())
    amount = entry.amount("Amt")
    if day is None:
        return Refused("date-malformed", entry.line)
    if isinstance(amount, Refused):
        return amount
    details = entry.all("NtryDtls/TxDtls")
    if not details:
        reverses = _reverses(entry, entry)
        return [(_outgoing(entry, entry, reverses=reverses), BankEntry("", "unknown", "", amount or 0, day))]
    found: list[tuple[bool, BankEntry]] = []
    told = 0
    for detail in details:
        own = _amount_of(detail, amount or 0, alone=len(details) == 1)
        if isinstance(own, Refused):
            return own
        reverses = _reverses(entry, detail)
        outcome, reason = _outcome(entry, reverses=reverses), detail.code("RtrInf/Rsn")
        one = BankEntry(detail.text("Refs/EndToEndId"), outcome, reason, own, day)
        found.append((_outgoing(entry, detail, reverses=reverses), one))
        told += own if _side(entry, detail) == _side(entry, entry) else -own
    if told > (amount or 0):
        return Refused("amounts-differ", entry.line)
    if told < (amount or 0):  # some of the batch is not told: it is not dropped
        outgoing = _outgoing(entry, entry, reverses=_reverses(entry, entry))
        found.append((outgoing, BankEntry("", "unknown", "", (amount or 0) - told, day)))
    return found


def _amount_of(detail: At, whole: int, *, alone: bool) -> int | Refused:
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        own = detail.amount(path)
        if own is not None:
            return own
    return whole if alone else Refused("amount-missing", detail.line)


def _dated(entry: At, name: str) -> str:
    return entry.text(f"{name}/Dt") or entry.text(f"{name}/DtTm")


def _reverses(entry: At, detail: At) -> bool:
    """Whether it undoes an earlier movement: marked so, with a return reason, or of the sub-family of returns."""
    families = {one.text("BkTxCd/Domn/Fmly/SubFmlyCd") for one in (entry, detail)}
    return entry.text("RvslInd") in {"true", "1"} or bool(detail.all("RtrInf")) or RETURNED in families


def _outgoing(entry: At, detail: At, *, reverses: bool) -> bool:
    """Money out, or what was paid coming back."""
    return (_side(entry, detail) == "DBIT") != reverses


def _side(entry: At, detail: At) -> str:
    return detail.text("CdtDbtInd") or entry.text("CdtDbtInd")


def _outcome(entry: At, *, reverses: bool) -> Outcome:
    if entry.text("Sts/Cd") != "BOOK":
        return "unknown"
    return "rejected" if reverses else "settled"
