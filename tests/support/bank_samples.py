"""Builds docs/formats/samples/iso20022: sound bank messages, and one file per way to be wrong with what it must give.

`python tests/support/bank_samples.py` writes them; a test says when the files on disk are not these.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

FOLDER = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "iso20022"
FIRST, SECOND, THIRD = (f"RMP0000000000000000000000000{number}" for number in (1, 2, 3))
ORDER = "RMPFILE00000000000000000000001"

PAIN: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">
  <CstmrPmtStsRpt>
    <GrpHdr>
      <MsgId>BANK-0001</MsgId>
      <CreDtTm>2026-11-24T06:30:00Z</CreDtTm>
    </GrpHdr>
    <OrgnlGrpInfAndSts>
      <OrgnlMsgId>{order}</OrgnlMsgId>
      <OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>
      {group}
    </OrgnlGrpInfAndSts>
{block}  </CstmrPmtStsRpt>
</Document>
"""
BLOCK: Final = """    <OrgnlPmtInfAndSts>
      <OrgnlPmtInfId>{order}</OrgnlPmtInfId>
{status}{lines}    </OrgnlPmtInfAndSts>
"""
LINE: Final = """      <TxInfAndSts>
        <OrgnlEndToEndId>{reference}</OrgnlEndToEndId>
        <TxSts>{status}</TxSts>
{reason}        <OrgnlTxRef>
          <Amt>
            <InstdAmt Ccy="{currency}">{amount}</InstdAmt>
          </Amt>
        </OrgnlTxRef>
      </TxInfAndSts>
"""
REASON: Final = """        <StsRsnInf>
          <Rsn>
            <{kind}>{code}</{kind}>
          </Rsn>
          <AddtlInf>A free text that may name Madame Imaginaire</AddtlInf>
        </StsRsnInf>
"""
CAMT: Final = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">
  <BkToCstmrDbtCdtNtfctn>
    <GrpHdr>
      <MsgId>BANK-0002</MsgId>
      <CreDtTm>2026-11-25T06:30:00Z</CreDtTm>
    </GrpHdr>
    <Ntfctn>
      <Id>N-1</Id>
      <Acct>
        <Id>
          <IBAN>FR7699999000010000000000946</IBAN>
        </Id>
      </Acct>
{entries}    </Ntfctn>
  </BkToCstmrDbtCdtNtfctn>
</Document>
"""
ENTRY: Final = """      <Ntry>
        <Amt Ccy="EUR">{amount}</Amt>
        <CdtDbtInd>{side}</CdtDbtInd>
        <Sts>
          <Cd>{status}</Cd>
        </Sts>
        <BookgDt>
          <Dt>2026-11-24</Dt>
        </BookgDt>
        <BkTxCd>
          <Prtry>
            <Cd>NTRF</Cd>
          </Prtry>
        </BkTxCd>
{details}      </Ntry>
"""
DETAILS: Final = """        <NtryDtls>
{lines}        </NtryDtls>
"""
DETAIL: Final = """          <TxDtls>
            <Refs>
              <EndToEndId>{reference}</EndToEndId>
            </Refs>
{amount}{returned}          </TxDtls>
"""


def line(reference: str, status: str, amount: str = "1234.56", reason: str = "", currency: str = "EUR") -> str:
    """One transfer of a status report."""
    kind = "Cd" if len(reason) == 4 else "Prtry"
    told = REASON.format(kind=kind, code=reason) if reason else ""
    return LINE.format(reference=reference, status=status, amount=amount, reason=told, currency=currency)


def report(*lines: str, group: str = "", status: str = "", version: str = "03", order: str = ORDER) -> str:
    """A status report of one block."""
    told = f"      <PmtInfSts>{status}</PmtInfSts>\n" if status else ""
    block = BLOCK.format(order=ORDER, status=told, lines="".join(lines)) if lines or status else ""
    return PAIN.format(version=version, order=order, group=group or "<GrpSts>PART</GrpSts>", block=block)


def detail(reference: str, amount: str = "", returned: str = "") -> str:
    """One transaction of an entry."""
    told = f'            <Amt Ccy="EUR">{amount}</Amt>\n' if amount else ""
    back = f"            <RtrInf>\n              <Rsn>\n                <Cd>{returned}</Cd>\n              </Rsn>\n            </RtrInf>\n"  # noqa: E501 - one element, as it is written
    return DETAIL.format(reference=reference, amount=told, returned=back if returned else "")


def entry(amount: str, *details: str, side: str = "DBIT", status: str = "BOOK") -> str:
    """One entry of a notification."""
    told = DETAILS.format(lines="".join(details)) if details else ""
    return ENTRY.format(amount=amount, side=side, status=status, details=told)


def notification(*entries: str) -> str:
    """A notification of one account."""
    return CAMT.format(entries="".join(entries))


XXE: Final = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'
LAUGHS: Final = (
    '<!DOCTYPE d [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>\n"
)
_SOUND: Final = report(line(FIRST, "ACSC"), line(SECOND, "RJCT", "0.05", "AC04"), line(THIRD, "PDNG"))
_MOVED: Final = notification(
    entry("1234.61", detail(FIRST, "1234.56"), detail(SECOND, "0.05")),
    entry("10.00", detail(THIRD, returned="AC04"), side="CRDT"),
    entry("500.00", detail("CALL-1"), side="CRDT"),
    entry("7.00", status="PDNG"),
)


def _typed(text: str, declaration: str, entity: str) -> str:
    """The message with a document type, and an entity named where the bank's reference stands."""
    return text.replace("?>\n", "?>\n" + declaration, 1).replace("BANK-000", f"&{entity};", 1)


