"""An invoice that waits is read back as it was, whatever it holds."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.application.rights_again import again_of, original_of
from rempart.domain.binding import Declared
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.domain.particulars import Correction, Particulars
from rempart.storage.waits import read_invoice, write_invoice

PRESENTED = Presented("0099000000", "12345678", "2850475925123", "850412", "1", "TP", "01")
LINE = Line(1, date(2026, 11, 24), "PH7", "pharmacy", 6000, 65, 3900, 6000, 2100, detail=(("CIP", "3400930000000", 2),))
LENS = Particulars(
    item="lens", side="left", teeth=("11", "12"), correction=Correction(-150, 25, multifocal=True), basket="A",
    price_limit=4500, last_delivery=date(2024, 1, 2),
)  # fmt: skip
INVOICE = Invoice("750000001", "300000001", date(2026, 11, 24), PRESENTED, (LINE,), 6000, 3900, 2100)


@pytest.mark.parametrize(
    "invoice",
    [
        INVOICE,
        Invoice(
            "750000001", "300000002", date(2026, 11, 25), Presented("0099", "", None, "", None, sealed="a.b..c.d"),
            (LINE, Line(2, date(2026, 11, 24), "VER", "optics", 1, 60, 0, 1, 1, particulars=LENS)), 6001, 3900, 2101,
            nature="30", exemption="4", accreditation="0" * 20, site_reference="ref", corrects="300000001",
            declared=Declared("card", date(2026, 11, 1), date(2026, 12, 31)), source=(("record", "12"),),
        ),
        Invoice(
            "750000001", "3", date(2026, 1, 1), PRESENTED, (), 0, 0, 0, declared=Declared("paper", date(2026, 1, 1)),
        ),
    ],
)  # fmt: skip
def test_it_is_read_back_as_it_was(invoice: Invoice) -> None:
    """Lines, particulars, what was declared, a sealed identity: all of it."""
    assert read_invoice(write_invoice(invoice)) == invoice


def test_an_invoice_has_one_successor() -> None:
    """The id of what a rejected invoice becomes is of the same deposit, another than any place in it, and goes back."""
    first = bytes(range(1, 13)) + (17).to_bytes(4, "big")
    again = again_of(first)
    assert again[:12] == first[:12]
    assert int.from_bytes(again[12:], "big") == 17 + 2**31
    assert (original_of(again), again_of(again), original_of(first)) == (first, again, first)
