"""Reading the log of one month: nodes from stored tiles, proofs, checkpoints, C2SP tiles. Plain functions over psycopg.

What a program shows under `GET /log/{month}/checkpoint`, `/log/{month}/proof?from=&to=` and
`/log/{month}/tile/{level}/{path}` (paths of c2sp.org/tlog-tiles; `months` for the log of months) is exactly what
`read_checkpoint`, `read_proof` and `read_tile` return.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from rempart.domain.leaf import month_leaf
from rempart.domain.merkle import HASH, Nodes, climb, consistency_proof, leaf_hash, nodes_of
from rempart.domain.month import MONTHS, month_from_text

if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

WIDTH = 256  # hashes in a full tile
_HEIGHT = 8  # levels of the tree in a tile
_PATH = re.compile(r"((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_FULL = "select hashes from rempart.tile where month = %s and level = %s and index = %s"
_LEAVES = "select hash from rempart.leaf where month = %s and number >= %s and number < %s order by number"
_ROOTS = """select root from rempart.tile
    where month = %s and level = %s and index >= %s and index < %s order by index"""


class LogDamagedError(Exception):
    """Stored leaves or tiles are missing; the log cannot be read or continued before that is explained."""


def month_named(text: str) -> int | None:
    """The month of a path segment: `2026-11`, or `months` for the log of months; None when it is neither."""
    return MONTHS if text == "months" else month_from_text(text)


def tile_hashes(connection: Connection[Any], month: int, level: int, index: int) -> tuple[bytes, ...]:
    """The hashes a tile holds now, at most 256; fewer when the tile is partial."""
    row = connection.execute(_FULL, (month, level, index)).fetchone()
    if row is not None:
        return tuple(row[0][at : at + HASH] for at in range(0, len(row[0]), HASH))
    first, end = index * WIDTH, (index + 1) * WIDTH
    if level == 0:
        return tuple(hash_ for (hash_,) in connection.execute(_LEAVES, (month, first, end)))
    return tuple(root for (root,) in connection.execute(_ROOTS, (month, level - 1, first, end)))


def stored_nodes(connection: Connection[Any], month: int) -> Nodes:
    """The nodes of a month's tree, read tile by tile; LogDamagedError when hashes are missing."""
    if month == MONTHS:
        return nodes_of(month_leaves(connection))
    kept: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def node(height: int, index: int) -> bytes:
        level, above = divmod(height, _HEIGHT)
        tile, first = divmod(index << above, WIDTH)
        if (level, tile) not in kept:
            kept[level, tile] = tile_hashes(connection, month, level, tile)
        hashes = kept[level, tile][first : first + (1 << above)]
        if len(hashes) != 1 << above:
            raise LogDamagedError(f"tile {level}/{tile} of month {month} has hashes missing")
        return climb(hashes)

    return node


def month_leaves(connection: Connection[Any]) -> tuple[bytes, ...]:
    """Leaf hashes of the log of months; one a month, so there are never many."""
    rows = connection.execute("select month, size, root from rempart.log_of_months order by place")
    return tuple(leaf_hash(month_leaf(month, size, root)) for month, size, root in rows)


def log_size(connection: Connection[Any], month: int) -> int:
    """Leaves of a month's tree so far, 0 for a month never seen."""
    if month == MONTHS:
        query = connection.execute("select count(*) from rempart.log_of_months")
    else:
        query = connection.execute("select coalesce(max(size), 0) from rempart.log_state where month = %s", (month,))
    row = query.fetchone()
    return int(row[0]) if row else 0


def read_checkpoint(connection: Connection[Any], month: int) -> bytes | None:
    """The newest signed note of a month (text/plain; charset=utf-8); a dropped month answers with its final one."""
    row = connection.execute(
        """select note from (
             select note, size from rempart.checkpoint where month = %(month)s
             union all select note, size from rempart.log_of_months where month = %(month)s) notes
           order by size desc limit 1""",
        {"month": month},
    ).fetchone()
    return bytes(row[0]) if row else None


def read_proof(connection: Connection[Any], month: int, old: int, new: int) -> bytes | None:
    """The consistency proof from size `old` to `new`, one base64 hash a line; None when the log is shorter."""
    if not 0 <= old <= new <= log_size(connection, month):
        return None
    try:
        proof = consistency_proof(stored_nodes(connection, month), old, new)
    except LogDamagedError:
        return None
    return b"".join(base64.b64encode(item) + b"\n" for item in proof)


def read_tile(connection: Connection[Any], month: int, level: int, path: str) -> bytes | None:
    """A tile by its C2SP path (`x001/x234/067`, `067.p/17`); None when that is no path or the tile is not there."""
    found = _PATH.fullmatch(path)
    if found is None or not 0 <= level < 64 or month == MONTHS:
        return None
    width = int(found[3]) if found[3] else WIDTH
    index = int(found[1].replace("x", "").replace("/", "") + found[2])
    if index >= 1 << 55 or (found[3] and width >= WIDTH):
        return None
    hashes = tile_hashes(connection, month, level, index)
    return b"".join(hashes[:width]) if len(hashes) >= width else None
