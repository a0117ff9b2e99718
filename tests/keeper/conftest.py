"""A keeper for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.keepers import World, make_world
from support.people import Door

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A filled keeper, in this process."""
    made = make_world(tmp_path)
    yield made
    made.parts.close()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """Two portals and an invited person, on a clock that callers move."""
    made = Door(make_world(tmp_path, demo_clock_of_callers=True)).open()
    yield made
    made.world.parts.close()
