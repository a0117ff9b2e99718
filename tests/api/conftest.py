"""One running hub for the tests of the API that need one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.hub_world import HubWorld, running_hub
from support.money import keeper_sockets, money

__all__ = ["hub_world", "keeper_sockets", "money"]


@pytest.fixture(scope="session")
def hub_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubWorld]:
    """A hub of its own, with a small country registered."""
    with running_hub(tmp_path_factory.mktemp("h") / "h") as world:
        yield world
