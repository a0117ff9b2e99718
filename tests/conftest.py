"""What the whole suite stands on: needs of the machine, databases, Hypothesis profiles."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ("support.needs", "support.databases")

# No deadline: the machine is shared. No example database: a run leaves nothing behind; the failing blob is printed.
_SLOW = (HealthCheck.too_slow, HealthCheck.function_scoped_fixture)
settings.register_profile(
    "quick", max_examples=60, deadline=None, database=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile("soak", parent=settings.get_profile("quick"), max_examples=5_000)
settings.load_profile(os.environ.get("REMPART_HYPOTHESIS", "quick"))
