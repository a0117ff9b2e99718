"""Reading a large B2 file takes flat memory: peak of a process that does nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Reads `lots` lots of 999 invoices made from one lot's bytes, and prints invoices, and peak memory in KiB after the
# first two lots and at the end. Not getrusage: its peak begins with that of the process that started this one.
PROGRAM = """
import sys
from dataclasses import replace
sys.path.insert(0, sys.argv[2])
from support.b2_world import DAY, ENVELOPE, SITE, invoice
from rempart.formats.b2 import InvoiceRead, FileEnd, Lot, read, write

def peak_kib():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))

lots = int(sys.argv[1])
data = b"".join(write(ENVELOPE, [Lot(SITE, 1, DAY, [invoice(at) for at in range(1, 1000)])]))
start, body, end = data[:128], data[128:-128], data[-128:]
records = len(body) // 128 * lots + 2
total = end[:55] + b"%08d" % records + end[63:82] + b"%03d" % lots + end[85:]

def blocks():
    yield start
    for number in range(1, lots + 1):
        lot = b"%03d" % number
        yield body[:19] + lot + body[22:-128] + body[-128:-77] + lot + body[-74:]
    yield total

invoices = early = 0
for event in read(blocks()):
    if isinstance(event, InvoiceRead):
        invoices += 1
        if invoices == 1998:
            early = peak_kib()
assert isinstance(event, FileEnd), event
print(invoices, early, peak_kib())
"""


def peak(lots: int, tests: str) -> tuple[int, int, int]:
    """Invoices read, peak KiB after two lots, peak KiB at the end."""
    command = [sys.executable, "-c", PROGRAM, str(lots), tests]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=900)
    invoices, early, late = (int(number) for number in done.stdout.split())
    return invoices, early, late


def test_sixty_thousand_invoices_take_no_more_than_two_thousand(pytestconfig: pytest.Config) -> None:
    """Memory does not grow with the length of the file."""
    invoices, early, late = peak(60, str(pytestconfig.rootpath / "tests"))
    assert invoices == 59_940
    assert late - early < 8 * 1024
    assert late < 300 * 1024


@pytest.mark.soak
def test_the_largest_file_fits_in_three_hundred_megabytes(pytestconfig: pytest.Config) -> None:
    """999 lots of 999 invoices, as many as the counts of a B2 file can announce."""
    invoices, early, late = peak(999, str(pytestconfig.rootpath / "tests"))
    assert invoices == 998_001
    assert late - early < 16 * 1024
    assert late < 300 * 1024
