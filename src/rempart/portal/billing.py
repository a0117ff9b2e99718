"""What each profession bills: kinds of acts, their usual rate, and what some lines say beside amounts.

What to offer whom is this product's own choice; the hub takes any kind from anybody. Left out: a lens's correction, the
detail of medicines, early renewal: software says them, and an authorization carries those of its quote.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class Kind(NamedTuple):
    """One kind of act: its source text, a code as an example, the usual compulsory rate in percent."""

    name: str
    code: str
    rate: str


class Extra(NamedTuple):
    """One field more of a line: its label, and the words to choose from; without words it is typed."""

    label: str
    words: tuple[tuple[str, str], ...] = ()


KINDS: Final = {
    "pharmacy": Kind(N_("Médicament"), "PH7", "65"),
    "lpp": Kind(N_("Dispositif (LPP)"), "MAD", "60"),
    "biology": Kind(N_("Analyse"), "B", "60"),
    "nursing": Kind(N_("Soin infirmier"), "AMI", "60"),
    "physiotherapy": Kind(N_("Séance de kinésithérapie"), "AMK", "60"),
    "auxiliary": Kind(N_("Acte d’auxiliaire médical"), "AMO", "60"),
    "consultation": Kind(N_("Consultation"), "G", "70"),
    "ccam": Kind(N_("Acte technique (CCAM)"), "ATM", "70"),
    "radiology": Kind(N_("Imagerie"), "ADI", "70"),
    "dental": Kind(N_("Soin dentaire"), "SDE", "60"),
    "dental-prosthesis": Kind(N_("Prothèse dentaire"), "PFC", "60"),
    "optics": Kind(N_("Équipement d’optique"), "VER", "60"),
    "hearing": Kind(N_("Aide auditive"), "PAU", "60"),
    "transport": Kind(N_("Trajet"), "VSL", "55"),
    "hospital-stay": Kind(N_("Séjour"), "PJ", "80"),
}
_OUTPATIENT = ("consultation", "ccam", "radiology", "biology", "nursing", "physiotherapy")
_BILLED: Final = {
    "pharmacy": ("pharmacy", "lpp"),
    "laboratory": ("biology",),
    "nurse": ("nursing", "consultation"),
    "physiotherapist": ("physiotherapy", "consultation"),
    "speech-therapist": ("auxiliary",),
    "podologist": ("auxiliary",),
    "orthoptist": ("auxiliary",),
    "midwife": ("consultation", "auxiliary", "ccam"),
    "doctor": ("consultation", "ccam", "radiology"),
    "radiology": ("radiology", "ccam"),
    "dentist": ("dental", "dental-prosthesis", "radiology"),
    "optician": ("optics",),
    "hearing": ("hearing",),
    "transport": ("transport",),
    "equipment": ("lpp",),
    "clinic": ("hospital-stay", *_OUTPATIENT),
    "hospital": ("hospital-stay", *_OUTPATIENT),
}
_LIMIT = Extra(N_("Prix limite de vente"))
_PRICING = Extra(
    N_("Convention du médecin"),
    (("sector-1", N_("Secteur 1")), ("optam", N_("Secteur 2, Optam")), ("non-optam", N_("Secteur 2, hors Optam"))),
)
_EXTRAS: Final = {
    "optician": {
        "item": Extra(
            N_("Article"), (("frame", N_("Monture")), ("lens", N_("Verre")), ("contact-lenses", N_("Lentilles")))
        ),
        "side": Extra(N_("Œil"), (("right", N_("Droit")), ("left", N_("Gauche")))),
        "basket": Extra(N_("Panier"), (("A", N_("A, sans reste à charge")), ("B", N_("B, prix libre")))),
        "price_limit": _LIMIT,
    },
    "hearing": {
        "side": Extra(N_("Oreille"), (("right", N_("Droite")), ("left", N_("Gauche")))),
        "basket": Extra(N_("Classe"), (("1", N_("1, sans reste à charge")), ("2", N_("2, prix libre")))),
        "price_limit": _LIMIT,
    },
    "dentist": {
        "teeth": Extra(N_("Dents")),
        "basket": Extra(
            N_("Panier"),
            (("no-charge", N_("Sans reste à charge")), ("moderated", N_("Modéré")), ("free", N_("Libre"))),
        ),
        "price_limit": _LIMIT,
    },
    "doctor": {"pricing": _PRICING},
    "radiology": {"pricing": _PRICING},
    "clinic": {"days": Extra(N_("Jours"))},
    "hospital": {"days": Extra(N_("Jours"))},
}
EQUIPMENT: Final = {"hearing": "aid"}
"""What every line of a profession is, where there is nothing to choose."""


def billed(profession: str) -> dict[str, Kind]:
    """The kinds of acts offered, the usual one first; all of them to a profession that is not listed."""
    return {family: KINDS[family] for family in _BILLED.get(profession, tuple(KINDS))}


def extras(profession: str) -> dict[str, Extra]:
    """The fields that its lines have more."""
    return _EXTRAS.get(profession, {})
