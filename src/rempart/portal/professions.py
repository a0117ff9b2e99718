"""What each profession is called, and which columns of the card it is offered: its own first, ticked at the start.

The columns are the 13 of the French health card ("attestation de tiers payant"). Which of them a profession bills is
this product's own choice of what to offer; the hub answers any.
"""

from __future__ import annotations

from typing import Final

from rempart.portal.words import N_

DOMAINS: Final = {
    "PHAR": N_("Pharmacie"),
    "MED": N_("Médecine"),
    "SVIL": N_("Soins en ville"),
    "HOSP": N_("Hospitalisation"),
    "OPTI": N_("Optique"),
    "DESO": N_("Soins dentaires"),
    "DEPR": N_("Prothèses dentaires"),
    "AUDI": N_("Audioprothèse"),
    "RADL": N_("Radiologie"),
    "LABO": N_("Laboratoire"),
    "AUXM": N_("Auxiliaires médicaux"),
    "TRAN": N_("Transport"),
    "EXTE": N_("Soins externes"),
}
_AUXILIARY = ("AUXM", "SVIL")
_OFFERED: Final = {
    "pharmacy": ("PHAR", "MED", "OPTI"),
    "laboratory": ("LABO",),
    "nurse": _AUXILIARY,
    "physiotherapist": _AUXILIARY,
    "speech-therapist": _AUXILIARY,
    "podologist": _AUXILIARY,
    "orthoptist": _AUXILIARY,
    "midwife": ("AUXM", "MED", "SVIL"),
    "doctor": ("MED", "SVIL"),
    "radiology": ("RADL", "MED"),
    "dentist": ("DESO", "DEPR", "RADL"),
    "optician": ("OPTI",),
    "hearing": ("AUDI",),
    "transport": ("TRAN",),
    "equipment": ("MED", "PHAR"),
    "clinic": ("HOSP", "EXTE", "MED", "RADL"),
    "hospital": ("HOSP", "EXTE", "MED", "RADL", "LABO"),
}


def offered(profession: str) -> tuple[str, ...]:
    """The columns offered, the first one ticked; all of them to a profession that is not listed."""
    return _OFFERED.get(profession, tuple(DOMAINS))
