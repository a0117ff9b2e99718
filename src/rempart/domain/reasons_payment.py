"""Rows of the table of reasons: what becomes of transfers, and why money is taken back. See `domain.reasons`."""

from __future__ import annotations

from rempart.domain.reason import CORRECT, DISPUTE, NOTHING, SET_UP, WAIT, Reason

ROWS: tuple[Reason, ...] = (
    # --- payment: why money already paid is taken back ---
    Reason(
        "not-delivered",
        "payment",
        "Le produit ou le soin n'a pas été délivré. Si c'est une erreur, contestez dans les 15 jours.",
        "The product or care was not delivered. If this is wrong, dispute it within 15 days.",
        DISPUTE,
        "R510",
    ),
    Reason(
        "over-billing",
        "payment",
        "Le montant facturé dépasse ce qui était dû. Si c'est une erreur, contestez dans les 15 jours.",
        "More was billed than was owed. If this is wrong, dispute it within 15 days.",
        DISPUTE,
        "R511",
    ),
    Reason(
        "fraud",
        "payment",
        "L'organisme estime que la facture est frauduleuse. Contestez dans les 15 jours si vous n'êtes pas d'accord.",
        "The insurer holds the invoice to be fraudulent. Dispute it within 15 days if you disagree.",
        DISPUTE,
        "R512",
    ),
    Reason(
        "authorization-mismatch",
        "payment",
        "La facture ne correspond pas à la prise en charge accordée. Si c'est une erreur, contestez dans les 15 jours.",
        "The invoice does not match the authorization given. If this is wrong, dispute it within 15 days.",
        DISPUTE,
        "R513",
    ),
    Reason(
        "amo-rejected",
        "payment",
        "La part obligatoire a été rejetée, donc la part complémentaire est reprise. Régularisez auprès de la caisse.",
        "The compulsory share was rejected, so the complementary share is taken back. Settle it with the fund.",
        CORRECT,
        "R514",
    ),
    Reason(
        "cancelled-after-payment",
        "payment",
        "Vous avez annulé cette facture après son paiement : son montant est déduit. Aucune action n'est nécessaire.",
        "You cancelled this invoice after its payment: its amount is deducted. Nothing needs to be done.",
        NOTHING,
        "R515",
    ),
    # --- payment: what is paid beside invoices ---
    Reason(
        "late-payment-penalty",
        "payment",
        "Des factures ont été payées en retard : la pénalité prévue au contrat vous est versée. Aucune action n'est"
        " nécessaire.",
        "Invoices were paid late: the penalty that the contract sets is paid to you. Nothing needs to be done.",
        NOTHING,
        "R516",
    ),
    # --- payment: what becomes of a transfer; the codes of banks are ISO 20022's external return reasons ---
    Reason(
        "bank-account-wrong",
        "payment",
        "La banque ne reconnaît pas le compte à créditer. Vérifiez vos coordonnées bancaires ; le montant reste dû.",
        "The bank does not know the account to credit. Check your bank details; the amount stays due.",
        SET_UP,
        "R501",
        (("iso20022", "AC01"), ("iso20022", "AC03")),
    ),
    Reason(
        "bank-account-closed",
        "payment",
        "Le compte à créditer est clos ou bloqué. Faites valider un autre compte ; le montant reste dû.",
        "The account to credit is closed or blocked. Have another account approved; the amount stays due.",
        SET_UP,
        "R502",
        (("iso20022", "AC04"), ("iso20022", "AC06")),
    ),
    Reason(
        "bank-refused",
        "payment",
        "La banque n'a pas exécuté le virement. Il sera refait ; aucune action n'est nécessaire.",
        "The bank did not execute the transfer. It will be made again; nothing needs to be done.",
        WAIT,
        "R503",
    ),
    # --- payment: why what is due is not paid yet ---
    Reason(
        "insurer-out-of-funds",
        "payment",
        "L'organisme complémentaire n'a pas encore versé les fonds. Le montant reste dû ; aucune action n'est"
        " nécessaire.",
        "The insurer has not sent the funds yet. The amount stays due; nothing needs to be done.",
        WAIT,
        "R504",
    ),
    Reason(
        "account-refused",
        "payment",
        "La banque a refusé votre compte lors du dernier virement. Faites valider d'autres coordonnées bancaires.",
        "The bank refused your account at the last transfer. Have other bank details approved.",
        SET_UP,
        "R505",
    ),
    Reason(
        "no-paying-account",
        "payment",
        "L'opérateur n'a pas encore de compte payeur pour cet organisme. Aucune action n'est nécessaire.",
        "The operator has no paying account for this insurer yet. Nothing needs to be done.",
        WAIT,
        "R506",
    ),
    Reason(
        "cycle-running",
        "payment",
        "Votre prochain virement part à la prochaine échéance. Aucune action n'est nécessaire.",
        "Your next transfer leaves at the next due day. Nothing needs to be done.",
        WAIT,
        "R507",
    ),
    Reason(
        "below-least",
        "payment",
        "Le montant dû est inférieur au minimum d'un virement : il s'ajoute au prochain. Aucune action n'est"
        " nécessaire.",
        "What is due is below the least transfer: it is added to the next. Nothing needs to be done.",
        WAIT,
        "R508",
    ),
)
