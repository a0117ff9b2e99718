"""The keeper composed from the configuration: its own sockets, and the loader's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.ground import logs

if TYPE_CHECKING:
    from rempart.ground.settings import Settings


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises the faults of `rempart.keeper.__main__.FAULTS`."""
    from rempart.keeper import start

    logs.start("keeper")
    start.run(settings)


def make_ring(settings: Settings) -> None:
    """A new key ring with its key-encryption key. Raises FileExistsError when there is one."""
    from rempart.keeper import start

    start.init(settings)
