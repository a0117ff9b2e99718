"""An insurer's delta of the day, signed and loaded as any file: whatever came before it, it is the next one."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from rempart.bench.world import World
from rempart.formats.rights_file import Draft, Expected, write
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import OPERATIONS
from rempart.simulation.insurers import Insurer
from rempart.worker.rights import Rules, Wish, load_path

LAST = "select coalesce(max(sequence), 0) from rempart.rights_file where insurer = %s and state = 'applied'"


def send_delta(world: World, insurer: Insurer, lines: Sequence[bytes], expected: Expected) -> None:
    """Raises RuntimeError when it is not applied."""
    settings = world.house.settings
    path = world.house.folder / f"{insurer.number}.delta"
    with (
        psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
        KeeperSync(str(settings.paths.keeper_socket("load")), OPERATIONS) as keeper,
    ):
        (last,) = connection.execute(LAST, (insurer.number,)).fetchall()[0]
        created = f"{world.country.day.isoformat()}T20:00:00Z"
        draft = Draft(insurer.number, "delta", last + 1, created, "none", expected)
        with path.open("wb") as out:
            write(out, draft, lines, insurer.signing_key)
        wish = Wish(allow_clear=True)
        outcome = load_path(connection, keeper, path, Rules.of(settings.rights), instant=world.now(), wish=wish)
        path.unlink()
    if outcome.state != "applied":
        raise RuntimeError(f"a delta was {outcome.state}: {outcome.code}")
