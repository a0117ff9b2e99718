"""What the support desk says of codes: answers, evidence, channels and the rules of a line, each in one sentence.

The names are the hub's; a test holds the rules to its list. Amounts are left out: support sees none.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal import refusals
from rempart.portal.words import N_
from rempart.wire.problem import Problem

REFUSED: Final = "refused:"


class Outcome(NamedTuple):
    """What a question was answered: how it is called, its colour, what to say to the caller."""

    name: str
    colour: str
    todo: str


_OUTCOMES: Final = {
    "covered": Outcome(
        N_("Droits ouverts"), "good",
        N_("Le site a reçu un numéro d’accréditation : il peut facturer en tiers payant. S’il l’a perdu, il repose la "
           "question : elle ne compte pas deux fois."),
    ),
    "not-confirmed": Outcome(
        N_("Droits non confirmés"), "warn",
        N_("La carte n’a pas été retrouvée telle quelle, ou ses droits sont fermés : le site ne sait pas lequel, "
           "et vous non plus. Faites relire chaque champ de la carte, puis la scanner si elle est signée."),
    ),
    "closed": Outcome(
        N_("Droits fermés à la date des soins"), "warn",
        N_("Le patient demande sa carte à jour à son organisme. Rien ne peut être rouvert ici."),
    ),
    "not-covered": Outcome(
        N_("Droits ouverts, mais pas pour ces soins"), "warn",
        N_("La carte couvre d’autres soins. Le patient règle la part complémentaire."),
    ),
    "agreed": Outcome(
        N_("Prise en charge accordée"), "good",
        N_("Cherchez-la par sa référence pour lire ses dates."),
    ),
    "pending": Outcome(
        N_("Prise en charge en attente"), "calm",
        N_("Un gestionnaire de l’organisme décide. Cherchez-la par sa référence."),
    ),
    "refused": Outcome(
        N_("Prise en charge refusée"), "bad",
        N_("Le site lit le motif à l’écran. Cherchez-la par sa référence pour le lire aussi."),
    ),
}  # fmt: skip
_OTHER: Final = Outcome(N_("Réponse donnée"), "calm", N_("Le code ci-dessous dit laquelle."))

EVIDENCES: Final = {
    "card": N_("Carte signée, scannée"),
    "code": N_("Code de présence"),
    "known": N_("Patient déjà connu du site"),
    "machine": N_("Carte lue par un logiciel"),
    "typed": N_("Carte saisie à la main"),
}
CHANNELS: Final = {"portal": N_("Portail"), "api": N_("Logiciel"), "file": N_("Fichier B2")}

RULES: Final = {
    "ticket-moderateur": N_("La part obligatoire laisse le ticket modérateur."),
    "formula-of-table": N_("La formule du contrat donne la part de l’assureur."),
    "no-charge-basket": N_("Panier sans reste à charge : la loi le fait payer en entier."),
    "hospital-fees-of-law": N_("La loi fait payer ce forfait hospitalier en entier."),
    "c2s-tariff": N_("La C2S paie le tarif, moins la part obligatoire."),
    "allowance-left": N_("Ce qui reste du forfait limite la part de l’assureur."),
    "responsible-floor": N_("Un contrat responsable paie au moins le ticket modérateur."),
    "responsible-optics-floor": N_("Un contrat responsable paie au moins ce minimum pour des lunettes de classe B."),
    "responsible-optics-ceiling": N_("Plafond des lunettes d’un contrat responsable."),
    "responsible-hearing-ceiling": N_("Plafond des aides auditives d’un contrat responsable."),
    "non-optam-limit": N_("Limite d’un contrat responsable pour un médecin sans maîtrise des tarifs."),
    "reference-tariff": N_("Le tarif de référence limite la part de l’assureur."),
    "after-the-first": N_("Un premier assureur a déjà payé : le second paie le reste."),
    "ceiling-spent-minus-amo": N_("Personne ne paie plus que la dépense."),
    "never-below-zero": N_("Sous la part obligatoire, l’assureur ne paie rien."),
    "asked-amount": N_("Le site a demandé moins que ce qui était dû."),
    "newborn-provisional": N_("Nouveau-né sous le contrat de son parent, dans le plafond provisoire."),
    "newborn-ceiling": N_("Le plafond provisoire d’un nouveau-né limite la part de l’assureur."),
    "guaranteed-after-closure": N_("Dû par l’accréditation, bien que les droits aient fermé depuis."),
    "guarantee-limit": N_("La garantie de l’assureur a une limite, et elle est atteinte."),
    "authorization-agreed": N_("La prise en charge accordée fixe le montant."),
    "case-worker-decided": N_("Un gestionnaire de l’organisme a décidé."),
}


def outcome_of(code: str) -> Outcome:
    """What an answer means; of a refusal of the door, what the site was shown."""
    if code.startswith(REFUSED):
        found = refusals.of(Problem("", 403, code.removeprefix(REFUSED)))
        return Outcome(found.title, "warn", found.todo)
    return _OUTCOMES.get(code, _OTHER)
