"""What the whole suite stands on: needs of the machine, databases, Hypothesis profiles."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from rempart.bootstrap import house
from support import zygote

pytest_plugins = ("support.needs", "support.databases")

# No deadline: the machine is shared. No example database: a run leaves nothing behind; the failing blob is printed.
_SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
settings.register_profile(
    "quick", max_examples=40, deadline=None, database=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile("soak", parent=settings.get_profile("quick"), max_examples=5_000)
settings.load_profile(os.environ.get("REMPART_HYPOTHESIS", "quick"))


@pytest.fixture(scope="session", autouse=True)
def forked_programs() -> Iterator[None]:
    """Houses fork their programs from one that has imported them: seconds of processor for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(house, "start_program", zygote.start)
        yield
