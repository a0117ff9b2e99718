"""Announced appointments: how many strangers a site may ask about in batches, by profession, dated.

A stranger in a batch counts against the day of care announced and against the day of asking; a person the site knows
counts nowhere. The figures are start values of the trade (unsourced), meant to be replaced by a site's own history.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

MOST_ITEMS = 2_000
"""Questions in one batch."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Strangers for one day of care (`a_day`) and asked about on one day (`asked`), in force `start` to `end`."""

    profession: str
    a_day: int
    asked: int
    start: date = date.min
    end: date = date.max
    source: str = "start value of the trade: unsourced"


_OTHERS = Announced("", 10, 20)
ANNOUNCED: tuple[Announced, ...] = (
    Announced("nurse", 15, 30),
    Announced("physiotherapist", 20, 40),
    Announced("speech-therapist", 15, 30),
    Announced("podologist", 15, 30),
    Announced("orthoptist", 20, 40),
    Announced("midwife", 15, 30),
    Announced("transport", 20, 40),
    Announced("doctor", 30, 60),
    Announced("dentist", 25, 50),
    Announced("optician", 25, 50),
    Announced("hearing", 15, 30),
    Announced("equipment", 20, 40),
    Announced("pharmacy", 20, 40),
    Announced("laboratory", 150, 300),
    Announced("radiology", 150, 300),
    Announced("clinic", 300, 600),
    Announced("hospital", 1_000, 2_000),
)


def announced(profession: str, today: date) -> Announced:
    """The row in force for this profession on the day of asking; a profession without a row has the smallest."""
    for row in ANNOUNCED:
        if row.profession == profession and row.start <= today <= row.end:
            return row
    return _OTHERS
