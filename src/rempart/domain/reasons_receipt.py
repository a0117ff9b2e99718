"""Rows of the table of reasons: why a receipt of a card check made without network does not guarantee closed rights."""

from __future__ import annotations

from rempart.domain import card_receipt
from rempart.domain.reason import CORRECT, Reason

_CLOSED, _CLOSED_ENGLISH = "Les droits étaient fermés ce jour-là, et ", "Rights were closed on that day, and "
ROWS: tuple[Reason, ...] = (
    Reason(
        card_receipt.UNREADABLE, "line",
        _CLOSED + "le reçu de vérification ne se lit pas. Recopiez-le en entier, ou demandez la carte à jour.",
        _CLOSED_ENGLISH + "the receipt of the check cannot be read. Copy all of it, or ask for the present card.",
        CORRECT, "R441",
    ),
    Reason(
        card_receipt.SIGNATURE, "line",
        _CLOSED + "le reçu de vérification n'est pas signé par un logiciel ou un navigateur inscrit pour ce site ce"
        " jour-là. Demandez la carte à jour.",
        _CLOSED_ENGLISH + "the receipt of the check is not signed by a program or browser that this site had then. Ask"
        " for the present card.",
        CORRECT, "R442",
    ),
    Reason(
        card_receipt.OTHER_SITE, "line",
        _CLOSED + "le reçu de vérification est celui d'un autre site. Citez celui de ce site.",
        _CLOSED_ENGLISH + "the receipt of the check is another site's. Cite the one of this site.",
        CORRECT, "R443",
    ),
    Reason(
        card_receipt.OTHER_PERSON, "line",
        _CLOSED + "le reçu de vérification est celui d'une autre carte. Citez celui de ce patient.",
        _CLOSED_ENGLISH + "the receipt of the check is of another card. Cite the one of this patient.",
        CORRECT, "R444",
    ),
    Reason(
        card_receipt.DATES, "line",
        _CLOSED + "les dates du reçu de vérification ne vont pas ensemble. Vérifiez l'heure de l'appareil et demandez"
        " la carte à jour.",
        _CLOSED_ENGLISH + "the dates of the receipt do not go together. Set the device's clock, and ask for the present"
        " card.",
        CORRECT, "R445",
    ),
    Reason(
        card_receipt.REVOKED, "line",
        _CLOSED + "la carte vérifiée était déjà remplacée. Demandez la carte à jour.",
        _CLOSED_ENGLISH + "the card that was checked had been replaced already. Ask for the present card.",
        CORRECT, "R446",
    ),
)  # fmt: skip
