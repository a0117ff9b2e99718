"""`POST /v1/token` and `POST /v1/token/revoke`: forms in, OAuth answers out; their HTTP statuses are chosen here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from litestar import Request, Response, post
from litestar.enums import MediaType
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from rempart.api.signin import Headers, SignIn, came_through
from rempart.application.tokens import CERTIFICATE, Refusal, TokenAsked, Tokens
from rempart.ground.instants import MICROSECONDS
from rempart.identity import certificate, client_assertion, dpop
from rempart.wire import token as wire
from rempart.wire.problem import FieldError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from litestar.handlers import HTTPRouteHandler

PATH = "/v1/token"
REVOKE_PATH = "/v1/token/revoke"


class ClientKeys(Protocol):
    """Where registered public keys are read."""

    async def keys(self, client: str, instant: int) -> Mapping[str, Mapping[str, Any]]:
        """`kid` to public JWK of the keys in force at `instant` (microseconds UTC)."""
        ...


@dataclass(frozen=True, slots=True)
class RegisteredAssertions:
    """Verifies assertions with the hub's own copy of the registered keys; `audience` is the token URL."""

    registered: ClientKeys
    audience: str

    async def client_of(self, assertion: bytes, instant: int) -> str | Refusal:
        """The client's id; `instant` microseconds UTC."""
        claimed = client_assertion.claimed_client(assertion)
        if claimed is None:
            return Refusal("malformed-assertion")
        keys = await self.registered.keys(claimed, instant)
        verified = client_assertion.verify(assertion, keys, self.audience, instant // MICROSECONDS)
        return verified.client if isinstance(verified, client_assertion.Verified) else Refusal(verified.code)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body (None: empty) and headers, before any framework sees them."""

    status: int
    body: wire.TokenAnswer | wire.TokenRefusal | None
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Both calls as functions of body, headers and instant. `base` is the public origin, e.g. `https://hub.example`."""

    tokens: Tokens
    sign_in: SignIn
    base: str

    async def issue(self, body: bytes, headers: Headers, instant: int, *, from_proxy: bool = False) -> Answer:
        """A token, or why not. `instant` microseconds UTC."""
        form = wire.read_token_form(body)
        if isinstance(form, FieldError):
            return self._refuse(form.code, instant, form)
        if form.grant_type != wire.GRANT_TYPE:
            return self._refuse("unsupported-grant-type", instant)
        if form.client_assertion_type != wire.ASSERTION_TYPE:
            return self._refuse("unsupported-assertion-type", instant)
        binding = self.sign_in.binding(headers, "POST", self.base + PATH, instant, from_proxy=from_proxy)
        if isinstance(binding, (dpop.Refused, certificate.Refused)):
            return self._refuse_binding(binding, instant)
        asked = TokenAsked(form.client_assertion.encode(), form.site, binding)
        issued = await self.tokens.issue(asked, instant)
        if isinstance(issued, Refusal):
            return self._refuse(issued.code, instant)
        facts = issued.facts
        kind = "Bearer" if facts.binding.startswith(CERTIFICATE) else "DPoP"
        seconds = (facts.expires - instant) // MICROSECONDS
        return Answer(200, wire.TokenAnswer(issued.token, kind, seconds, facts.site), self._headers(instant))

    async def revoke(self, body: bytes, instant: int) -> Answer:
        """RFC 7009: 200 also for a token nobody knows."""
        form = wire.read_revoke_form(body)
        if isinstance(form, FieldError):
            return self._refuse(form.code, instant, form)
        if form.client_assertion_type != wire.ASSERTION_TYPE:
            return self._refuse("unsupported-assertion-type", instant)
        refusal = await self.tokens.revoke(form.token, form.client_assertion.encode(), instant)
        return Answer(200, None, self._headers(instant)) if refusal is None else self._refuse(refusal.code, instant)

    def _refuse_binding(self, refused: dpop.Refused | certificate.Refused, instant: int) -> Answer:
        if isinstance(refused, certificate.Refused) or refused.code == "repeated-credentials":
            return self._refuse(refused.code, instant)
        error = "use_dpop_nonce" if refused.needs_nonce else "invalid_dpop_proof"
        return self._answer((400, error), refused.code, instant)

    def _refuse(self, code: str, instant: int, field: FieldError | None = None) -> Answer:
        return self._answer(_ERRORS.get(code, (401, "invalid_client")), code, instant, field)

    def _answer(self, said: tuple[int, str], code: str, instant: int, field: FieldError | None = None) -> Answer:
        status, error = said
        errors = (field,) if field is not None and field.field else ()
        description = _DESCRIPTIONS.get(error, "")
        body = wire.TokenRefusal(error, description, "No token", status, code, errors=errors)
        return Answer(status, body, self._headers(instant))

    def _headers(self, instant: int) -> tuple[tuple[str, str], ...]:
        name, value = self.sign_in.fresh_nonce(instant)
        return (("cache-control", "no-store"), (name.decode(), value.decode()))


_BAD_REQUEST = (400, "invalid_request")
_ERRORS: dict[str, tuple[int, str]] = {
    "unsupported-grant-type": (400, "unsupported_grant_type"),
    "unsupported-assertion-type": _BAD_REQUEST,
    "oversized-form": (413, "invalid_request"),
    "malformed-form": _BAD_REQUEST,
    "repeated-field": _BAD_REQUEST,
    "unknown-field": _BAD_REQUEST,
    "missing-field": _BAD_REQUEST,
    "repeated-credentials": _BAD_REQUEST,
    "binding-required": _BAD_REQUEST,
    "forged-certificate-header": _BAD_REQUEST,
    "repeated-certificate-header": _BAD_REQUEST,
    "site-missing": _BAD_REQUEST,
    "site-malformed": _BAD_REQUEST,
    "other-site": (403, "unauthorized_client"),
    "no-mandate": (403, "unauthorized_client"),
    "site-suspended": (403, "unauthorized_client"),
    "client-suspended": (403, "unauthorized_client"),
}
"""Every other code is about the client's proof of itself: 401 invalid_client (RFC 6749 § 5.2)."""

_DESCRIPTIONS = {
    "invalid_client": "The assertion or certificate was not accepted.",
    "invalid_dpop_proof": "The DPoP proof does not fit this request.",
    "use_dpop_nonce": "Repeat the request with the DPoP-Nonce of this answer in the proof.",
    "unauthorized_client": "The client may not act for this site.",
    "unsupported_grant_type": "Only client_credentials is offered.",
}


def token_routes(endpoint: TokenEndpoint, now: Callable[[], int], proxy_socket: str = "") -> list[HTTPRouteHandler]:
    """The two Litestar handlers. `now` gives microseconds UTC; `proxy_socket` is where the named proxy connects."""

    async def issue(body: bytes, request: Request[Any, Any, Any]) -> Answer:
        from_proxy = came_through(request.scope["server"], proxy_socket)
        return await endpoint.issue(body, list(request.scope["headers"]), now(), from_proxy=from_proxy)

    async def revoke(body: bytes, _request: Request[Any, Any, Any]) -> Answer:
        return await endpoint.revoke(body, now())

    return [
        _route(PATH, wire.TokenRequest.__struct_fields__, issue, operation_id="IssueToken"),
        _route(REVOKE_PATH, ("token", "client_assertion_type", "client_assertion"), revoke, operation_id="RevokeToken"),
    ]


def _route(
    path: str,
    fields: tuple[str, ...],
    use: Callable[[bytes, Request[Any, Any, Any]], Awaitable[Answer]],
    *,
    operation_id: str,
) -> HTTPRouteHandler:
    @dataclass
    class FormOperation(Operation):
        """Documents the form, which the handler reads itself so that a fault names its field and never its content."""

        def __post_init__(self) -> None:
            text = Schema(type=OpenAPIType.STRING, min_length=1)
            schema = Schema(
                type=OpenAPIType.OBJECT,
                properties=dict.fromkeys(fields, text),
                required=list(fields),
                additional_properties=False,
            )
            self.request_body = RequestBody(content={wire.FORM_TYPE: OpenAPIMediaType(schema=schema)}, required=True)

    refusals = {
        status: ResponseSpec(wire.TokenRefusal, generate_examples=False, description=text)
        for status, text in ((400, "bad request"), (401, "bad sign-in"), (403, "no mandate"), (413, "too large"))
    }

    @post(
        path,
        status_code=200,
        media_type=MediaType.JSON,
        tags=["token"],
        operation_id=operation_id,
        operation_class=FormOperation,
        responses=refusals,
        request_max_body_size=wire.MAX_FORM,
    )
    async def handler(request: Request[Any, Any, Any]) -> Response[wire.TokenAnswer | None]:
        answer = await use(await request.body(), request)
        content: Any = b"" if answer.body is None else answer.body
        return Response(content, status_code=answer.status, headers=dict(answer.headers))

    return handler