GOOD: Final[dict[str, str]] = {
    "good-pain002-03": _SOUND,
    "good-pain002-10": report(line(FIRST, "ACCC"), status="PART", version="10"),
    "good-pain002-12": report(line(FIRST, "ACSP"), version="12"),
    "good-pain002-all-refused": report(group="<GrpSts>RJCT</GrpSts>\n      <StsRsnInf>\n        <Rsn>\n          <Cd>AM04</Cd>\n        </Rsn>\n      </StsRsnInf>"),  # noqa: E501 - one element, as it is written
    "good-pain002-all-settled": report(status="ACSC", group="<GrpSts>ACSC</GrpSts>"),
    "good-camt054": _MOVED,
    "good-camt054-batch": notification(entry("100.00")),
    "good-camt054-part-of-batch": notification(entry("100.00", detail(FIRST, "60.00"))),
}  # fmt: skip
WRONG: Final[dict[str, tuple[str, str]]] = {
    "pain002-not-well-formed": (_SOUND.replace("</Document>", ""), "not-well-formed"),
    "pain002-external-entity": (_typed(_SOUND, XXE, "x"), "document-type-not-allowed"),
    "pain002-billion-laughs": (_typed(_SOUND, LAUGHS, "a9"), "document-type-not-allowed"),
    "pain002-other-message": (_SOUND.replace("pain.002.001.03", "pain.002.001.99"), "message-not-handled"),
    "pain002-schema": (_SOUND.replace("<TxSts>ACSC</TxSts>", "<TxSts>ACCEPTED</TxSts>"), "schema-invalid"),
    "pain002-currency": (report(line(FIRST, "ACSC", currency="CHF")), "currency-not-euro"),
    "pain002-amount": (report(line(FIRST, "ACSC", "0.005")), "amount-malformed"),
    "pain002-report-missing": (_SOUND.replace("CstmrPmtStsRpt", "Other").replace("001.03", "001.10"), "report-missing"),
    "pain002-reference-missing": (report(version="10", order=""), "reference-missing"),
    "pain002-date": (report(version="10").replace("2026-11-24T", "2026-11-31T"), "date-malformed"),
    "camt054-not-well-formed": (_MOVED[:-20], "not-well-formed"),
    "camt054-external-entity": (_typed(_MOVED, XXE, "x"), "document-type-not-allowed"),
    "camt054-billion-laughs": (_typed(_MOVED, LAUGHS, "a9"), "document-type-not-allowed"),
    "camt054-other-message": (_MOVED.replace("camt.054.001.08", "camt.053.001.08"), "message-not-handled"),
    "camt054-schema": (_MOVED.replace("DBIT", "DEBIT"), "schema-invalid"),
    "camt054-currency": (_MOVED.replace("EUR", "USD", 1), "currency-not-euro"),
    "camt054-amount": (_MOVED.replace("1234.61", "1234.615"), "amount-malformed"),
    "camt054-amount-missing": (notification(entry("2.00", detail(FIRST), detail(SECOND))), "amount-missing"),
    "camt054-amounts-differ": (notification(entry("2.00", detail(FIRST, "3.00"))), "amounts-differ"),
}
"""Each wrong message with the code it must be refused by."""


def files() -> dict[str, bytes]:
    """Every sample by name."""
    return {name: text.encode() for name, text in (GOOD | {name: text for name, (text, _) in WRONG.items()}).items()}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.xml"):
        old.unlink()
    for name, content in files().items():
        (FOLDER / f"{name}.xml").write_bytes(content)
    sys.stdout.write(f"{len(files())} samples\n")
