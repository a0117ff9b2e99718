"""How people sign in, put together: passkeys, their accounts, Pro Santé Connect."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rempart.api.account_routes import account_routes
from rempart.api.provider_routes import provider_routes
from rempart.api.sign_in_routes import SignInDesk, sign_in_routes
from rempart.api.signin import SignIn
from rempart.api.state import HubState
from rempart.application.own_account import OwnAccounts
from rempart.application.provider_sign_in import ProviderSignIn
from rempart.application.sessions import Sessions
from rempart.application.tokens import TokenCache
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.passkeys import KeeperAccounts, KeeperPasskeys
from rempart.bootstrap.provider import KeeperVouchers, ProSanteConnect, registered
from rempart.storage.parties import Registry, StoredTokens


def people_routes(
    state: HubState, sign_in: SignIn, keeper: KeeperPort, *, registry: Registry, store: StoredTokens, cache: TokenCache
) -> list[HTTPRouteHandler]:
    """The routes of people. Raises `ProviderOptionsError`."""
    options = state.settings.pro_sante_connect
    sessions = Sessions(KeeperPasskeys(keeper), registry, store, cache)
    desk = SignInDesk(state, sign_in, sessions)
    vouching = ProSanteConnect(options, registered(options))
    return [
        *sign_in_routes(desk),
        *account_routes(desk, OwnAccounts(KeeperAccounts(keeper), store, cache)),
        *provider_routes(desk, ProviderSignIn(vouching, KeeperVouchers(keeper), registry, sessions)),
    ]
