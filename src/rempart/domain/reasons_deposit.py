"""Rows of the table of reasons: what stops a file, a lot or an invoice. See `domain.reasons`."""

from __future__ import annotations

from rempart.domain.reason import ANSWER, CORRECT, ELSEWHERE, LOOK, NOTHING, SET_UP, WAIT, Reason

ROWS: tuple[Reason, ...] = (
    # --- file ---
    Reason(
        "hospital-family-not-handled",
        "file",
        "Les fichiers de la famille hospitalière ne sont pas traités ici. Adressez-les par votre circuit habituel.",
        "Files of the hospital family are not handled here. Send them by your usual route.",
        ELSEWHERE,
        "R101",
    ),
    Reason(
        "file-already-received",
        "file",
        "Ce fichier a déjà été reçu : rien n'a été pris deux fois. Aucune action n'est nécessaire.",
        "This file was already received: nothing was taken twice. Nothing needs to be done.",
        NOTHING,
        "R102",
    ),
    # --- lot ---
    Reason(
        "no-mandate",
        "lot",
        "Votre mandat de transmission n'est pas en vigueur pour ce site. Faites-le signer ou renouveler, puis"
        " renvoyez.",
        "No mandate is in force for this site. Have it signed or renewed, then send again.",
        SET_UP,
        "R201",
    ),
    Reason(
        "test-lot",
        "lot",
        "Lot de test ou de démonstration : il a été contrôlé, il ne sera ni décidé ni payé.",
        "Test or demo lot: it was checked, it will be neither decided nor paid.",
        NOTHING,
        "R202",
    ),
    Reason(
        "site-unknown",
        "lot",
        "Ce numéro de facturation n'est pas enregistré ici. Vérifiez-le ou demandez l'enregistrement du site.",
        "This billing number is not registered here. Check it or ask for the site to be registered.",
        SET_UP,
        "R203",
    ),
    # --- invoice: form ---
    Reason(
        "field-malformed",
        "invoice",
        "Une zone de la facture n'a pas la forme attendue. Corrigez la zone indiquée et renvoyez la facture.",
        "A field of the invoice does not have the expected form. Correct the field shown and send the invoice again.",
        CORRECT,
        "R301",
    ),
    Reason(
        "totals-wrong",
        "invoice",
        "Les totaux de la facture ne sont pas la somme de ses lignes. Recalculez-les et renvoyez la facture.",
        "The totals of the invoice are not the sum of its lines. Compute them again and send the invoice again.",
        CORRECT,
        "R302",
    ),
    Reason(
        "no-lines",
        "invoice",
        "La facture ne comporte aucun acte. Ajoutez les actes et renvoyez-la.",
        "The invoice has no act. Add the acts and send it again.",
        CORRECT,
        "R303",
    ),
    # --- invoice: who and whom ---
    Reason(
        "unknown-insurer",
        "invoice",
        "Le numéro d'AMC n'est pas géré ici. Vérifiez-le sur la carte, ou adressez la facture à l'opérateur indiqué.",
        "This AMC number is not handled here. Check it on the card, or send the invoice to the operator shown there.",
        ELSEWHERE,
        "R310",
    ),
    Reason(
        "site-without-contract",
        "invoice",
        "Votre site n'avait pas de contrat avec l'opérateur le jour des soins. Adressez-vous à l'opérateur, puis"
        " renvoyez la facture.",
        "Your site had no contract with the operator on the day of care. Ask the operator, then send the invoice"
        " again.",
        SET_UP,
        "R317",
    ),
    Reason(
        "not-confirmed",
        "invoice",
        "Le bénéficiaire n'est pas confirmé avec les données reçues. Relisez la carte (numéro d'adhérent, NIR, date de"
        " naissance, rang) et renvoyez.",
        "The beneficiary is not confirmed with the data received. Read the card again (member number, NIR, birth date,"
        " rank) and send again.",
        CORRECT,
        "R311",
    ),
    Reason(
        "accreditation-unknown",
        "invoice",
        "Le numéro d'accréditation est inconnu ou n'est pas celui de ce site. Vérifiez-le ou refaites la"
        " question de droits.",
        "The accreditation is unknown or is not this site's. Check it or ask the rights question again.",
        CORRECT,
        "R312",
    ),
    Reason(
        "accreditation-other-person",
        "invoice",
        "L'accréditation a été délivrée pour un autre bénéficiaire. Reprenez celle de ce patient.",
        "The accreditation was given for another beneficiary. Use the one of this patient.",
        CORRECT,
        "R313",
    ),
    Reason(
        "no-payee",
        "invoice",
        "Aucun compte bancaire validé n'est enregistré pour ce site. Faites valider vos coordonnées bancaires.",
        "No approved bank account is registered for this site. Have your bank details approved.",
        SET_UP,
        "R314",
    ),
    Reason(
        "budget-waiting",
        "invoice",
        "Facture bien reçue, traitée en différé lors de la prochaine vacation. Aucune action n'est nécessaire.",
        "Invoice received; it is handled later, in the next batch window. Nothing needs to be done.",
        WAIT,
        "R315",
    ),
    Reason(
        "compartment-closed",
        "invoice",
        "Ce service est momentanément fermé. La facture est conservée et sera traitée à la réouverture.",
        "This service is closed for the moment. The invoice is kept and is handled when it opens again.",
        WAIT,
        "R316",
    ),
    # --- invoice: again ---
    Reason(
        "duplicate",
        "invoice",
        "Une facture de ce site porte déjà ce numéro et suit son cours. Ne la renvoyez pas ; pour la corriger, annulez"
        " d'abord la première.",
        "An invoice of this site already has this number and is under way. Do not send it again; to correct it, cancel"
        " the first one.",
        NOTHING,
        "R320",
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
        ANSWER,
        "R321",
    ),
    Reason(
        "cancelled",
        "invoice",
        "La facture a été annulée à votre demande. Son numéro est libre.",
        "The invoice was cancelled at your request. Its number is free.",
        NOTHING,
        "R322",
    ),
    Reason(
        "corrected",
        "invoice",
        "La facture a été remplacée par votre correction.",
        "The invoice was replaced by your correction.",
        NOTHING,
        "R323",
    ),
    Reason(
        "transition-not-allowed",
        "invoice",
        "Cette action n'est plus possible dans l'état actuel de la facture. Consultez son état.",
        "This action is no longer possible in the invoice's present state. Look at its state.",
        LOOK,
        "R324",
    ),
    # --- held by the insurer's table ---
    Reason(
        "product-unknown",
        "invoice",
        "La garantie du patient n'est pas encore paramétrée par son organisme. La facture attend ; aucune"
        " action de votre part.",
        "The insurer has not yet set up this patient's product. The invoice waits; nothing for you to do.",
        WAIT,
        "R330",
    ),
    Reason(
        "table-missing",
        "invoice",
        "L'organisme n'a pas fourni la garantie de ce domaine à cette date. La facture attend ; aucune action"
        " de votre part.",
        "The insurer has not supplied the formula of this domain for this date. The invoice waits; nothing for"
        " you to do.",
        WAIT,
        "R331",
    ),
)
