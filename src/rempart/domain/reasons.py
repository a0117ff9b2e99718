"""Every reason that stops a file, a lot, an invoice or a line, with a sentence that says what to change.

Codes are stable and kebab-case: software maps them once. The smallest level that is wrong is refused. The French
sentence is what screens and remittances show; it names no person and no value. The Inter-AMC list of reject codes is
not public, so this table is our own: `short` is what four characters of a return can hold (NOEMIE 294), `foreign` maps
to other lists and is empty where nothing is known. A code and its short one never change and are never given again.
What is wrong with the structure of a B2 file has its own table, with the format: `formats.b2.codes`.
"""

from __future__ import annotations

from rempart.domain import reasons_authorization, reasons_deposit, reasons_payment, reasons_receipt
from rempart.domain.reason import ASK, CORRECT, LEVELS, PATIENT, WAIT, Reason, Todo

__all__ = ["BY_CODE", "BY_SHORT", "LEVELS", "REASONS", "Reason", "Todo", "from_foreign", "sentence"]

_LINES: tuple[Reason, ...] = (
    # --- line ---
    Reason(
        "amounts-wrong",
        "line",
        "Les montants de la ligne sont impossibles (part obligatoire supérieure à la dépense, quantité nulle, montant"
        " négatif). Corrigez la ligne.",
        "The amounts of the line cannot be (compulsory share above the amount spent, no quantity, negative amount)."
        " Correct the line.",
        CORRECT,
        "R401",
    ),
    Reason(
        "too-old",
        "line",
        "Les soins datent de plus de 27 mois : le délai de facturation est dépassé. Vérifiez la date des soins.",
        "The care is more than 27 months old: it is too late to invoice it. Check the care date.",
        CORRECT,
        "R402",
    ),
    Reason(
        "future-care",
        "line",
        "La date des soins est dans le futur. Corrigez-la ou facturez après les soins.",
        "The care date is in the future. Correct it, or invoice after the care.",
        CORRECT,
        "R403",
    ),
    Reason(
        "unknown-family",
        "line",
        "L'acte n'est rattaché à aucune colonne de la carte pour votre profession. Vérifiez le code de l'acte.",
        "The act belongs to no column of the card for your profession. Check the code of the act.",
        CORRECT,
        "R404",
    ),
    Reason(
        "rights-closed",
        "line",
        "Les droits du patient n'étaient pas ouverts à la date des soins. Demandez-lui sa carte à jour et"
        " renvoyez à son"
        " organisme actuel.",
        "The patient's rights were not open on the care date. Ask for the present card and send to the present"
        " insurer.",
        CORRECT,
        "R410",
    ),
    Reason(
        "domain-not-covered",
        "line",
        "Ce type de soins n'est pas couvert en tiers payant à la date des soins. Faites régler le patient.",
        "This kind of care is not covered by third-party payment on the care date. Have the patient pay.",
        PATIENT,
        "R411",
    ),
    Reason(
        "authorization-needed",
        "line",
        "Ce domaine demande une prise en charge préalable (PEC sur la carte). Demandez-la avant de facturer.",
        "This domain needs an authorization first (PEC on the card). Ask for it before invoicing.",
        ASK,
        "R412",
    ),
    Reason(
        "amo-inconsistent",
        "line",
        "La part obligatoire ne correspond pas à la base et au taux, ou le taux n'existe pas pour cet acte à"
        " cette date."
        " Corrigez la base, le taux, l'exonération ou le montant.",
        "The compulsory share does not match base and rate, or the rate does not exist for this act on this"
        " date. Correct"
        " the base, the rate, the exemption or the amount.",
        CORRECT,
        "R420",
    ),
    Reason(
        "nothing-covered",
        "line",
        "Le contrat ne prévoit rien au-delà de la part obligatoire pour cette ligne. Le reste est à la charge"
        " du patient.",
        "The contract pays nothing beyond the compulsory share for this line. The rest is the patient's.",
        PATIENT,
        "R421",
    ),
    Reason(
        "allowance-used",
        "line",
        "Le forfait du contrat est épuisé pour la période. Le reste est à la charge du patient.",
        "The contract's allowance is used up for the period. The rest is the patient's.",
        PATIENT,
        "R430",
    ),
    Reason(
        "renewal-too-early",
        "line",
        "Le délai de renouvellement de l'équipement n'est pas écoulé. Attendez son terme, ou indiquez le motif de"
        " renouvellement anticipé.",
        "The equipment is renewed too early. Wait until it is due, or give the reason for the early renewal.",
        CORRECT,
        "R431",
    ),
    Reason(
        "price-over-limit",
        "line",
        "Le prix dépasse la limite du panier déclaré. Corrigez le prix ou le panier.",
        "The price is above the limit of the basket declared. Correct the price or the basket.",
        CORRECT,
        "R432",
    ),
    Reason(
        "price-limit-missing",
        "line",
        "Le prix limite du produit ou de l'acte n'est pas indiqué pour ce panier. Ajoutez-le et renvoyez.",
        "The price limit of the product or act is not given for this basket. Add it and send again.",
        CORRECT,
        "R433",
    ),
    Reason(
        "overrun-not-allowed",
        "line",
        "Aucun dépassement n'est permis pour ce bénéficiaire de la C2S. Facturez le tarif.",
        "No overrun is allowed for this C2S beneficiary. Bill the tariff.",
        CORRECT,
        "R434",
    ),
    Reason(
        "fee-over-tariff",
        "line",
        "Le forfait facturé dépasse son tarif à la date des soins. Corrigez le montant ou le nombre de jours.",
        "The fee billed is above its tariff on the care date. Correct the amount or the number of days.",
        CORRECT,
        "R435",
    ),
    Reason(
        "excluded-by-law",
        "line",
        "La participation forfaitaire et les franchises ne sont pas remboursables par ce contrat. Elles restent au"
        " patient.",
        "The participation and the franchises may not be refunded by this contract. They remain the patient's.",
        PATIENT,
        "R436",
    ),
    Reason(
        "newborn-ceiling",
        "line",
        "Le plafond provisoire des soins d'un nouveau-né est atteint. Une facture rejetée pour cela est reprise quand"
        " l'organisme a inscrit l'enfant.",
        "The provisional ceiling for a newborn is reached. An invoice rejected for it is taken up again once the"
        " insurer has registered the child.",
        WAIT,
        "R438",
    ),
    Reason(
        "substitution-refused",
        "line",
        "Le générique a été refusé sans justification du prescripteur : pas de tiers payant. Faites régler le patient.",
        "The generic was refused without the prescriber's justification: no third-party payment. Have the patient pay.",
        PATIENT,
        "R437",
    ),
)
REASONS: tuple[Reason, ...] = (
    *reasons_deposit.ROWS, *_LINES, *reasons_receipt.ROWS, *reasons_authorization.ROWS, *reasons_payment.ROWS,
)  # fmt: skip


BY_CODE: dict[str, Reason] = {reason.code: reason for reason in REASONS}
BY_SHORT: dict[str, Reason] = {reason.short: reason for reason in REASONS}
_BY_FOREIGN = {pair: reason for reason in REASONS for pair in reason.foreign}


def sentence(code: str, *, english: bool = False) -> str:
    """The sentence of a code; KeyError for a code that the table does not hold, which is a fault of ours."""
    reason = BY_CODE[code]
    return reason.english if english else reason.french


def from_foreign(listed: str, code: str) -> Reason | None:
    """The reason that a code of another list stands for (`iso20022`, `AC04`); None where nothing is known."""
    return _BY_FOREIGN.get((listed, code))
