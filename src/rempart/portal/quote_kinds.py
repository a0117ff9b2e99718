"""The kinds of care that a site quotes: what each profession is offered, which fields describe it, usual codes.

Letter codes, families and usual rates are those of everyday billing; classes and baskets are those of the
"100 % Santé" reform (A and B, 1 and 2; dental: without charge, moderated, free). A stay is paid by its group (GHS): its
tariff is the base, 80 % of it by the compulsory scheme, or all of it where the flat share on heavy acts is billed
instead of the rest (CSS R.160-16). Left out: what a stay is paid beside its group (drugs, implants, fees of a private
clinic's doctors), orthodontics by semester, and rates of special schemes but Alsace-Moselle.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class Item(NamedTuple):
    """One element of a list: its name, what is billed, and what it is. `rate` 0: that of the person's cover.

    `basket`: it has one. `free_base`: left empty, the base is the price. `once`: of a stay as a whole, not by day.
    """

    name: str
    code: str
    family: str
    item: str = ""
    side: str = ""
    rate: int = 0
    basket: bool = False
    free_base: bool = False
    once: bool = False


class Cover(NamedTuple):
    """What the compulsory scheme pays, in percent, and how the request says why: nature of insurance, exemption."""

    name: str
    rate: int
    nature: str = "10"
    exemption: str = ""


COVERS: Final = {
    "general": Cover(N_("60 %% – régime général"), 60),
    "local": Cover(N_("90 %% – Alsace-Moselle"), 90, "13"),
    "full": Cover(N_("100 %% – exonéré (ALD, maternité…)"), 100, "10", "4"),
}
STAYS: Final = {
    "general": Cover(N_("80 %% – régime général"), 80),
    "heavy": Cover(N_("100 %% – acte lourd, participation forfaitaire"), 100),
    "local": Cover(N_("100 %% – Alsace-Moselle"), 100, "13"),
    "full": Cover(N_("100 %% – exonéré (ALD, maternité…)"), 100, "10", "4"),
}
"""Of a stay in hospital."""


class Kind(NamedTuple):
    """One form: `fields` in their order, `first` the items of its first rows, `limited` baskets with a price limit."""

    key: str
    name: str
    items: dict[str, Item]
    fields: tuple[str, ...]
    first: tuple[str, ...] = ()
    baskets: dict[str, str] = {}  # noqa: RUF012 - a constant of the table, never changed
    limited: frozenset[str] = frozenset()
    usual: str = ""
    covers: dict[str, Cover] = COVERS  # none: each item has its rate

    def cover(self, chosen: str) -> Cover:
        """What was chosen in the form, else what is usual."""
        offered = self.covers or COVERS
        return offered.get(chosen) or offered["general"]


LENSES: Final = {"single": N_("Unifocal"), "multifocal": N_("Progressif")}
OPTICS: Final = Kind(
    "optics", N_("Lunettes et lentilles"),
    {
        "right": Item(N_("Verre droit"), "VER", "optics", "lens", "right", basket=True),
        "left": Item(N_("Verre gauche"), "VER", "optics", "lens", "left", basket=True),
        "frame": Item(N_("Monture"), "MON", "optics", "frame", basket=True),
        "contacts": Item(N_("Lentilles"), "OPT", "optics", "contact-lenses"),
    },
    ("item", "sphere", "cylinder", "lens", "basket", "price", "base", "limit", "lpp"), ("right", "left", "frame"),
    {"A": N_("Classe A"), "B": N_("Classe B")}, frozenset({"A"}), "B",
)  # fmt: skip
HEARING: Final = Kind(
    "hearing", N_("Aides auditives"),
    {
        "right": Item(N_("Oreille droite"), "AUD", "hearing", "aid", "right", basket=True),
        "left": Item(N_("Oreille gauche"), "AUD", "hearing", "aid", "left", basket=True),
    },
    ("item", "basket", "price", "base", "lpp"), ("right", "left"),
    {"1": N_("Classe 1"), "2": N_("Classe 2")}, frozenset(), "2",
)  # fmt: skip
DENTAL: Final = Kind(
    "dental", N_("Prothèses et soins dentaires"),
    {
        "prosthesis": Item(N_("Prothèse"), "", "dental-prosthesis", basket=True),
        "care": Item(N_("Soin"), "", "dental", basket=True),
    },
    ("item", "act", "teeth", "basket", "price", "base", "limit"), ("prosthesis",),
    {"no-charge": N_("Sans reste à charge"), "moderated": N_("Reste à charge modéré"), "free": N_("Prix libre")},
    frozenset({"no-charge", "moderated"}), "free",
)  # fmt: skip
HOSPITAL: Final = Kind(
    "hospital", N_("Séjour à l’hôpital"),
    {
        "stay": Item(N_("Séjour (GHS)"), "GHS", "hospital-stay", "stay", free_base=True, once=True),
        "heavy": Item(N_("Participation forfaitaire"), "PAS", "hospital-stay", "heavy-act-fee", once=True),
        "fee": Item(N_("Forfait journalier"), "FJ", "hospital-stay", "daily-fee"),
        "psychiatry": Item(N_("Forfait journalier, psychiatrie"), "FJ", "hospital-stay", "daily-fee-psychiatry"),
        "room": Item(N_("Chambre particulière"), "CHB", "hospital-stay", "private-room"),
        "companion": Item(N_("Lit d’accompagnant"), "ACC", "hospital-stay", "companion"),
    },
    ("item", "days", "price", "ghs"), ("stay", "fee", "room"), covers=STAYS,
)  # fmt: skip
KINDS: Final = {kind.key: kind for kind in (OPTICS, HEARING, DENTAL, HOSPITAL)}
BY_DOMAIN: Final = {"OPTI": OPTICS, "AUDI": HEARING, "DEPR": DENTAL, "DESO": DENTAL, "HOSP": HOSPITAL}
"""By the column of the card that an agreed line falls under."""
_OF: Final = {
    "optician": OPTICS, "hearing": HEARING, "dentist": DENTAL, "clinic": HOSPITAL, "hospital": HOSPITAL,
}  # fmt: skip


def kind_of(profession: str) -> Kind | None:
    """The form that a profession is offered for a prise en charge; None when its care needs none."""
    return _OF.get(profession)


def _usual(*items: tuple[str, str, str, int]) -> dict[str, Item]:
    return {code: Item(name, code, family, rate=rate, free_base=True) for name, code, family, rate in items}


_CONSULTATION = (N_("Consultation"), "C", "consultation", 70)
_USUAL: Final[dict[str, dict[str, Item]]] = {
    "pharmacy": _usual(
        (N_("Médicament à 65 %%"), "PH7", "pharmacy", 65), (N_("Médicament à 30 %%"), "PH4", "pharmacy", 30),
        (N_("Médicament à 15 %%"), "PH2", "pharmacy", 15), (N_("Médicament à 100 %%"), "PH1", "pharmacy", 100),
    ),
    "laboratory": _usual((N_("Analyses (B)"), "B", "biology", 60)),
    "nurse": _usual(
        (N_("Soins infirmiers (AMI)"), "AMI", "nursing", 60), (N_("Soins infirmiers (AIS)"), "AIS", "nursing", 60),
    ),
    "physiotherapist": _usual(
        (N_("Séance (AMK)"), "AMK", "physiotherapy", 60), (N_("Séance (AMS)"), "AMS", "physiotherapy", 60),
    ),
    "speech-therapist": _usual((N_("Séance (AMO)"), "AMO", "auxiliary", 60)),
    "podologist": _usual((N_("Séance (AMP)"), "AMP", "auxiliary", 60)),
    "orthoptist": _usual((N_("Séance (AMY)"), "AMY", "auxiliary", 60)),
    "midwife": _usual(_CONSULTATION),
    "doctor": _usual(
        (N_("Consultation (G)"), "G", "consultation", 70), (N_("Consultation (CS)"), "CS", "consultation", 70),
    ),
    "radiology": _usual((N_("Imagerie (ADI)"), "ADI", "radiology", 70)),
    "transport": _usual(
        (N_("Véhicule sanitaire léger"), "VSL", "transport", 55), (N_("Ambulance"), "AMB", "transport", 55),
        (N_("Taxi"), "TAX", "transport", 55),
    ),
    "equipment": _usual((N_("Matériel (MAD)"), "MAD", "lpp", 60)),
}  # fmt: skip


def estimated_kind(profession: str) -> Kind | None:
    """The one line of an estimate that a profession is offered beside the question; None when it is not known."""
    items = _USUAL.get(profession)
    if items is None:
        return kind_of(profession)
    return Kind("usual", "", items, ("item", "price", "base"), tuple(items)[:1], covers={})
