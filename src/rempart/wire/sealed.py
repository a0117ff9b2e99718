"""The requests that present a beneficiary, with the identity sealed to the keeper instead of told to the hub.

Each has the fields of its clear twin but `member`, `birth_date`, `nir` and `rank`, and `identity_jwe` in their place
(docs/formats/identity-jwe.md). The types follow from the clear ones, so that the two never differ.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.estimates import EstimateRequest
from rempart.wire.invoices import InvoiceRequest

S = TypeVar("S", bound=msgspec.Struct)
IDENTITY = ("member", "birth_date", "nir", "rank")
NAME = b'"identity_jwe"'
ATTACHMENT = b"rempart-attachment/1\n"
"""Begins an attachment that the site itself sealed to the insurer."""


class Sealed(NamedTuple):
    """`jwe` for the keeper alone; `mark` stands for all that is sealed when a key comes again, "" when unsaid.

    `card`: a signed card's text, told in clear where there is no JWE.
    """

    jwe: str
    mark: str = ""
    card: str = ""


def _twin(clear: type[msgspec.Struct], name: str, *, marked: bool) -> type[msgspec.Struct]:
    fields: list[Any] = [("identity_jwe", str)]
    for field in msgspec.structs.fields(clear):
        if field.name in IDENTITY:
            continue
        if field.required:
            fields.append((field.name, field.type))
        else:
            fields.append((field.name, field.type, field.default))
    if marked:
        fields.append(("sealed_mark", str, ""))
    return msgspec.defstruct(
        name, fields, kw_only=True, frozen=True, forbid_unknown_fields=True, omit_defaults=True, module=__name__
    )


SealedEligibilityRequest = _twin(EligibilityRequest, "SealedEligibilityRequest", marked=False)
SealedEstimateRequest = _twin(EstimateRequest, "SealedEstimateRequest", marked=False)
SealedAuthorizationRequest = _twin(AuthorizationRequest, "SealedAuthorizationRequest", marked=True)
SealedInvoiceRequest = _twin(InvoiceRequest, "SealedInvoiceRequest", marked=True)
SealedInvoicesRequest = msgspec.defstruct(
    "SealedInvoicesRequest", [("invoices", tuple[SealedInvoiceRequest, ...])],  # type: ignore[valid-type]  # made above
    kw_only=True, frozen=True, forbid_unknown_fields=True, module=__name__,
)  # fmt: skip
_TWINS: dict[type[msgspec.Struct], type[msgspec.Struct]] = {
    EligibilityRequest: SealedEligibilityRequest,
    EstimateRequest: SealedEstimateRequest,
    AuthorizationRequest: SealedAuthorizationRequest,
    InvoiceRequest: SealedInvoiceRequest,
}


class Reader(Generic[S]):
    """Reads a request in either form. The identity of a sealed one is empty in the clear struct that comes out."""

    def __init__(self, clear: type[S]) -> None:
        self._clear = clear
        self._decode = msgspec.json.Decoder(clear).decode
        self._decode_sealed = msgspec.json.Decoder(_TWINS[clear]).decode

    def read(self, body: bytes) -> tuple[S, Sealed | None]:
        """Raises what msgspec raises."""
        return opened(self._clear, self._decode_sealed(body)) if NAME in body else (self._decode(body), None)


def opened(clear: type[S], told: msgspec.Struct) -> tuple[S, Sealed]:
    """A sealed request taken apart: the clear one without an identity, and what is sealed."""
    fields = {name: getattr(told, name) for name in told.__struct_fields__}
    sealed = Sealed(fields.pop("identity_jwe"), fields.pop("sealed_mark", ""))
    return clear(member="", birth_date="", **fields), sealed


def closed(request: msgspec.Struct, sealed: Sealed) -> msgspec.Struct:
    """The sealed twin of a clear request: all of it but the identity."""
    fields = {name: getattr(request, name) for name in request.__struct_fields__ if name not in IDENTITY}
    if sealed.mark:
        fields["sealed_mark"] = sealed.mark
    return _TWINS[type(request)](identity_jwe=sealed.jwe, **fields)


def repeatable(told: msgspec.Struct) -> msgspec.Struct:
    """What two sendings of one content have in common: with a mark, it stands for all that is sealed anew each time."""
    if not getattr(told, "sealed_mark", ""):
        return told
    changed: dict[str, Any] = {"identity_jwe": ""}
    if isinstance(told, SealedAuthorizationRequest):
        attachments = getattr(told, "attachments", ())
        changed["attachments"] = tuple(
            msgspec.structs.replace(each, content=b"") if each.content.startswith(ATTACHMENT) else each
            for each in attachments
        )
    return msgspec.structs.replace(told, **changed)


def comparable(body: bytes, kind: type[msgspec.Struct]) -> bytes:
    """The bytes by which a repetition under one key is known; of a sealed body that `kind` reads, without its seals."""
    if NAME not in body or b'"sealed_mark"' not in body:
        return body
    told = msgspec.json.decode(body, type=kind)
    if isinstance(told, SealedInvoicesRequest):
        invoices = getattr(told, "invoices", ())
        return msgspec.json.encode(msgspec.structs.replace(told, invoices=tuple(map(repeatable, invoices))))
    return msgspec.json.encode(repeatable(told))
