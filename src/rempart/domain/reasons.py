"""Every reason that stops a file, a lot, an invoice or a line, with a sentence that says what to change.

Codes are stable and kebab-case: software maps them once. The smallest level that is wrong is refused. The French
sentence is what screens and remittances show; it names no person and no value. The Inter-AMC list of reject codes is
not public, so this table is our own; a column for the codes of returns (NOEMIE 294) comes with that format.
What is wrong with the structure of a B2 file has its own table, with the format: `formats.b2.codes`.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("file", "lot", "invoice", "line")


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: `level` is the smallest thing it stops; `french` and `english` say what is wrong and what to do."""

    code: str
    level: str
    french: str
    english: str


REASONS: tuple[Reason, ...] = (
    # --- file ---
    Reason(
        "hospital-family-not-handled",
        "file",
        "Les fichiers de la famille hospitalière ne sont pas traités ici. Adressez-les par votre circuit habituel.",
        "Files of the hospital family are not handled here. Send them by your usual route.",
    ),
    Reason(
        "file-already-received",
        "file",
        "Ce fichier a déjà été reçu : rien n'a été pris deux fois. Aucune action n'est nécessaire.",
        "This file was already received: nothing was taken twice. Nothing needs to be done.",
    ),
    # --- lot ---
    Reason(
        "no-mandate",
        "lot",
        "Votre mandat de transmission n'est pas en vigueur pour ce site. Faites-le signer ou renouveler, puis"
        " renvoyez.",
        "No mandate is in force for this site. Have it signed or renewed, then send again.",
    ),
    Reason(
        "test-lot",
        "lot",
        "Lot de test ou de démonstration : il a été contrôlé, il ne sera ni décidé ni payé.",
        "Test or demo lot: it was checked, it will be neither decided nor paid.",
    ),
    Reason(
        "site-unknown",
        "lot",
        "Ce numéro de facturation n'est pas enregistré ici. Vérifiez-le ou demandez l'enregistrement du site.",
        "This billing number is not registered here. Check it or ask for the site to be registered.",
    ),
    # --- invoice: form ---
    Reason(
        "field-malformed",
        "invoice",
        "Une zone de la facture n'a pas la forme attendue. Corrigez la zone indiquée et renvoyez la facture.",
        "A field of the invoice does not have the expected form. Correct the field shown and send the invoice again.",
    ),
    Reason(
        "totals-wrong",
        "invoice",
        "Les totaux de la facture ne sont pas la somme de ses lignes. Recalculez-les et renvoyez la facture.",
        "The totals of the invoice are not the sum of its lines. Compute them again and send the invoice again.",
    ),
    Reason(
        "no-lines",
        "invoice",
        "La facture ne comporte aucun acte. Ajoutez les actes et renvoyez-la.",
        "The invoice has no act. Add the acts and send it again.",
    ),
    # --- invoice: who and whom ---
    Reason(
        "unknown-insurer",
        "invoice",
        "Le numéro d'AMC n'est pas géré ici. Vérifiez-le sur la carte, ou adressez la facture à l'opérateur indiqué.",
        "This AMC number is not handled here. Check it on the card, or send the invoice to the operator shown there.",
    ),
    Reason(
        "not-confirmed",
        "invoice",
        "Le bénéficiaire n'est pas confirmé avec les données reçues. Relisez la carte (numéro d'adhérent, NIR, date de"
        " naissance, rang) et renvoyez.",
        "The beneficiary is not confirmed with the data received. Read the card again (member number, NIR, birth date,"
        " rank) and send again.",
    ),
    Reason(
        "accreditation-unknown",
        "invoice",
        "Le numéro d'accréditation est inconnu ou n'est pas celui de ce site. Vérifiez-le ou refaites la"
        " question de droits.",
        "The accreditation is unknown or is not this site's. Check it or ask the rights question again.",
    ),
    Reason(
        "accreditation-other-person",
        "invoice",
        "L'accréditation a été délivrée pour un autre bénéficiaire. Reprenez celle de ce patient.",
        "The accreditation was given for another beneficiary. Use the one of this patient.",
    ),
    Reason(
        "no-payee",
        "invoice",
        "Aucun compte bancaire validé n'est enregistré pour ce site. Faites valider vos coordonnées bancaires.",
        "No approved bank account is registered for this site. Have your bank details approved.",
    ),
    Reason(
        "budget-waiting",
        "invoice",
        "Facture bien reçue, traitée en différé lors de la prochaine vacation. Aucune action n'est nécessaire.",
        "Invoice received; it is handled later, in the next batch window. Nothing needs to be done.",
    ),
    Reason(
        "compartment-closed",
        "invoice",
        "Ce service est momentanément fermé. La facture est conservée et sera traitée à la réouverture.",
        "This service is closed for the moment. The invoice is kept and is handled when it opens again.",
    ),
    # --- invoice: again ---
    Reason(
        "duplicate",
        "invoice",
        "Une facture de ce site porte déjà ce numéro et suit son cours. Ne la renvoyez pas ; pour la corriger, annulez"
        " d'abord la première.",
        "An invoice of this site already has this number and is under way. Do not send it again; to correct it, cancel"
        " the first one.",
    ),
    Reason(
        "possible-duplicate",
        "invoice",
        "Une autre facture a le même contenu. Indiquez si elles sont distinctes ; sans réponse, elle sera"
        " traitée sous dix"
        " jours ouvrés.",
        "Another invoice has the same content. Say whether they are distinct; without an answer it is handled"
        " within ten"
        " working days.",
    ),
    Reason(
        "cancelled",
        "invoice",
        "La facture a été annulée à votre demande. Son numéro est libre.",
        "The invoice was cancelled at your request. Its number is free.",
    ),
    Reason(
        "corrected",
        "invoice",
        "La facture a été remplacée par votre correction.",
        "The invoice was replaced by your correction.",
    ),
    Reason(
        "transition-not-allowed",
        "invoice",
        "Cette action n'est plus possible dans l'état actuel de la facture. Consultez son état.",
        "This action is no longer possible in the invoice's present state. Look at its state.",
    ),
    # --- held by the insurer's table ---
    Reason(
        "product-unknown",
        "invoice",
        "La garantie du patient n'est pas encore paramétrée par son organisme. La facture attend ; aucune"
        " action de votre part.",
        "The insurer has not yet set up this patient's product. The invoice waits; nothing for you to do.",
    ),
    Reason(
        "table-missing",
        "invoice",
        "L'organisme n'a pas fourni la garantie de ce domaine à cette date. La facture attend ; aucune action"
        " de votre part.",
        "The insurer has not supplied the formula of this domain for this date. The invoice waits; nothing for"
        " you to do.",
    ),
    # --- line ---
    Reason(
        "amounts-wrong",
        "line",
        "Les montants de la ligne sont impossibles (part obligatoire supérieure à la dépense, quantité nulle, montant"
        " négatif). Corrigez la ligne.",
        "The amounts of the line cannot be (compulsory share above the amount spent, no quantity, negative amount)."
        " Correct the line.",
    ),
    Reason(
        "too-old",
        "line",
        "Les soins datent de plus de 27 mois : le délai de facturation est dépassé. Vérifiez la date des soins.",
        "The care is more than 27 months old: it is too late to invoice it. Check the care date.",
    ),
    Reason(
        "future-care",
        "line",
        "La date des soins est dans le futur. Corrigez-la ou facturez après les soins.",
        "The care date is in the future. Correct it, or invoice after the care.",
    ),
    Reason(
        "unknown-family",
        "line",
        "L'acte n'est rattaché à aucune colonne de la carte pour votre profession. Vérifiez le code de l'acte.",
        "The act belongs to no column of the card for your profession. Check the code of the act.",
    ),
    Reason(
        "rights-closed",
        "line",
        "Les droits du patient n'étaient pas ouverts à la date des soins. Demandez-lui sa carte à jour et"
        " renvoyez à son"
        " organisme actuel.",
        "The patient's rights were not open on the care date. Ask for the present card and send to the present"
        " insurer.",
    ),
    Reason(
        "domain-not-covered",
        "line",
        "Ce type de soins n'est pas couvert en tiers payant à la date des soins. Faites régler le patient.",
        "This kind of care is not covered by third-party payment on the care date. Have the patient pay.",
    ),
    Reason(
        "authorization-needed",
        "line",
        "Ce domaine demande une prise en charge préalable (PEC sur la carte). Demandez-la avant de facturer.",
        "This domain needs an authorization first (PEC on the card). Ask for it before invoicing.",
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
    ),
    Reason(
        "nothing-covered",
        "line",
        "Le contrat ne prévoit rien au-delà de la part obligatoire pour cette ligne. Le reste est à la charge"
        " du patient.",
        "The contract pays nothing beyond the compulsory share for this line. The rest is the patient's.",
    ),
)

BY_CODE: dict[str, Reason] = {reason.code: reason for reason in REASONS}


def sentence(code: str, *, english: bool = False) -> str:
    """The sentence of a code; KeyError for a code that the table does not hold, which is a fault of ours."""
    reason = BY_CODE[code]
    return reason.english if english else reason.french
