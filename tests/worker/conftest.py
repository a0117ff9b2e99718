"""One keeper with its loader for the module, one registered insurer for each test."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from support.rights_world import Process, RightsWorld, keeper_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.databases import Database

_numbers = count(1)


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The keeper's program."""
    with keeper_process(tmp_path_factory.mktemp("k")) as made:
        yield made


@pytest.fixture
def world(keeper: Process, postgres: Database) -> Iterator[RightsWorld]:
    """A fresh database, an insurer of its own."""
    made = RightsWorld(keeper, postgres, f"00004{next(_numbers):05d}")
    yield made
    made.close()
