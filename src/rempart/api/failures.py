"""What goes wrong outside a use case, as problem documents: no route, wrong method, too large, unable, a fault of ours.

A document repeats nothing that was sent; a fault of ours is told by type and place in the log, never by its message.
"""

from __future__ import annotations

import re
from typing import Any

import asyncpg
import psycopg
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.types import ExceptionHandlersMap

from rempart.api.problems import problem
from rempart.application.together import Unavailable
from rempart.formats.fhir import outcome
from rempart.formats.fhir.names import MEDIA_TYPE as FHIR
from rempart.formats.optics_messages import MEDIA_TYPE as XML
from rempart.formats.optics_messages import answered as optics
from rempart.ground import logs
from rempart.wire.problem import MEDIA_TYPE, FieldError, Problem, encode

UNABLE: tuple[type[Exception], ...] = (
    Unavailable,
    TimeoutError,
    ConnectionError,
    psycopg.OperationalError,  # a pool that is exhausted says so too
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
)
_MISSING = re.compile(r"Missing required \w+ parameter '([\w-]+)'")
_NAMES = {"old": "from", "new": "to", "idempotency_key": "Idempotency-Key"}
"""Parameters whose name in our signatures is not the one on the wire."""
OPTICS_PATH = "/v1/optics/messages"
_BY_STATUS = {404: "unknown-route", 405: "method-not-allowed", 413: "body-too-large"}
Asked = Request[Any, Any, Any]


def of(error: Exception) -> Problem:
    """The document for an exception that no use case turned into an answer; what we did not foresee is logged."""
    if isinstance(error, UNABLE):
        return problem("unavailable")
    if isinstance(error, ValidationException):
        return _parameters(error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return problem(_BY_STATUS.get(error.status_code, "malformed-request"))
    logs.get().error("a request failed", exc_info=error)
    return problem("internal-error")


def _parameters(error: ValidationException) -> Problem:
    """Parameters that are missing or have another shape. Their names are those of our own signatures."""
    missing = _MISSING.match(error.detail)
    if missing is not None:
        if missing[1] == "Idempotency-Key":
            return problem("idempotency-key-required")
        return problem("invalid-fields", (FieldError(missing[1], "missing-field"),))
    extra = error.extra if isinstance(error.extra, list) else []
    keys = [str(one.get("key", "")) for one in extra if isinstance(one, dict)]
    names = [_NAMES.get(key, key) for key in keys]
    return problem("invalid-fields", tuple(FieldError(name, "wrong-shape") for name in names if name))


def answer(request: Asked, error: Exception) -> Response[bytes]:
    """The response for an exception raised inside the framework."""
    document = of(error)
    headers = {"cache-control": "no-store"}
    if isinstance(error, MethodNotAllowedException) and error.headers:
        headers |= dict(error.headers)
    if request.scope["path"].startswith("/fhir/"):
        return Response(outcome.refusal(document), status_code=document.status, media_type=FHIR, headers=headers)
    if request.scope["path"] == OPTICS_PATH:
        return Response(optics.refusal(document), status_code=document.status, media_type=XML, headers=headers)
    return Response(encode(document), status_code=document.status, media_type=MEDIA_TYPE, headers=headers)


HANDLERS: ExceptionHandlersMap = {Exception: answer, HTTPException: answer}
