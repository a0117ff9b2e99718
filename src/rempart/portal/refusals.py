"""What the hub's stable codes mean to a person: which page or notice, and a sentence that says what to do next."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from rempart.portal.words import N_
from rempart.wire.problem import ClosureTold, Problem


class Kind(enum.Enum):
    """What a refusal makes of the page."""

    OVER = enum.auto()  # the session: sign in again
    CLOSED = enum.auto()  # a compartment
    AWAY = enum.auto()  # the hub, for now
    LIMIT = enum.auto()  # a budget
    AMISS = enum.auto()  # what was typed
    STOPPED = enum.auto()  # this account or site: call


@dataclass(frozen=True, slots=True)
class Refusal:
    """`title` and `todo` are source texts; `field` is the field of the card to look at again, "" when none is.

    `closure` is what the hub tells of a closed part, in both languages, once it knows.
    """

    kind: Kind
    title: str
    todo: str
    code: str
    field: str = ""
    closure: ClosureTold | None = None


_CALL = N_("Appelez votre opérateur, qui vous dira pourquoi et comment reprendre.")
_TYPED = N_("La réponse n’a pas été cherchée")
_SCANNED = N_("Cette carte n’a pas pu être lue")
_TOMORROW = N_(
    "Scannez les cartes avec votre logiciel, ou posez la question demain. "
    "Les patients déjà connus de votre site ne comptent pas."
)
_TABLE: Final[dict[str, tuple[Kind, str, str, str]]] = {
    "compartment": (
        Kind.CLOSED, N_("Ce service est fermé pour le moment"),
        N_("Appliquez la règle de remplacement de l’assureur. "
           "Vos factures et vos paiements continuent par votre logiciel."), "",
    ),
    "compartment-restricted": (
        Kind.CLOSED, N_("Ce service demande une carte signée pour le moment"),
        N_("Scannez la carte signée du patient ; sans elle, appliquez la règle de remplacement de l’assureur."),
        "scanned",
    ),
    "site-budget": (Kind.LIMIT, N_("Trop de patients inconnus aujourd’hui pour ce site"), _TOMORROW, ""),
    "client-budget": (Kind.LIMIT, N_("Trop de patients inconnus aujourd’hui pour votre compte"), _TOMORROW, ""),
    "hour-budget": (
        Kind.LIMIT, N_("Trop de patients inconnus cette heure-ci"),
        N_("Attendez l’heure suivante. Les patients déjà connus de votre site ne comptent pas."), "",
    ),
    "meter": (
        Kind.LIMIT, N_("La limite du service est atteinte"),
        N_("Votre opérateur en est averti. Posez la question plus tard."), "",
    ),
    "unknown-amc-number": (Kind.AMISS, _TYPED, N_("Ce numéro d’AMC n’existe pas : relisez-le sur la carte."),
        "amc_number"),
    "handled-elsewhere": (
        Kind.AMISS, N_("Cette carte n’est pas gérée ici"),
        N_("Adressez-vous à l’opérateur dont le nom est imprimé sur la carte."), "amc_number",
    ),
    "site-without-contract": (
        Kind.AMISS, N_("Votre site n’a pas de contrat pour cette date"),
        N_("Appelez votre opérateur : il doit enregistrer votre contrat. Rien n’a été recherché."), "",
    ),
    "nir-required": (
        Kind.AMISS, _TYPED,
        N_("Le numéro de sécurité sociale est nécessaire quand la carte est saisie à la main."), "nir",
    ),
    "invalid-fields": (Kind.AMISS, _TYPED, N_("Une des valeurs saisies ne peut pas être juste : relisez la carte."),
        ""),
    "card-unreadable": (
        Kind.AMISS, _SCANNED, N_("Ce code n’est pas lisible : scannez-le encore, ou recopiez la carte."), "scanned",
    ),
    "card-signature": (
        Kind.AMISS, N_("Cette carte n’est pas authentique"),
        N_("Son code a été modifié, ou n’est pas de son assureur. Demandez une autre carte au patient."), "",
    ),
    "card-key-unknown": (
        Kind.AMISS, _SCANNED, N_("L’assureur de cette carte n’est pas connu ici : recopiez la carte."), "amc_number",
    ),
    "card-proof": (
        Kind.AMISS, _SCANNED,
        N_("C’est la copie d’une carte sur téléphone, ou une image d’une autre minute : demandez au patient d’afficher "
           "sa carte, et scannez-la tout de suite."), "scanned",
    ),
    "card-expired": (
        Kind.AMISS, N_("Cette carte n’est plus valable ce jour-là"),
        N_("Demandez au patient une carte plus récente."), "scanned",
    ),
    "card-not-yet": (
        Kind.AMISS, N_("Cette carte n’est pas encore valable ce jour-là"),
        N_("Vérifiez le jour des soins, ou demandez la carte de ce jour."), "care_date",
    ),
    "card-labels": (Kind.AMISS, _SCANNED, N_("Cette carte n’est pas celle de son assureur : recopiez-la."),
        "amc_number"),
    "card-velocity": (
        Kind.LIMIT, N_("Cette carte a été présentée à trop d’endroits aujourd’hui"),
        N_("Vérifiez que c’est bien celle du patient, puis recopiez-la."), "amc_number",
    ),
    "presence-attempts": (
        Kind.LIMIT, N_("Trop de codes de présence inexacts aujourd’hui"),
        N_("Recopiez la carte ou l’attestation du patient. Les codes pourront de nouveau servir demain."), "amc_number",
    ),
    "client-standing": (Kind.STOPPED, N_("Votre compte est suspendu"), _CALL, ""),
    "site-standing": (Kind.STOPPED, N_("Ce site est suspendu"), _CALL, ""),
    "purpose": (
        Kind.STOPPED, N_("Votre compte ne permet pas cette demande"),
        N_("Choisissez un site où vous exercez, ou appelez votre opérateur."), "",
    ),
    "turn": (
        Kind.CLOSED, N_("Le portail rouvre par vagues"),
        N_("Ce n’est pas encore le tour de votre site. Vous pouvez voir à partir de quelle heure."), "",
    ),
    "turn-site": (
        Kind.CLOSED, N_("Le portail rouvre par vagues"),
        N_("Donnez le numéro de facturation de votre site pour connaître son tour."), "",
    ),
    "unknown-portal": (Kind.STOPPED, N_("Ce portail n’est pas reconnu"), _CALL, ""),
    "portal-key-unknown": (Kind.STOPPED, N_("Ce portail n’est pas reconnu"), _CALL, ""),
    "invitation-unknown": (
        Kind.AMISS, N_("Cette invitation n’est pas valable"),
        N_("Vérifiez le code et le numéro de facturation. Une invitation sert une seule fois et dure sept jours : "
           "au-delà, demandez-en une autre."), "",
    ),
    "passkey-exists": (
        Kind.AMISS, N_("Cette clé d’accès est déjà enregistrée"),
        N_("Revenez à l’accueil et connectez-vous avec elle."), "",
    ),
    "passkey-refused": (
        Kind.AMISS, N_("La clé d’accès n’a pas été acceptée"),
        N_("Recommencez sur l’appareil où vous l’avez créée, et vérifiez l’adresse de cette page."), "",
    ),
    "passkey-proof-required": (
        Kind.AMISS, N_("Il manque la signature d’une de vos clés"),
        N_("Recommencez : votre appareil demande d’abord une clé que vous avez, puis crée la nouvelle."), "",
    ),
    "passkeys-too-many": (
        Kind.AMISS, N_("Ce compte a déjà dix clés d’accès"), N_("Retirez d’abord une clé qui ne sert plus."), "",
    ),
    "last-passkey": (
        Kind.AMISS, N_("C’est votre dernière clé d’accès"), N_("Ajoutez-en d’abord une autre."), "",
    ),
    "own-account": (
        Kind.AMISS, N_("Personne ne se rend l’accès à soi-même"),
        N_("Demandez à un autre responsable du site, ou à votre opérateur."), "",
    ),
    "on-probation": (
        Kind.AMISS, N_("Pas encore : ce compte est en période de prudence"),
        N_("Pour changer de compte bancaire ou télécharger des relevés, connectez-vous avec une clé d’accès ; après un "
           "accès rendu, attendez 72 heures. À l’écran, tout reste lisible."), "",
    ),
    "manager-signs": (
        Kind.AMISS, N_("Le responsable du site change de compte"),
        N_("Ce site a un responsable : c’est lui qui signe le nouveau compte."), "",
    ),
    "mandate-not-due": (
        Kind.AMISS, N_("Ce logiciel se renouvelle plus tard"),
        N_("Revenez dans les soixante jours qui précèdent son dernier jour."), "",
    ),
    "export-needs-signature": (
        Kind.AMISS, N_("Ce fichier se signe avant d’être téléchargé"),
        N_("Revenez à ce virement et téléchargez-le encore : la page de signature s’ouvre."), "",
    ),
    "export-needs-second": (
        Kind.AMISS, N_("Une deuxième personne signe aussi pour un si grand fichier"),
        N_("Demandez à un professionnel ou à un responsable de signer, depuis son propre compte."), "",
    ),
    "export-unknown": (
        Kind.AMISS, N_("Ce téléchargement ne se signe pas ainsi"), N_("Revenez en arrière, et recommencez."), "",
    ),
    "same-person": (
        Kind.AMISS, N_("La deuxième personne doit être une autre"),
        N_("Un autre responsable du site signe, avec sa propre clé d’accès, dans sa propre session."), "",
    ),
    "operator-approves": (
        Kind.AMISS, N_("Ce changement est confirmé par votre opérateur"),
        N_("Il vous rappelle au numéro qu’il connaît. N’appelez aucun autre numéro."), "",
    ),
    "change-open": (
        Kind.AMISS, N_("Un changement de compte est déjà en cours"), N_("Arrêtez-le d’abord, ou attendez sa fin."), "",
    ),
    "transition-not-allowed": (
        Kind.AMISS, N_("Ce changement a déjà avancé"), N_("Voici où il en est maintenant."), "",
    ),
    "approval-unproven": (
        Kind.AMISS, N_("La première signature n’est pas reconnue"),
        N_("Arrêtez ce changement et appelez votre opérateur."), "",
    ),
    "unknown-passkey": (
        Kind.AMISS, N_("Cette clé d’accès n’est pas connue ici"),
        N_("Choisissez-en une autre, ou utilisez votre invitation pour en créer une."), "",
    ),
    "passkey-session-required": (
        Kind.AMISS, N_("Cela demande votre clé d’accès"),
        N_("Vous êtes venu avec un code. Déconnectez-vous, puis reconnectez-vous avec votre clé d’accès."), "",
    ),
    "station-unknown": (
        Kind.AMISS, N_("Ce navigateur n’est plus un poste partagé"),
        N_("Connectez-vous avec votre clé d’accès ; le responsable du site peut l’enregistrer de nouveau."), "",
    ),
    "station-refused": (
        Kind.AMISS, N_("Ce poste n’a pas été reconnu"), N_("Connectez-vous avec votre clé d’accès."), "",
    ),
    "station-full": (
        Kind.AMISS, N_("Vingt personnes sont déjà présentes sur ce poste"), N_("Utilisez un autre poste."), "",
    ),
    "stations-too-many": (
        Kind.AMISS, N_("Ce site a déjà cinquante postes"), N_("Retirez d’abord un poste qui ne sert plus."), "",
    ),
    "receipt-keys-too-many": (
        Kind.AMISS, N_("Ce navigateur ne peut pas être inscrit"),
        N_("Cinquante navigateurs signent déjà pour ce site, ou celui-ci en a été retiré. Retirez-en un, puis "
           "recommencez."), "",
    ),
    "seat-unknown": (
        Kind.AMISS, N_("Votre code n’est plus valable ici"),
        N_("Connectez-vous avec votre clé d’accès, puis choisissez un nouveau code."), "",
    ),
    "pin-refused": (
        Kind.AMISS, N_("Ce n’est pas le bon code"), N_("Recommencez. Après cinq codes faux, il faut la clé d’accès."),
        "",
    ),
    "account-unknown": (
        Kind.AMISS, N_("Ce compte n’est pas connu de votre opérateur"),
        N_("Relisez le numéro avec la personne : elle le trouve dans « Mon compte »."), "",
    ),
    "days-malformed": (
        Kind.AMISS, N_("Ces jours ne conviennent pas"), N_("Choisissez des jours à venir, un an au plus."), "",
    ),
    "code-unknown": (
        Kind.AMISS, N_("Ce code n’est pas le bon, ou n’est plus bon"),
        N_("Relisez les huit caractères ; il sert une fois. Sinon, demandez-en un autre au responsable du site."), "",
    ),
    "codes-wrong": (
        Kind.AMISS, N_("Trop de codes faux"), N_("Réessayez dans une heure, le code sous les yeux."), "",
    ),
    "codes-too-many": (
        Kind.AMISS, N_("Trop de codes attendent"), N_("Attendez que certains aient servi ou soient passés."), "",
    ),
    "mandate-exists": (
        Kind.AMISS, N_("Votre opérateur a déjà inscrit cette personne"), N_("Vous n’avez rien à faire."), "",
    ),
    "passkey-revoked": (Kind.STOPPED, N_("Cette clé d’accès a été retirée"), _CALL, ""),
    "passkey-cloned": (Kind.STOPPED, N_("Cette clé d’accès semble avoir été copiée"), _CALL, ""),
    "account-revoked": (Kind.STOPPED, N_("Votre compte est fermé"), _CALL, ""),
    "accountable-gone": (
        Kind.STOPPED, N_("La personne qui répond de vous ne travaille plus à ce site"),
        N_("Demandez au responsable du site qu’il appelle votre opérateur : quelqu’un d’autre peut répondre de vous."),
        "",
    ),
    "no-mandate": (
        Kind.STOPPED, N_("Vous n’êtes rattaché à ce site aujourd’hui par aucun mandat"),
        N_("Demandez au responsable du site ou à votre opérateur de le prolonger."), "",
    ),
}  # fmt: skip
_AGAIN = (Kind.AMISS, N_("Vous avez mis trop de temps"), N_("Recommencez : rien n’est perdu."), "")
_AWAY = (
    Kind.AWAY, N_("Le service ne répond pas"),
    N_("Rien n’est perdu. Réessayez dans quelques instants."), "",
)  # fmt: skip
_OVER = (Kind.OVER, N_("Votre session est terminée"), N_("Reconnectez-vous avec votre clé d’accès."), "")
_SESSION = frozenset(
    {"no-grant", "session-over", "session-idle", "other-binding", "token", "invalid-token", "grant-invalid"}
)


def of(problem: Problem) -> Refusal:
    """The refusal that a code stands for; a 401 of any other code ends the session, anything else is "not now"."""
    code = problem.code
    if code in _TABLE:
        found = _TABLE[code]
    elif code.startswith("challenge-"):
        found = _AGAIN
    elif code in _SESSION or problem.status == 401:
        found = _OVER
    else:
        found = _TABLE["meter"] if code.startswith("meter-") else _AWAY
    return Refusal(found[0], found[1], found[2], code, found[3], problem.closure)


def entering(problem: Problem) -> Refusal:
    """The same for who is not signed in yet: no session can be over, so such a no is the portal's own trouble."""
    found = of(problem)
    return away(problem.code) if found.kind is Kind.OVER else found


def away(code: str = "no-answer") -> Refusal:
    """The hub gave no answer, or none that helps the person."""
    return Refusal(*_AWAY[:3], code)
