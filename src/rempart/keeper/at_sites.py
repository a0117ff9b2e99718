"""How people work at a site beside their passkeys, put together: shared workstations, locums, a hospital's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .hospitals import Hospitals
from .locums import Locums
from .stations import Stations

if TYPE_CHECKING:
    from .accounts import Accounts
    from .challenges import Challenges
    from .clock import KeeperClock
    from .grants import Grants
    from .own_account import OwnAccounts
    from .providers import Providers
    from .registry import Registry
    from .server import Handler


class AtSites(NamedTuple):
    """The parts."""

    stations: Stations
    locums: Locums
    hospitals: Hospitals

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {**self.stations.handlers(), **self.locums.handlers(), "hospital": self.hospitals.sign_in}


class People(NamedTuple):
    """What they stand on."""

    accounts: Accounts
    own: OwnAccounts
    providers: Providers


def at_sites(
    registry: Registry, grants: Grants, challenges: Challenges, people: People, *, clock: KeeperClock, shift: int
) -> AtSites:
    """`shift`: microseconds from a sign-in to the end of its session."""
    return AtSites(
        Stations(registry, challenges, people.accounts, people.own, clock=clock, shift=shift),
        Locums(registry, grants, people.own, clock=clock),
        Hospitals(registry, challenges, people.providers, clock=clock),
    )
