"""An operator's public status: the same facts as JSON, and as two static pages that need no hub to be served.

The pages are plain HTML with one style sheet beside them: no script, no font, no other host, nothing inline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape as _
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from rempart.domain.compartments import CLOSED, OPEN, RESTRICTED, Closure, Said, meanwhile, of_operator, sentence
from rempart.domain.contracts import NONE, Contracts
from rempart.ground.instants import PARIS, civil_date, iso
from rempart.wire.status import InBothLanguages, OperatorStatus, PartStatus

FRENCH, ENGLISH, DATA = "index.html", "en.html", "status.json"
SHEET, ICON = "status.css", "status.svg"
_ORDER: Final = (OPEN, RESTRICTED, CLOSED)
_NAMES: Final[Mapping[str, Said]] = {
    "hub": Said("Tout le service", "The whole service"),
    "channel:api": Said("Logiciels en ligne", "Software on line"),
    "channel:files": Said("Fichiers de factures", "Invoice files"),
    "channel:portal": Said("Tous les portails", "All portals"),
    "portal": Said("Portail", "Portal"),
    "operator": Said("Établissements de l’opérateur", "The operator’s sites"),
    "insurer": Said("Assureur {}", "Insurer {}"),
    "profession": Said("Profession : {}", "Profession: {}"),
    "region": Said("Département {}", "Department {}"),
    "function:authorizations": Said("Prises en charge", "Authorizations"),
    "function:bank-details": Said("Changements de coordonnées bancaires", "Changes of bank details"),
}
_PROFESSIONS: Final[Mapping[str, Said]] = {
    "nurse": Said("infirmiers", "nurses"),
    "physiotherapist": Said("masseurs-kinésithérapeutes", "physiotherapists"),
    "speech-therapist": Said("orthophonistes", "speech therapists"),
    "podologist": Said("pédicures-podologues", "podologists"),
    "orthoptist": Said("orthoptistes", "orthoptists"),
    "midwife": Said("sages-femmes", "midwives"),
    "transport": Said("transporteurs sanitaires", "medical transport"),
    "doctor": Said("médecins", "doctors"),
    "equipment": Said("fournisseurs de matériel médical", "medical equipment"),
    "dentist": Said("chirurgiens-dentistes", "dentists"),
    "optician": Said("opticiens", "opticians"),
    "hearing": Said("audioprothésistes", "hearing-aid specialists"),
    "laboratory": Said("laboratoires", "laboratories"),
    "radiology": Said("radiologues", "radiologists"),
    "pharmacy": Said("pharmacies", "pharmacies"),
    "clinic": Said("cliniques", "clinics"),
    "hospital": Said("hôpitaux", "hospitals"),
}


def status(
    operator: str, closures: Iterable[Closure], instant: int, *, contracts: Contracts = NONE, checkpoint: str = ""
) -> OperatorStatus:  # fmt: skip
    """What holds for the operator's public at `instant`, microseconds UTC; `contracts` say which insurers it serves."""
    shut, today = {closure.compartment: closure for closure in closures}, civil_date(instant, PARIS)
    shown = of_operator(operator, shut, lambda insurer: contracts.serves(operator, insurer, today))
    parts = tuple(_part(name, shut.get(name), instant) for name in shown)
    worst = max((part.state for part in parts), key=_ORDER.index)
    return OperatorStatus(operator, iso(instant), worst, parts, checkpoint)


def _part(name: str, closure: Closure | None, instant: int) -> PartStatus:
    called = _both(_called(name))
    if closure is None:
        return PartStatus(name, OPEN, called)
    ahead = closure.reopens is not None and closure.reopens > instant
    return PartStatus(
        name, closure.state, called, iso(closure.since), iso(closure.reopens or 0) if ahead else "",
        _both(sentence(closure)), tuple(map(_both, meanwhile(closure))),
    )  # fmt: skip


def _both(said: Said) -> InBothLanguages:
    return InBothLanguages(said.french, said.english)


def _called(name: str) -> Said:
    if name in _NAMES:
        return _NAMES[name]
    kind, _colon, of = name.partition(":")
    which = _PROFESSIONS.get(of.replace("_", "-"), Said(of, of)) if kind == "profession" else Said(of, of)
    return Said(_NAMES[kind].french.format(which.french), _NAMES[kind].english.format(which.english))


# --- pages ---


@dataclass(frozen=True, slots=True)
class _Tongue:
    language: str
    other: tuple[str, str, str]  # language, page, what the link says
    title: str
    states: Mapping[str, str]
    worst: Mapping[str, str]
    written: str
    since: str
    reopens: str
    unknown: str
    meanwhile: str
    parts: str
    shut: str
    log: str
    log_words: str
    old: str
    moment: str


