"""What a reason is: a code, two sentences, the next step, and what stands for it in shorter or foreign lists.

The table itself is `domain.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("file", "lot", "invoice", "line", "payment")


@dataclass(frozen=True, slots=True)
class Todo:
    """What to do next, in words; `code` is stable, so that software can offer the right button."""

    code: str
    french: str
    english: str


CORRECT = Todo("correct-and-resend", "Corriger, puis renvoyer la facture.", "Correct, then send the invoice again.")
ELSEWHERE = Todo("send-elsewhere", "Envoyer par un autre circuit.", "Send it by another route.")
WAIT = Todo("wait", "Attendre : rien à faire.", "Wait: nothing to do.")
NOTHING = Todo("nothing", "Rien à faire.", "Nothing to do.")
ANSWER = Todo(
    "say-distinct", "Dire si les deux factures sont distinctes.", "Say whether the two invoices are distinct."
)
ASK = Todo(
    "ask-authorization", "Demander la prise en charge, puis renvoyer.", "Ask for the authorization, then resend."
)
PATIENT = Todo("patient-pays", "Faire régler le patient.", "Have the patient pay.")
SET_UP = Todo(
    "set-up", "Mettre à jour le dossier du site, puis renvoyer.", "Bring the site's file up to date, then resend."
)
LOOK = Todo("look", "Consulter l'état de la facture.", "Look at the state of the invoice.")
DISPUTE = Todo("dispute", "Contester dans les 15 jours si c'est une erreur.", "Dispute within 15 days if it is wrong.")
TODOS = (CORRECT, ELSEWHERE, WAIT, NOTHING, ANSWER, ASK, PATIENT, SET_UP, LOOK, DISPUTE)


@dataclass(frozen=True, slots=True)
class Reason:
    """One row: `level` is the smallest thing it stops; `french` and `english` say what is wrong and what to do.

    `todo` is the next step; `short` four characters, unique; `foreign` (list, code) pairs of other lists.
    """

    code: str
    level: str
    french: str
    english: str
    todo: Todo = CORRECT
    short: str = ""
    foreign: tuple[tuple[str, str], ...] = ()
