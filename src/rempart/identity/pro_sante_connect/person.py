"""What userinfo tells of who signed in: the places where that person works (`SubjectRefPro.exercices`).

OpenID Connect Core 1.0 § 5.3.2: its `sub` must be that of the id_token. The names it holds are never read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec
from stdnum import luhn

from .id_token import Refused, Verified

MOST_EXERCICES = 50
_RPPS = re.compile(r"[0-9]{11}")


@dataclass(frozen=True, slots=True)
class Exercice:
    """One activity of one exercice. All codes as the provider gives them; any may be "".

    `profession`: ANS TRE_G15 (10 physician, 21 pharmacist, …); `mode`: L liberal, S salaried; `finess` and `siret` of
    the place, `name` its trade name.
    """

    profession: str
    mode: str
    finess: str
    siret: str
    name: str

    @property
    def placed(self) -> bool:
        """Whether it says where."""
        return bool(self.finess)


class _Activity(msgspec.Struct, frozen=True):
    mode: str = msgspec.field(default="", name="codeModeExercice")
    finess: str = msgspec.field(default="", name="numeroFinessSite")
    siret: str = msgspec.field(default="", name="numeroSiretSite")
    name: str = msgspec.field(default="", name="raisonSocialeSite")


class _Exercice(msgspec.Struct, frozen=True):
    profession: str = msgspec.field(default="", name="codeProfession")
    activities: tuple[_Activity, ...] = ()


class _RefPro(msgspec.Struct, frozen=True):
    exercices: tuple[_Exercice, ...] = ()


class _Userinfo(msgspec.Struct, frozen=True):
    sub: str
    name_id: str = msgspec.field(default="", name="SubjectNameID")
    professional: _RefPro = msgspec.field(default_factory=_RefPro, name="SubjectRefPro")


def read_exercices(content: bytes, signed_in: Verified) -> tuple[Exercice, ...] | Refused:
    """Where who signed in works; at most 50. Codes: malformed-userinfo, provider-identity (userinfo of another)."""
    try:
        told = msgspec.json.decode(content, type=_Userinfo)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused("malformed-userinfo")
    if told.sub != signed_in.subject or told.name_id not in ("", signed_in.national_id):
        return Refused("provider-identity")
    found = [
        Exercice(each.profession, place.mode, place.finess, place.siret, place.name[:120])
        for each in told.professional.exercices
        for place in each.activities or (_Activity(),)
    ]
    return tuple(found[:MOST_EXERCICES])


def national_id_of_rpps(rpps: str, *, checked: bool = True) -> str:
    """PS_IdNat of an RPPS number, "" when it cannot be one. `checked`: with its Luhn digit, which samples lack."""
    if not _RPPS.fullmatch(rpps) or (checked and not luhn.is_valid(rpps)):
        return ""
    return f"8{rpps}"
