"""Compartments: parts of the hub that close alone, who is within one, what is said of it, and what goes on meanwhile.

Three states. Open. Restricted: a person is looked up by a signed card alone, not by what was typed or scanned, and not
because the site knows the person: that is what a thief at a site's own screen has too. Closed: nothing is answered.
The database holds the same rules (`storage/sql/settle.sql`) and has the last word; a test compares both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

OPEN, RESTRICTED, CLOSED = "open", "restricted", "closed"
HUB: Final = "hub"
CHANNELS: Final = ("api", "files", "portal")
REFUSAL, REFUSAL_RESTRICTED = "compartment", "compartment-restricted"
SIGNED_CARD: Final = "card"
"""The evidence that a restricted compartment lets through."""
REGION: Final = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[4-8]")
"""A department as its two or three characters: 75, 2A, 971 (INSEE, code officiel geographique 2026)."""
BANK_DETAILS: Final = "function:bank-details"
FUNCTIONS: Final[Mapping[str, str]] = {"authorization": "function:authorizations"}
"""By the purpose of what is asked; bank details are asked by nobody: the operator's own commands change them."""
NAME: Final = re.compile(
    r"hub|channel:(?:api|files|portal)|(?:portal|operator):[a-z0-9-]{1,64}|insurer:[0-9]{10}|profession:[a-z_-]{1,32}"
    rf"|region:(?:{REGION.pattern})|function:(?:authorizations|bank-details)"
)
REASON: Final = re.compile(r"[a-z0-9-]{1,64}")
SENTENCE_MOST: Final = 300  # characters
_INSURER: Final = "insurer:"


@dataclass(frozen=True, slots=True)
class Closure:
    """A compartment that is not open. `since` and `reopens` (expected, None: unknown) in microseconds UTC.

    `french` and `english` are sentences of its own, "" for the usual ones of its reason.
    """

    compartment: str
    state: str
    reason: str
    since: int
    reopens: int | None = None
    french: str = ""
    english: str = ""


class Within(NamedTuple):
    """What decides where a question belongs; "" is nowhere. `operators`: the site's, and the card's."""

    channel: str
    portal: str = ""
    operators: tuple[str, ...] = ()
    insurer: str = ""
    profession: str = ""
    region: str = ""
    purpose: str = ""


def around(within: Within) -> frozenset[str]:
    """The names of every compartment that holds it."""
    kinds = (
        ("insurer", within.insurer), ("profession", within.profession), ("region", within.region),
        ("portal", within.portal), *(("operator", operator) for operator in within.operators),
    )  # fmt: skip
    function = FUNCTIONS.get(within.purpose, "")
    named = {f"{kind}:{name}" for kind, name in kinds if name}
    return frozenset({HUB, f"channel:{within.channel}", *named, *({function} if function else ())})


def strongest(closures: Mapping[str, Closure], names: AbstractSet[str]) -> Closure | None:
    """The closure that counts for who is in all of these: closed before restricted, then what opens last.

    Until that one opens nothing changes for who asks; what nobody knows the end of opens last. None when all are open.
    """
    found = [closures[name] for name in names if name in closures]
    return max(found, key=_weight, default=None)


def _weight(closure: Closure) -> tuple[bool, bool, int, str]:
    return closure.state == CLOSED, closure.reopens is None, closure.reopens or 0, closure.compartment


class Said(NamedTuple):
    """One thing in both languages."""

    french: str
    english: str


_CLOSED: Final[Mapping[str, Said]] = {
    "maintenance": Said(
        "Ce service est fermé pour maintenance.", "This service is closed for maintenance."),
    "incident": Said(
        "Ce service est fermé le temps de résoudre un incident.",
        "This service is closed while an incident is being resolved."),
    "attack": Said(
        "Ce service est fermé pour protéger les données des patients d’une attaque.",
        "This service is closed to protect patients’ data from an attack."),
    "opened-undisclosed": Said(
        "Ce service s’est fermé de lui-même par précaution ; nous cherchons pourquoi.",
        "This service has closed itself as a precaution; we are finding out why."),
    "partner": Said(
        "Ce service est fermé parce qu’un partenaire ne répond plus.",
        "This service is closed because a partner does not answer any more."),
    "keys-lost": Said(
        "Ce service est fermé le temps de remplacer des clés.",
        "This service is closed while keys are being replaced."),
    "drill": Said("Ce service est fermé pour un exercice.", "This service is closed for a drill."),
}  # fmt: skip
_USUAL: Final = Said("Ce service est fermé pour le moment.", "This service is closed for the moment.")
_RESTRICTED: Final = Said(
    "Par précaution, ce service ne répond pour le moment que sur présentation d’une carte signée.",
    "As a precaution, this service answers for the moment only when a signed card is shown.",
)
REASONS: Final = tuple(_CLOSED)
"""Reasons that have sentences of their own; any other gets the usual ones."""


