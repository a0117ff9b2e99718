"""The worker's part in the log: folds what waits and has the keeper sign the months that grew. Run in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rempart.sealing.frames import CheckpointItem, CheckpointResult
from rempart.storage.log import Checkpointed, Folder, Signed, Signer, checkpoint, open_months

if TYPE_CHECKING:
    from typing import Any

    from psycopg import Connection

Call = Callable[[str, Sequence[CheckpointItem]], Sequence[CheckpointResult]]
"""The keeper's blocking call on its box socket: operation, items → results in order."""


def keeper_signer(call: Call) -> Signer:
    """The keeper as a signer of tree heads."""

    def sign(origin: str, size: int, root: bytes, proof: tuple[bytes, ...], /) -> Signed:
        result = call("checkpoint", [CheckpointItem(origin, size, root, proof)])[0]
        return Signed(result.refusal, result.note, result.last)

    return sign


def fold_all(folder: Folder) -> int:
    """Folds until nothing waits; returns how many rows."""
    total = 0
    while folded := folder.fold():
        total += folded
    return total


def sign_open_months(
    connection: Connection[Any], signer: Signer, *, prefix: str, instant: int, every: int
) -> tuple[tuple[int, Checkpointed], ...]:
    """Has the tree heads of open months signed, each at most every `every` µs; (month, outcome) of those tried.

    A refusal is an alarm: the keeper has signed a tree that this database does not continue.
    """
    tried = (
        (month, checkpoint(connection, month, signer, prefix=prefix, instant=instant, every=every))
        for month in open_months(connection)
    )
    return tuple((month, outcome) for month, outcome in tried if outcome is not None)
