"""What a check says: all is well, it was left out, or faults with what to do about each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rempart.ground.instants import now

if TYPE_CHECKING:
    from psycopg import Connection

    from rempart.ground.settings import Settings

ROLES = ("owner", "hub", "worker", "auditor")


@dataclass(frozen=True, slots=True)
class Fault:
    """`code` is stable; `sentence` says what is wrong, `todo` what to do. Neither holds a value of anyone's data.

    One that `warns` may be meant so: it is told, and the installation counts as healthy all the same.
    """

    code: str
    sentence: str
    todo: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Ok:
    """All is well; `said` is a few words."""

    said: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Not looked at, and why."""

    reason: str


Outcome = Ok | LeftOut | tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What the checks stand on: the settings, one open connection per role, or why there is none."""

    settings: Settings
    connections: Mapping[str, Connection[Any]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    now: Callable[[], int] = now

    def any_connection(self) -> Connection[Any] | None:
        """The connection of whatever role answers, the owner's first."""
        return next((self.connections[role] for role in ROLES if role in self.connections), None)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: its name, what it is about, every code it can give."""

    name: str
    about: str
    codes: tuple[str, ...]
    run: Callable[[Ground], Outcome]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check said."""

    check: str
    outcome: Outcome

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Its faults, none when it is well or was left out."""
        return self.outcome if isinstance(self.outcome, tuple) else ()


NO_DATABASE = LeftOut("no database connection")


def found(faults: list[Fault], said: str = "") -> Outcome:
    """The faults, or that all is well."""
    return tuple(faults) if faults else Ok(said)
