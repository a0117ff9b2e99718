"""From an act to the card's column: which domain pays for an act family, by profession, place and care date.

`DOMAINS_OF_ACTS` is the dated table; outside formats name the families (`formats.b2.families` from billing codes). The
mapping of specialties to card columns follows what Viamedis tells professionals (viamedispro.com "tiers payant mode
d'emploi"); rows it does not settle say "unsourced". Left out: networks of care.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

FAMILIES = (
    "pharmacy",
    "biology",
    "lpp",
    "optics",
    "hearing",
    "dental",
    "dental-prosthesis",
    "nursing",
    "physiotherapy",
    "auxiliary",
    "consultation",
    "transport",
    "ccam",
    "radiology",
    "hospital-drug",
    "hospital-stay",
    "other",
)
"""`auxiliary`: speech therapist, podologist, orthoptist. `lpp`: listed products but optics and hearing."""

PROFESSIONS = (
    "pharmacy",
    "laboratory",
    "nurse",
    "physiotherapist",
    "speech-therapist",
    "podologist",
    "orthoptist",
    "midwife",
    "doctor",
    "radiology",
    "dentist",
    "optician",
    "hearing",
    "transport",
    "equipment",
    "clinic",
    "hospital",
)

ANY = "*"
STAY = "stay"
"""The one place that changes the column today: care given during a hospital stay. Any other place reads as not said."""

_LIKELY = "unsourced, likely"
_VIAMEDIS = "viamedispro.com, tiers payant mode d'emploi"


@dataclass(frozen=True, slots=True)
class ActDomain:
    """One dated row: care of `family` by `profession` in `place` goes to `domain`, both dates included."""

    profession: str
    family: str
    place: str
    domain: str
    source: str
    start: date = date.min
    end: date = date.max


DOMAINS_OF_ACTS: tuple[ActDomain, ...] = (
    ActDomain(ANY, "pharmacy", ANY, "PHAR", _VIAMEDIS),
    ActDomain(ANY, "biology", ANY, "LABO", _LIKELY),
    ActDomain(
        ANY,
        "lpp",
        ANY,
        "PHAR",
        _VIAMEDIS + " (equipment rental: pharmacy or small appliances)",
    ),
    ActDomain(ANY, "optics", ANY, "OPTI", _VIAMEDIS),
    ActDomain(ANY, "hearing", ANY, "AUDI", _VIAMEDIS),
    ActDomain(ANY, "dental", ANY, "DESO", _LIKELY),
    ActDomain(ANY, "dental-prosthesis", ANY, "DEPR", _LIKELY),
    ActDomain(ANY, "nursing", ANY, "AUXM", _LIKELY),
    ActDomain(ANY, "physiotherapy", ANY, "AUXM", _LIKELY),
    ActDomain(ANY, "auxiliary", ANY, "AUXM", _LIKELY),
    ActDomain(ANY, "consultation", ANY, "MED", _VIAMEDIS),
    ActDomain(ANY, "transport", ANY, "TRAN", _VIAMEDIS),
    ActDomain(ANY, "ccam", ANY, "MED", _LIKELY),
    ActDomain(ANY, "radiology", ANY, "RADL", _VIAMEDIS),
    ActDomain(ANY, "hospital-drug", ANY, "HOSP", _LIKELY),
    ActDomain(ANY, "hospital-stay", ANY, "HOSP", _VIAMEDIS),
    ActDomain("dentist", "ccam", ANY, "DESO", _LIKELY),
    ActDomain("dentist", "radiology", ANY, "DESO", _LIKELY),
    ActDomain("dentist", "consultation", ANY, "DESO", _LIKELY),
    ActDomain("radiology", "ccam", ANY, "RADL", _VIAMEDIS),
    ActDomain("physiotherapist", "consultation", ANY, "AUXM", _LIKELY),
    ActDomain("nurse", "consultation", ANY, "AUXM", _LIKELY),
    ActDomain("optician", "lpp", ANY, "OPTI", _LIKELY),
    ActDomain("hearing", "lpp", ANY, "AUDI", _LIKELY),
    *(
        ActDomain(profession, family, ANY, "EXTE", _VIAMEDIS)
        for profession in ("clinic", "hospital")
        for family in (
            "consultation",
            "ccam",
            "radiology",
            "biology",
            "nursing",
            "physiotherapy",
            "auxiliary",
            "dental",
        )
    ),
    *(
        ActDomain(ANY, family, STAY, "HOSP", _VIAMEDIS)
        for family in (
            "consultation",
            "ccam",
            "radiology",
            "biology",
            "physiotherapy",
            "auxiliary",
            "nursing",
        )
    ),
)
"""`other` has no row on purpose: an act nobody could name is not paid by guess, it is answered `unknown-family`."""


def _index(
    rows: tuple[ActDomain, ...],
) -> dict[tuple[str, str, str], tuple[ActDomain, ...]]:
    index: dict[tuple[str, str, str], tuple[ActDomain, ...]] = {}
    for row in rows:
        key = (row.profession, row.family, row.place)
        index[key] = (*index.get(key, ()), row)
    return index


_INDEX = _index(DOMAINS_OF_ACTS)


@lru_cache(maxsize=8192)  # a file asks for the same few acts and days thousands of times
def domain_of(profession: str, family: str, place: str, care_date: date) -> str | None:
    """The card column that pays for this care on that date, or None when no row says.

    The most telling row wins: place before profession, profession before none. An unlisted place reads as not said.
    """
    for key in (
        (profession, family, place),
        (ANY, family, place),
        (profession, family, ANY),
        (ANY, family, ANY),
    ):
        for row in _INDEX.get(key, ()):
            if row.start <= care_date <= row.end:
                return row.domain
    return None
