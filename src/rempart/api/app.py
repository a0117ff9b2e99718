"""The hub's application: the hot paths, and behind them the typed routes with their OpenAPI document at /schema."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from rempart.api.cadence import Cadence
from rempart.api.hot import ELIGIBILITY_PATH, Hot
from rempart.api.routes import eligibility_route
from rempart.api.signin import SignIn
from rempart.api.state import HubState


def application(state: HubState, sign_in: SignIn, cadence: Cadence, routes: Sequence[HTTPRouteHandler]) -> Hot:
    """The ASGI application of one hub."""
    framework = Litestar(
        route_handlers=[eligibility_route(state, sign_in, cadence, ELIGIBILITY_PATH), *routes],
        openapi_config=OpenAPIConfig(
            title="Rempart",
            version="1",
            description="Confirm what a card says, send invoices, read what became of them. Nothing presented is echoed.",
            path="/schema",
        ),
        request_max_body_size=state.settings.hub.body_most_bytes,
        debug=False,
    )
    return Hot(state, sign_in, cadence, framework)