def sentence(closure: Closure) -> Said:
    """What the public is told."""
    if closure.french and closure.english:
        return Said(closure.french, closure.english)
    return _RESTRICTED if closure.state == RESTRICTED else _CLOSED.get(closure.reason, _USUAL)


def sentence_fault(french: str, english: str) -> str:
    """Why these sentences cannot be told; "" when they can, or both are left out."""
    if bool(french) != bool(english):
        return "sentence-in-both-languages"
    return "" if all(len(s) <= SENTENCE_MOST and s.isprintable() for s in (french, english)) else "sentence-shape"


_PAYMENTS: Final = Said(
    "Les virements déjà dus sont faits à leur date.", "Transfers that are already due are made on their date."
)
_STAND_IN: Final = Said(
    "Au comptoir, la règle de remplacement de l’assureur s’applique.",
    "At the counter, the insurer’s stand-in rule applies.",
)
_PROGRAMS: Final = Said(
    "Les logiciels et les fichiers continuent comme d’habitude.", "Software and files go on as usual."
)
_OTHERS: Final = Said("Tout le reste fonctionne normalement.", "Everything else works as usual.")
_TAKEN_IN: Final = Said(
    "Les factures déjà reçues sont gardées et traitées à la réouverture.",
    "Invoices that were received are kept, and handled when it opens again.",
)
_SENT_AND_WAIT: Final = Said(
    "Les factures sont reçues ; leur traitement attend la réouverture.",
    "Invoices are taken in; they are handled when it opens again.",
)
_MEANWHILE: Final[Mapping[str, tuple[Said, ...]]] = {
    "hub": (_STAND_IN, _TAKEN_IN, _PAYMENTS),
    "channel:api": (
        Said("Les fichiers et les portails fonctionnent normalement.", "Files and portals work as usual."),
        _STAND_IN, _TAKEN_IN, _PAYMENTS),
    "channel:files": (
        Said("Les logiciels en ligne et les portails fonctionnent normalement.",
             "Software on line and portals work as usual."), _TAKEN_IN, _PAYMENTS),
    "channel:portal": (_PROGRAMS, _STAND_IN, _PAYMENTS),
    "portal": (_PROGRAMS, _STAND_IN, _PAYMENTS),
    "operator": (_OTHERS, _STAND_IN, _TAKEN_IN, _PAYMENTS),
    "insurer": (
        Said("Les cartes des autres assureurs sont acceptées comme d’habitude.",
             "Cards of other insurers are taken as usual."), _STAND_IN, _SENT_AND_WAIT, _PAYMENTS),
    "profession": (_OTHERS, _STAND_IN, _TAKEN_IN, _PAYMENTS),
    "region": (_OTHERS, _STAND_IN, _TAKEN_IN, _PAYMENTS),
    "function:authorizations": (
        Said("Les droits, les factures et les virements fonctionnent normalement.",
             "Rights, invoices and transfers work as usual."),
        Said("Les prises en charge déjà accordées restent valables.",
             "Authorizations that were agreed stay good.")),
    BANK_DETAILS: (
        Said("Les virements continuent sur les comptes déjà enregistrés.",
             "Transfers go on to the accounts that are registered."),
        Said("Aucun changement de compte ne prend effet avant la réouverture.",
             "No change of account takes effect before it opens again.")),
}  # fmt: skip
_MEANWHILE_RESTRICTED: Final = (_STAND_IN, _SENT_AND_WAIT, _PAYMENTS)


def meanwhile(closure: Closure) -> tuple[Said, ...]:
    """What goes on while it is closed or restricted, the most useful first."""
    kind = closure.compartment.partition(":")[0]
    told = _MEANWHILE.get(closure.compartment) or _MEANWHILE[kind]
    deposits_wait = (
        _TAKEN_IN in told or _SENT_AND_WAIT in told
    )  # a portal or a function keeps nobody's invoices waiting
    return _MEANWHILE_RESTRICTED if closure.state == RESTRICTED and deposits_wait else told


def of_operator(operator: str, names: Iterable[str], serves: Callable[[str], bool]) -> tuple[str, ...]:
    """What an operator's public page shows: always the parts that everyone of it uses, and any other that is named.

    Other operators' own parts, and their portals, are none of its public's business, and neither is an insurer that it
    does not serve: `serves` says so of an insurer's number.
    """
    usual = (HUB, *(f"channel:{name}" for name in CHANNELS), f"operator:{operator}", f"portal:{operator}",
             *FUNCTIONS.values(), BANK_DETAILS)  # fmt: skip
    others = {
        name for name in names
        if not name.startswith(("operator:", "portal:"))
        and (not name.startswith(_INSURER) or serves(name.removeprefix(_INSURER)))
    }  # fmt: skip
    return (*usual, *sorted(others.difference(usual)))
