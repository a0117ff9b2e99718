"""The hub's application: the hot paths, and behind them the typed routes with their OpenAPI document at /schema."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from rempart.api.cadence import Cadence
from rempart.api.failures import HANDLERS
from rempart.api.hot import ELIGIBILITY_PATH, Hot
from rempart.api.routes import eligibility_route
from rempart.api.schema_document import document
from rempart.api.schema_routes import schema_routes
from rempart.api.signin import SignIn
from rempart.api.state import HubState


def application(state: HubState, sign_in: SignIn, cadence: Cadence, routes: Sequence[HTTPRouteHandler]) -> Hot:
    """The ASGI application of one hub."""
    handlers = [eligibility_route(state, sign_in, cadence, ELIGIBILITY_PATH), *routes]
    framework = Litestar(
        route_handlers=[*handlers, *schema_routes(partial(described, handlers))],
        openapi_config=None,
        request_max_body_size=state.settings.hub.body_most_bytes,
        exception_handlers=HANDLERS,
        logging_config=None,
        debug=False,
    )
    return Hot(state, sign_in, cadence, framework)


def described(handlers: Sequence[HTTPRouteHandler]) -> dict[str, Any]:
    """The OpenAPI document of these handlers."""
    generator = Litestar(route_handlers=handlers, openapi_config=OpenAPIConfig(title="Rempart", version="1"))
    return document(generator.openapi_schema.to_schema())
