"""What the operator's desk says of who asks to join: states, directories, reasons, professions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rempart.portal.desks import PROFESSIONS
from rempart.portal.words import N_

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "asked": (N_("Document attendu"), "calm"), "awaiting": (N_("À examiner"), "warn"),
    "documents": (N_("Autre document demandé"), "calm"), "approved": (N_("Inscrit"), "good"),
    "refused": (N_("Non inscrit"), "soft"), "withdrawn": (N_("Retiré par la personne"), "soft"),
    "expired": (N_("Fini après 30 jours"), "soft"),
}  # fmt: skip
"""State → its word and the colour of its chip."""
DIRECTORIES: Final[Mapping[str, tuple[str, str]]] = {
    "listed": (N_("dans l’annuaire"), "good"), "unlisted": (N_("absent de l’annuaire"), "warn"),
    "none-imported": (N_("aucun annuaire lu"), "warn"), "no-finess": (N_("sans FINESS"), "calm"),
}  # fmt: skip
REASONS: Final[Mapping[str, str]] = {
    "unreadable": N_("Le document est illisible"), "other-holder": N_("Le titulaire n’est pas celui du site"),
    "not-a-bank-document": N_("Ce n’est pas un RIB"), "other-place": N_("Le document parle d’un autre lieu"),
    "not-reached": N_("Personne joint au numéro public"), "not-eligible": N_("Le lieu ne peut pas adhérer"),
}  # fmt: skip
STEPS: Final[Mapping[str, str]] = {
    "asked": N_("Adhésion commencée"), "awaiting": N_("Document reçu"), "documents": N_("Autre document demandé"),
    "approved": N_("Inscrit"), "refused": N_("Non inscrit"), "withdrawn": N_("Retiré par la personne"),
    "expired": N_("Fini après 30 jours"),
}  # fmt: skip
_HOUSE: Final[Mapping[str, str]] = {
    "10": "doctor", "21": "pharmacy", "26": "hearing", "28": "optician", "40": "dentist", "50": "midwife",
    "60": "nurse", "70": "physiotherapist", "80": "podologist", "91": "speech-therapist", "92": "orthoptist",
}  # fmt: skip
"""ANS TRE_G15 → the profession of a site."""


def profession(code: str) -> str:
    """The person's profession in words, or the code as the provider told it."""
    return PROFESSIONS.get(_HOUSE.get(code, ""), code)
