"""How people sign in, put together: passkeys, their accounts, Pro Santé Connect."""

from __future__ import annotations

from datetime import timedelta

from litestar.handlers import HTTPRouteHandler

from rempart.api.account_routes import account_routes
from rempart.api.enrolment_routes import enrolment_routes
from rempart.api.hospital_routes import hospital_routes
from rempart.api.mandates import mandate_routes, zone_of
from rempart.api.own_bank import own_bank_routes
from rempart.api.provider_routes import provider_routes
from rempart.api.sign_in_routes import SignInDesk, sign_in_routes
from rempart.api.signin import SignIn
from rempart.api.state import HubState
from rempart.api.station_routes import station_routes
from rempart.api.token import PATH as TOKEN_PATH
from rempart.api.turns import Turns
from rempart.application.enrolment import Joining
from rempart.application.hospital_sign_in import HospitalSignIn
from rempart.application.own_account import OwnAccounts
from rempart.application.own_bank import OwnBank
from rempart.application.program_mandates import ProgramMandates
from rempart.application.provider_sign_in import ProviderSignIn
from rempart.application.sessions import Sessions
from rempart.application.stations import Stations
from rempart.application.tokens import TokenCache
from rempart.bootstrap.hospital import HospitalProviders, KeeperHospitals, hospitals
from rempart.bootstrap.keeper_port import KeeperPort
from rempart.bootstrap.own_bank import KeeperSignatures
from rempart.bootstrap.passkeys import KeeperAccounts, KeeperPasskeys
from rempart.bootstrap.program_mandates import KeeperMandates
from rempart.bootstrap.provider import KeeperStrangers, KeeperVouchers, ProSanteConnect, registered
from rempart.bootstrap.stations import KeeperStations
from rempart.ground.instants import start_of_day
from rempart.storage.delegations import FederatedAccounts, StoredDelegations
from rempart.storage.enrolments import Enrolments
from rempart.storage.own_bank import OwnBankBooks
from rempart.storage.parties import Registry, StoredTokens
from rempart.storage.program_mandates import ProgramMandateBooks


def people_routes(
    state: HubState, sign_in: SignIn, keeper: KeeperPort, *, registry: Registry, store: StoredTokens, cache: TokenCache
) -> list[HTTPRouteHandler]:
    """The routes of people. Raises `ProviderOptionsError`."""
    options = state.settings.pro_sante_connect
    turns = Turns(state)
    sessions = Sessions(KeeperPasskeys(keeper), registry, store, cache, turns=turns.code)
    desk = SignInDesk(state, sign_in, sessions, turns)
    delegations = StoredDelegations(store.connections, store)
    stations = Stations(KeeperStations(keeper), sessions, registry, delegations, cache)
    federation = HospitalProviders(hospitals(state.settings.federation))
    by_hospital = HospitalSignIn(
        federation, KeeperHospitals(keeper), FederatedAccounts(store.connections), sessions
    )  # fmt: skip
    vouching = ProSanteConnect(options, registered(options))
    joining = Joining(vouching, sessions.passkeys, KeeperStrangers(keeper), Enrolments(store.connections))
    mandates = ProgramMandates(
        KeeperMandates(keeper, state.settings.hub.audience + TOKEN_PATH), ProgramMandateBooks(store.connections), store,
        cache, lambda day, site: start_of_day(day + timedelta(1), zone_of(state, site)),
    )  # fmt: skip
    return [
        *sign_in_routes(desk),
        *account_routes(desk, OwnAccounts(KeeperAccounts(keeper), store, cache)),
        *own_bank_routes(desk, OwnBank(KeeperSignatures(keeper), OwnBankBooks(store.connections))),
        *mandate_routes(desk, mandates),
        *station_routes(desk, stations),
        *hospital_routes(desk, by_hospital),
        *provider_routes(desk, ProviderSignIn(vouching, KeeperVouchers(keeper), registry, sessions)),
        *enrolment_routes(desk, joining),
    ]
