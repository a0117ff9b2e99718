"""What the page for checks without network says of each code of a card or a list, and what to do next."""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class Sentence(NamedTuple):
    """`look`: good, warn or calm; in the title of a covered card `{until}` stands for its last day."""

    code: str
    look: str
    title: str
    todo: str


_FALSE = (
    N_("Cette carte n’est pas authentique"),
    N_("Son code a été modifié, ou n’est pas de son assureur. Demandez une autre carte au patient."),
)
_COPY = (
    N_("Cette carte n’a pas pu être lue"),
    N_("C’est la copie d’une carte sur téléphone, ou une image d’une autre minute : demandez au patient d’afficher "
       "sa carte, et scannez-la tout de suite."),
)  # fmt: skip
SENTENCES: Final = (
    Sentence(
        "card-covered", "good", N_("Couvert jusqu’au {until}"),
        N_("La carte est authentique. Elle ne dit pas si les droits ont changé depuis : posez la "
           "question dès que le service répond."),
    ),
    Sentence(
        "card-not-yet", "warn", N_("Cette carte n’est pas encore valable ce jour-là"),
        N_("Vérifiez le jour des soins, ou demandez la carte de ce jour."),
    ),
    Sentence(
        "card-ended", "warn", N_("Cette carte n’est plus valable ce jour-là"),
        N_("Demandez au patient une carte plus récente."),
    ),
    Sentence(
        "card-ask-on-line", "calm", N_("Cette carte a peut-être été remplacée"),
        N_("Ce n’est pas un refus : posez la question dès que le service répond, ou demandez la carte "
           "la plus récente."),
    ),
    Sentence(
        "card-key-unknown", "calm", N_("Cet assureur n’est pas sur la liste"),
        N_("Posez la question dès que le service répond."),
    ),
    Sentence("card-signature-differs", "warn", *_FALSE),
    Sentence("card-other-insurer", "warn", *_FALSE),
    Sentence("card-proof-differs", "warn", *_FALSE),
    Sentence("card-proof-missing", "warn", *_COPY),
    Sentence("card-minute-other", "warn", *_COPY),
    Sentence(
        "card-live-ended", "warn", N_("La carte du téléphone a expiré"),
        N_("Demandez au patient de la rafraîchir avec du réseau."),
    ),
    Sentence(
        "card-text", "warn", N_("Cette carte n’a pas pu être lue"),
        N_("Ce code n’est pas celui d’une carte signée."),
    ),
    Sentence(
        "keys-old", "calm", N_("La liste des assureurs a plus de sept jours"),
        N_("Ouvrez cette page une fois avec du réseau, puis recommencez."),
    ),
    Sentence(
        "lists-none", "calm", N_("Les listes ne sont pas sur cet appareil"),
        N_("Ouvrez cette page une fois avec du réseau, puis recommencez."),
    ),
    Sentence(
        "unchecked", "calm", N_("Remplacement non vérifié"),
        N_("La liste des cartes remplacées n’est pas là, ou a plus de huit jours : le remplacement "
           "n’a pas été vérifié."),
    ),
)  # fmt: skip
"""A code that is not here is a card that cannot be read."""
