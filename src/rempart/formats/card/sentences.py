"""What is said of a card at a counter, in French and English, one sentence a code; and the columns' names."""

from __future__ import annotations

from datetime import date

from rempart.domain.card import Verdict

SENTENCES: dict[str, tuple[str, str]] = {
    "card-covered": ("Couvert jusqu'au {until}.", "Covered until {until}."),
    "card-not-yet": ("Cette carte n'est pas encore valable ce jour-là.", "This card is not valid yet on that day."),
    "card-ended": ("Cette carte n'est plus valable ce jour-là.", "This card is no longer valid on that day."),
    "card-ask-on-line": (
        "Interrogez le service en ligne : cette carte est peut-être remplacée.",
        "Ask on line: this card was perhaps replaced.",
    ),
    "card-text": ("Ce code n'est pas celui d'une carte.", "This code is not that of a card."),
    "card-too-large": ("Ce code est trop long pour une carte.", "This code is too long for a card."),
    "cose-shape": ("Ce code n'est pas une carte signée entière.", "This code is not a whole signed card."),
    "cose-header": ("L'en-tête de la carte est inconnu.", "The card's header is not one we know."),
    "card-algorithm": ("La carte n'est pas signée comme il faut.", "The card is signed in another way than it must."),
    "card-key-unknown": (
        "L'organisme ou sa clé est inconnu ici : interrogez le service en ligne.",
        "The insurer or its key is unknown here: ask on line.",
    ),
    "card-signature-differs": ("La carte est altérée ou fausse.", "The card was altered, or is false."),
    "card-content": ("Le contenu de la carte ne se lit pas.", "What the card says cannot be read."),
    "card-other-insurer": (
        "La carte porte le numéro d'un autre organisme que celui qui l'a signée.",
        "The card has the number of another insurer than the one that signed it.",
    ),
    "card-proof-missing": (
        "Copie d'une carte sur téléphone : demandez la carte vivante.",
        "A copy of a card on a phone: ask for the live one.",
    ),
    "card-proof-shape": ("La preuve du téléphone ne se lit pas.", "The phone's proof cannot be read."),
    "card-proof-differs": ("La preuve n'est pas de ce téléphone.", "The proof is not of this phone."),
    "card-minute-other": (
        "Cette image date d'une autre minute : demandez d'afficher la carte à nouveau.",
        "This picture is of another minute: ask to show the card again.",
    ),
    "card-live-ended": (
        "La carte du téléphone a expiré : il faut la rafraîchir en ligne.",
        "The phone's card has expired: it must be fetched again.",
    ),
    "keys-shape": ("La liste des clés ne se lit pas.", "The list of keys cannot be read."),
    "keys-signature-differs": (
        "La liste des clés n'est pas signée par cet opérateur.",
        "The list of keys is not signed by this operator.",
    ),
    "keys-old": ("La liste des clés a plus de sept jours.", "The list of keys is more than seven days old."),
    "keys-ahead": ("La liste des clés vient du futur : vérifiez l'heure.", "The list of keys is ahead of this clock."),
    "filter-shape": ("La liste des cartes remplacées ne se lit pas.", "The list of revoked cards cannot be read."),
    "filter-signature-differs": (
        "La liste des cartes remplacées n'est pas signée par cet opérateur.",
        "The list of revoked cards is not signed by this operator.",
    ),
    "filter-other-base": (
        "La liste du jour ne va pas avec celle de la semaine.",
        "The day's list of revoked cards does not go with the week's.",
    ),
}
REVOCATION: dict[str, tuple[str, str]] = {
    "clear": ("Carte non remplacée.", "Card not revoked."),
    "perhaps": ("", ""),
    "unchecked": ("Remplacement non vérifié.", "Not checked against revoked cards."),
    "old": (
        "Remplacement non vérifié : la liste a plus de huit jours.",
        "Not checked against revoked cards: the list is more than eight days old.",
    ),
}
DOMAIN_NAMES: dict[str, tuple[str, str]] = {
    "PHAR": ("pharmacie", "pharmacy"),
    "MED": ("médecins", "doctors"),
    "SVIL": ("soins externes", "outpatient care"),
    "HOSP": ("hôpital", "hospital"),
    "OPTI": ("optique", "optics"),
    "DESO": ("soins dentaires", "dental care"),
    "DEPR": ("prothèses dentaires", "dental prostheses"),
    "AUDI": ("audioprothèses", "hearing aids"),
    "RADL": ("radiologie", "radiology"),
    "LABO": ("laboratoires", "laboratories"),
    "AUXM": ("auxiliaires médicaux", "nurses and therapists"),
    "TRAN": ("transports", "transport"),
    "EXTE": ("actes externes", "other outpatient acts"),
}
LANGUAGES = ("fr", "en")
_MONTHS = (
    ("janvier", "January"), ("février", "February"), ("mars", "March"), ("avril", "April"), ("mai", "May"),
    ("juin", "June"), ("juillet", "July"), ("août", "August"), ("septembre", "September"), ("octobre", "October"),
    ("novembre", "November"), ("décembre", "December"),
)  # fmt: skip


def sentence(code: str, language: str) -> str:
    """The sentence of a refusal in `fr` or `en`."""
    return SENTENCES[code][LANGUAGES.index(language)]


def verdict_sentence(verdict: Verdict, language: str) -> str:
    """What is said of a card whose signature holds: the answer, its domains, and what was not checked."""
    place = LANGUAGES.index(language)
    said = SENTENCES[verdict.code][place]
    if verdict.until is None:
        return said
    names = ", ".join(DOMAIN_NAMES[one][place] for one in verdict.domains)
    label = ("Pour", "For")[place]
    stop = " : " if language == "fr" else ": "
    tail = REVOCATION[verdict.revocation][place]
    return f"{said.format(until=day_in_words(verdict.until, language))} {label}{stop}{names}. {tail}".rstrip()


def day_in_words(day: date, language: str) -> str:
    """`1er mars 2026`, `1 March 2026`."""
    place = LANGUAGES.index(language)
    number = "1er" if day.day == 1 and language == "fr" else str(day.day)
    return f"{number} {_MONTHS[day.month - 1][place]} {day.year}"
