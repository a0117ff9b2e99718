"""What pages that let a person sign an action have in common: its lines as hashed, and the challenge for the script."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response

from rempart.client import own_account, own_bank
from rempart.client.doors import Assertion, SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.own_bank import Signable
from rempart.portal import refusals
from rempart.portal.pages.entry import said_to_script
from rempart.portal.rendering import Asked, Pages
from rempart.portal.words import N_
from rempart.wire.account import PasskeyProof
from rempart.wire.problem import Problem

NAMES: Final = {
    "operator": N_("Opérateur"), "site": N_("Numéro du site"), "change": N_("Numéro du changement"),
    "name": N_("Titulaire du compte"), "iban": N_("IBAN"), "proposed_by": N_("Proposé par le compte"),
    "ending": N_("Le compte finit par"), "account": N_("Compte d’accès"), "mandate": N_("Numéro du code"),
    "client": N_("Logiciel ou concentrateur"), "first": N_("Premier jour"), "last": N_("Dernier jour"),
    "desk": N_("Signé au bureau de"), "role": N_("Rôle"), "place": N_("Lieu"), "compartment": N_("Partie"),
    "closing": N_("Numéro de la fermeture"), "enrolment": N_("Numéro de l’adhésion"),
    "document": N_("Document n°"), "reached": N_("Joint au téléphone"), "insurer": N_("Numéro de l’organisme"),
    "file": N_("Numéro de réception du fichier"), "digest": N_("Empreinte du fichier"),
    "accountable": N_("Répond de cette personne"), "what": N_("Ce qui est téléchargé"),
    "invoices": N_("Factures ou lignes"), "taker": N_("Téléchargé par le compte"),
}  # fmt: skip
"""Field of an action → what the person reads beside it; the value is shown as it is hashed."""
NAMES_IN: Final = {("desk-recover", "document"): N_("Document regardé")}
"""The same, where a kind of action means something else by a field."""


def shown_lines(wanted: Signable) -> tuple[tuple[str, str, str], ...]:
    """(field, its name as source text, value) in the order in which they are signed."""
    return tuple((field, NAMES_IN.get((wanted.kind, field), NAMES[field]), value) for field, value in wanted.shown())


def part(signed: Assertion) -> PasskeyProof:
    """What a passkey signed, as the hub reads it inside another request."""
    return PasskeyProof(signed.credential, signed.client_data, signed.authenticator_data, signed.signature)


async def challenge_of(pages: Pages, request: Asked, live: SignedIn, wanted: Signable | None) -> Response[Any]:
    """What `webauthn.js` lets the passkey sign: a fresh challenge with the action's hash behind it."""
    if wanted is None:
        return said_to_script(pages, request, refusals.of(Problem("", 422, "challenge-invalid")))
    try:
        own = await pages.portal.hub.perform(live, own_account.account())
        made = await pages.portal.hub.challenge("approve")
    except NoAnswerError:
        return said_to_script(pages, request, refusals.away())
    if isinstance(own, Problem):
        return said_to_script(pages, request, refusals.of(own))
    if isinstance(made, Problem):
        return said_to_script(pages, request, refusals.entering(made))
    return Response({
        "challenge": own_bank.to_sign(made.challenge, wanted), "rp_id": made.rp_id, "seconds": made.expires_in,
        "credentials": [each.credential for each in own.passkeys],
    })  # fmt: skip
