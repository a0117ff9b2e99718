"""Invented invoices and B2 files for the tests: no person, site or insurer here exists."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from rempart.domain.invoice import Invoice, Line, Presented
from rempart.formats.b2 import Envelope, Fault, FileRefused, InvoiceRefused, Lot, LotRefused, lots_of, read, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DAY = date(2026, 11, 21)
SITE, OTHER_SITE, THIRD_SITE = "752000018", "691000026", "13A000034"
ACCREDITATION = "7ZK4M2Q8R1T5V9X3B6CD"
ENVELOPE = Envelope(SITE, "75999999", "000042", DAY)
BYTES = 128


def person(number: int = 1, *, member: str = "AB0012345678") -> Presented:
    """An invented beneficiary."""
    return Presented("0075990012", member, f"26905751{number:05d}", "690531", "1")


def line(number: int = 1, code: str = "PH7", family: str = "pharmacy", spent: int = 2000) -> Line:
    """A line whose AMO pays 65 % and whose insurer is asked the rest."""
    amo = spent * 65 // 100
    return Line(number, DAY, code, family, spent, 65, amo, spent, spent - amo, 1, 100, spent)


def invoice(number: int = 1, site: str = SITE, lines: tuple[Line, ...] | None = None) -> Invoice:
    """An invoice whose totals are right."""
    lines = lines or (line(),)
    spent, amo, amc = (sum(getattr(one, name) for one in lines) for name in ("spent", "amo", "amc"))
    return Invoice(site, f"{number:09d}", DAY, person(number), lines, spent, amo, amc)


def pharmacy_invoice(number: int = 1, site: str = SITE) -> Invoice:
    """One line with three medicines, under an accreditation and a settlement operator."""
    detail = (("CIP", "3400001", 1), ("CIP", "3400002", 2), ("CIP", "3400003", 1))
    made = invoice(number, site, (replace(line(), detail=detail),))
    shown = replace(made.presented, convention="RP", csr="0001")
    source = (("operator", "REMPART001"),)
    return replace(made, presented=shown, accreditation=ACCREDITATION, source=source)


def base_records() -> list[bytes]:
    """One site, two invoices: 000, 1, (2 2M 2P 4 4C 5), (2 2M 4 5), 6, 999: fourteen records."""
    lots = lots_of([pharmacy_invoice(1), invoice(2)], DAY)
    return cut(b"".join(write(ENVELOPE, lots)))


def concentrator_lots() -> list[Lot]:
    """Three sites in one file, the third with two lots."""
    first = Lot(SITE, 1, DAY, [pharmacy_invoice(1), invoice(2)])
    second = Lot(OTHER_SITE, 1, DAY, [invoice(1, OTHER_SITE)])
    third = [Lot(THIRD_SITE, at, DAY, [invoice(at, THIRD_SITE)]) for at in (1, 2)]
    return [first, second, *third]


def cut(data: bytes) -> list[bytes]:
    """Records of a file without line ends."""
    return [data[at : at + BYTES] for at in range(0, len(data), BYTES)]


def put(records: list[bytes], record: int, position: int, text: str) -> list[bytes]:
    """The same records with some characters replaced; record and position from 1."""
    old = records[record - 1]
    new = old[: position - 1] + text.encode("latin-1") + old[position - 1 + len(text) :]
    return [*records[: record - 1], new, *records[record:]]


def recount(records: list[bytes]) -> list[bytes]:
    """The same records, 999 announcing how many there are."""
    return put(records, len(records), 56, f"{len(records):08d}")


def faults_of(blocks: Iterable[bytes]) -> tuple[Fault, ...]:
    """Every fault of a file, in the order told."""
    found: list[Fault] = []
    for event in read(blocks):
        if isinstance(event, (InvoiceRefused, LotRefused, FileRefused)):
            found.extend(event.faults)
    return tuple(found)


def blocks_of(data: bytes, size: int = 65_536) -> Iterator[bytes]:
    """The same bytes in blocks of one size."""
    return (data[at : at + size] for at in range(0, len(data), size))


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample file and exactly the faults it must give: (level, record, type, position, code)."""

    data: bytes
    faults: tuple[tuple[str, int, str, int, str], ...]
