"""How long people's sessions live: what opens them and what renews them ask the same."""

from __future__ import annotations

from typing import NamedTuple

LESSER = {"manager": "professional"}
"""The role of a manager where nothing may be managed: in a session by a PIN, at a site where one is a locum."""


class Limits(NamedTuple):
    """Microseconds: life of a grant, of a session since its sign-in, and how long after its grant it may be renewed."""

    grant: int
    shift: int
    idle: int