_TONGUES: Final = (
    _Tongue(
        "fr", ("en", ENGLISH, "English"), "État du service",
        {OPEN: "ouvert", RESTRICTED: "restreint", CLOSED: "fermé"},
        {OPEN: "Tout fonctionne", RESTRICTED: "Le service est restreint", CLOSED: "Une partie du service est fermée"},
        "Écrit le", "Depuis le", "Réouverture prévue le", "La réouverture n’est pas encore datée.",
        "Pendant ce temps", "Toutes les parties", "Ce qui n’est pas ouvert", "Journal des consultations",
        "Dernier point de contrôle signé : chacun peut vérifier qu’aucune consultation n’a été effacée.",
        "L’heure ci-dessus dit quand cette page a été écrite. Si elle est ancienne, le service lui-même peut être "
        "arrêté : appliquez la règle de remplacement de l’assureur.",
        "%d/%m/%Y à %H:%M (heure de Paris)",
    ),
    _Tongue(
        "en", ("fr", FRENCH, "Français"), "Service status",
        {OPEN: "open", RESTRICTED: "restricted", CLOSED: "closed"},
        {OPEN: "Everything works", RESTRICTED: "The service is restricted", CLOSED: "A part of the service is closed"},
        "Written on", "Since", "Expected to open on", "It is not known yet when it opens.",
        "Meanwhile", "All parts", "What is not open", "The log of disclosures",
        "The newest signed checkpoint: anyone can verify that no disclosure was erased.",
        "The time above says when this page was written. If it is old, the service itself may have stopped: go by the "
        "insurer’s stand-in rule.",
        "%d/%m/%Y, %H:%M (Paris time)",
    ),
)  # fmt: skip


def pages(found: OperatorStatus, name: str = "") -> dict[str, bytes]:
    """The files of the static page by name. `name` is what the public calls the operator."""
    called = name or found.operator
    return {
        **{page: "".join(_page(found, called, tongue)).encode()
           for page, tongue in zip((FRENCH, ENGLISH), _TONGUES, strict=True)},
        DATA: msgspec.json.encode(found) + b"\n",
        **{name: files("rempart.documents").joinpath("templates", name).read_bytes() for name in (SHEET, ICON)},
    }  # fmt: skip


def _page(found: OperatorStatus, called: str, tongue: _Tongue) -> Iterator[str]:
    language, page, link = tongue.other
    yield (
        f'<!doctype html>\n<html lang="{tongue.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_(tongue.title)} – {_(called)}</title>"
        f'<link rel="icon" href="{ICON}"><link rel="stylesheet" href="{SHEET}">'
        f'<link rel="alternate" hreflang="{language}" href="{page}"></head>'
        f'<body><header><p class="who">{_(called)}</p><nav><a href="{page}" lang="{language}">{link}</a></nav></header>'
        f'<main><h1>{_(tongue.title)}</h1><p class="worst {found.state}">{_(tongue.worst[found.state])}</p>'
        f'<p class="at">{_(tongue.written)} {_time(found.at, tongue)}</p>'
    )
    shut = [part for part in found.parts if part.state != OPEN]
    if shut:
        yield f"<h2>{_(tongue.shut)}</h2>"
        for part in shut:
            yield from _shut(part, tongue)
    yield f'<h2>{_(tongue.parts)}</h2><ul class="parts">'
    for part in found.parts:
        state = f'<span class="state {part.state}">{_(tongue.states[part.state])}</span>'
        yield f"<li><span>{_(_say(part.name, tongue))}</span> {state}</li>"
    yield f'</ul><p class="old">{_(_unbroken(tongue.old))}</p>'
    if found.checkpoint:
        yield f"<h2>{_(tongue.log)}</h2><p>{_(tongue.log_words)}</p>"
        yield f'<pre tabindex="0" role="region" aria-label="{_(tongue.log)}">{_(found.checkpoint)}</pre>'
    yield "</main></body></html>\n"


def _shut(part: PartStatus, tongue: _Tongue) -> Iterator[str]:
    yield (
        f'<article class="{part.state}"><h3>{_(_say(part.name, tongue))} '
        f'<span class="state {part.state}">{_(tongue.states[part.state])}</span></h3>'
    )
    if part.sentence is not None:
        yield f'<p class="said">{_(_say(part.sentence, tongue))}</p>'
    ends = f"{_(tongue.reopens)} {_time(part.reopens, tongue)}" if part.reopens else _(tongue.unknown)
    yield f"<p>{_(tongue.since)} {_time(part.since, tongue)}<br>{ends}</p><p>{_(tongue.meanwhile)}</p><ul>"
    yield from (f"<li>{_(_say(said, tongue))}</li>" for said in part.meanwhile)
    yield "</ul></article>"


def _say(said: InBothLanguages, tongue: _Tongue) -> str:
    return _unbroken(said.french) if tongue.language == "fr" else said.english


def _unbroken(french: str) -> str:
    """No line begins with a colon or a semicolon."""
    return french.replace(" :", "\u00a0:").replace(" ;", "\u00a0;")


def _time(told: str, tongue: _Tongue) -> str:
    shown = datetime.fromisoformat(told).astimezone(ZoneInfo(PARIS)).strftime(tongue.moment)
    return f'<time datetime="{_(told)}">{shown}</time>'
