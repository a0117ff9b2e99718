"""`POST /v1/token` and `/v1/token/revoke`: client credentials (RFC 6749 § 4.4) with a signed assertion (RFC 7523).

Tokens are bound to a key or certificate (RFC 9449, 8705); revocation is RFC 7009. Requests are forms, answers JSON.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from rempart.wire.problem import FieldError

GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM_TYPE = "application/x-www-form-urlencoded"
MAX_FORM = 16 * 1024  # bytes
MAX_FIELDS = 16


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of `POST /v1/token`; `site`, 9 characters, is the place the token will speak for."""

    grant_type: str
    client_assertion_type: str
    client_assertion: str
    site: str


class RevokeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The form of `POST /v1/token/revoke`; the assertion proves the client whose token it is."""

    token: str
    client_assertion_type: str
    client_assertion: str
    token_type_hint: str = ""


class TokenAnswer(msgspec.Struct, frozen=True):
    """`access_token` is opaque; `token_type` `DPoP`, or `Bearer` when bound to a certificate; `expires_in` seconds."""

    access_token: str
    token_type: str
    expires_in: int
    site: str


class TokenRefusal(msgspec.Struct, frozen=True, omit_defaults=True):
    """`error` is RFC 6749's word (or RFC 9449's), the rest an RFC 9457 problem, so that either reader finds its own."""

    error: str
    error_description: str
    title: str
    status: int
    code: str
    type: str = "about:blank"
    errors: tuple[FieldError, ...] = ()


def read_token_form(body: bytes) -> TokenRequest | FieldError:
    """The request of a form, or the first field at fault: unknown, repeated (RFC 6749 § 3.2), missing."""
    form = _read(body)
    return form if isinstance(form, FieldError) else _convert(form, TokenRequest)


def read_revoke_form(body: bytes) -> RevokeRequest | FieldError:
    """As `read_token_form`, for a revocation."""
    form = _read(body)
    return form if isinstance(form, FieldError) else _convert(form, RevokeRequest)


def _read(body: bytes) -> dict[str, str] | FieldError:
    if len(body) > MAX_FORM:
        return FieldError("", "oversized-form")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MAX_FIELDS,
            errors="strict",
        )
    except ValueError:
        return FieldError("", "malformed-form")
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            return FieldError(name if name in _NAMES else "", "repeated-field")
        form[name] = value
    return form


_F = TypeVar("_F", TokenRequest, RevokeRequest)
_NAMES = frozenset(TokenRequest.__struct_fields__ + RevokeRequest.__struct_fields__)


def _convert(form: dict[str, str], kind: type[_F]) -> _F | FieldError:
    known = kind.__struct_fields__
    if any(name not in known for name in form):
        return FieldError("", "unknown-field")
    for field in msgspec.structs.fields(kind):
        if field.required and not form.get(field.name):
            return FieldError(field.name, "missing-field")
    return msgspec.convert(form, kind)
