"""An id_token of another provider, a hospital's own: verified as Pro Santé Connect's, but for who it names and how.

OpenID Connect Core 1.0 § 2 and 3.1.3.7, RFC 8176 (`amr`). Who it is: `sub`, which is the provider's own word. How the
person showed it: `acr` or `amr`, one of which must be required. What the person does there: one claim of the operator's
choice, a text or a list of texts. Left out: aggregated claims, userinfo.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .id_token import Jwk, Refused, claims_fault, content_of

DISCOVERY = "/.well-known/openid-configuration"
MOST_SUBJECT = 255  # characters, OpenID Connect Core 1.0 § 2
MOST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an id_token must name; `acr` and `amr`: one of each is enough, none: not asked. `claim`: of what is done."""

    issuer: str
    client_id: str
    nonce: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    claim: str


@dataclass(frozen=True, slots=True)
class Subject:
    """Who signed in, by the provider's word, and the values of the claim."""

    subject: str = field(repr=False)
    values: tuple[str, ...] = field(repr=False)


class _How(msgspec.Struct, frozen=True):
    sub: str
    acr: str = ""
    amr: tuple[str, ...] = ()


def verify_subject(id_token: bytes, keys: Mapping[str, Jwk], wanted: Wanted, instant: int) -> Subject | Refused:
    """Who an id_token names; `keys` are the provider's by `kid`, `instant` in seconds UTC.

    Codes: those of `verify` but provider-identity; provider-amr (another factor than asked), provider-identity (no
    subject that can be one).
    """
    content = content_of(id_token, keys)
    if isinstance(content, Refused):
        return content
    if code := claims_fault(content, wanted.issuer, wanted.client_id, wanted.nonce, instant=instant):
        return Refused(code)
    try:
        how = msgspec.json.decode(content, type=_How)
        said = msgspec.json.decode(content, type=dict[str, Any]).get(wanted.claim, ())
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return Refused("malformed-id-token")
    if wanted.acr and how.acr not in wanted.acr:
        return Refused("provider-acr")
    if wanted.amr and not set(how.amr) & set(wanted.amr):
        return Refused("provider-amr")
    if not (wanted.acr or wanted.amr) or not 0 < len(how.sub) <= MOST_SUBJECT or not how.sub.isascii():
        return Refused("provider-identity")
    values = (said,) if isinstance(said, str) else said
    told = isinstance(values, list | tuple) and all(isinstance(each, str) for each in values)
    return Subject(how.sub, tuple(values[:MOST_VALUES]) if told else ())
